//! A short call, and the stock against it.

use tradepit::{
    Instrument, MarketData,
    features::{FeaturePipelineSpec, FeatureSpec, LogReturnSpec},
    market::synth::{Geometric, SynthRows, SynthSpec},
    models::{FixedBps, Slippage},
    time::MINUTE_NS,
};

use crate::{
    AccountNumber, ActionSpec, EnvSpec, EpisodeSpec, HedgedOption, MarketSpec, Result, RewardSpec, SyntheticMarket,
    TargetPosition,
};

const DAYS: u32 = 30;
const CASH: f64 = 10_000.0;
const VOLATILITY: f64 = 0.2;

/// 100 calls at the money over 30 days, hedged once a day at a basis point: profit in percent of the first price, less five times
/// its square.
pub(super) fn spec() -> EnvSpec {
    let daily = VOLATILITY / 365f64.sqrt();
    // The price is expected to stay, not its logarithm.
    let process = Geometric { volatility: daily, drift: 0.0, ..Geometric::default() };
    let option = HedgedOption {
        years: f64::from(DAYS) / 365.0,
        volatility: VOLATILITY,
        units: 100.0,
        scale: 100.0,
        risk_aversion: 10.0,
        ..HedgedOption::default()
    };
    EnvSpec {
        market: MarketSpec::Synthetic(SyntheticMarket { process: SynthSpec::Geometric(process), rows: None }),
        cash: CASH,
        slippage: Slippage::FixedBps(FixedBps { bps: 1.0 }),
        features: Some(FeaturePipelineSpec {
            features: vec![FeatureSpec::LogReturn(LogReturnSpec { scale: 50.0, ..LogReturnSpec::default() })],
            ..FeaturePipelineSpec::default()
        }),
        window: 1,
        account: vec![AccountNumber::Position, AccountNumber::TimeLeft, AccountNumber::PriceSinceStart],
        action: ActionSpec::TargetPosition(TargetPosition { max_lots: 100.0, ..TargetPosition::default() }),
        reward: RewardSpec::HedgedOption(option),
        episode: EpisodeSpec::of_steps(DAYS),
        ..EnvSpec::default()
    }
}

pub(super) fn rows() -> Result<MarketData> {
    let (bars, period_ns) = (DAYS as usize + 2, 1_440 * MINUTE_NS);
    Ok(SynthRows { instrument: Instrument::equity("STOCK"), price: 100.0, period_ns, ..SynthRows::exact(bars) }
        .build()?)
}
