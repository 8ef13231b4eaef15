//! A bid and an ask.

use serde::{Deserialize, Serialize};
use tradepit::{
    InstrumentId,
    order::{OrderRequest, TimeInForce},
};

use super::{
    Action, ActionScheme, Decision, Orders,
    orders::round,
    spec::{positive, range},
    value::between,
};
use crate::{Result, Space};

/// A bid and an ask of each instrument, so many ticks from the last close, for one bar.
///
/// ```
/// use tradepit::{account::Account, market::synth};
/// use tradepit_envs::{Action, ActionScheme, Decision, Orders, TwoSidedQuotes};
/// let scheme = TwoSidedQuotes { offset_ticks: [0.0, 8.0], ..TwoSidedQuotes::default() };
/// let (data, account, mut orders) = (synth::es_1m(10, 0).unwrap(), Account::new(1), Orders::default());
/// scheme.orders(Action::Box(&[-0.5, 1.0]), &Decision::new(data.view(5), &account), &mut orders);
/// let (close, limits) = (data.bars()[4].close, orders.sent().iter().map(|order| order.entry.kind.limit().unwrap()));
/// // The bid two ticks below, the ask eight above.
/// assert_eq!(limits.collect::<Vec<_>>(), [close - 0.5, close + 2.0]);
/// ```
///
/// An action has for each instrument the offset of the bid and that of the ask, from -1 (the smallest) to 1 (the
/// largest), and, where `lots` is a range, in the same way the size of the bid and that of the ask. Prices are rounded to
/// the tick. A quote rests until one bar's length after the decision: it meets the next bar, and is gone when the next
/// decision is taken. Where that bar comes later, as after a night, it meets none. No quote is sent that would, once filled, hold
/// more than `max_lots` on its side: a smaller one is, for what is left, or none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TwoSidedQuotes {
    /// Ticks from the last close at -1 and at 1; below 0 is through it.
    pub offset_ticks: [f64; 2],
    /// Lots of a quote at -1 and at 1; where both are the same, actions do not say.
    pub lots: [f64; 2],
    /// Most lots held on either side.
    pub max_lots: f64,
}

impl Default for TwoSidedQuotes {
    fn default() -> Self {
        Self { offset_ticks: [1.0, 10.0], lots: [1.0, 1.0], max_lots: 10.0 }
    }
}

impl TwoSidedQuotes {
    /// Numbers of an action for one instrument.
    fn width(&self) -> usize {
        if self.lots[0] == self.lots[1] { 2 } else { 4 }
    }
}

impl ActionScheme for TwoSidedQuotes {
    fn space(&self, instruments: usize) -> Space {
        Space::Box { len: self.width() * instruments, low: -1.0, high: 1.0 }
    }

    fn max_lots(&self) -> f64 {
        self.max_lots
    }

    fn orders(&self, action: Action<'_>, decision: &Decision<'_>, orders: &mut Orders) {
        for (id, values) in action.values().chunks_exact(self.width()).enumerate() {
            for (side, buys) in [true, false].into_iter().enumerate() {
                let lots = values.get(2 + side).map_or(self.lots[0], |value| between(*value, self.lots));
                let ticks = between(values[side], self.offset_ticks);
                quote(orders, decision, id, buys, ticks, lots, self.max_lots);
            }
        }
    }

    fn validate(&self, _: usize) -> Result<()> {
        range("offset_ticks", self.offset_ticks, f64::NEG_INFINITY)?;
        range("lots", self.lots, 0.0)?;
        positive("lots", self.lots[1])?;
        positive("max_lots", self.max_lots)
    }
}

/// Sends a limit order for one bar, so many ticks from the last close, for what `max_lots` leave of `lots`.
pub(super) fn quote(
    orders: &mut Orders,
    decision: &Decision<'_>,
    id: usize,
    buys: bool,
    ticks: f64,
    lots: f64,
    max_lots: f64,
) {
    let (market, side) = (decision.market, if buys { 1.0 } else { -1.0 });
    let room = (max_lots - side * decision.held(id) + 1e-6).floor();
    let lots = round(lots).min(room);
    if lots > 0.0 {
        let (thing, instrument) = (&market.instruments()[id], InstrumentId(id as u32));
        let price = thing.round_price(market.last(instrument).close - side * ticks * thing.tick);
        let until = market.now().plus_ns(market.period_ns());
        orders
            .send(OrderRequest::limit(instrument, side * lots * thing.lot, price).with_tif(TimeInForce::Gtd { until }));
    }
}
