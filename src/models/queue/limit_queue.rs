//! A resting limit order behind what was there before it, on trades or on bars.

use serde::{Deserialize, Serialize};

use super::{LimitContext, Queue, QueueModel as _, QueueRule, limit::reaches};
use crate::{Bar, Error, Instrument, Result};

/// Fills what trades at the limit after those ahead, and all of it when the market trades one tick beyond.
///
/// ```
/// use tradepit::{Bar, Instrument, models::queue::{LimitContext, LimitModel, LimitQueue}, rng};
/// let (es, mut rng) = (Instrument::es(), rng::stream(0, 0, rng::Purpose::Models));
/// // 900 contracts over 9 prices: 100 a price.
/// let bar = Bar { open: 5001.0, high: 5002.0, low: 5000.0, close: 5001.0, volume: 900.0, ..Bar::default() };
/// let rule = LimitQueue { ahead: 0.4, hit: 0.25, ..LimitQueue::default() };
/// let mut queue = rule.join(&es, None, &bar);
/// let order = LimitContext { instrument: &es, limit: 5000.0, qty: 30.0, reference: 5001.0 };
/// // 40 ahead. Each bar that just touches the limit trades 25 there: none, 10, and 20 of 25.
/// assert_eq!(queue.ahead(), 40.0);
/// assert_eq!(rule.bar(&order, &bar, &mut queue, &mut rng), 0.0);
/// assert_eq!(rule.bar(&order, &bar, &mut queue, &mut rng), 10.0);
/// assert_eq!(rule.bar(&LimitContext { qty: 20.0, ..order }, &bar, &mut queue, &mut rng), 20.0);
/// ```
///
/// On trades and depth, everything is in the data: the size ahead is what the level shows when the order arrives, `model` says
/// how cancellations move it, and `ahead` and `hit` are not used.
///
/// On bars neither the size of a level nor the volume at a price is in the data. Both are estimated from the volume that each
/// price of a bar would have if it were spread evenly, [`volume_per_level`], in units:
///
/// | quantity | estimate | when |
/// |---|---|---|
/// | ahead of the order | `ahead * volume_per_level(last bar closed)`, unless the size is shown | once, on joining |
/// | traded against its side of the level | `hit * volume_per_level(this bar)` | each bar whose extreme touches the limit |
/// | cancelled ahead of it | 0: bars show no depth, all models are the same | |
///
/// The place is kept while the market is away. Where an extreme only touches the limit, less trades than at the other prices
/// of the bar, hence a `hit` below 1: in one-minute bars of ES, a quarter is near what bars of five prices or more have, and
/// cautious for narrower ones; two is a cautious size of the level in the same bars. Other markets need their own numbers.
/// Bars without volume never fill on a touch.
///
/// A market beyond the limit has cleared the level: all of the order fills, whatever traded.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitQueue {
    /// How cancellations move the order.
    pub model: QueueRule,
    /// Bars only: size ahead on joining, in multiples of the volume per price of the last bar closed; at least 0.
    pub ahead: f64,
    /// Bars only: share of the volume per price that trades against the order's side of the level; in [0, 1].
    pub hit: f64,
    /// Whether all of the order fills once any of it does (optimistic), instead of what the volume reached.
    pub whole: bool,
}

impl Default for LimitQueue {
    fn default() -> Self {
        Self { model: QueueRule::default(), ahead: 2.0, hit: 0.25, whole: false }
    }
}

/// Volume of a bar spread evenly over its prices: `volume / (round((high - low) / tick) + 1)`, in units.
///
/// ```
/// use tradepit::{Bar, models::queue::volume_per_level};
/// let bar = Bar { open: 10.0, high: 10.5, low: 10.0, close: 10.25, volume: 600.0, ..Bar::default() };
/// assert_eq!(volume_per_level(&bar, 0.25), 200.0);
/// ```
#[must_use]
#[inline]
pub fn volume_per_level(bar: &Bar, tick: f64) -> f64 {
    bar.volume / (((bar.high - bar.low) / tick).round() + 1.0)
}

impl LimitQueue {
    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        let check = |field: &str, value: f64, ok: bool, range: &str| {
            if ok && value.is_finite() {
                return Ok(());
            }
            Err(Error::spec(format!("limit.{field}"), format!("{value} must be a finite number {range}")))
        };
        check("ahead", self.ahead, self.ahead >= 0.0, "of at least 0")?;
        check("hit", self.hit, (0.0..=1.0).contains(&self.hit), "in [0, 1]")?;
        self.model.validate_as("limit.model")
    }

    #[inline]
    pub(super) fn place(&self, instrument: &Instrument, shown: Option<f64>, known: &Bar) -> Queue {
        let level = shown.unwrap_or_else(|| self.ahead * volume_per_level(known, instrument.tick));
        self.model.join(level)
    }

    #[inline]
    pub(super) fn hits(&self, instrument: &Instrument, bar: &Bar) -> f64 {
        self.hit * volume_per_level(bar, instrument.tick)
    }

    /// `beyond` ticks beyond the limit; `qty` is what traded if that is at the limit.
    #[inline]
    pub(super) fn meet(&self, order: &LimitContext<'_>, beyond: f64, qty: f64, queue: &mut Queue) -> f64 {
        let left = order.qty.abs();
        if reaches(beyond, 1.0) {
            return left;
        }
        if !reaches(beyond, 0.0) {
            return 0.0;
        }
        self.model.trade(queue, qty);
        let taken = queue.take(order.instrument, left);
        if self.whole && taken > 0.0 { left } else { taken }
    }
}
