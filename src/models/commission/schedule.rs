//! Fees by instrument and date, as data.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Commission, CommissionModel, FeeContext, PerContract, Sum};
use crate::{
    Error, Result, Timestamp,
    models::{Facts, root::root},
};

/// Fees by instrument and date: one of the house's schedules by its name, or your own rows.
///
/// ```
/// use tradepit::{Instrument, models::{Commission, CommissionModel as _, FeeContext}};
/// let futures: Commission = serde_json::from_str(r#"{"kind": "schedule", "name": "ib_us_futures"}"#).unwrap();
/// let fee = |instrument: &Instrument| futures.fee(&FeeContext::new(instrument, 2.0, 5000.0));
/// assert!((fee(&Instrument::es()) - 4.30).abs() < 1e-12);
/// assert!((fee(&Instrument::mes()) - 1.14).abs() < 1e-12);
/// ```
///
/// A row names roots of instruments (`ES` serves `ESZ4` too, `*` serves the rest), the day from which it holds (UTC,
/// to the next row of the same root) and up to three parts: of the broker, of the exchange, of the regulator. Before
/// its first day the first row holds. Every schedule has a row for `*`, so nothing trades free by oversight. The
/// files are `src/models/commission/schedules/*.json`; each names its sources.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "ScheduleData", into = "ScheduleData")]
pub struct Schedule {
    data: ScheduleData,
    builtin: bool,
    /// By root, then by date.
    entries: Vec<Entry>,
    /// Of each root its key and its entries.
    roots: Vec<(u64, Range<usize>)>,
    /// At the place of a root's key, or behind it, the number of the root and 1; 0 where there is none. Every fill looks
    /// here.
    places: Vec<usize>,
}

/// A schedule as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScheduleData {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    source: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rows: Vec<ScheduleRow>,
}

/// Some roots, a day and the fees from then on.
///
/// ```
/// use tradepit::{Timestamp, models::{Commission, PerContract, Schedule, ScheduleRow}};
/// let row = |day: &str, fee| ScheduleRow {
///     roots: vec!["*".into()],
///     from: day.into(),
///     broker: Some(Commission::PerContract(PerContract::new(fee))),
///     exchange: None,
///     regulatory: None,
/// };
/// let schedule = Schedule::new("mine", "my contract", vec![row("2024-01-01", 2.0), row("2025-01-01", 1.5)]).unwrap();
/// let later: Timestamp = "2025-03-01T00:00:00Z".parse().unwrap();
/// assert!(matches!(schedule.at("ESM5", later), Commission::PerContract(fee) if fee.fee == 1.5));
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleRow {
    /// Roots of instruments; `*` for all others.
    pub roots: Vec<String>,
    /// First day, as `2024-01-31`.
    pub from: String,
    /// The broker's part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker: Option<Commission>,
    /// The exchange's part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Commission>,
    /// The regulator's part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regulatory: Option<Commission>,
}

#[derive(Clone, Debug)]
struct Entry {
    root: String,
    from: Timestamp,
    fee: Commission,
}

const FILES: [(&str, &str); 5] = [
    ("binance_spot", include_str!("schedules/binance_spot.json")),
    ("binance_usdm", include_str!("schedules/binance_usdm.json")),
    ("ib_us_equities", include_str!("schedules/ib_us_equities.json")),
    ("ib_us_futures", include_str!("schedules/ib_us_futures.json")),
    ("ib_us_futures_options", include_str!("schedules/ib_us_futures_options.json")),
];

/// Bytes of a name that its key holds.
const KEY: usize = 8;

/// The first bytes of a name as a number: names of the same length up to [`KEY`] have the same key only when
/// they are the same.
#[inline]
fn key(name: &str) -> u64 {
    name.bytes().take(KEY).fold(0, |key, byte| key << 8 | u64::from(byte))
}

