//! What turns an action into orders.

use std::fmt::Debug;

use super::{Action, Decision, Orders};
use crate::{Result, Space};

/// Turns an action into orders: into those that lead to a position that is wanted, or into its own.
///
/// ```
/// use tradepit::{InstrumentId, order::{OrderRequest, TimeInForce}};
/// use tradepit_envs::{Action, ActionScheme, Decision, Orders, Space, TargetPosition};
/// let scheme = TargetPosition { max_lots: 4.0, ..TargetPosition::default() };
/// assert_eq!(scheme.target(Action::Box(&[-0.5]), 0, 1.0), -2.0);
///
/// /// 1 bids for one lot a tick below the market, until the session closes.
/// #[derive(Debug)]
/// struct Bid;
/// impl ActionScheme for Bid {
///     fn space(&self, _: usize) -> Space {
///         Space::Discrete { n: 2 }
///     }
///     fn max_lots(&self) -> f64 {
///         1.0
///     }
///     fn orders(&self, action: Action<'_>, decision: &Decision<'_>, orders: &mut Orders) {
///         let (first, thing) = (InstrumentId(0), &decision.market.instruments()[0]);
///         if let Action::Discrete(1) = action {
///             let price = thing.round_price(decision.market.last(first).close - thing.tick);
///             orders.send(OrderRequest::limit(first, thing.lot, price).with_tif(TimeInForce::Day {}));
///         }
///     }
/// }
/// # use tradepit::{account::Account, market::synth};
/// # let data = synth::es_1m(10, 0).unwrap();
/// # let account = Account::new(1);
/// let mut orders = Orders::default();
/// Bid.orders(Action::Discrete(1), &Decision::new(data.view(5), &account), &mut orders);
/// assert_eq!(orders.sent().len(), 1);
/// ```
///
/// One that wants positions gives [`target`](Self::target) and has the rest for nothing; one that sends orders of its own
/// gives [`orders`](Self::orders).
pub trait ActionScheme: Send + Sync + Debug {
    /// The space of its actions over `instruments` instruments.
    fn space(&self, instruments: usize) -> Space;
    /// The largest position in lots that it asks for, by which observed positions are divided.
    fn max_lots(&self) -> f64;
    /// The largest share of the equity that it asks for, by which observed positions are divided in place of the lots.
    fn max_weight(&self) -> Option<f64> {
        None
    }
    /// The position wanted of `instrument`, in lots, not rounded yet; `held` is the present one, in lots.
    fn target(&self, action: Action<'_>, instrument: usize, held: f64) -> f64 {
        let _ = (action, instrument);
        held
    }
    /// Sends its orders. Without one of its own, a market order for what the [`target`](Self::target) of each instrument
    /// is away from what is held.
    fn orders(&self, action: Action<'_>, decision: &Decision<'_>, orders: &mut Orders) {
        for id in 0..decision.market.instruments().len() {
            orders.lead_to(decision, id, self.target(action, id, decision.held(id)));
        }
    }
    /// Writes which choices are open at a decision, for whole numbers: one entry for each value, those of the first number
    /// first. What is closed would be refused by the venue or the environment's limits, or would do nothing. Without one of
    /// its own, everything is open.
    fn mask(&self, decision: &Decision<'_>, mask: &mut [bool]) {
        let _ = decision;
        mask.fill(true);
    }
    /// Whether [`mask`](Self::mask) may close a choice over any market; false saves asking.
    fn masks(&self) -> bool {
        true
    }
    /// Whether it makes sense for that many instruments.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    fn validate(&self, instruments: usize) -> Result<()> {
        let _ = instruments;
        Ok(())
    }
}
