//! Environments over exact markets.

use tradepit::{
    Instrument, MarketData,
    features::{ColumnSpec, FeaturePipelineSpec, FeatureSpec, LogReturnSpec},
    market::synth::{SynthRows, SynthSpec},
};

use crate::{AccountNumber, ActionSpec, EnvSpec, EpisodeSpec, MarketSpec, Result, RewardSpec, SyntheticMarket};

/// Money at the beginning where only differences count.
pub(super) const CASH: f64 = 1e6;

/// A column that the market publishes, as it is, times a factor.
pub(super) fn column(name: &str, scale: f64) -> FeatureSpec {
    FeatureSpec::Column(ColumnSpec { name: name.into(), scale: scale as f32 })
}

/// The last change of the price's logarithm, times a factor.
pub(super) fn last_move(scale: f64) -> FeatureSpec {
    FeatureSpec::LogReturn(LogReturnSpec { scale: scale as f32, ..LogReturnSpec::default() })
}

/// Episodes of `steps` steps on paths of their own; the last row of `features` and those numbers of the account are observed, in this
/// order.
pub(super) fn spec(
    process: SynthSpec,
    features: Vec<FeatureSpec>,
    account: Vec<AccountNumber>,
    action: ActionSpec,
    reward: RewardSpec,
    steps: u32,
) -> EnvSpec {
    EnvSpec {
        market: MarketSpec::Synthetic(SyntheticMarket { process, rows: None }),
        cash: CASH,
        features: Some(FeaturePipelineSpec { features, ..FeaturePipelineSpec::default() }),
        window: 1,
        account,
        action,
        reward,
        episode: EpisodeSpec::of_steps(steps),
        ..EnvSpec::default()
    }
}

/// Rows for episodes of `steps` steps that begin `before` rows after the first one.
pub(super) fn rows(instrument: Instrument, price: f64, before: u32, steps: u32) -> Result<MarketData> {
    let bars = (before + steps + 1) as usize;
    Ok(SynthRows { instrument, price, ..SynthRows::exact(bars) }.build()?)
}