/// Where a key belongs among so many places, a power of two: by its product with the golden ratio (Knuth 1973, "The Art of
/// Computer Programming", volume 3, section 6.4).
#[inline]
fn place(key: u64, places: usize) -> usize {
    (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & (places - 1)
}

impl Schedule {
    /// The names of the house's schedules.
    ///
    /// ```
    /// use tradepit::models::Schedule;
    /// for name in Schedule::names() {
    ///     assert!(!Schedule::named(name).unwrap().source().is_empty());
    /// }
    /// ```
    pub fn names() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(name, _)| *name)
    }

    /// One of the house's schedules.
    ///
    /// # Errors
    /// Names the schedules there are when there is none of that name.
    pub fn named(name: &str) -> Result<Self> {
        let Some((_, text)) = FILES.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = Self::names().collect();
            let message = format!("{name:?} is no schedule; take one of {} or give rows", known.join(", "));
            return Err(Error::spec("commission.name", message));
        };
        let data: ScheduleData = serde_json::from_str(text)
            .map_err(|error| Error::spec("commission.rows", format!("file of {name}: {error}")))?;
        Ok(Self { builtin: true, ..Self::of(data)? })
    }

    /// Your own rows.
    ///
    /// # Errors
    /// Names the row and the field: a day that is none, no row for `*`, a fee out of range.
    pub fn new(name: &str, source: &str, rows: Vec<ScheduleRow>) -> Result<Self> {
        Self::of(ScheduleData { name: name.to_owned(), source: source.to_owned(), rows })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.data.name
    }

    /// Where its numbers come from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.data.source
    }

    /// Its rows.
    #[must_use]
    pub fn rows(&self) -> &[ScheduleRow] {
        &self.data.rows
    }

    /// The fee that holds for an instrument of that name at that time.
    #[must_use]
    pub fn at(&self, instrument: &str, time: Timestamp) -> &Commission {
        let found = self.of_root(instrument);
        let found = if found.is_empty() { self.of_root(root(instrument)) } else { found };
        let found = if found.is_empty() { self.of_root("*") } else { found };
        let later = found.partition_point(|entry| entry.from <= time);
        &found[later.max(1) - 1].fee
    }

    fn of_root(&self, root: &str) -> &[Entry] {
        let key = key(root);
        let mut at = place(key, self.places.len());
        while let Some(number) = self.places[at].checked_sub(1) {
            let (known, range) = &self.roots[number];
            if *known == key {
                let entries = &self.entries[range.clone()];
                let name = &entries[0].root;
                if name.len() == root.len() && (root.len() <= KEY || name == root) {
                    return entries;
                }
            }
            at = (at + 1) % self.places.len();
        }
        &[]
    }

    fn of(data: ScheduleData) -> Result<Self> {
        let mut entries = Vec::new();
        for (i, row) in data.rows.iter().enumerate() {
            let from = format!("{}T00:00:00Z", row.from).parse().map_err(|_| {
                let message = format!("{:?} is no day; write it as 2024-01-31", row.from);
                Error::spec(format!("commission.rows[{i}].from"), message)
            })?;
            let fee = row.fee();
            entries.extend(row.roots.iter().map(|root| Entry { root: root.clone(), from, fee: fee.clone() }));
        }
        entries.sort_by(|a, b| (&a.root, a.from).cmp(&(&b.root, b.from)));
        if let Some(twice) = entries.windows(2).find(|two| two[0].root == two[1].root && two[0].from == two[1].from) {
            let message = format!("{:?} has two rows from the same day; keep one", twice[0].root);
            return Err(Error::spec("commission.rows", message));
        }
        if !entries.iter().any(|entry| entry.root == "*") {
            let message = format!("{:?} has no row for \"*\"; say what instruments without a row pay", data.name);
            return Err(Error::spec("commission.rows", message));
        }
        let same = entries.chunk_by(|a, b| a.root == b.root);
        let ranges = same.scan(0, |start, same| {
            let range = *start..*start + same.len();
            *start = range.end;
            Some((key(&same[0].root), range))
        });
        let roots: Vec<(u64, Range<usize>)> = ranges.collect();
        // Half empty at least, so that most roots stand at their own place, and no search goes on for ever.
        let mut places = vec![0; (2 * roots.len()).next_power_of_two()];
        for (number, (key, _)) in roots.iter().enumerate() {
            let mut at = place(*key, places.len());
            while places[at] != 0 {
                at = (at + 1) % places.len();
            }
            places[at] = number + 1;
        }
        Ok(Self { data, builtin: false, entries, roots, places })
    }

    pub(super) fn needs(&self) -> Facts {
        self.entries.iter().map(|entry| entry.fee.needs()).fold(Facts::NONE, Facts::or)
    }

    pub(super) fn validate(&self, path: &str) -> Result<()> {
        for (i, row) in self.data.rows.iter().enumerate() {
            for (name, part) in row.parts() {
                part.check(&format!("{path}.rows[{i}].{name}"))?;
            }
        }
        Ok(())
    }
}

impl ScheduleRow {
    fn parts(&self) -> impl Iterator<Item = (&'static str, &Commission)> {
        let parts = [("broker", &self.broker), ("exchange", &self.exchange), ("regulatory", &self.regulatory)];
        parts.into_iter().filter_map(|(name, part)| Some((name, part.as_ref()?)))
    }

    /// The parts as one fee; plain fees per contract become one number.
    fn fee(&self) -> Commission {
        let parts: Vec<Commission> = self.parts().map(|(_, part)| part.clone()).collect();
        let mut plain = 0.0;
        for part in &parts {
            match part {
                Commission::PerContract(model) if model.per_order + model.minimum == 0.0 => plain += model.fee,
                _ if parts.len() == 1 => return part.clone(),
                _ => return Commission::Sum(Sum { parts }),
            }
        }
        Commission::PerContract(PerContract::new(plain))
    }
}

impl TryFrom<ScheduleData> for Schedule {
    type Error = Error;

    fn try_from(data: ScheduleData) -> Result<Self> {
        if data.rows.is_empty() { Self::named(&data.name) } else { Self::of(data) }
    }
}

impl From<Schedule> for ScheduleData {
    fn from(schedule: Schedule) -> Self {
        let Schedule { data, builtin, .. } = schedule;
        if builtin { Self { source: String::new(), rows: Vec::new(), ..data } } else { data }
    }
}

impl CommissionModel for Schedule {
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        self.at(&ctx.instrument.name, ctx.time).fee(ctx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_all_of_their_letters() {
        let names = ["A", "AB", "A NAME OF 16 BYT", "A NAME OF 16 BYTES AND MORE", "A NAME OF 16 BYTES", "*"];
        let row = |(i, name): (usize, &&str)| ScheduleRow {
            roots: vec![(*name).to_owned()],
            from: "2024-01-01".into(),
            broker: Some(Commission::PerContract(PerContract::new(i as f64))),
            exchange: None,
            regulatory: None,
        };
        let schedule = Schedule::new("mine", "", names.iter().enumerate().map(row).collect()).unwrap();
        let fee = |name| match schedule.at(name, Timestamp::from_nanos(0)) {
            Commission::PerContract(fee) => fee.fee,
            other => panic!("{other:?}"),
        };
        for (i, name) in names.iter().enumerate() {
            assert_eq!(fee(name), i as f64, "{name}");
        }
        assert_eq!(["", "B", "A NAME OF 16 BYTE", "ABZ4"].map(fee), [5.0, 5.0, 5.0, 1.0]);
    }
}
