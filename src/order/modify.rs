//! Changing an order that works.

use serde::{Deserialize, Serialize};

use super::{OrderKind, OrderRequest};
use crate::{Error, Result};

/// What one message changes in an order that works; what it does not name stays as it is.
///
/// ```
/// use tradepit::{InstrumentId, order::{Modification, OrderRequest}};
/// let limit = OrderRequest::limit(InstrumentId(0), 5.0, 99.75);
/// let change = Modification::default().price(99.5).qty(3.0);
/// assert_eq!(change.apply(&limit).unwrap(), OrderRequest::limit(InstrumentId(0), 3.0, 99.5));
/// let refused = Modification::default().trigger(101.0).apply(&limit).unwrap_err().to_string();
/// assert!(refused.contains("trigger 101 is for orders that have one"), "{refused}");
/// ```
///
/// It is one message: the order is never away in between, and never there twice. Less of the same keeps the order's place
/// in its queue; more of it, or another price, joins at the end, as on CME Globex (CME Group Client Systems Wiki, *Order
/// Cancel/Replace*). Like a cancel it can come too late: what has filled stays filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Modification {
    /// Units of the whole order, what has filled already included, signed as before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qty: Option<f64>,
    /// The limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<f64>,
    /// The price that wakes a stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<f64>,
    /// How far a trailing stop stays behind the best price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<f64>,
}

impl Modification {
    /// With another quantity.
    #[must_use]
    pub const fn qty(self, qty: f64) -> Self {
        Self { qty: Some(qty), ..self }
    }

    /// With another limit.
    #[must_use]
    pub const fn price(self, price: f64) -> Self {
        Self { price: Some(price), ..self }
    }

    /// With another trigger.
    #[must_use]
    pub const fn trigger(self, trigger: f64) -> Self {
        Self { trigger: Some(trigger), ..self }
    }

    /// With another offset of a trailing stop.
    #[must_use]
    pub const fn offset(self, offset: f64) -> Self {
        Self { offset: Some(offset), ..self }
    }

    /// The order as it is afterwards; whether its prices and quantity can be traded is for
    /// [`OrderRequest::check`] to say.
    ///
    /// # Errors
    /// When it changes nothing, changes what the order does not have, or turns a buy into a sell.
    pub fn apply(&self, request: &OrderRequest) -> Result<OrderRequest> {
        let refuse = |message: String| Err(Error::Order { instrument: request.instrument.0, message });
        if *self == Self::default() {
            return refuse("the modification is empty; name what changes".into());
        }
        let qty = self.qty.unwrap_or(request.qty);
        if qty.is_nan() || qty * request.qty <= 0.0 {
            let old = request.qty;
            return refuse(format!("quantity {qty} must have the sign of {old}; cancel the order and send another"));
        }
        let has = (request.kind.limit().is_some(), request.kind.trigger().is_some());
        let trails = matches!(request.kind, OrderKind::TrailingStop { .. });
        let fields = [("price", self.price, has.0), ("trigger", self.trigger, has.1), ("offset", self.offset, trails)];
        for (name, value, has) in fields {
            if let Some(value) = value.filter(|_| !has) {
                return refuse(format!("{name} {value} is for orders that have one, and this is {:?}", request.kind));
            }
        }
        let kind = match request.kind {
            OrderKind::Limit { price } => OrderKind::Limit { price: self.price.unwrap_or(price) },
            OrderKind::Stop { trigger } => OrderKind::Stop { trigger: self.trigger.unwrap_or(trigger) },
            OrderKind::StopLimit { trigger, price } => {
                OrderKind::StopLimit { trigger: self.trigger.unwrap_or(trigger), price: self.price.unwrap_or(price) }
            }
            OrderKind::TrailingStop { offset } => OrderKind::TrailingStop { offset: self.offset.unwrap_or(offset) },
            kind @ (OrderKind::Market {} | OrderKind::MarketOnOpen {} | OrderKind::MarketOnClose {}) => kind,
        };
        Ok(OrderRequest { qty, kind, ..*request })
    }

    /// This and, over it, a later one.
    #[must_use]
    pub(crate) fn then(self, later: Self) -> Self {
        Self {
            qty: later.qty.or(self.qty),
            price: later.price.or(self.price),
            trigger: later.trigger.or(self.trigger),
            offset: later.offset.or(self.offset),
        }
    }

    /// Whether an order keeps its place in the queue: it asks for less, at the same price.
    #[must_use]
    pub(crate) fn keeps_place(&self, request: &OrderRequest) -> bool {
        let less = self.qty.is_none_or(|qty| qty.abs() <= request.qty.abs());
        less && self.price.is_none_or(|price| Some(price) == request.kind.limit())
    }

    /// Whether all of its numbers are finite.
    #[must_use]
    pub(crate) fn is_finite(&self) -> bool {
        [self.qty, self.price, self.trigger, self.offset].into_iter().flatten().all(f64::is_finite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InstrumentId;

    #[test]
    fn each_kind_takes_what_it_has() {
        let id = InstrumentId(0);
        let all = Modification::default().qty(2.0);
        let [price, trigger, offset] = [all.price(9.0), all.trigger(8.0), all.offset(7.0)];
        let of = |kind| OrderRequest::of(id, 1.0, kind);
        let stop_limit = of(OrderKind::StopLimit { trigger: 1.0, price: 2.0 });
        let both = all.price(9.0).trigger(8.0).apply(&stop_limit).unwrap();
        assert_eq!(both.kind, OrderKind::StopLimit { trigger: 8.0, price: 9.0 });
        for (request, takes) in [
            (of(OrderKind::Market {}), [false, false, false]),
            (of(OrderKind::MarketOnOpen {}), [false, false, false]),
            (of(OrderKind::MarketOnClose {}), [false, false, false]),
            (of(OrderKind::Limit { price: 1.0 }), [true, false, false]),
            (of(OrderKind::Stop { trigger: 1.0 }), [false, true, false]),
            (stop_limit, [true, true, false]),
            (of(OrderKind::TrailingStop { offset: 1.0 }), [false, false, true]),
        ] {
            assert_eq!([price, trigger, offset].map(|change| change.apply(&request).is_ok()), takes, "{request:?}");
            assert_eq!(all.apply(&request).unwrap().qty, 2.0);
        }
    }

    #[test]
    fn an_order_keeps_its_side_and_less_of_it_its_place() {
        let limit = OrderRequest::limit(InstrumentId(0), -2.0, 10.0);
        let change = Modification::default();
        for qty in [2.0, 0.0, f64::NAN] {
            assert!(change.qty(qty).apply(&limit).is_err());
        }
        assert!(change.apply(&limit).unwrap_err().to_string().contains("empty"));
        assert!(change.qty(-1.0).keeps_place(&limit) && change.price(10.0).keeps_place(&limit));
        assert!(!change.qty(-3.0).keeps_place(&limit) && !change.price(9.75).keeps_place(&limit));
        assert_eq!(change.qty(-1.0).price(9.0).then(change.qty(-3.0)), change.qty(-3.0).price(9.0));
    }
}
