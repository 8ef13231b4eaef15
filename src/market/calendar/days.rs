//! Weekdays on which a market does not keep its usual hours, as dated tables.

use std::sync::LazyLock;

use jiff::civil::{Date, Time};

use crate::{Error, Result};

/// What is unusual about one day; times are local.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unusual {
    pub(super) closed: bool,
    pub(super) opens: Option<Time>,
    pub(super) closes: Option<Time>,
}

/// The days of one market, in order.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Days(Vec<(Date, Unusual)>);

impl std::fmt::Debug for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Days({})", self.0.len())
    }
}

static NYSE: LazyLock<std::result::Result<Days, String>> = LazyLock::new(|| Days::read(include_str!("nyse.txt")));
static CME: LazyLock<std::result::Result<Days, String>> = LazyLock::new(|| Days::read(include_str!("cme.txt")));
static NONE: Days = Days(Vec::new());

impl Days {
    pub(super) fn nyse() -> Result<&'static Self> {
        loaded(&NYSE)
    }

    pub(super) fn cme() -> Result<&'static Self> {
        loaded(&CME)
    }

    pub(super) fn none() -> &'static Self {
        &NONE
    }

    pub(super) fn of(&self, day: Date) -> Unusual {
        self.0.binary_search_by_key(&day, |(known, _)| *known).map(|at| self.0[at].1).unwrap_or_default()
    }

    /// Reads lines such as `2024 closed 01-01 12-25` and `2024 closes 12:15 07-03 12-24`.
    fn read(text: &str) -> std::result::Result<Self, String> {
        let mut days: Vec<(Date, Unusual)> = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let refuse = |what: &dyn std::fmt::Display| format!("{line:?}: {what}");
            let mut words = line.split(' ');
            let mut next = || words.next().ok_or_else(|| refuse(&"too short"));
            let (year, kind) = (next()?, next()?);
            let mut time = || next().and_then(|time| time.parse::<Time>().map_err(|e| refuse(&e)));
            let unusual = match kind {
                "closed" => Unusual { closed: true, ..Unusual::default() },
                "opens" => Unusual { opens: Some(time()?), ..Unusual::default() },
                "closes" => Unusual { closes: Some(time()?), ..Unusual::default() },
                other => return Err(refuse(&other)),
            };
            for day in words {
                days.push((format!("{year}-{day}").parse().map_err(|e: jiff::Error| refuse(&e))?, unusual));
            }
        }
        days.sort_by_key(|(day, _)| *day);
        days.dedup_by(|(day, later), (kept, unusual)| {
            let same = day == kept;
            if same {
                unusual.closed |= later.closed;
                unusual.opens = unusual.opens.or(later.opens);
                unusual.closes = unusual.closes.or(later.closes);
            }
            same
        });
        Ok(Self(days))
    }
}

fn loaded(days: &'static std::result::Result<Days, String>) -> Result<&'static Days> {
    days.as_ref().map_err(|message| Error::spec("calendar", format!("table of days: {message}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn both_tables_are_read_and_a_day_may_open_late_and_close_early() {
        assert!(Days::nyse().unwrap().of(date(2025, 1, 9)).closed);
        assert_eq!(Days::cme().unwrap().of(date(2025, 1, 9)).closes, Some("08:30".parse().unwrap()));
        let both = Days::read("2024 closes 14:00 01-08\n2024 opens 11:00 01-08").unwrap().of(date(2024, 1, 8));
        assert_eq!((both.opens.unwrap().hour(), both.closes.unwrap().hour(), both.closed), (11, 14, false));
        assert_eq!(both, Days::read("2024 opens 11:00 01-08\n2024 closes 14:00 01-08").unwrap().of(date(2024, 1, 8)));
    }

    #[test]
    fn a_bad_line_is_named() {
        for bad in ["2024", "2024 shut 01-01", "2024 closes noon 01-01", "2024 closed 13-01"] {
            assert!(Days::read(bad).unwrap_err().contains(bad), "{bad}");
        }
    }
}
