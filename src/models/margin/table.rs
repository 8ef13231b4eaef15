//! What exchanges asked for, by date.

use serde::{Deserialize, Serialize};

use crate::{Error, Instrument, Result, Timestamp, models::root::root};

/// What an exchange asks for one contract from some day on.
///
/// ```
/// use tradepit::models::DatedMargin;
/// let es = DatedMargin::futures("ES", "2022-01-21").unwrap();
/// assert_eq!((es.initial, es.maintenance), (11_880.0, 10_800.0));
/// assert_eq!(DatedMargin::futures("ESM0", "2020-04-01").unwrap().initial, 13_200.0);
/// // What held before the table begins is not known.
/// assert!(DatedMargin::futures("ES", "2011-01-01").is_err());
/// ```
///
/// The table of the house has ES, MES, NQ and MNQ up to 2022-01-21, and is old: exchanges change these numbers every few
/// weeks. Give your own rows to [`FuturesTable`](super::FuturesTable), or put today's into your instruments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatedMargin {
    /// Name of the contract, or its root: `ES` serves `ESZ4` too.
    pub name: String,
    /// First day on which it holds (UTC), `YYYY-MM-DD`; to the next row of the same name.
    pub from: String,
    /// To open one contract, in account currency, above 0.
    pub initial: f64,
    /// To keep it, above 0 and at most `initial`.
    pub maintenance: f64,
    /// The share of both that is asked inside a session, in (0, 1]; that of the whole table when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intraday: Option<f64>,
    /// Where the numbers are from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

/// The file of the house.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct House {
    source: String,
    rows: Vec<DatedMargin>,
}

impl DatedMargin {
    /// Everything that the house knows, oldest first for each name.
    ///
    /// # Errors
    /// Never, unless the table in the package is damaged.
    pub fn all() -> Result<Vec<Self>> {
        let house: House = serde_json::from_str(include_str!("futures.json"))
            .map_err(|error| Error::spec("margin.rows", format!("file of the house: {error}")))?;
        let House { source, rows } = house;
        Ok(rows.into_iter().map(|row| Self { source: source.clone(), ..row }).collect())
    }

    /// What held for the future `name` on `day` (`YYYY-MM-DD`).
    ///
    /// # Errors
    /// When nothing is known of it, or not of that day.
    pub fn futures(name: &str, day: &str) -> Result<Self> {
        let known = Self::all()?;
        // Days in this form sort as text.
        let held = |row: &Self| (row.name == name || row.name == root(name)) && row.from.as_str() <= day;
        known.into_iter().rev().find(held).ok_or_else(|| {
            let message = format!("nothing is known of {name:?} on {day}; give a row for it");
            Error::spec("margin.rows", message)
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

    /// When its first day begins; checks the numbers on the way. `at` is the row's path, for messages.
    pub(super) fn begins(&self, at: &str) -> Result<Timestamp> {
        let refuse = |field: &str, message: String| Err(Error::spec(format!("{at}.{field}"), message));
        let Self { initial, maintenance, intraday, .. } = self;
        if !(initial.is_finite() && *initial > 0.0) {
            return refuse("initial", format!("{initial} must be a finite number above 0"));
        }
        if !(*maintenance > 0.0 && maintenance <= initial) {
            return refuse("maintenance", format!("{maintenance} must be above 0 and at most the initial {initial}"));
        }
        if let Some(share) = intraday.filter(|share| !(*share > 0.0 && *share <= 1.0)) {
            return refuse("intraday", format!("{share} must be in (0, 1]"));
        }
        format!("{}T00:00:00Z", self.from)
            .parse()
            .or_else(|_| refuse("from", format!("{:?} is no day; write it as 2024-01-31", self.from)))
    }
}
