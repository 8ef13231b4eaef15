//! The environment that speed is measured on.

use tradepit::{
    MarketData,
    market::synth,
    models::{Commission, PerContract, Slippage, VolumeShare},
};

use crate::{ActionSpec, EnvSpec, EpisodeSpec, Length, RandomStart, Result, StartRule, StepsLength, TargetPosition};

/// Rows of its market.
const BARS: usize = 350_000;

/// Up to 10 lots either way, so that a target that is drawn anew is nearly always another position, on cash that no run of
/// losses uses up.
pub(super) fn spec() -> EnvSpec {
    EnvSpec {
        cash: 1_000_000.0,
        slippage: Slippage::VolumeShare(VolumeShare::default()),
        commission: Commission::PerContract(PerContract::new(2.1)),
        window: 1,
        action: ActionSpec::TargetPosition(TargetPosition { max_lots: 10.0, ..TargetPosition::default() }),
        episode: EpisodeSpec {
            start: StartRule::Random(RandomStart {}),
            length: Length::Steps(StepsLength { steps: 1_000 }),
            ..EpisodeSpec::default()
        },
        ..EnvSpec::default()
    }
}

pub(super) fn rows() -> Result<MarketData> {
    Ok(synth::es_1m(BARS, 0)?)
}
