//! The share of cancellations that happen behind an order, from what is ahead of it and behind it.
//!
//! With `f` what is ahead and `b` what is behind, in units. Source of the idea: Erik Rigtorp, 2013, "Estimating order queue
//! position"; of the families: the queue models of hftbacktest. All give 0 for the last order of a level and 1 for the
//! first one, and are the share by which [`Queue::cancel`] splits a decrease.
//!
//! A decrease is split in one piece. One that takes most of a level can therefore carry the later of two orders past the
//! earlier one (with `n = 3`, from 100 to 40, an order behind 60 ends behind 13.7 and one behind 50 ends behind 20).
//! Show depth as finely as the data have it.

use serde::{Deserialize, Serialize};

use super::{Queue, QueueModel};

/// `b^n / (b^n + f^n)`.
///
/// ```
/// use tradepit::models::queue::{Power, Queue, QueueModel};
/// let mut queue = Queue::behind(50.0);
/// Power { n: 2.0 }.depth(&mut queue, 100.0, 80.0);
/// // In the middle of the level: half of the 20 were ahead.
/// assert_eq!(queue.ahead(), 40.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// The exponent, above 0; the larger, the surer are both ends of the level.
    pub n: f64,
}

/// `b^n / (b + f)^n`.
///
/// ```
/// use tradepit::models::queue::{Power2, Queue, QueueModel};
/// let mut queue = Queue::behind(50.0);
/// Power2 { n: 2.0 }.depth(&mut queue, 100.0, 80.0);
/// // A quarter of the 20 were behind.
/// assert_eq!(queue.ahead(), 35.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power2 {
    /// The exponent, above 0; the larger, the faster an order moves.
    pub n: f64,
}

/// `1 - (f / (b + f))^n`.
///
/// ```
/// use tradepit::models::queue::{Power3, Queue, QueueModel};
/// let mut queue = Queue::behind(50.0);
/// Power3 { n: 2.0 }.depth(&mut queue, 100.0, 80.0);
/// // Three quarters of the 20 were behind.
/// assert_eq!(queue.ahead(), 45.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power3 {
    /// The exponent, above 0; the larger, the slower an order moves.
    pub n: f64,
}

/// `ln(1 + b) / (ln(1 + b) + ln(1 + f))`; it depends on the unit in which quantities are counted.
///
/// ```
/// use tradepit::models::queue::{Log, Queue, QueueModel};
/// let mut queue = Queue::behind(50.0);
/// Log {}.depth(&mut queue, 100.0, 80.0);
/// assert_eq!(queue.ahead(), 40.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {}

/// `ln(1 + b) / ln(1 + b + f)`; it depends on the unit in which quantities are counted.
///
/// ```
/// use tradepit::models::queue::{Log2, Queue, QueueModel};
/// let mut queue = Queue::behind(50.0);
/// Log2 {}.depth(&mut queue, 100.0, 80.0);
/// assert!((queue.ahead() - (50.0 - (1.0 - 51f64.ln() / 101f64.ln()) * 20.0)).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log2 {}

// The formulas are written in ratios: powers of quantities overflow, powers of shares do not.

impl QueueModel for Power {
    #[inline]
    fn depth(&self, queue: &mut Queue, previous: f64, new: f64) {
        queue.cancel(previous, new, |f, b| 1.0 / (1.0 + (f / b).powf(self.n)));
    }
}

impl QueueModel for Power2 {
    #[inline]
    fn depth(&self, queue: &mut Queue, previous: f64, new: f64) {
        queue.cancel(previous, new, |f, b| (b / (b + f)).powf(self.n));
    }
}

impl QueueModel for Power3 {
    #[inline]
    fn depth(&self, queue: &mut Queue, previous: f64, new: f64) {
        queue.cancel(previous, new, |f, b| 1.0 - (f / (b + f)).powf(self.n));
    }
}

impl QueueModel for Log {
    #[inline]
    fn depth(&self, queue: &mut Queue, previous: f64, new: f64) {
        queue.cancel(previous, new, |f, b| b.ln_1p() / (b.ln_1p() + f.ln_1p()));
    }
}

impl QueueModel for Log2 {
    #[inline]
    fn depth(&self, queue: &mut Queue, previous: f64, new: f64) {
        queue.cancel(previous, new, |f, b| b.ln_1p() / (b + f).ln_1p());
    }
}
