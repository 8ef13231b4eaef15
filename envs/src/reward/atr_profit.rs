//! Profit in volatility units.

use serde::{Deserialize, Serialize};
use tradepit::{InstrumentId, MarketView};

use super::{
    Reward, RewardMemory,
    contract::{above_0, bounded},
};
use crate::{Error, Result, StepFacts};

/// `scale * equity change / (ATR x multiplier x units)`: profit in average true ranges of a position of `units`, no unit.
///
/// The ATR (Wilder, 1978) is in the price's unit and knows the rows that had closed when the decision was taken: at the
/// beginning of an episode the mean of the last `period` true ranges, of as many as there are, then
/// `ATR += (true range - ATR) / period`. A step that gains one ATR on `units` gives 1 in a calm market and in a wild one,
/// so that one episode weighs as much as another. It rewards risk-neutral profit, and is silent about size: bound it by
/// the action. The ATR can be observed as the feature `atr`.
///
/// ```
/// use tradepit_envs::{AtrProfit, Reward, RewardMemory, StepFacts};
/// let reward = AtrProfit { period: 4, units: 2.0, scale: 1.0 };
/// let mut memory = RewardMemory::default();
/// memory.0[0] = 3.0; // ATR at the decision
/// let facts = StepFacts { equity_before: 1000.0, equity: 1300.0, multiplier: 50.0, true_range: 5.0, ..StepFacts::default() };
/// assert_eq!(reward.reward(&facts, &mut memory), 1.0); // 300 by 3 points x 50 x 2
/// assert_eq!(memory.0[0], 3.5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AtrProfit {
    /// Rows that the average remembers, at least 1.
    pub period: u32,
    /// The position whose profit is measured, in units of the first instrument.
    pub units: f64,
    /// A factor, for agents that do not normalise rewards.
    pub scale: f64,
}

impl Default for AtrProfit {
    fn default() -> Self {
        Self { period: 14, units: 1.0, scale: 1.0 }
    }
}

impl Reward for AtrProfit {
    fn reward(&self, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
        // A market that stood still has no range; one of a millionth of the price makes its costs a finite loss.
        let atr = memory.0[0].max(1e-6 * facts.price_before.abs()).max(f64::MIN_POSITIVE);
        memory.0[0] += (facts.true_range - memory.0[0]) / f64::from(self.period);
        bounded(self.scale * facts.equity_change() / atr / (facts.multiplier * self.units))
    }

    fn begin(&self, market: MarketView<'_>) -> RewardMemory {
        let bar = |ago: usize| market.ago(InstrumentId(0), ago);
        let ranges = (0..self.period as usize).map_while(|ago| {
            let (bar, before) = (bar(ago)?, bar(ago + 1));
            let close = before.map_or(bar.open, |before| before.close);
            Some(bar.high.max(close) - bar.low.min(close))
        });
        let (mut sum, mut rows) = (0.0, 0.0);
        for range in ranges {
            sum += range;
            rows += 1.0;
        }
        let mut memory = RewardMemory::default();
        memory.0[0] = sum / rows;
        memory
    }

    fn slots(&self) -> usize {
        1
    }

    fn validate(&self) -> Result<()> {
        above_0("units", self.units)?;
        above_0("scale", self.scale)?;
        if self.period == 0 {
            return Err(Error::spec("reward.period", "0 must be at least 1"));
        }
        Ok(())
    }
}
