//! Contracts of equity index futures: their names, and when they expire.

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
    tz::TimeZone,
};

use super::Calendar;
use crate::{Error, Result, Timestamp};

/// Months of delivery by their letters.
const MONTHS: [(char, i8); 4] = [('H', 3), ('M', 6), ('U', 9), ('Z', 12)];
const ROOTS: [&str; 4] = ["ES", "MES", "NQ", "MNQ"];

/// One contract of a future: a name, and the moment after which it is not traded.
///
/// ```
/// use tradepit::market::Contract;
/// let december = Contract::parse("ESZ24").unwrap();
/// assert_eq!(december.expires.to_string(), "2024-12-20T14:30:00Z"); // 08:30 in Chicago
/// let other = Contract { name: "CLZ4".into(), expires: "2024-11-20T19:30:00Z".parse().unwrap() };
/// assert!(other.expires < december.expires);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Name, as in `ESZ24`.
    pub name: String,
    /// When trading in it ends.
    pub expires: Timestamp,
}

impl Contract {
    /// The contract of such a name: a root (ES, MES, NQ, MNQ), the letter of its month (H, M, U, Z for March, June, September,
    /// December), and the year in two or four digits (90 to 99 are 1990 to 1999).
    ///
    /// It expires on the third Friday of its month, or on the day before where New York's shares do not trade then, when they
    /// open (CME rulebook, chapters 358 and 359: the special opening quotation).
    ///
    /// # Errors
    /// When the name is none of these.
    pub fn parse(name: &str) -> Result<Self> {
        let refuse = || {
            let roots = ROOTS.join(", ");
            Error::spec(
                "contract",
                format!(
                    "{name:?} must be one of {roots}, a month of H, M, U, Z, and two or four digits of a year, as in \
                     ESZ24; give other contracts their expiry"
                ),
            )
        };
        let year_at = name.find(|c: char| c.is_ascii_digit()).ok_or_else(refuse)?;
        let (code, year) = name.split_at(year_at);
        let letter = code.chars().next_back().ok_or_else(refuse)?;
        let root = code.strip_suffix(letter).filter(|root| ROOTS.contains(root)).ok_or_else(refuse)?;
        let (_, month) = MONTHS.into_iter().find(|(known, _)| *known == letter).ok_or_else(refuse)?;
        let digits = year.len();
        let year = year.parse::<i16>().ok().filter(|_| matches!(digits, 2 | 4)).ok_or_else(refuse)?;
        let year = year + if digits == 4 { 0 } else { 1900 + if year < 90 { 100 } else { 0 } };
        Self::of(root, year, letter, month).ok_or_else(refuse)
    }

    /// The contracts of a root that expire after `from` and up to `to`, the nearest first.
    ///
    /// ```
    /// use tradepit::market::Contract;
    /// let (from, to) = ("2024-01-01T00:00:00Z".parse().unwrap(), "2025-01-01T00:00:00Z".parse().unwrap());
    /// let names: Vec<String> = Contract::quarterly("NQ", from, to).unwrap().into_iter().map(|c| c.name).collect();
    /// assert_eq!(names, ["NQH24", "NQM24", "NQU24", "NQZ24"]);
    /// ```
    ///
    /// # Errors
    /// When the root is not ES, MES, NQ or MNQ.
    pub fn quarterly(root: &str, from: Timestamp, to: Timestamp) -> Result<Vec<Self>> {
        if !ROOTS.contains(&root) {
            return Err(Error::spec("root", format!("{root:?} must be one of {}", ROOTS.join(", "))));
        }
        let year = |time: Timestamp| time.to_jiff().to_zoned(TimeZone::UTC).year();
        let all = (year(from)..=year(to)).flat_map(|year| MONTHS.map(|(letter, month)| (year, letter, month)));
        let made = all.filter_map(|(year, letter, month)| Self::of(root, year, letter, month));
        Ok(made.filter(|contract| contract.expires > from && contract.expires <= to).collect())
    }

    fn of(root: &str, year: i16, letter: char, month: i8) -> Option<Self> {
        let friday = Date::new(year, month, 1).ok()?.nth_weekday_of_month(3, Weekday::Friday).ok()?;
        let expires = last_opening(friday)?;
        Some(Self { name: format!("{root}{letter}{:02}", year.rem_euclid(100)), expires })
    }
}

/// When New York's shares open on a day or, where they do not, on the last one before.
fn last_opening(day: Date) -> Option<Timestamp> {
    let clock = Calendar::Nyse.clock().ok()?;
    let midnight = |day: Date| {
        let nanos = day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_nanosecond();
        i64::try_from(nanos).ok().map(Timestamp::from_nanos)
    };
    let noon = |midnight: Timestamp| midnight.plus_ns(12 * crate::time::HOUR_NS);
    let mut days = (0..7).filter_map(|ago: i32| midnight(day.checked_sub(ago.days()).ok()?));
    let traded = days.find(|day| clock.session_date(noon(*day)) == *day)?;
    Some(clock.session(noon(traded)).opens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expires(name: &str) -> String {
        Contract::parse(name).unwrap().expires.to_string()
    }

    #[test]
    fn a_third_friday_without_trading_moves_expiry_to_the_day_before() {
        assert_eq!(expires("ESH08"), "2008-03-20T13:30:00Z"); // Good Friday on the 21st
        assert_eq!(expires("MESM26"), "2026-06-18T13:30:00Z"); // Juneteenth on the 19th
        assert_eq!(expires("NQU2013"), "2013-09-20T13:30:00Z");
        assert_eq!(expires("ESZ97"), "1997-12-19T14:30:00Z");
        for bad in ["ES", "ESF24", "CLZ24", "ESZ4", "ESZ024", "ESZ2x", "Z24", "24", ""] {
            assert!(Contract::parse(bad).is_err(), "{bad}");
        }
    }
}
