//! Public prints.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Who met the other's order.
///
/// ```
/// use tradepit::market::Aggressor;
/// assert_eq!((Aggressor::Buyer.sign(), Aggressor::Unknown.sign()), (1.0, 0.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggressor {
    /// The source does not say.
    #[default]
    Unknown,
    /// A buyer took an offer.
    Buyer,
    /// A seller hit a bid.
    Seller,
}

impl Aggressor {
    /// 1 for a buyer, -1 for a seller, 0 when unknown.
    #[must_use]
    pub fn sign(self) -> f64 {
        match self {
            Self::Unknown => 0.0,
            Self::Buyer => 1.0,
            Self::Seller => -1.0,
        }
    }
}

/// One public print: somebody traded with somebody.
///
/// ```
/// use tradepit::{Timestamp, market::{Aggressor, Trade}};
/// let trade = Trade { time: Timestamp::from_nanos(5), price: 1650.25, size: 3.0, aggressor: Aggressor::Buyer };
/// assert!(trade.check().is_ok());
/// assert_eq!(Trade { size: 0.0, ..trade }.check().unwrap_err().0, "size");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trade {
    /// When.
    pub time: Timestamp,
    /// At which price.
    pub price: f64,
    /// How many units.
    pub size: f64,
    /// Who met the other's order.
    #[serde(default)]
    pub aggressor: Aggressor,
}

impl Trade {
    /// Whether bars can be made of it. As with bars, a price may be negative.
    ///
    /// # Errors
    /// The column and what is wrong with it: a value that is not finite, a size that is not above 0.
    pub fn check(&self) -> std::result::Result<(), (&'static str, String)> {
        self.time.check().map_err(|message| ("time", message))?;
        if !self.price.is_finite() {
            return Err(("price", format!("{} is not a finite number; drop the row", self.price)));
        }
        if !(self.size.is_finite() && self.size > 0.0) {
            return Err(("size", format!("{} must be a finite number above 0; drop the row", self.size)));
        }
        Ok(())
    }
}
