//! Orders that wait for the market.

use serde::{Deserialize, Serialize};

use super::{Modification, OrderChange, OrderId, OrderRequest, OrderState, open::is_at_market, open::sum_waiting};
use crate::{
    Error, InstrumentId, MarketView, Result, Rng, Timestamp,
    models::{
        LatencyModel as _, Models,
        queue::{LimitModel as _, Queue},
    },
};

/// An accepted order.
///
/// ```
/// use tradepit::{InstrumentId, order::{Order, OrderId, OrderRequest}};
/// // Decided when row 0 had closed, so it can fill on row 1.
/// let order = Order { id: OrderId(3), request: OrderRequest::limit(InstrumentId(0), 2.0, 10.0), active_from: 1 };
/// assert_eq!(order.request.kind.limit(), Some(10.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// What was asked for.
    pub request: OrderRequest,
    /// First row of data on which it can fill.
    pub active_from: u32,
}

/// An order that is nothing but a market order: all that filling it needs.
///
/// ```
/// use tradepit::{InstrumentId, market::synth, models::Models, order::{MarketOrder, OrderId}, rng};
/// let data = synth::es_1m(2, 0).unwrap();
/// let (bars, mut rng) = (data.bars(), rng::stream(0, 0, rng::Purpose::Models));
/// let order = MarketOrder { id: OrderId(3), instrument: InstrumentId(0), qty: 2.0, active_from: 1 };
/// let fill = Models::default().execute(order, &data.instruments()[0], &bars[0], &bars[1], data.period_ns(), &mut rng);
/// assert_eq!((fill.order, fill.qty, fill.price), (OrderId(3), 2.0, bars[1].open));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketOrder {
    /// Its number.
    pub id: OrderId,
    /// What to trade.
    pub instrument: InstrumentId,
    /// How much, signed.
    pub qty: f64,
    /// First row of data on which it can fill.
    pub active_from: u32,
}

impl From<MarketOrder> for Order {
    fn from(order: MarketOrder) -> Self {
        let MarketOrder { id, instrument, qty, active_from } = order;
        Self { id, request: OrderRequest::market(instrument, qty), active_from }
    }
}

/// The orders that wait, oldest first.
///
/// The first one is held in scalars: writing an `Option<Order>` in pieces and reading it back whole stalls the
/// processor, and almost every step has at most one order.
///
/// ```
/// use tradepit::{InstrumentId, order::{MarketOrder, OrderId, Working}};
/// let mut working = Working::default();
/// working.push(MarketOrder { id: OrderId(1), instrument: InstrumentId(0), qty: 1.0, active_from: 5 });
/// let mut filled = Vec::new();
/// working.take_active(4, |order| filled.push(order.id));
/// assert!(filled.is_empty());
/// working.take_active(5, |order| filled.push(order.id));
/// assert_eq!(filled, [OrderId(1)]);
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Working {
    /// 0 when there is no first order.
    qty: f64,
    instrument: u32,
    active_from: u32,
    id: u32,
    /// Whether the first order is under way and works when it has arrived; otherwise it fills on the next row.
    #[serde(default)]
    under_way: bool,
    #[serde(default)]
    arrives: Timestamp,
    more: Vec<MarketOrder>,
    /// Orders that need a book: limits, stops, and market orders with conditions.
    #[serde(default)]
    book: Vec<Resting>,
}

