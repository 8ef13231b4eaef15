//! What a check found.

use std::{collections::BTreeMap, fmt, ops::Range};

use serde::{Deserialize, Serialize};
use tradepit::{MarketData, Timestamp};

use super::time;
use crate::SimSetup;

/// A number that knows what comes after it.
///
/// ```
/// use tradepit_envs::Leak;
/// let json = r#"{"column": "next", "row": 7, "time": 1709303400000000000, "future": 1709303460000000000,
///     "shown": 1.5, "otherwise": 2.0, "numbers": 3}"#;
/// let leak: Leak = serde_json::from_str(json).unwrap();
/// assert_eq!(leak.to_string(), "next leaks: row 7, which closed at 2024-03-01T14:30:00Z, shows 1.5, and 2 when only what \
///     comes after 2024-03-01T14:31:00Z is another (3 numbers)");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leak {
    /// Name of the feature or the user's column; `observation.NAME` or `reward` where an episode shows it and no feature does.
    pub column: String,
    /// The first row that shows it, from 0.
    pub row: usize,
    /// When that row closed.
    pub time: Timestamp,
    /// The moment behind which it knows something: only what came later was changed.
    pub future: Timestamp,
    /// What it shows.
    pub shown: f32,
    /// What it shows with another future; as `shown` for statistics that were fitted on later rows.
    pub otherwise: f32,
    /// How many numbers of the column differed.
    pub numbers: u64,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, row, time, future, shown, otherwise, numbers } = self;
        write!(f, "{column} leaks: row {row}, which closed at {time}, shows {shown}, ")?;
        if shown.to_bits() == otherwise.to_bits() {
            return write!(
                f,
                "with statistics of rows up to {future}; fit them on earlier rows, or evaluate from there on"
            );
        }
        write!(f, "and {otherwise} when only what comes after {future} is another ({numbers} numbers)")
    }
}

/// What was looked at, and the first leak of each column, the earliest first.
///
/// ```
/// use tradepit::market::synth;
/// use tradepit_envs::{EnvSpec, LeakCheck};
/// let report = LeakCheck::default().run(&EnvSpec::default(), &synth::es_1m(500, 0).unwrap(), Ok).unwrap();
/// assert!(report.to_string().starts_with("no leak: "));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeakReport {
    /// Features, and the user's columns, that were looked at.
    pub columns: Vec<String>,
    /// When the first row closed that was looked at.
    pub since: Timestamp,
    /// Futures that were tried.
    pub futures: usize,
    /// Numbers that were compared to the bit.
    pub numbers: u64,
    /// What was found.
    pub leaks: Vec<Leak>,
    /// Columns whose statistics do not say on which rows they were fitted.
    pub unknown: Vec<String>,
}

impl fmt::Display for LeakReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { columns, since, futures, numbers, leaks, unknown } = self;
        let (columns, leaking) = (columns.len(), leaks.len());
        let what = format!("{columns} columns since {since}, {numbers} numbers, {futures} other futures");
        match leaking {
            0 => write!(f, "no leak: {what}")?,
            _ => write!(f, "{leaking} leaking: {what}")?,
        }
        leaks.iter().try_for_each(|leak| write!(f, "\n{leak}"))?;
        unknown.iter().try_for_each(|name| write!(f, "\n{name}: nobody knows on which rows its statistics were fitted"))
    }
}

/// Leaks by column, as they are found.
pub(super) struct Found {
    columns: Vec<String>,
    futures: usize,
    numbers: u64,
    /// Of each column: its row, cut, both numbers, and how many.
    leaks: BTreeMap<String, Leak>,
    unknown: Vec<String>,
}

impl Found {
    pub(super) fn new(columns: Vec<String>) -> Self {
        let (leaks, unknown) = (BTreeMap::new(), Vec::new());
        Self { columns, futures: 0, numbers: 0, leaks, unknown }
    }

    /// Compares the features and the user's columns of some rows, of which the last one is the cut.
    pub(super) fn compare_rows(&mut self, truth: &SimSetup, other: &SimSetup, rows: Range<usize>) {
        let (truth, other) = (&*truth.world().data, &*other.world().data);
        let table = |data: &MarketData| data.view(rows.end).window(rows.len()).to_vec();
        let (shown, otherwise, width) = (table(truth), table(other), truth.width());
        self.futures += 1;
        self.numbers += shown.len() as u64;
        let future = time(truth, rows.end - 1);
        for (at, (shown, otherwise)) in shown.iter().zip(&otherwise).enumerate() {
            if shown.to_bits() != otherwise.to_bits() {
                let (row, name) = (rows.start + at / width, truth.feature_names()[at % width].clone());
                self.add(name, (row, time(truth, row)), future, (*shown, *otherwise));
            }
        }
        // As they are: a feature that is clipped may hide what its column knows.
        for ((name, shown), (_, otherwise)) in truth.columns().iter().zip(other.columns()) {
            self.numbers += rows.len() as u64;
            for row in rows.clone().filter(|row| shown[*row].to_bits() != otherwise[*row].to_bits()) {
                self.add(name.clone(), (row, time(truth, row)), future, (shown[row], otherwise[row]));
            }
        }
    }

    /// Compares numbers of one row that an episode shows, by their names.
    pub(super) fn compare(
        &mut self,
        name: impl Fn(usize) -> String,
        row: (usize, Timestamp),
        future: Timestamp,
        (shown, otherwise): (&[f32], &[f32]),
    ) {
        self.numbers += shown.len() as u64;
        for (at, (shown, otherwise)) in shown.iter().zip(otherwise).enumerate() {
            if shown.to_bits() != otherwise.to_bits() {
                self.add(name(at), row, future, (*shown, *otherwise));
            }
        }
    }

    pub(super) fn fitted(&mut self, name: &str, row: usize, until: Timestamp, data: &MarketData) {
        let at = data.feature_names().iter().position(|column| column == name);
        let shown = at.map_or(f32::NAN, |at| data.view(row + 1).window(1)[at]);
        self.add(name.to_owned(), (row, time(data, row)), until, (shown, shown));
    }

    pub(super) fn unknown(&mut self, name: &str) {
        self.unknown.push(name.to_owned());
    }

    fn add(
        &mut self,
        column: String,
        (row, time): (usize, Timestamp),
        future: Timestamp,
        (shown, otherwise): (f32, f32),
    ) {
        let leak = Leak { column, row, time, future, shown, otherwise, numbers: 1 };
        match self.leaks.get_mut(&leak.column) {
            None => {
                self.leaks.insert(leak.column.clone(), leak);
            }
            Some(known) if known.row <= row => known.numbers += 1,
            Some(known) => *known = Leak { numbers: known.numbers + 1, ..leak },
        }
    }

    pub(super) fn report(self, data: &MarketData, first: usize) -> LeakReport {
        let Self { columns, futures, numbers, leaks, unknown } = self;
        // An observation repeats what its features show.
        let has_features = leaks.keys().any(|name| columns.contains(name));
        let shown = |leak: &Leak| !has_features || columns.contains(&leak.column);
        let mut leaks: Vec<Leak> = leaks.into_values().filter(shown).collect();
        leaks.sort_by(|a, b| (a.row, &a.column).cmp(&(b.row, &b.column)));
        LeakReport { columns, since: time(data, first), futures, numbers, leaks, unknown }
    }
}
