//! A coin for a market.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::{
    check::need,
    exact::{EXPECTED, Exact, Published, named},
};
use crate::{Result, Rng};

/// Every bar the price rises or falls by the same share of itself: heads it rises.
///
/// A bet at even money of the share `f` of one's wealth is a position of `f / change` times the wealth. The share whose wealth grows
/// fastest is `2 heads - 1`: Kelly (1956), "A New Interpretation of Information Rate". Column: `expected_change`.
///
/// ```
/// use tradepit::market::synth::{Coin, SynthRows, SynthSpec};
/// let data = SynthSpec::Coin(Coin::default()).market(&SynthRows::exact(1_000), 0).unwrap();
/// let moves = data.bars().iter().map(|bar| bar.close / bar.open - 1.0);
/// assert!(moves.clone().all(|share| (share.abs() - 0.01).abs() < 1e-6));
/// assert!(moves.filter(|share| *share > 0.0).count() > 550);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Coin {
    /// Probability of a rise, in [0, 1].
    pub heads: f64,
    /// Share of the price by which it rises or falls, in [0, 1).
    pub change: f64,
    /// Units traded a bar, at least 0.
    pub volume: f64,
}

impl Default for Coin {
    fn default() -> Self {
        Self { heads: 0.6, change: 0.01, volume: 0.0 }
    }
}

impl Exact for Coin {
    type State = ();

    fn validate_process(&self) -> Result<()> {
        need("heads", self.heads, (0.0..=1.0).contains(&self.heads), "a probability")?;
        need("change", self.change, (0.0..1.0).contains(&self.change), "in [0, 1)")
    }

    fn volume(&self) -> f64 {
        self.volume
    }

    fn columns(&self) -> Vec<String> {
        named([EXPECTED])
    }

    fn begin(&self, first: f64, _: &mut Rng) -> ((), f64) {
        ((), first)
    }

    fn next(&self, (): &mut (), price: f64, rng: &mut Rng) -> f64 {
        let share = if rng.random::<f64>() < self.heads { self.change } else { -self.change };
        price * (1.0 + share)
    }

    fn publish(&self, (): &(), price: f64, out: &mut Published) {
        out[0] = ((2.0 * self.heads - 1.0) * self.change * price) as f32;
    }
}
