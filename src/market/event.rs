//! What happens to an instrument beside its prices.

use serde::{Deserialize, Serialize};

use super::{Bar, InstrumentId, Quote};
use crate::Timestamp;

/// Something that happens to an instrument, known beside its bars: it takes effect before the open of the row into whose
/// bar its time falls (the first one that closes later).
///
/// ```
/// use tradepit::{Bar, Instrument, InstrumentId, MarketData, Timestamp, market::{MarketEvent, MarketFact}};
/// let bar = |day: i64, close: f64| Bar { time: Timestamp::from_nanos(day * 86_400_000_000_000),
///     open: close, high: close, low: close, close, volume: 1.0 };
/// let split = MarketEvent { time: Timestamp::from_nanos(2 * 86_400_000_000_000), instrument: InstrumentId(0),
///     what: MarketFact::Split { ratio: 2.0 } };
/// let data = MarketData::builder(vec![Instrument::equity("XYZ")])
///     .bars(vec![bar(1, 100.0), bar(2, 102.0), bar(3, 51.0)]).events(vec![split]).build().unwrap();
/// assert!(data.view(2).events().is_empty()); // what is to come is not seen
/// assert_eq!(data.view(3).events(), [split]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketEvent {
    /// When: the midnight of an ex-date, the moment of a halt.
    pub time: Timestamp,
    /// To what.
    pub instrument: InstrumentId,
    /// What.
    pub what: MarketFact,
}

/// What happens to an instrument.
///
/// ```
/// use tradepit::market::MarketFact;
/// let paid: MarketFact = serde_json::from_str(r#"{"kind": "dividend", "amount": 0.24}"#).unwrap();
/// assert_eq!(paid, MarketFact::Dividend { amount: 0.24 });
/// assert!(serde_json::from_str::<MarketFact>(r#"{"kind": "split", "factor": 2.0}"#).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum MarketFact {
    /// The instrument trades without this payment from here on: who is long is paid, who is short pays.
    Dividend {
        /// Money for one unit, in account currency, above 0.
        amount: f64,
    },
    /// One unit becomes `ratio` units.
    Split {
        /// Above 0: 2 for two new units for one, 0.1 for one new unit for ten (a reverse split).
        ratio: f64,
    },
    /// Trading stops.
    Halt {},
    /// Trading goes on.
    Resume {},
    /// The bars from here on are those of the next contract.
    Roll {
        /// Raw price of the contract that is left.
        from_price: f64,
        /// Raw price of the next contract at the same moment.
        to_price: f64,
    },
}

impl MarketEvent {
    /// Whether it can happen in a market of so many instruments.
    ///
    /// # Errors
    /// The field and what is wrong with it: no such instrument, an amount or ratio that is not above 0, a number that is
    /// not finite.
    pub fn check(&self, instruments: usize) -> std::result::Result<(), (&'static str, String)> {
        if self.instrument.0 as usize >= instruments {
            let id = self.instrument.0;
            return Err(("instrument", format!("{id} is not in the data, which has {instruments}; count from 0")));
        }
        let above_zero = |field: &'static str, value: f64, why: &str| {
            let refused = || (field, format!("{value} must be a finite number above 0{why}"));
            if value.is_finite() && value > 0.0 { Ok(()) } else { Err(refused()) }
        };
        match self.what {
            MarketFact::Dividend { amount } => above_zero("amount", amount, ": money for one unit"),
            MarketFact::Split { ratio } => above_zero("ratio", ratio, ": 2 for two new units for one"),
            MarketFact::Halt {} | MarketFact::Resume {} => Ok(()),
            MarketFact::Roll { from_price, to_price } => {
                match [("from_price", from_price), ("to_price", to_price)].iter().find(|(_, price)| !price.is_finite())
                {
                    None => Ok(()),
                    Some((field, price)) => Err((field, format!("{price} is not a finite number"))),
                }
            }
        }
    }
}

impl MarketFact {
    /// A bar from before it as it reads afterwards: a price less the dividend, a price and a volume in new units, a price
    /// of the next contract; `multiplier` is the money of a point and a unit.
    ///
    /// ```
    /// use tradepit::{Bar, market::MarketFact};
    /// let before = Bar { close: 100.0, volume: 30.0, ..Bar::default() };
    /// assert_eq!(MarketFact::Dividend { amount: 0.5 }.ex(&before, 1.0).close, 99.5);
    /// let after = MarketFact::Split { ratio: 2.0 }.ex(&before, 1.0);
    /// assert_eq!((after.close, after.volume), (50.0, 60.0));
    /// assert_eq!(MarketFact::Roll { from_price: 99.0, to_price: 101.0 }.ex(&before, 50.0).close, 102.0);
    /// ```
    #[must_use]
    pub fn ex(&self, bar: &Bar, multiplier: f64) -> Bar {
        let price = |price: f64| self.ex_price(price, multiplier);
        Bar {
            time: bar.time,
            open: price(bar.open),
            high: price(bar.high),
            low: price(bar.low),
            close: price(bar.close),
            volume: bar.volume * self.units(),
        }
    }

    /// A quote from before it as it reads afterwards; it is no younger for that.
    pub(crate) fn ex_quote(&self, quote: &Quote, multiplier: f64) -> Quote {
        Quote {
            time: quote.time,
            bid: self.ex_price(quote.bid, multiplier),
            ask: self.ex_price(quote.ask, multiplier),
            bid_size: quote.bid_size * self.units(),
            ask_size: quote.ask_size * self.units(),
        }
    }

    /// Whether prices before and after it do not compare.
    pub(crate) fn moves_prices(&self) -> bool {
        match self {
            Self::Dividend { .. } | Self::Split { .. } | Self::Roll { .. } => true,
            Self::Halt {} | Self::Resume {} => false,
        }
    }

    fn ex_price(&self, price: f64, multiplier: f64) -> f64 {
        match self {
            Self::Dividend { amount } => price - amount / multiplier,
            Self::Split { ratio } => price / ratio,
            Self::Roll { from_price, to_price } => price + (to_price - from_price),
            Self::Halt {} | Self::Resume {} => price,
        }
    }

    /// What one unit has become.
    fn units(&self) -> f64 {
        if let Self::Split { ratio } = self { *ratio } else { 1.0 }
    }
}
