//! A large order, worked off by a deadline.

use serde::{Deserialize, Serialize};
use tradepit::{InstrumentId, order::OrderRequest};

use super::{Action, ActionScheme, Decision, Orders, orders::round, spec::one_instrument, value::between};
use crate::{Error, Result, Space};

/// How much of what is left of a large order of the one instrument is traded at this step: -1 is nothing, 1 everything.
///
/// ```
/// use tradepit::{account::Account, market::synth};
/// use tradepit_envs::{Action, ActionScheme, Decision, ExecutionRate, Orders};
/// let scheme = ExecutionRate { lots: -40.0 };
/// let (data, account) = (synth::es_1m(10, 0).unwrap(), Account::new(1));
/// let sold = |steps_left| {
///     let mut orders = Orders::default();
///     let decision = Decision { steps_left, ..Decision::new(data.view(5), &account) };
///     scheme.orders(Action::Box(&[-0.5]), &decision, &mut orders);
///     orders.sent()[0].entry.qty
/// };
/// assert_eq!(sold(9), -10.0);
/// assert_eq!(sold(1), -40.0); // the last step trades all that is left
/// ```
///
/// What is left is `lots` less what the account has traded since the episode opened. It sends market orders of whole
/// lots. The deadline is the end of the episode, so its length must be known: `steps`, or `data`. A latency of a bar or
/// more leaves the last order behind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExecutionRate {
    /// Lots to buy (above 0) or to sell (below) in an episode.
    pub lots: f64,
}

impl Default for ExecutionRate {
    fn default() -> Self {
        Self { lots: 100.0 }
    }
}

impl ActionScheme for ExecutionRate {
    fn space(&self, _: usize) -> Space {
        Space::Box { len: 1, low: -1.0, high: 1.0 }
    }

    fn max_lots(&self) -> f64 {
        self.lots.abs()
    }

    fn orders(&self, action: Action<'_>, decision: &Decision<'_>, orders: &mut Orders) {
        let first = InstrumentId(0);
        let lot = decision.market.instruments()[0].lot;
        let traded = decision.account.position(first).traded() + (decision.under_way)(first);
        let left = (self.lots - round(traded / lot)) * self.lots.signum();
        let share = if decision.is_last() { 1.0 } else { between(action.values()[0], [0.0, 1.0]) };
        let lots = round(share * left);
        if lots > 0.0 {
            orders.send(OrderRequest::market(first, lots * lot * self.lots.signum()));
        }
    }

    fn validate(&self, instruments: usize) -> Result<()> {
        if !self.lots.is_finite() || self.lots == 0.0 || self.lots.fract() != 0.0 {
            let message = format!("{} must be a whole number of lots, above 0 to buy and below it to sell", self.lots);
            return Err(Error::spec("action.lots", message));
        }
        one_instrument(instruments)
    }
}
