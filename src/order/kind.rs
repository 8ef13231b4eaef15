//! How an order wants to be filled, and how long it waits.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How an order wants to be filled. Prices are on the instrument's tick grid.
///
/// ```
/// use tradepit::order::OrderKind;
/// let kind: OrderKind = serde_json::from_str(r#"{"kind": "stop_limit", "trigger": 5010.0, "price": 5011.0}"#).unwrap();
/// assert_eq!(kind, OrderKind::StopLimit { trigger: 5010.0, price: 5011.0 });
/// assert!(serde_json::from_str::<OrderKind>(r#"{"kind": "limit", "prise": 5.0}"#).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum OrderKind {
    /// At once, at the price that there is.
    Market {},
    /// At `price` or better.
    Limit {
        /// The worst price.
        price: f64,
    },
    /// At the market, once the price reaches `trigger` (from below for a buy, from above for a sell).
    Stop {
        /// The stop price.
        trigger: f64,
    },
    /// At `price` or better, once the price reaches `trigger`.
    StopLimit {
        /// The stop price.
        trigger: f64,
        /// The worst price.
        price: f64,
    },
    /// At the market, once the price comes back by `offset` from the best price since the order works.
    TrailingStop {
        /// Distance in points of price, above 0.
        offset: f64,
    },
    /// At the next open, whatever the fill rule of market orders is.
    MarketOnOpen {},
    /// At the next close.
    MarketOnClose {},
}

/// How long an order waits.
///
/// ```
/// use tradepit::order::TimeInForce;
/// assert_eq!(TimeInForce::default(), TimeInForce::Gtc {});
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum TimeInForce {
    /// Until it is cancelled.
    Gtc {},
    /// Until the session closes.
    Day {},
    /// Until a moment: the bar in which it lies is the last one that the order meets.
    Gtd {
        /// The last moment.
        until: Timestamp,
    },
    /// What fills at its first chance fills, the rest is cancelled.
    Ioc {},
    /// All of it at its first chance, or nothing.
    Fok {},
}

impl Default for TimeInForce {
    fn default() -> Self {
        Self::Gtc {}
    }
}

impl OrderKind {
    /// The stop price, if it has a fixed one.
    #[must_use]
    pub fn trigger(&self) -> Option<f64> {
        match *self {
            Self::Stop { trigger } | Self::StopLimit { trigger, .. } => Some(trigger),
            _ => None,
        }
    }

    /// The worst price, if it has one.
    #[must_use]
    pub fn limit(&self) -> Option<f64> {
        match *self {
            Self::Limit { price } | Self::StopLimit { price, .. } => Some(price),
            _ => None,
        }
    }
}
