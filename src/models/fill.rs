//! At which point of the bar a market order executes.

use std::{fmt::Debug, sync::Arc};

use serde::{Deserialize, Serialize};

use super::Liquidity;
use crate::{Bar, Instrument};

/// What is known when an order fills.
///
/// ```
/// use tradepit::{Bar, Instrument, Rng, models::{FillContext, SlippageModel}, rng};
/// /// A tick worse when the last bar was thin.
/// #[derive(Debug)]
/// struct Thin;
/// impl SlippageModel for Thin {
///     fn price(&self, ctx: &FillContext<'_>, _: &mut Rng) -> f64 {
///         let ticks = if ctx.known.volume < 100.0 { 1.0 } else { 0.0 };
///         ctx.reference + ticks * ctx.instrument.tick * ctx.qty.signum()
///     }
/// }
/// let (es, known) = (Instrument::es(), Bar { volume: 7.0, ..Bar::default() });
/// let ctx = FillContext::new(&es, 1.0, 5000.0, &known);
/// assert_eq!(Thin.price(&ctx, &mut rng::stream(0, 0, rng::Purpose::Models)), 5000.25);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FillContext<'a> {
    /// What is traded.
    pub instrument: &'a Instrument,
    /// Units to fill, signed.
    pub qty: f64,
    /// The point of the bar at which the order fills, before slippage.
    pub reference: f64,
    /// The last bar that had closed then; its volume is what a model may use.
    pub known: &'a Bar,
    /// What else the venue knew then.
    pub liquidity: Liquidity,
}

impl<'a> FillContext<'a> {
    /// A context in which nothing is known beyond the last bar.
    ///
    /// ```
    /// use tradepit::{Bar, Instrument, models::{FillContext, Liquidity}};
    /// let (es, known) = (Instrument::es(), Bar::default());
    /// let plain = FillContext::new(&es, 1.0, 5000.0, &known);
    /// let daily = FillContext { liquidity: Liquidity { sigma: 0.01, adv: 1e6, ..Liquidity::default() }, ..plain };
    /// assert!(plain.liquidity.sigma.is_nan() && daily.liquidity.adv == 1e6);
    /// ```
    #[must_use]
    #[inline]
    pub const fn new(instrument: &'a Instrument, qty: f64, reference: f64, known: &'a Bar) -> Self {
        Self { instrument, qty, reference, known, liquidity: Liquidity::UNKNOWN }
    }
}

/// When an order fills.
///
/// ```
/// use tradepit::models::Moment;
/// assert_ne!(Moment::Open, Moment::Close);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// With the close that the decision has seen: look-ahead.
    SeenClose,
    /// When the bar opens: the bar before it is what is known.
    Open,
    /// Within the bar or when it closes: it is stamped by its close, and models may use its volume.
    Close,
}

/// A point of a bar: its price, and which bar is the last one known there.
///
/// ```
/// use tradepit::{Bar, models::{FillModel, FillPoint, Moment}};
/// /// In the middle of the bar: its ends are known when it has closed.
/// #[derive(Debug)]
/// struct Middle;
/// impl FillModel for Middle {
///     fn market(&self, _: &Bar, bar: &Bar) -> FillPoint {
///         FillPoint { price: 0.5 * (bar.high + bar.low), moment: Moment::Close }
///     }
/// }
/// let bar = Bar { high: 12.0, low: 10.0, ..Bar::default() };
/// assert_eq!(Middle.market(&bar, &bar).price, 11.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FillPoint {
    /// Price before slippage.
    pub price: f64,
    /// When that is: the fill is stamped so, and models may use what is known then.
    pub moment: Moment,
}

/// Chooses the point at which a market order fills: of the first bar after the decision, or, in the teeth of the facts, of
/// the bar before it.
///
/// ```
/// use tradepit::{Bar, models::{FillModel, NextOpen}};
/// let bar = Bar { open: 10.0, close: 11.0, high: 11.0, low: 10.0, ..Bar::default() };
/// assert_eq!(NextOpen {}.market(&bar, &bar).price, 10.0);
/// ```
pub trait FillModel: Send + Sync + Debug {
    /// The point of `bar`, the first one after the decision; `before` is the last one that the decision saw.
    fn market(&self, before: &Bar, bar: &Bar) -> FillPoint;
}

/// At the open of the next bar.
///
/// ```
/// use tradepit::{Bar, models::{FillModel, FillPoint, Moment, NextOpen}};
/// let bar = Bar { open: 10.0, high: 12.0, low: 9.0, close: 11.0, ..Bar::default() };
/// assert_eq!(NextOpen {}.market(&bar, &bar), FillPoint { price: 10.0, moment: Moment::Open });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextOpen {}

impl FillModel for NextOpen {
    #[inline]
    fn market(&self, _: &Bar, bar: &Bar) -> FillPoint {
        FillPoint { price: bar.open, moment: Moment::Open }
    }
}

/// At the close of the next bar: a whole bar after the decision.
///
/// ```
/// use tradepit::{Bar, models::{FillModel, FillPoint, Moment, NextClose}};
/// let bar = Bar { open: 10.0, high: 12.0, low: 9.0, close: 11.0, ..Bar::default() };
/// assert_eq!(NextClose {}.market(&bar, &bar), FillPoint { price: 11.0, moment: Moment::Close });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextClose {}