/// An order in the book of a simulated venue.
///
/// ```
/// use tradepit::{InstrumentId, Timestamp, order::{Order, OrderId, OrderRequest, OrderState, Resting}};
/// let request = OrderRequest::limit(InstrumentId(0), 2.0, 10.0);
/// let order = Order { id: OrderId(0), request, active_from: 1 };
/// let resting = Resting::new(order, Timestamp::from_nanos(5));
/// assert_eq!((resting.left, resting.state), (2.0, OrderState::Accepted));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resting {
    /// The order.
    pub order: Order,
    /// Where it stands.
    pub state: OrderState,
    /// When it reaches the venue.
    pub arrives: Timestamp,
    /// When a cancel of it reaches the venue.
    pub cancelled_at: Option<Timestamp>,
    /// A change of it, and when that reaches the venue. A second one under way takes the first one in.
    #[serde(default)]
    pub modified: Option<(Timestamp, Modification)>,
    /// Units that may still fill, signed as the request; 0 for a child whose parent has not filled.
    pub left: f64,
    /// Units that have filled, without a sign.
    pub filled: f64,
    /// Value of what has filled: the sum of `|qty * price * multiplier|`.
    #[serde(default)]
    pub value: f64,
    /// Whether its stop was reached.
    pub triggered: bool,
    /// The best price since it works, for a trailing stop; none until it has arrived.
    pub best: Option<f64>,
    /// Its place among the orders at its limit.
    pub queue: Queue,
}

impl Resting {
    /// As it is when the venue takes it.
    #[must_use]
    #[inline]
    pub fn new(order: Order, arrives: Timestamp) -> Self {
        let left = if order.request.parent.is_some() { 0.0 } else { order.request.qty };
        let (state, filled, value, triggered) = (OrderState::Accepted, 0.0, 0.0, false);
        let (cancelled_at, modified, best, queue) = (None, None, None, Queue::default());
        Self { order, state, arrives, cancelled_at, modified, left, filled, value, triggered, best, queue }
    }

    /// So many units of it, signed, fill for that value; less than half a lot left is nothing.
    #[inline(always)]
    pub(crate) fn fill(&mut self, qty: f64, value: f64, lot: f64) {
        let left = self.left - qty;
        self.left = if left.abs() < 0.5 * lot { 0.0 } else { left };
        self.filled += qty.abs();
        self.value += value;
        let whole = self.left == 0.0 && self.filled + 0.5 * lot >= self.order.request.qty.abs();
        let next = self.state.after(if whole { OrderChange::Fill } else { OrderChange::PartialFill });
        // Only working orders are matched, and to those both are legal.
        self.state = next.unwrap_or(self.state);
    }
}

impl Working {
    /// Puts a market order behind the others.
    #[inline]
    pub fn push(&mut self, order: MarketOrder) {
        if self.qty == 0.0 && self.more.is_empty() {
            self.qty = order.qty;
            self.instrument = order.instrument.0;
            self.active_from = order.active_from;
            self.id = order.id.0;
            self.under_way = false;
        } else {
            self.more.push(order);
        }
    }

    /// Takes an order: one that is nothing but a market order waits for the next bar where `plain` says that the models
    /// need no book for it ([`Models::is_plain`]), or is under way while there is no other; any other goes into the book.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    #[inline]
    pub fn submit(
        &mut self,
        order: Order,
        plain: bool,
        market: MarketView<'_>,
        models: &Models,
        sent: Timestamp,
        rng: &mut Rng,
    ) -> Result<()> {
        let OrderRequest { instrument, qty, .. } = order.request;
        let is_first = self.qty == 0.0 && self.more.is_empty();
        if plain && order.request.is_plain() && (is_first || !self.is_counted_with(instrument, models)) {
            self.push(MarketOrder { id: order.id, instrument, qty, active_from: order.active_from });
            return Ok(());
        }
        if !plain && order.request.is_plain() && self.is_empty() {
            let order = MarketOrder { id: order.id, instrument, qty, active_from: order.active_from };
            self.send(order, models.latency.arrival(sent, rng));
            return Ok(());
        }
        self.take(order, market, models, sent, rng)
    }

