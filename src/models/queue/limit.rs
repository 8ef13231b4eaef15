//! What a resting limit order gets from a bar or from a public trade.

use std::{fmt::Debug, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Intensity, LimitQueue, Queue};
use crate::{Bar, Error, Instrument, Result, Rng};

/// A resting limit order, as its fill rule sees it.
///
/// ```
/// use tradepit::{Bar, Instrument, models::queue::LimitContext};
/// let es = Instrument::es();
/// let bar = Bar { open: 5001.0, high: 5002.0, low: 5000.0, close: 5001.0, ..Bar::default() };
/// // A sell at 5001.50: the bar went two ticks beyond.
/// assert_eq!(LimitContext { instrument: &es, limit: 5001.5, qty: -1.0, reference: 5001.0 }.bar_beyond(&bar), 2.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LimitContext<'a> {
    /// What is traded: its tick and its lot.
    pub instrument: &'a Instrument,
    /// The limit price.
    pub limit: f64,
    /// Units still to fill, signed; a whole number of lots.
    pub qty: f64,
    /// What the market was when the bar opened, by what was known before: the middle of the quote that stood, else the last close.
    pub reference: f64,
}

impl LimitContext<'_> {
    /// Ticks by which a price is beyond the limit, on the side where the order would rather trade; 0 at the limit.
    ///
    /// ```
    /// use tradepit::{Instrument, models::queue::LimitContext};
    /// let es = Instrument::es();
    /// let buy = LimitContext { instrument: &es, limit: 5000.0, qty: 1.0, reference: 5001.0 };
    /// assert_eq!((buy.beyond(4999.5), buy.beyond(5000.25)), (2.0, -1.0));
    /// assert!(buy.crossed(5000.0) && !buy.crossed(5000.25));
    /// ```
    #[must_use]
    #[inline]
    pub fn beyond(&self, price: f64) -> f64 {
        (self.limit - price) / self.instrument.tick * 1f64.copysign(self.qty)
    }

    /// Points from the reference to the limit, on the side where others would rather trade; below 0 behind the reference.
    ///
    /// ```
    /// use tradepit::{Instrument, models::queue::LimitContext};
    /// let es = Instrument::es();
    /// let sell = LimitContext { instrument: &es, limit: 5002.0, qty: -1.0, reference: 5001.5 };
    /// assert_eq!(sell.distance(), 0.5);
    /// ```
    #[must_use]
    #[inline]
    pub fn distance(&self) -> f64 {
        (self.reference - self.limit) * 1f64.copysign(self.qty)
    }

    /// Ticks by which the bar's range went beyond the limit.
    #[must_use]
    #[inline]
    pub fn bar_beyond(&self, bar: &Bar) -> f64 {
        self.beyond(if self.qty > 0.0 { bar.low } else { bar.high })
    }

    /// Whether the best price of the other side (the ask, for a buy) has come to the limit: under every rule all of it fills.
    #[must_use]
    #[inline]
    pub fn crossed(&self, opposite: f64) -> bool {
        reaches(self.beyond(opposite), 0.0)
    }
}

/// A public trade.
///
/// ```
/// use tradepit::{Instrument, models::queue::{LimitContext, LimitModel, Print, Queue, Touch}};
/// let es = Instrument::es();
/// let buy = LimitContext { instrument: &es, limit: 5000.0, qty: 1.0, reference: 5001.0 };
/// let print = |taker| Print { price: 5000.0, qty: 1.0, taker };
/// // A seller fills a resting buy, another buyer does not.
/// assert_eq!(Touch {}.trade(&buy, &print(-1.0), &mut Queue::default()), 1.0);
/// assert_eq!(Touch {}.trade(&buy, &print(1.0), &mut Queue::default()), 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Print {
    /// Its price.
    pub price: f64,
    /// Units, at least 0.
    pub qty: f64,
    /// Who took: 1 a buyer, -1 a seller, 0 unknown. A resting buy is filled by sellers only; unknown counts as the other side.
    pub taker: f64,
}

impl Print {
    /// Ticks by which it went beyond the limit, or `None` if it can't have met the order: it came from the same side.
    #[inline]
    fn beyond(&self, order: &LimitContext<'_>) -> Option<f64> {
        (self.taker * order.qty <= 0.0).then(|| order.beyond(self.price))
    }
}

