//! Quotes on both sides, against orders that come by themselves.

use tradepit::{
    Instrument, MarketData,
    features::{FeaturePipelineSpec, FeatureSpec, LogReturnSpec},
    market::synth::{Arithmetic, SynthRows, SynthSpec},
    models::{
        Matching,
        queue::{Intensity, LimitRule},
    },
};

use crate::{
    AccountNumber, ActionSpec, Composite, EnvSpec, EpisodeSpec, Held, InventoryPenalty, MarketSpec, Profit, Result,
    RewardPart, RewardSpec, SyntheticMarket, TwoSidedQuotes,
};

const STEPS: u32 = 200;
const CASH: f64 = 100_000.0;

/// The market of Avellaneda and Stoikov (2008): price 100, volatility 2 and 140 orders a side over an episode of 200 steps, of
/// which a share of `exp(-1.5 distance)` reaches a quote.
pub(super) fn spec() -> EnvSpec {
    let step = 1.0 / f64::from(STEPS);
    let process = Arithmetic { volatility: 2.0 * step.sqrt(), ..Arithmetic::default() };
    let profit = RewardSpec::Profit(Profit { scale: CASH });
    let penalty = InventoryPenalty { coefficient: 0.01 * step, power: 2, held: Held::Before, terminal: 0.001 };
    let part = |weight, reward| RewardPart { weight, reward };
    EnvSpec {
        market: MarketSpec::Synthetic(SyntheticMarket { process: SynthSpec::Arithmetic(process), rows: None }),
        cash: CASH,
        matching: Matching {
            limit: LimitRule::Intensity(Intensity { arrivals: 140.0 * step, decay: 1.5 }),
            ..Matching::default()
        },
        features: Some(FeaturePipelineSpec {
            features: vec![FeatureSpec::LogReturn(LogReturnSpec { scale: 500.0, ..LogReturnSpec::default() })],
            ..FeaturePipelineSpec::default()
        }),
        window: 1,
        account: vec![AccountNumber::Position, AccountNumber::TimeLeft],
        action: ActionSpec::TwoSidedQuotes(TwoSidedQuotes {
            offset_ticks: [0.0, 200.0],
            max_lots: 20.0,
            ..TwoSidedQuotes::default()
        }),
        reward: RewardSpec::Composite(Composite {
            parts: vec![part(1.0, profit), part(1.0, RewardSpec::InventoryPenalty(penalty))],
        }),
        episode: EpisodeSpec::of_steps(STEPS),
        ..EnvSpec::default()
    }
}

pub(super) fn rows() -> Result<MarketData> {
    let bars = STEPS as usize + 2;
    Ok(SynthRows { instrument: Instrument::equity("MAKER"), price: 100.0, ..SynthRows::exact(bars) }.build()?)
}
