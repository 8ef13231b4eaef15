//! A block to sell by a deadline.

use tradepit::{
    Instrument, MarketData,
    features::{FeaturePipelineSpec, FeatureSpec, LogReturnSpec},
    market::synth::{Geometric, SynthRows, SynthSpec},
    models::{AlmgrenChriss, Slippage},
};

use crate::{
    AccountNumber, ActionSpec, EnvSpec, EpisodeSpec, ExecutionRate, ImplementationShortfall, MarketSpec, Result,
    RewardSpec, SyntheticMarket,
};

const STEPS: u32 = 60;
const SHARES: f64 = 100_000.0;

/// 100,000 shares at 50 in an hour: an equal share every minute costs about 7 basis points of impact, all at once 300.
pub(super) fn spec() -> EnvSpec {
    let process = Geometric { volatility: 0.0005, ..Geometric::default() };
    EnvSpec {
        market: MarketSpec::Synthetic(SyntheticMarket { process: SynthSpec::Geometric(process), rows: None }),
        cash: 1.0,
        holding: SHARES,
        slippage: Slippage::AlmgrenChriss(AlmgrenChriss { epsilon: 0.01, eta: 1.5e-5, gamma: 2.5e-8, period: 1.0 }),
        features: Some(FeaturePipelineSpec {
            features: vec![FeatureSpec::LogReturn(LogReturnSpec { scale: 1_000.0, ..LogReturnSpec::default() })],
            ..FeaturePipelineSpec::default()
        }),
        window: 1,
        account: vec![AccountNumber::Position, AccountNumber::TimeLeft, AccountNumber::PriceSinceStart],
        action: ActionSpec::ExecutionRate(ExecutionRate { lots: -SHARES }),
        // In basis points of what is sold.
        reward: RewardSpec::ImplementationShortfall(ImplementationShortfall { target: 0.0, scale: 10_000.0 }),
        episode: EpisodeSpec::of_steps(STEPS),
        ..EnvSpec::default()
    }
}

pub(super) fn rows() -> Result<MarketData> {
    let bars = STEPS as usize + 2;
    Ok(SynthRows { instrument: Instrument::equity("BLOCK"), price: 50.0, ..SynthRows::exact(bars) }.build()?)
}
