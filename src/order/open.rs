//! Orders that were sent and are not done, as their sender knows them from events.

use super::{Modification, OrderId, OrderKind, OrderRequest};
use crate::{Instrument, InstrumentId, Result, account::AccountEvent};

/// What a sender still expects of its orders: for venues that hold no book of their own.
///
/// ```
/// use tradepit::{InstrumentId, order::{OpenOrders, OrderId, OrderRequest}};
/// let mut open = OpenOrders::default();
/// open.sent(OrderId(0), &OrderRequest::market(InstrumentId(0), 2.0));
/// open.sent(OrderId(1), &OrderRequest::limit(InstrumentId(0), -1.0, 10.0));
/// // A limit may never fill; what is at the market will.
/// assert_eq!(open.at_market(InstrumentId(0)), 2.0);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpenOrders(Vec<Open>);

#[derive(Clone, Copy, Debug, PartialEq)]
struct Open {
    id: OrderId,
    request: OrderRequest,
    /// Units that have filled, signed.
    filled: f64,
}

impl Open {
    fn left(&self) -> f64 {
        let left = self.request.qty - self.filled;
        // Sums of lots must come back to nothing.
        if left.abs() <= 1e-9 * self.filled.abs() { 0.0 } else { left }
    }
}

impl OpenOrders {
    /// An order was sent.
    pub fn sent(&mut self, id: OrderId, request: &OrderRequest) {
        self.0.push(Open { id, request: *request, filled: 0.0 });
    }

    /// Something happened to an order.
    pub fn event(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Fill(fill) => {
                for open in self.0.iter_mut().filter(|open| open.id == fill.order) {
                    open.filled += fill.qty;
                }
                self.0.retain(|open| open.left() != 0.0);
            }
            AccountEvent::Modified { order, change, .. } => {
                for open in self.0.iter_mut().filter(|open| open.id == *order) {
                    open.request = change.apply(&open.request).unwrap_or(open.request);
                }
            }
            AccountEvent::Order { order, state, .. } if state.is_closed() => self.0.retain(|open| open.id != *order),
            AccountEvent::Rejected { order, .. } => self.0.retain(|open| open.id != *order),
            AccountEvent::Order { .. }
            | AccountEvent::Financing { .. }
            | AccountEvent::Dividend { .. }
            | AccountEvent::Split { .. }
            | AccountEvent::Liquidation { .. } => {}
        }
    }

    /// Whether an order can be changed in this way. One that is not open (any more) can: it will come too late.
    ///
    /// # Errors
    /// Says what of the change does not fit the order.
    pub fn check(&self, id: OrderId, change: &Modification, instruments: &[Instrument]) -> Result<()> {
        let open = self.0.iter().find(|open| open.id == id);
        open.map_or(Ok(()), |open| change.apply(&open.request)?.check(instruments))
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Units of an instrument that orders which wait for a price could yet buy, and sell, both without a sign; orders that
    /// close what others opened do not count.
    ///
    /// ```
    /// use tradepit::{InstrumentId, order::{OpenOrders, OrderId, OrderRequest}};
    /// let mut open = OpenOrders::default();
    /// open.sent(OrderId(0), &OrderRequest::limit(InstrumentId(0), 2.0, 10.0));
    /// open.sent(OrderId(1), &OrderRequest::limit(InstrumentId(0), -2.0, 12.0).child_of(OrderId(0)));
    /// assert_eq!(open.waiting(InstrumentId(0)), [2.0, 0.0]);
    /// ```
    #[must_use]
    pub fn waiting(&self, instrument: InstrumentId) -> [f64; 2] {
        let ours = self.0.iter().filter(|open| open.request.instrument == instrument);
        sum_waiting(ours.map(|open| (&open.request, open.left())))
    }

    /// Units of an instrument that orders at the market have yet to fill, signed.
    #[must_use]
    pub fn at_market(&self, instrument: InstrumentId) -> f64 {
        let ours = self.0.iter().filter(|open| open.request.instrument == instrument && is_at_market(&open.request));
        ours.map(Open::left).sum()
    }
}

/// Sums, for [what buys, what sells], the units left of orders that wait for a price and may open.
pub(super) fn sum_waiting<'a>(orders: impl Iterator<Item = (&'a OrderRequest, f64)>) -> [f64; 2] {
    let waits = |request: &OrderRequest| !is_at_market(request) && request.parent.is_none() && !request.reduce_only;
    orders.filter(|(request, _)| waits(request)).fold([0.0; 2], |[bought, sold], (_, left)| {
        if left > 0.0 { [bought + left, sold] } else { [bought, sold - left] }
    })
}

/// Whether an order will fill whatever the price does.
pub(super) fn is_at_market(request: &OrderRequest) -> bool {
    matches!(request.kind, OrderKind::Market {} | OrderKind::MarketOnOpen {} | OrderKind::MarketOnClose {})
        && request.parent.is_none()
}
