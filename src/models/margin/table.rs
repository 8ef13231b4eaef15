//! What exchanges asked for, by date.

use serde::{Deserialize, Serialize};

use crate::{Error, Instrument, Result};

/// What an exchange asks for one contract from some day on.
///
/// ```
/// use tradepit::models::DatedMargin;
/// let es = DatedMargin::futures("ES", "2022-01-21").unwrap();
/// assert_eq!((es.initial, es.maintenance), (11_880.0, 10_800.0));
/// // What held before the table begins is not known.
/// assert!(DatedMargin::futures("ES", "2015-01-01").is_err());
/// ```
///
/// The table is short, and old: exchanges change these numbers every few weeks. Put today's into your instruments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatedMargin {
    /// Name of the contract.
    pub name: String,
    /// First day on which it is known to hold, `YYYY-MM-DD`.
    pub from: String,
    /// To open one contract, in the contract's currency.
    pub initial: f64,
    /// To keep it.
    pub maintenance: f64,
    /// Where the numbers are from.
    pub source: String,
}

impl DatedMargin {
    /// Everything that is known, oldest first for each name.
    ///
    /// # Errors
    /// Never, unless the table in the package is damaged.
    pub fn all() -> Result<Vec<Self>> {
        serde_json::from_str(include_str!("futures.json")).map_err(|e| Error::spec("margin.table", e.to_string()))
    }

    /// What held for the future `name` on `day` (`YYYY-MM-DD`).
    ///
    /// # Errors
    /// When nothing is known of it, or not of that day.
    pub fn futures(name: &str, day: &str) -> Result<Self> {
        let known = Self::all()?;
        // Days in this form sort as text.
        known.into_iter().rev().find(|row| row.name == name && row.from.as_str() <= day).ok_or_else(|| {
            let message = format!("nothing is known of {name:?} on {day}; set the instrument's margins yourself");
            Error::spec("margin.table", message)
        })
    }

    /// `instrument` with these numbers.
    ///
    /// ```
    /// use tradepit::{Instrument, models::DatedMargin};
    /// let margin = DatedMargin::futures("MES", "2022-06-30").unwrap();
    /// let mes = margin.put_into(Instrument { initial_margin: 0.0, ..Instrument::mes() });
    /// assert_eq!(mes.initial_margin, 1_188.0);
    /// ```
    #[must_use]
    pub fn put_into(&self, instrument: Instrument) -> Instrument {
        Instrument { initial_margin: self.initial, maintenance_margin: self.maintenance, ..instrument }
    }
}
