//! What an account has traded lately.

use serde::{Deserialize, Serialize};

use super::Fill;
use crate::{Timestamp, time::DAY_NS};

/// Units and value that were traded, without a sign.
///
/// ```
/// use tradepit::account::Volume;
/// assert_eq!(Volume::default(), Volume { qty: 0.0, value: 0.0 });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Units, of all instruments together.
    pub qty: f64,
    /// The sum of `|qty * price * multiplier|`, in account currency.
    pub value: f64,
}

/// What an account has traded by the day (UTC), for as long as fees ask for it: a fold over its fills.
///
/// ```
/// use tradepit::{InstrumentId, Timestamp, account::{Fill, TradedVolume}, order::OrderId};
/// let at = |text: &str| -> Timestamp { text.parse().unwrap() };
/// let mut traded = TradedVolume::default();
/// for time in ["2024-02-20T10:00:00Z", "2024-03-01T10:00:00Z"] {
///     traded.apply(&Fill { qty: -2.0, price: 5000.0, reference: 5000.0, fee: 0.0, multiplier: 50.0, time: at(time),
///         order: OrderId(0), instrument: InstrumentId(0), futures: true });
/// }
/// // March has begun; the day in February is one of the last 30.
/// assert_eq!((traded.month(at("2024-03-02T00:00:00Z")).qty, traded.month(at("2024-04-01T00:00:00Z")).qty), (2.0, 0.0));
/// assert_eq!(traded.thirty_days(at("2024-03-20T23:59:59Z")).qty, 4.0);
/// assert_eq!(traded.thirty_days(at("2024-03-21T00:00:00Z")).value, 500_000.0);
/// ```
///
/// It holds at most 31 days.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TradedVolume(Vec<Day>);

/// Days since 1970, and what was traded on that one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    day: i64,
    traded: Volume,
}

/// The longest month.
const DAYS: usize = 31;

fn day(time: Timestamp) -> i64 {
    time.nanos().div_euclid(DAY_NS)
}

impl TradedVolume {
    /// Folds one fill in.
    pub fn apply(&mut self, fill: &Fill) {
        let day = day(fill.time);
        let at = self.0.partition_point(|known| known.day < day);
        if self.0.get(at).is_none_or(|known| known.day != day) {
            self.0.insert(at, Day { day, traded: Volume::default() });
        }
        let traded = &mut self.0[at].traded;
        traded.qty += fill.qty.abs();
        traded.value += fill.value();
        if self.0.len() > DAYS {
            self.0.remove(0);
        }
    }

    /// What was traded in the calendar month of `now`, in UTC.
    #[must_use]
    pub fn month(&self, now: Timestamp) -> Volume {
        let date = now.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date();
        self.since(day(now) + 1 - i64::from(date.day()))
    }

    /// What was traded on the day of `now` and the 29 before it, in UTC.
    #[must_use]
    pub fn thirty_days(&self, now: Timestamp) -> Volume {
        self.since(day(now) - 29)
    }

    fn since(&self, first: i64) -> Volume {
        let days = self.0.iter().filter(|known| known.day >= first).map(|known| known.traded);
        days.fold(Volume::default(), |sum, day| Volume { qty: sum.qty + day.qty, value: sum.value + day.value })
    }

    /// Forgets everything, as for a new account.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Makes room for all that it will hold.
    pub(crate) fn reserve(&mut self) {
        self.0.reserve_exact((DAYS + 1).saturating_sub(self.0.len()));
    }

    /// Whether nothing is known to have been traded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