/// Decides whether, and how much of, a resting limit order fills.
///
/// ```
/// use tradepit::{Bar, Instrument, models::queue::{LimitContext, LimitModel, Penetration, Queue, Touch}, rng};
/// let (es, mut rng) = (Instrument::es(), rng::stream(0, 0, rng::Purpose::Models));
/// let bar = Bar { open: 5001.0, high: 5002.0, low: 5000.0, close: 5001.0, volume: 900.0, ..Bar::default() };
/// let order = LimitContext { instrument: &es, limit: 5000.0, qty: 3.0, reference: 5001.0 };
/// let mut queue = Queue::default();
/// assert_eq!(Touch {}.bar(&order, &bar, &mut queue, &mut rng), 3.0);
/// assert_eq!(Penetration { ticks: 1.0 }.bar(&order, &bar, &mut queue, &mut rng), 0.0);
/// ```
///
/// Quantities come back in units, without a sign and at most what the order still wants. The order rested during the whole
/// bar, and before the trade. An order that could trade at once when it reached the venue never rested: it takes.
pub trait LimitModel: Send + Sync + Debug {
    /// Filled during a bar; call it once for each bar.
    fn bar(&self, order: &LimitContext<'_>, bar: &Bar, queue: &mut Queue, rng: &mut Rng) -> f64;

    /// Filled by a public trade.
    fn trade(&self, order: &LimitContext<'_>, print: &Print, queue: &mut Queue) -> f64;

    /// The place of an order that has reached the venue.
    ///
    /// `shown` is the public size at its price, plus what older orders of the account there still want, if the data show
    /// it; `known` is the last bar that has closed.
    #[inline]
    fn join(&self, instrument: &Instrument, shown: Option<f64>, known: &Bar) -> Queue {
        let _ = (instrument, known);
        Queue::behind(shown.unwrap_or(0.0))
    }

    /// The public size at the order's price went from `previous` to `new`, in units.
    #[inline]
    fn depth(&self, queue: &mut Queue, previous: f64, new: f64) {
        let _ = previous;
        queue.limit_to(new);
    }
}

/// All of it as soon as the limit trades: the optimistic rule, every order is first in its queue.
///
/// ```
/// use tradepit::{Bar, Instrument, models::queue::{LimitContext, LimitModel, Queue, Touch}, rng};
/// let (es, mut rng) = (Instrument::es(), rng::stream(0, 0, rng::Purpose::Models));
/// let bar = Bar { open: 5001.0, high: 5002.0, low: 5000.0, close: 5001.0, ..Bar::default() };
/// let order = |limit| LimitContext { instrument: &es, limit, qty: 2.0, reference: 5001.0 };
/// let mut fill = |limit| Touch {}.bar(&order(limit), &bar, &mut Queue::default(), &mut rng);
/// assert_eq!((fill(5000.0), fill(4999.75)), (2.0, 0.0));
/// ```
///
/// Buy: `low <= limit`; sell: `high >= limit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Touch {}

/// All of it when the market trades beyond the limit: the cautious rule, every order is last in its queue.
///
/// ```
/// use tradepit::{Bar, Instrument, models::queue::{LimitContext, LimitModel, Penetration, Queue}, rng};
/// let (es, rule, mut rng) = (Instrument::es(), Penetration { ticks: 1.0 }, rng::stream(0, 0, rng::Purpose::Models));
/// let bar = Bar { open: 5001.0, high: 5002.0, low: 5000.0, close: 5001.0, ..Bar::default() };
/// let order = |limit| LimitContext { instrument: &es, limit, qty: 2.0, reference: 5001.0 };
/// let mut fill = |limit| rule.bar(&order(limit), &bar, &mut Queue::default(), &mut rng);
/// assert_eq!((fill(5000.25), fill(5000.0)), (2.0, 0.0));
/// ```
///
/// Buy: `low <= limit - ticks * tick`; sell: `high >= limit + ticks * tick`. With one tick nothing is assumed: whoever trades
/// below a bid has cleared it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Penetration {
    /// Ticks beyond the limit, at least 0; 0 is touch.
    pub ticks: f64,
}

impl Default for Penetration {
    fn default() -> Self {
        Self { ticks: 1.0 }
    }
}

/// Prices on a decimal grid differ by less than this many ticks from where they should be.
const GRID: f64 = 1e-6;

/// Whether so many ticks beyond the limit are at least `ticks`.
#[inline]
pub(super) fn reaches(beyond: f64, ticks: f64) -> bool {
    beyond >= ticks - GRID
}

impl Penetration {
    #[inline]
    fn all_if(&self, beyond: f64, order: &LimitContext<'_>) -> f64 {
        if reaches(beyond, self.ticks) { order.qty.abs() } else { 0.0 }
    }
}

impl LimitModel for Touch {
    #[inline]
    fn bar(&self, order: &LimitContext<'_>, bar: &Bar, queue: &mut Queue, rng: &mut Rng) -> f64 {
        Penetration { ticks: 0.0 }.bar(order, bar, queue, rng)
    }

