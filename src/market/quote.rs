//! The best bid and ask.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The best bid and ask of one moment, with the units that wait there.
///
/// ```
/// use tradepit::market::Quote;
/// let quote = Quote { bid: 10.0, ask: 10.5, ..Quote::default() };
/// assert_eq!((quote.mid(), quote.spread()), (10.25, 0.5));
/// // Who buys takes the ask, who sells the bid.
/// assert_eq!((quote.touch(3.0), quote.touch(-3.0)), (10.5, 10.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// When it came; how old it is counts from here.
    pub time: Timestamp,
    /// The highest price that somebody pays.
    pub bid: f64,
    /// The lowest price that somebody asks, at least `bid`.
    pub ask: f64,
    /// Units bid for there; 0 where the data do not say.
    #[serde(default)]
    pub bid_size: f64,
    /// Units offered there; 0 where the data do not say.
    #[serde(default)]
    pub ask_size: f64,
}

impl Quote {
    /// Half way between bid and ask.
    #[must_use]
    pub fn mid(&self) -> f64 {
        0.5 * (self.bid + self.ask)
    }

    /// Ask less bid, at least 0.
    #[must_use]
    pub fn spread(&self) -> f64 {
        self.ask - self.bid
    }

    /// What an order of that sign takes: the ask when it buys, the bid when it sells.
    #[must_use]
    pub fn touch(&self, qty: f64) -> f64 {
        if qty > 0.0 { self.ask } else { self.bid }
    }

    /// Whether the quote can be traded on. As with bars, a price may be negative.
    ///
    /// # Errors
    /// The column and what is wrong with it: a value that is not finite, a bid above the ask, a negative size.
    pub fn check(&self) -> std::result::Result<(), (&'static str, String)> {
        self.time.check().map_err(|message| ("time", message))?;
        let Self { bid, ask, bid_size, ask_size, .. } = *self;
        for (name, value) in [("bid", bid), ("ask", ask), ("bid_size", bid_size), ("ask_size", ask_size)] {
            if !value.is_finite() {
                return Err((name, format!("{value} is not a finite number; leave the quote out where there is none")));
            }
        }
        if bid > ask {
            return Err(("bid", format!("bid {bid} is above ask {ask}; drop crossed quotes")));
        }
        for (name, value) in [("bid_size", bid_size), ("ask_size", ask_size)] {
            if value < 0.0 {
                return Err((name, format!("{value} is negative; a size counts units, 0 where it is not known")));
            }
        }
        Ok(())
    }
}

/// Which moment of its row a sample of quotes is from.
///
/// ```
/// use tradepit::market::QuotesAt;
/// assert_eq!(serde_json::from_str::<QuotesAt>("\"close\"").unwrap(), QuotesAt::Close);
/// assert_eq!(QuotesAt::default(), QuotesAt::Open);
/// ```
///
/// A market keeps the quote that stands when a bar opens: the first one that an order decided at the close before can
/// meet. A file of samples taken at closes, such as one-minute best bid and offer, holds that quote one row earlier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotesAt {
    /// They stand when the row's bar opens.
    #[default]
    Open,
    /// They stand when the row's bar closes: each is that of the next row, and the first row has none.
    Close,
}
