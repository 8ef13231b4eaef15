//! Several instruments, and the share of the equity in each.

use crate::{
    AccountNumber, ActionSpec, EnvSpec, EpisodeSpec, Length, LogReturn, PortfolioWeights, RandomStart, RewardSpec,
    Simplex, StartRule, StepsLength, WeightRule,
};

/// A year of daily bars, long only.
pub(super) fn spec() -> EnvSpec {
    EnvSpec {
        window: 1,
        account: vec![AccountNumber::Weight, AccountNumber::Drawdown],
        action: ActionSpec::PortfolioWeights(PortfolioWeights { weights: WeightRule::Simplex(Simplex {}) }),
        reward: RewardSpec::LogReturn(LogReturn { scale: 100.0 }),
        episode: EpisodeSpec {
            start: StartRule::Random(RandomStart {}),
            length: Length::Steps(StepsLength { steps: 252 }),
            ..EpisodeSpec::default()
        },
        ..EnvSpec::default()
    }
}
