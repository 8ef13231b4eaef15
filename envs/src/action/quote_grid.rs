//! A bid and an ask out of a grid.

use serde::{Deserialize, Serialize};

use super::{Action, ActionScheme, Decision, Orders, spec::positive, two_sided_quotes::quote};
use crate::{Error, Result, Space};

/// A bid and an ask of each instrument, at offsets out of a list, for one bar: [`TwoSidedQuotes`](super::TwoSidedQuotes)
/// in whole numbers.
///
/// ```
/// use tradepit::{account::Account, market::synth};
/// use tradepit_envs::{Action, ActionScheme, Decision, Orders, QuoteGrid, Space};
/// let scheme = QuoteGrid { offset_ticks: vec![None, Some(1.0), Some(2.0)], ..QuoteGrid::default() };
/// assert_eq!(scheme.space(1), Space::MultiDiscrete { nvec: vec![3, 3] });
/// let (data, account, mut orders) = (synth::es_1m(10, 0).unwrap(), Account::new(1), Orders::default());
/// // No bid, and an ask two ticks above the last close.
/// scheme.orders(Action::MultiDiscrete(&[0, 2]), &Decision::new(data.view(5), &account), &mut orders);
/// assert_eq!(orders.sent()[0].entry.kind.limit(), Some(data.bars()[4].close + 0.5));
/// ```
///
/// An action has for each instrument the place in the list for the bid, and that for the ask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuoteGrid {
    /// Ticks from the last close; none is no quote.
    pub offset_ticks: Vec<Option<f64>>,
    /// Lots of a quote.
    pub lots: f64,
    /// Most lots held on either side.
    pub max_lots: f64,
}

impl Default for QuoteGrid {
    fn default() -> Self {
        Self { offset_ticks: vec![None, Some(1.0), Some(2.0), Some(4.0)], lots: 1.0, max_lots: 10.0 }
    }
}

impl ActionScheme for QuoteGrid {
    fn space(&self, instruments: usize) -> Space {
        Space::MultiDiscrete { nvec: vec![self.offset_ticks.len(); 2 * instruments] }
    }

    fn max_lots(&self) -> f64 {
        self.max_lots
    }

    fn orders(&self, action: Action<'_>, decision: &Decision<'_>, orders: &mut Orders) {
        for (at, choice) in action.choices().iter().enumerate() {
            if let Some(ticks) = self.offset_ticks[*choice as usize] {
                quote(orders, decision, at / 2, at % 2 == 0, ticks, self.lots, self.max_lots);
            }
        }
    }

    fn mask(&self, decision: &Decision<'_>, mask: &mut [bool]) {
        for (at, mask) in mask.chunks_exact_mut(self.offset_ticks.len()).enumerate() {
            let (id, buys) = (at / 2, at % 2 == 0);
            let side = if buys { 1.0 } else { -1.0 };
            let room = decision.allowance(id, buys).min(self.max_lots - side * decision.held(id) + 1e-6);
            mask.iter_mut().zip(&self.offset_ticks).for_each(|(open, ticks)| *open = ticks.is_none() || room >= 1.0);
            // Where nothing can be quoted and there is no word for it, one that will not be sent.
            if mask.iter().all(|open| !open) {
                mask[0] = true;
            }
        }
    }

    fn validate(&self, _: usize) -> Result<()> {
        if self.offset_ticks.is_empty() || self.offset_ticks.iter().flatten().any(|ticks| !ticks.is_finite()) {
            let message = format!("{:?} must be at least 1 finite number or null", self.offset_ticks);
            return Err(Error::spec("action.offset_ticks", message));
        }
        positive("lots", self.lots)?;
        positive("max_lots", self.max_lots)
    }
}