impl FillModel for NextClose {
    #[inline]
    fn market(&self, _: &Bar, bar: &Bar) -> FillPoint {
        FillPoint { price: bar.close, moment: Moment::Close }
    }
}

/// At the close of the bar that the decision has seen, as many backtests do: nobody gets this price. It is here to compare
/// with their numbers, flagged by its name wherever a spec is shown, and in every record: the log of a session, the
/// journal, the record of an episode.
///
/// ```
/// use tradepit::{Bar, models::{FillModel, FillRule, LookAheadClose}};
/// let (before, bar) = (Bar { close: 10.0, ..Bar::default() }, Bar { open: 11.0, ..Bar::default() });
/// assert_eq!(LookAheadClose {}.market(&before, &bar).price, 10.0);
/// assert!(FillRule::LookAheadClose(LookAheadClose {}).looks_ahead() && !FillRule::default().looks_ahead());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookAheadClose {}

impl FillModel for LookAheadClose {
    #[inline]
    fn market(&self, before: &Bar, _: &Bar) -> FillPoint {
        FillPoint { price: before.close, moment: Moment::SeenClose }
    }
}

/// Against the quote that stands when the next bar opens: a buy takes the ask, a sale the bid, and slippage comes on top.
///
/// ```
/// use std::sync::Arc;
/// use tradepit::{InstrumentId, Venue, account::Account, market::synth, models::{AtQuote, FillRule, Models}};
/// use tradepit::{order::OrderRequest, venue::{SimVenue, SimWorld, Start}};
/// let models = Models { fill: FillRule::Quote(AtQuote {}), ..Models::default() };
/// let bars = synth::es_1m(10, 0)?;
/// let refused = SimWorld::new(Arc::new(bars.clone()), models.clone(), 1e5).unwrap_err().to_string();
/// assert!(refused.starts_with("fill: quote, and these data have no bid and ask"));
///
/// let data = Arc::new(synth::with_quotes(&bars, 2.0)?);
/// let mut venue = SimVenue::new(Arc::new(SimWorld::new(data.clone(), models, 1e5)?), 0);
/// let mut account = Account::new(1);
/// venue.open(Start::At(5), &mut account)?;
/// venue.submit(OrderRequest::market(InstrumentId(0), 1.0))?;
/// venue.advance(&mut account, |_| {})?;
/// let quote = venue.market().quote(InstrumentId(0)).unwrap();
/// assert_eq!(account.position(InstrumentId(0)).avg_price(), quote.ask);
/// // The reference is the middle, so that half of the spread shows as a cost: a tick of 12.5.
/// assert_eq!(account.slippage(), 12.5);
/// # tradepit::Result::Ok(())
/// ```
///
/// An order that comes later than the open meets the price on the path, worse by half of that quote's spread: no finer
/// quote is known. Where none has come yet, it waits. A limit that has just come and is marketable against the quote at
/// the open takes it too, and a post-only one that would is cancelled; stops, and limits that rest, meet the bar as under
/// every other rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtQuote {}

impl FillModel for AtQuote {
    /// The moment of the open. Its price is that of the quote, which the venue knows.
    fn market(&self, _: &Bar, bar: &Bar) -> FillPoint {
        FillPoint { price: bar.open, moment: Moment::Open }
    }
}

/// The rule in use.
///
/// ```
/// use tradepit::models::FillRule;
/// let rule: FillRule = serde_json::from_str(r#"{"kind": "next_close"}"#).unwrap();
/// assert!(matches!(rule, FillRule::NextClose(_)));
/// assert!(serde_json::from_str::<FillRule>(r#"{"kind": "next_open", "bps": 5}"#).is_err());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FillRule {
    /// At the next open (the default).
    NextOpen(NextOpen),
    /// At the next close.
    NextClose(NextClose),
    /// At the close that the decision has seen: look-ahead, by its name.
    LookAheadClose(LookAheadClose),
    /// Against the quote that stands at the next open.
    Quote(AtQuote),
    /// Your own; it is not part of a saved spec.
    #[serde(skip)]
    Custom(Arc<dyn FillModel>),
}

impl FillRule {
    /// Whether orders meet quotes, which takes data that have them.
    #[must_use]
    pub fn is_quote(&self) -> bool {
        matches!(self, Self::Quote(_))
    }

    /// Whether orders fill at a price that their decision has seen, which no market gives.
    #[must_use]
    pub fn looks_ahead(&self) -> bool {
        matches!(self, Self::LookAheadClose(_))
    }
}

impl Default for FillRule {
    fn default() -> Self {
        Self::NextOpen(NextOpen {})
    }
}

impl FillModel for FillRule {
    #[inline]
    fn market(&self, before: &Bar, bar: &Bar) -> FillPoint {
        match self {
            Self::NextOpen(rule) => rule.market(before, bar),
            Self::NextClose(rule) => rule.market(before, bar),
            Self::LookAheadClose(rule) => rule.market(before, bar),
            Self::Quote(rule) => rule.market(before, bar),
            Self::Custom(rule) => rule.market(before, bar),
        }
    }
}
