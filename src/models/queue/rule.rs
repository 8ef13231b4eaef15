//! How a shrinking price level moves an order forward.

use std::{fmt::Debug, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Log, Log2, Power, Power2, Power3, Queue};
use crate::{Error, Result};

/// Says which part of the cancellations at a price happened ahead of an order.
///
/// ```
/// use tradepit::models::queue::{Power, QueueModel, RiskAverse};
/// let mut careful = RiskAverse {}.join(60.0);
/// let mut likely = careful;
/// // The level grew to 100 behind the order, then 20 were cancelled.
/// RiskAverse {}.depth(&mut careful, 100.0, 80.0);
/// Power { n: 1.0 }.depth(&mut likely, 100.0, 80.0);
/// assert_eq!((careful.ahead(), likely.ahead()), (60.0, 48.0));
/// ```
///
/// Trades move every order by their quantity, cancellations by the model. `level_qty`, `previous` and `new` are the
/// public size of the level in units, without the order itself: a simulated order is not in recorded data.
pub trait QueueModel: Send + Sync + Debug {
    /// The level went from `previous` to `new`, by whatever: trades shown before are taken off the decrease.
    fn depth(&self, queue: &mut Queue, previous: f64, new: f64);

    /// Joins a level that holds `level_qty`: behind all of it.
    #[inline]
    fn join(&self, level_qty: f64) -> Queue {
        Queue::behind(level_qty)
    }

    /// `qty` traded at the level.
    #[inline]
    fn trade(&self, queue: &mut Queue, qty: f64) {
        queue.trade(qty);
    }
}

/// All cancellations happen behind the order: `ahead = min(ahead, new)`.
///
/// ```
/// use tradepit::models::queue::{QueueModel, RiskAverse};
/// let mut queue = RiskAverse {}.join(60.0);
/// RiskAverse {}.depth(&mut queue, 100.0, 80.0);
/// assert_eq!(queue.ahead(), 60.0);
/// RiskAverse {}.depth(&mut queue, 80.0, 50.0);
/// assert_eq!(queue.ahead(), 50.0);
/// ```
///
/// The slowest queue that the data allow: only trades, and a level smaller than the queue, move the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskAverse {}

impl QueueModel for RiskAverse {
    #[inline]
    fn depth(&self, queue: &mut Queue, _: f64, new: f64) {
        queue.limit_to(new);
    }
}

/// The model in use.
///
/// ```
/// use tradepit::models::queue::QueueRule;
/// let rule: QueueRule = serde_json::from_str(r#"{"kind": "power", "n": 3}"#).unwrap();
/// assert!(rule.validate().is_ok());
/// assert!(serde_json::from_str::<QueueRule>(r#"{"kind": "risk_averse", "n": 3}"#).is_err());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum QueueRule {
    /// Only trades move the order (the default).
    RiskAverse(RiskAverse),
    /// Powers of what is behind and ahead.
    Power(Power),
    /// Powers of what is behind and of the whole level.
    Power2(Power2),
    /// One less the power of the share that is ahead.
    Power3(Power3),
    /// Logarithms of what is behind and ahead.
    Log(Log),
    /// Logarithms of what is behind and of the whole level.
    Log2(Log2),
    /// Your own; it is not part of a saved spec.
    #[serde(skip)]
    Custom(Arc<dyn QueueModel>),
}

impl Default for QueueRule {
    fn default() -> Self {
        Self::RiskAverse(RiskAverse {})
    }
}

impl QueueRule {
    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        self.validate_as("queue")
    }

    pub(super) fn validate_as(&self, path: &str) -> Result<()> {
        let n = match self {
            Self::RiskAverse(_) | Self::Log(_) | Self::Log2(_) | Self::Custom(_) => return Ok(()),
            Self::Power(m) => m.n,
            Self::Power2(m) => m.n,
            Self::Power3(m) => m.n,
        };
        if n.is_finite() && n > 0.0 {
            return Ok(());
        }
        Err(Error::spec(format!("{path}.n"), format!("{n} must be a finite number above 0")))
    }
}

impl QueueModel for QueueRule {
    #[inline]
    fn depth(&self, queue: &mut Queue, previous: f64, new: f64) {
        match self {
            Self::RiskAverse(model) => model.depth(queue, previous, new),
            Self::Power(model) => model.depth(queue, previous, new),
            Self::Power2(model) => model.depth(queue, previous, new),
            Self::Power3(model) => model.depth(queue, previous, new),
            Self::Log(model) => model.depth(queue, previous, new),
            Self::Log2(model) => model.depth(queue, previous, new),
            Self::Custom(model) => model.depth(queue, previous, new),
        }
    }

    #[inline]
    fn join(&self, level_qty: f64) -> Queue {
        if let Self::Custom(model) = self { model.join(level_qty) } else { Queue::behind(level_qty) }
    }

    #[inline]
    fn trade(&self, queue: &mut Queue, qty: f64) {
        if let Self::Custom(model) = self {
            model.trade(queue, qty);
        } else {
            queue.trade(qty);
        }
    }
}
