//! How long a message to the venue is under way.

use std::{fmt::Debug, sync::Arc};

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Rng, Timestamp};

/// When an order or a cancel that is sent at `sent` reaches the venue.
///
/// ```
/// use tradepit::{Timestamp, models::{FixedLatency, LatencyModel}, rng};
/// let mut rng = rng::stream(0, 0, rng::Purpose::Models);
/// let arrives = FixedLatency { ms: 2.5 }.arrival(Timestamp::from_nanos(0), &mut rng);
/// assert_eq!(arrives.nanos(), 2_500_000);
/// ```
pub trait LatencyModel: Send + Sync + Debug {
    /// The moment of arrival; never before `sent`.
    fn arrival(&self, sent: Timestamp, rng: &mut Rng) -> Timestamp;
}

/// At once.
///
/// ```
/// use tradepit::{Timestamp, models::{LatencyModel, NoLatency}, rng};
/// let mut rng = rng::stream(0, 0, rng::Purpose::Models);
/// assert_eq!(NoLatency {}.arrival(Timestamp::from_nanos(7), &mut rng).nanos(), 7);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoLatency {}

/// Always the same.
///
/// ```
/// use tradepit::models::{FixedLatency, Latency};
/// assert!(Latency::Fixed(FixedLatency { ms: -1.0 }).validate().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedLatency {
    /// Milliseconds, at least 0.
    pub ms: f64,
}

/// A least time and an exponential rest, a draw for each message.
///
/// ```
/// use tradepit::{Timestamp, models::{JitteredLatency, LatencyModel}, rng};
/// let mut rng = rng::stream(0, 0, rng::Purpose::Models);
/// let model = JitteredLatency { ms: 1.0, jitter_ms: 2.0 };
/// let waits: Vec<i64> = (0..1000).map(|_| model.arrival(Timestamp::from_nanos(0), &mut rng).nanos()).collect();
/// assert!(waits.iter().all(|w| *w >= 1_000_000));
/// let mean = waits.iter().sum::<i64>() as f64 / 1000.0;
/// assert!((mean - 3e6).abs() < 0.4e6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JitteredLatency {
    /// The least, in milliseconds, at least 0.
    pub ms: f64,
    /// Mean of what comes on top, in milliseconds, at least 0.
    pub jitter_ms: f64,
}

impl LatencyModel for NoLatency {
    fn arrival(&self, sent: Timestamp, _: &mut Rng) -> Timestamp {
        sent
    }
}

impl LatencyModel for FixedLatency {
    fn arrival(&self, sent: Timestamp, _: &mut Rng) -> Timestamp {
        sent.plus_ns((self.ms * 1e6) as i64)
    }
}

impl LatencyModel for JitteredLatency {
    fn arrival(&self, sent: Timestamp, rng: &mut Rng) -> Timestamp {
        let rest = -self.jitter_ms * (1.0 - rng.random::<f64>()).ln();
        sent.plus_ns(((self.ms + rest) * 1e6) as i64)
    }
}

/// The model in use.
///
/// ```
/// use tradepit::models::Latency;
/// let latency: Latency = serde_json::from_str(r#"{"kind": "fixed", "ms": 20}"#).unwrap();
/// assert!(latency.validate().is_ok() && !latency.is_none());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Latency {
    /// At once (the default).
    None(NoLatency),
    /// Always the same.
    Fixed(FixedLatency),
    /// A draw for each message.
    Jittered(JitteredLatency),
    /// Your own; it is not part of a saved spec.
    #[serde(skip)]
    Custom(Arc<dyn LatencyModel>),
}

impl Default for Latency {
    fn default() -> Self {
        Self::None(NoLatency {})
    }
}

impl Latency {
    /// Whether messages arrive at once.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None(_))
    }

    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        let fields: &[(&str, f64)] = match self {
            Self::None(_) | Self::Custom(_) => &[],
            Self::Fixed(m) => &[("ms", m.ms)],
            Self::Jittered(m) => &[("ms", m.ms), ("jitter_ms", m.jitter_ms)],
        };
        // A day is more than any session waits for an order.
        match fields.iter().find(|(_, ms)| !(0.0..=86_400_000.0).contains(ms)) {
            Some((field, ms)) => {
                Err(Error::spec(format!("latency.{field}"), format!("{ms} must be in 0..=86400000 milliseconds")))
            }
            None => Ok(()),
        }
    }
}

impl LatencyModel for Latency {
    fn arrival(&self, sent: Timestamp, rng: &mut Rng) -> Timestamp {
        match self {
            Self::None(model) => model.arrival(sent, rng),
            Self::Fixed(model) => model.arrival(sent, rng),
            Self::Jittered(model) => model.arrival(sent, rng),
            Self::Custom(model) => model.arrival(sent, rng).max(sent),
        }
    }
}
