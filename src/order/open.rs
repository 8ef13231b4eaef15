//! Orders that were sent and are not done, as their sender knows them from events.

use super::{OrderId, OrderKind, OrderRequest};
use crate::{InstrumentId, account::AccountEvent};

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
pub struct OpenOrders(Vec<(OrderId, OrderRequest)>);

impl OpenOrders {
    /// An order was sent.
    pub fn sent(&mut self, id: OrderId, request: &OrderRequest) {
        self.0.push((id, *request));
    }

    /// Something happened to an order.
    pub fn event(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Fill(fill) => {
                for (_, request) in self.0.iter_mut().filter(|(id, _)| *id == fill.order) {
                    let left = request.qty - fill.qty;
                    // Sums of lots must come back to nothing.
                    request.qty = if left.abs() <= 1e-9 * fill.qty.abs() { 0.0 } else { left };
                }
                self.0.retain(|(_, request)| request.qty != 0.0);
            }
            AccountEvent::Order { order, state, .. } if state.is_closed() => self.0.retain(|(id, _)| id != order),
            AccountEvent::Rejected { order, .. } => self.0.retain(|(id, _)| id != order),
            AccountEvent::Order { .. }
            | AccountEvent::Financing { .. }
            | AccountEvent::Dividend { .. }
            | AccountEvent::Split { .. }
            | AccountEvent::Liquidation { .. } => {}
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Units of an instrument that orders at the market have yet to fill, signed.
    #[must_use]
    pub fn at_market(&self, instrument: InstrumentId) -> f64 {
        let ours = self.0.iter().filter(|(_, request)| request.instrument == instrument && is_at_market(request));
        ours.map(|(_, request)| request.qty).sum()
    }
}

/// Whether an order will fill whatever the price does.
pub(super) fn is_at_market(request: &OrderRequest) -> bool {
    matches!(request.kind, OrderKind::Market {} | OrderKind::MarketOnOpen {} | OrderKind::MarketOnClose {})
        && request.parent.is_none()
}