    #[inline]
    fn trade(&self, order: &LimitContext<'_>, print: &Print, queue: &mut Queue) -> f64 {
        Penetration { ticks: 0.0 }.trade(order, print, queue)
    }
}

impl LimitModel for Penetration {
    #[inline]
    fn bar(&self, order: &LimitContext<'_>, bar: &Bar, _: &mut Queue, _: &mut Rng) -> f64 {
        self.all_if(order.bar_beyond(bar), order)
    }

    #[inline]
    fn trade(&self, order: &LimitContext<'_>, print: &Print, _: &mut Queue) -> f64 {
        print.beyond(order).map_or(0.0, |beyond| self.all_if(beyond, order))
    }
}

impl LimitModel for LimitQueue {
    #[inline]
    fn bar(&self, order: &LimitContext<'_>, bar: &Bar, queue: &mut Queue, _: &mut Rng) -> f64 {
        self.meet(order, order.bar_beyond(bar), self.hits(order.instrument, bar), queue)
    }

    #[inline]
    fn trade(&self, order: &LimitContext<'_>, print: &Print, queue: &mut Queue) -> f64 {
        print.beyond(order).map_or(0.0, |beyond| self.meet(order, beyond, print.qty, queue))
    }

    #[inline]
    fn join(&self, instrument: &Instrument, shown: Option<f64>, known: &Bar) -> Queue {
        self.place(instrument, shown, known)
    }

    #[inline]
    fn depth(&self, queue: &mut Queue, previous: f64, new: f64) {
        super::QueueModel::depth(&self.model, queue, previous, new);
    }
}

/// The rule in use.
///
/// ```
/// use tradepit::models::queue::LimitRule;
/// let rule: LimitRule = serde_json::from_str(r#"{"kind": "queue", "model": {"kind": "power", "n": 3}}"#).unwrap();
/// assert!(rule.validate().is_ok());
/// let bad: LimitRule = serde_json::from_str(r#"{"kind": "penetration", "ticks": -1}"#).unwrap();
/// assert_eq!(bad.validate().unwrap_err().to_string(), "limit.ticks: -1 must be a finite number of at least 0");
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LimitRule {
    /// All of it at the limit.
    Touch(Touch),
    /// All of it beyond the limit (the default, by one tick).
    Penetration(Penetration),
    /// What trades at the limit after those ahead.
    Queue(LimitQueue),
    /// All of it at random, the rarer the farther it is from the market.
    Intensity(Intensity),
    /// Your own; it is not part of a saved spec.
    #[serde(skip)]
    Custom(Arc<dyn LimitModel>),
}

impl Default for LimitRule {
    fn default() -> Self {
        Self::Penetration(Penetration::default())
    }
}

impl LimitRule {
    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::Touch(_) | Self::Custom(_) => Ok(()),
            Self::Penetration(m) if m.ticks.is_finite() && m.ticks >= 0.0 => Ok(()),
            Self::Penetration(m) => {
                Err(Error::spec("limit.ticks", format!("{} must be a finite number of at least 0", m.ticks)))
            }
            Self::Queue(m) => m.validate(),
            Self::Intensity(m) => m.validate(),
        }
    }

    #[inline]
    fn model(&self) -> &dyn LimitModel {
        match self {
            Self::Touch(model) => model,
            Self::Penetration(model) => model,
            Self::Queue(model) => model,
            Self::Intensity(model) => model,
            Self::Custom(model) => model.as_ref(),
        }
    }
}

impl LimitModel for LimitRule {
    #[inline]
    fn bar(&self, order: &LimitContext<'_>, bar: &Bar, queue: &mut Queue, rng: &mut Rng) -> f64 {
        match self {
            Self::Touch(model) => model.bar(order, bar, queue, rng),
            Self::Penetration(model) => model.bar(order, bar, queue, rng),
            Self::Queue(model) => model.bar(order, bar, queue, rng),
            Self::Intensity(model) => model.bar(order, bar, queue, rng),
            Self::Custom(model) => model.bar(order, bar, queue, rng),
        }
    }

    #[inline]
    fn trade(&self, order: &LimitContext<'_>, print: &Print, queue: &mut Queue) -> f64 {
        match self {
            Self::Touch(model) => model.trade(order, print, queue),
            Self::Penetration(model) => model.trade(order, print, queue),
            Self::Queue(model) => model.trade(order, print, queue),
            Self::Intensity(model) => model.trade(order, print, queue),
            Self::Custom(model) => model.trade(order, print, queue),
        }
    }

    fn join(&self, instrument: &Instrument, shown: Option<f64>, known: &Bar) -> Queue {
        self.model().join(instrument, shown, known)
    }

    fn depth(&self, queue: &mut Queue, previous: f64, new: f64) {
        self.model().depth(queue, previous, new);
    }
}
