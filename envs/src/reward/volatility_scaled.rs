//! Trading at constant volatility.

use serde::{Deserialize, Serialize};
use tradepit::{InstrumentId, MarketView};

use super::{
    Reward, RewardMemory,
    contract::{above_0, at_least_0, bounded},
};
use crate::{Error, Result, StepFacts};

/// `scale * (A t/s (p - p') - cost p' |A t/s - A' t/s'|)`, in the unit of `target`: the reward of Zhang, Zohren and
/// Roberts (2020, equation 4).
///
/// `A` is the first instrument's position after the step's fills by `units`, in [-1, 1] where that is the largest, `A'`
/// the one before; `p` and `p'` the prices; `t` the `target` deviation of a step; `s` the running deviation of the
/// price's changes that was known at the decision, `s'` the one a row earlier. Mean and variance of the changes are
/// exponentially weighted (West, 1979) with rate `2 / (span + 1)`, and begin with the rows before the episode.
///
/// A full position has the same deviation in every market: for one policy over many. It pays for a position that is
/// scaled by `t / s`, and charges for adjusting that, while the account holds `A` as it is: profit and reward differ,
/// and the venue's own costs are not in it.
///
/// ```
/// use tradepit_envs::{Reward, RewardMemory, StepFacts, VolatilityScaled};
/// let reward = VolatilityScaled { target: 1.0, span: 3, cost: 0.001, units: 2.0, scale: 1.0 };
/// let mut memory = RewardMemory::default();
/// memory.0[..3].copy_from_slice(&[0.0, 4.0, 1.0]); // mean and variance of changes, deviation a row earlier
/// let facts = StepFacts { position_before: 1.0, position: 2.0, price_before: 100.0, price: 103.0, ..StepFacts::default() };
/// // 1 / 2 x 3 points, and from 0.5 / 1 to 1 / 2 nothing had to be traded.
/// assert_eq!(reward.reward(&facts, &mut memory), 1.5);
/// assert_eq!(memory.0[..3], [1.5, 0.5 * (4.0 + 0.5 * 9.0), 2.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VolatilityScaled {
    /// Deviation that a full position shall have in a step.
    pub target: f64,
    /// Rows that the deviation remembers, at least 1.
    pub span: u32,
    /// What trading costs, as a share of the price.
    pub cost: f64,
    /// The position that counts as 1, in units of the first instrument.
    pub units: f64,
    /// A factor, for agents that do not normalise rewards.
    pub scale: f64,
}

impl Default for VolatilityScaled {
    fn default() -> Self {
        Self { target: 1.0, span: 60, cost: 1e-4, units: 1.0, scale: 1.0 }
    }
}

impl VolatilityScaled {
    /// Takes a change into the mean and the variance, and remembers the deviation that was.
    fn learn(&self, memory: &mut RewardMemory, change: f64) {
        let [mean, variance, ..] = memory.0;
        let (rate, distance) = (2.0 / (f64::from(self.span) + 1.0), change - mean);
        memory.0[0] = mean + rate * distance;
        memory.0[1] = (1.0 - rate) * (variance + rate * distance * distance);
        memory.0[2] = variance.max(0.0).sqrt();
    }
}

impl Reward for VolatilityScaled {
    fn reward(&self, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
        // As with a range of nothing: a market that stood still has the deviation of a millionth of its price.
        let floor = (1e-6 * facts.price_before.abs()).max(1e-100);
        let [_, variance, before, ..] = memory.0;
        let lever = |deviation: f64, units: f64| self.target / deviation.max(floor) * units / self.units;
        let (now, then) = (lever(variance.max(0.0).sqrt(), facts.position), lever(before, facts.position_before));
        let cost = self.cost * facts.price_before.abs() * (now - then).abs();
        self.learn(memory, facts.price_change());
        bounded(self.scale * (now * facts.price_change() - cost))
    }

    fn begin(&self, market: MarketView<'_>) -> RewardMemory {
        let close = |ago: usize| market.ago(InstrumentId(0), ago).map(|bar| bar.close);
        // What is older counts for less than a hundredth.
        let rows = (3 * self.span as usize).min(market.len() - 1);
        let mut changes = (0..rows).rev().filter_map(|ago| Some(close(ago)? - close(ago + 1)?));
        let mut memory = RewardMemory::default();
        if let Some(first) = changes.next() {
            // The one change that is known is all that is known of their size.
            memory.0[1] = first * first;
            memory.0[2] = first.abs();
        }
        changes.for_each(|change| self.learn(&mut memory, change));
        memory
    }

    fn slots(&self) -> usize {
        3
    }

    fn validate(&self) -> Result<()> {
        above_0("target", self.target)?;
        at_least_0("cost", self.cost)?;
        above_0("units", self.units)?;
        above_0("scale", self.scale)?;
        if self.span == 0 {
            return Err(Error::spec("reward.span", "0 must be at least 1"));
        }
        Ok(())
    }
}