    /// Takes an order into the book: it arrives after the latency of `models`, and joins its queue behind what
    /// `market` shows.
    ///
    /// # Errors
    /// When its parent does not work (any more), or is of another instrument.
    #[cold]
    pub fn take(
        &mut self,
        order: Order,
        market: MarketView<'_>,
        models: &Models,
        sent: Timestamp,
        rng: &mut Rng,
    ) -> Result<()> {
        let instrument = order.request.instrument;
        if let Some(parent) = order.request.parent {
            let known = self.iter().find(|known| known.id == parent).map(|known| known.request.instrument);
            let wrong = match known {
                Some(known) if known == instrument => None,
                Some(known) => Some(format!("is of instrument {}; send it behind an order of its own", known.0)),
                None => Some("does not work (any more); send it behind a working order".into()),
            };
            if let Some(wrong) = wrong {
                let message = format!("its parent {} {wrong}", parent.0);
                return Err(Error::Order { instrument: instrument.0, message });
            }
        }
        let known = market.last(instrument);
        let queue = models.matching.limit.join(&market.instruments()[instrument.0 as usize], None, known);
        self.settle();
        self.rest(Resting { queue, ..Resting::new(order, models.latency.arrival(sent, rng)) });
        Ok(())
    }

    /// Lets a market order that has the book to itself be under way; there is no other.
    #[inline]
    pub(crate) fn send(&mut self, order: MarketOrder, arrives: Timestamp) {
        self.push(order);
        (self.under_way, self.arrives) = (true, arrives);
    }

    /// The order that is under way and has the book to itself, and when it arrives.
    #[inline]
    pub(crate) fn under_way(&self) -> Option<(MarketOrder, Timestamp)> {
        (self.qty != 0.0 && self.under_way).then(|| (self.first(), self.arrives))
    }

    /// Takes out the order that was under way.
    #[inline]
    pub(crate) fn arrived(&mut self) {
        self.qty = 0.0;
    }

    /// Puts the order that is under way into the book, where others meet it.
    pub(crate) fn settle(&mut self) {
        if let Some((order, arrives)) = self.under_way() {
            self.arrived();
            self.rest(Resting::new(order.into(), arrives));
        }
    }

    /// Asks to take an order out; it goes, and is told to be gone, when the message arrives.
    #[cold]
    pub fn ask_to_cancel(&mut self, id: OrderId, models: &Models, sent: Timestamp, rng: &mut Rng) {
        if let Some(resting) = self.resting(id, sent) {
            // A second one under way does not hold up the first.
            let arrives = models.latency.arrival(sent, rng);
            resting.cancelled_at = Some(resting.cancelled_at.map_or(arrives, |first| first.min(arrives)));
        }
    }

    /// Whether the price of an order depends on what others of its instrument fill before it: the book keeps count.
    #[cold]
    fn is_counted_with(&self, instrument: InstrumentId, models: &Models) -> bool {
        models.slippage.counts_units() && self.plain().any(|other| other.instrument == instrument)
    }

