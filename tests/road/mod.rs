//! What the tests of the environment share: buffers, and a random but seeded policy.

#![allow(dead_code, reason = "every test binary uses a part of it")]

use rand::{RngExt as _, SeedableRng as _};
use tradepit::{
    MarketData, Rng,
    features::{FeaturePipelineSpec, FeatureSpec},
    market::synth,
    models::{Commission, FixedTicks, PerContract, Slippage},
};
use tradepit_envs::{Action, Actions, EnvSpec, Space};

/// A spec with costs, on the default features.
pub(crate) fn costly() -> EnvSpec {
    EnvSpec {
        window: 4,
        slippage: Slippage::FixedTicks(FixedTicks { ticks: 0.5 }),
        commission: Commission::PerContract(PerContract::new(2.1)),
        ..EnvSpec::default()
    }
}

/// A spec on the planted signal alone, without costs.
pub(crate) fn signal_only() -> EnvSpec {
    let features: Vec<FeatureSpec> = serde_json::from_str(r#"[{"kind": "column", "name": "signal"}]"#).unwrap();
    EnvSpec {
        window: 1,
        features: Some(FeaturePipelineSpec { features, ..FeaturePipelineSpec::default() }),
        ..EnvSpec::default()
    }
}

pub(crate) fn es(bars: usize) -> MarketData {
    synth::es_1m(bars, 3).unwrap()
}

/// Numbers for a box, or whole numbers.
pub(crate) type Drawn = (Vec<f32>, Vec<i64>);

/// Random actions of one environment of a batch: a stream of its own, so that others do not change it.
pub(crate) struct Actor {
    rng: Rng,
    space: Space,
}

impl Actor {
    pub(crate) fn new(seed: u64, space: &Space) -> Self {
        Self { rng: Rng::seed_from_u64(seed), space: space.clone() }
    }

    pub(crate) fn draw(&mut self) -> Drawn {
        match self.space {
            Space::Discrete { .. } | Space::MultiDiscrete { .. } => {
                let choices = self.space.choices().to_vec();
                (Vec::new(), choices.into_iter().map(|n| self.rng.random_range(0..n as i64)).collect())
            }
            _ => ((0..self.space.len()).map(|_| self.rng.random_range(-1.2..1.2f32)).collect(), Vec::new()),
        }
    }

    pub(crate) fn action<'a>(&self, (values, choices): &'a Drawn) -> Action<'a> {
        match self.space {
            Space::Discrete { .. } => Action::Discrete(choices[0]),
            Space::MultiDiscrete { .. } => Action::MultiDiscrete(choices),
            _ => Action::Box(values),
        }
    }
}

/// One action for each environment.
pub(crate) fn draw_all(actors: &mut [Actor]) -> Drawn {
    let (values, choices): (Vec<_>, Vec<_>) = actors.iter_mut().map(Actor::draw).unzip();
    (values.concat(), choices.concat())
}

pub(crate) fn actions<'a>(space: &Space, drawn: &'a Drawn) -> Actions<'a> {
    match space {
        Space::Discrete { .. } | Space::MultiDiscrete { .. } => Actions::Discrete(&drawn.1),
        _ => Actions::Box(&drawn.0),
    }
}

/// Bits, so that NaN and -0 count.
pub(crate) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// Features of every kind that needs no more than one instrument's bars, and normalised ones, as JSON.
pub(crate) fn every_kind() -> String {
    let kinds = "log_return sma_distance ema_distance rsi atr volume_ratio realised_volatility simple_return high_distance \
        low_distance open_distance wma_distance macd stochastic bollinger adx cci obv rolling_vwap_distance \
        range_volatility volume_zscore amihud roll_spread candle time_of_day session_vwap_distance time_of_week \
        time_to_close roll_day";
    let kinds = kinds.split_whitespace().map(|kind| format!(r#"{{"kind": "{kind}"}}"#));
    let by = ["rank", "z_score", "min_max"].map(|by| {
        format!(r#"{{"kind": "normalised", "by": {{"kind": "{by}", "window": 20}}, "of": {{"kind": "rsi", "timeframe": 5}}}}"#)
    });
    format!("[{}]", kinds.chain(by).collect::<Vec<_>>().join(", "))
}