    /// Whether no order waits.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        !self.has_plain() && self.book.is_empty()
    }

    /// Whether market orders wait that need no book.
    #[inline]
    pub(crate) fn has_plain(&self) -> bool {
        self.qty != 0.0 || self.has_several()
    }

    /// Whether several market orders wait that need no book.
    pub(crate) fn has_several(&self) -> bool {
        !self.more.is_empty()
    }

    /// Asks to change an order; it changes when the message arrives, if it still works then.
    ///
    /// # Errors
    /// When the order can't be changed in this way; nothing has changed then. An order that does not wait (any more) is no
    /// error: it has filled before the message came.
    #[cold]
    pub fn ask_to_modify(
        &mut self,
        id: OrderId,
        change: Modification,
        market: MarketView<'_>,
        models: &Models,
        sent: Timestamp,
        rng: &mut Rng,
    ) -> Result<()> {
        let Some(order) = self.iter().find(|order| order.id == id) else { return Ok(()) };
        change.apply(&order.request)?.check(market.instruments())?;
        let arrives = models.latency.arrival(sent, rng);
        if let Some(resting) = self.resting(id, sent) {
            let before = resting.modified.map(|(_, before)| before).unwrap_or_default();
            resting.modified = Some((arrives, before.then(change)));
        }
        Ok(())
    }

    /// The order as one of the book: messages meet orders there.
    fn resting(&mut self, id: OrderId, sent: Timestamp) -> Option<&mut Resting> {
        self.settle();
        let plain = self.plain().find(|order| order.id == id);
        if let Some(order) = plain {
            if self.qty != 0.0 && self.id == id.0 {
                self.qty = 0.0;
            } else {
                self.more.retain(|order| order.id != id);
            }
            self.book.push(Resting::new(order.into(), sent));
        }
        self.book.iter_mut().find(|resting| resting.order.id == id)
    }

    /// Room for the orders of an account that has few at a time, so that a row with one of them allocates nothing.
    pub(crate) fn reserve(&mut self) {
        self.book.reserve(4);
    }

    /// Puts an order into the book as it is.
    #[inline]
    pub fn rest(&mut self, resting: Resting) {
        self.book.push(resting);
    }

    /// The book, oldest first.
    #[must_use]
    #[inline]
    pub fn book(&self) -> &[Resting] {
        &self.book
    }

    /// The book, to be matched; it stays in order of age.
    pub(crate) fn book_mut(&mut self) -> &mut Vec<Resting> {
        &mut self.book
    }

    /// Takes out every market order that can fill at row `t`, oldest first.
    #[inline]
    pub fn take_active(&mut self, t: u32, mut fill: impl FnMut(MarketOrder)) {
        if self.qty != 0.0 && self.active_from <= t {
            let order = self.first();
            self.qty = 0.0;
            fill(order);
        }
        if !self.more.is_empty() {
            self.take_more(t, &mut fill);
        }
    }

    /// Out of line, so that what fills the first order stands inline.
    #[inline(never)]
    fn take_more(&mut self, t: u32, fill: &mut dyn FnMut(MarketOrder)) {
        self.more.retain(|order| {
            let active = order.active_from <= t;
            if active {
                fill(*order);
            }
            !active
        });
    }

    /// Takes out all orders of an instrument, and gives their numbers: market orders, then the book, oldest first.
    pub(crate) fn take_out(&mut self, instrument: InstrumentId) -> Vec<OrderId> {
        let ours = self.iter().filter(|order| order.request.instrument == instrument).map(|order| order.id);
        let gone = ours.collect();
        if self.instrument == instrument.0 {
            self.qty = 0.0;
        }
        self.more.retain(|order| order.instrument != instrument);
        self.book.retain(|resting| resting.order.request.instrument != instrument);
        gone
    }

    /// Forgets all orders.
    #[inline]
    pub fn clear(&mut self) {
        self.qty = 0.0;
        self.more.clear();
        self.book.clear();
    }

    /// Units of an instrument that orders at the market have yet to fill, signed.
    #[must_use]
    #[inline]
    pub fn at_market(&self, instrument: InstrumentId) -> f64 {
        if self.is_empty() {
            return 0.0;
        }
        self.at_market_of_many(instrument)
    }

    #[cold]
    fn at_market_of_many(&self, instrument: InstrumentId) -> f64 {
        let plain = self.plain().filter(|order| order.instrument == instrument).map(|order| order.qty);
        let ours = |request: &OrderRequest| request.instrument == instrument && is_at_market(request);
        let book = self.book.iter().filter(|resting| ours(&resting.order.request)).map(|resting| resting.left);
        plain.sum::<f64>() + book.sum::<f64>()
    }

    /// Units of an instrument that orders which wait for a price could yet buy, and sell; see
    /// [`OpenOrders::waiting`](super::OpenOrders::waiting).
    #[must_use]
    pub fn waiting(&self, instrument: InstrumentId) -> [f64; 2] {
        let ours = self.book.iter().filter(|resting| resting.order.request.instrument == instrument);
        sum_waiting(ours.map(|resting| (&resting.order.request, resting.left)))
    }

    fn plain(&self) -> impl Iterator<Item = MarketOrder> + '_ {
        (self.qty != 0.0).then(|| self.first()).into_iter().chain(self.more.iter().copied())
    }

    /// All orders that wait: market orders, then the book, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = Order> + '_ {
        self.plain().map(Order::from).chain(self.book.iter().map(|resting| resting.order))
    }

    #[inline]
    fn first(&self) -> MarketOrder {
        let (id, instrument) = (OrderId(self.id), InstrumentId(self.instrument));
        MarketOrder { id, instrument, qty: self.qty, active_from: self.active_from }
    }
}
