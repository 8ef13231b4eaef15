//! Time cut into pieces of one length, none of which lies in two sessions.

use super::{Session, SessionClock};
use crate::{Timestamp, time::DAY_NS};

/// Where the bars of a longer period end.
///
/// A session is cut from its opening on, and its last piece ends with it, however short. What lies before the opening is cut
/// backward from it, but for a period of a day, which is a session with all that belongs to it. Without sessions, and for
/// periods longer than a day, time is cut at whole multiples of the period since 1970 UTC.
///
/// ```
/// use tradepit::{market::{Calendar, Intervals}, time::HOUR_NS};
/// let mut hours = Intervals::new(Calendar::Nyse.clock().unwrap(), HOUR_NS);
/// let mut end = |time: &str| hours.end(time.parse().unwrap()).to_string();
/// assert_eq!(end("2024-03-01T14:31:00Z"), "2024-03-01T15:30:00Z"); // 09:30 to 10:30 in New York
/// assert_eq!(end("2024-03-01T20:31:00Z"), "2024-03-01T21:00:00Z"); // the last half hour
/// ```
#[derive(Clone, Debug)]
pub struct Intervals {
    clock: SessionClock,
    length_ns: i64,
    session: Option<Session>,
}

impl Intervals {
    /// Of a length, at least a nanosecond.
    #[must_use]
    pub fn new(clock: SessionClock, length_ns: i64) -> Self {
        Self { clock, length_ns: length_ns.max(1), session: None }
    }

    /// The end of the interval to which a bar belongs that closes at `time`; at its fastest for times in order.
    pub fn end(&mut self, time: Timestamp) -> Timestamp {
        if self.length_ns > DAY_NS {
            return self.piece(time, 0);
        }
        let known = self.session.filter(|known| known.opens < time && time <= known.closes);
        let Session { opens, closes } = known.unwrap_or_else(|| self.clock.session(time));
        self.session = Some(Session { opens, closes });
        match (closes.nanos() == i64::MAX, self.length_ns == DAY_NS) {
            (true, _) => self.piece(time, 0),
            (false, true) => closes,
            (false, false) => self.piece(time, opens.nanos()).min(closes),
        }
    }

    /// The end of a piece, counted from a moment on.
    fn piece(&self, time: Timestamp, from: i64) -> Timestamp {
        let before = time.nanos().saturating_sub(1).saturating_sub(from).div_euclid(self.length_ns);
        Timestamp::from_nanos(before.saturating_add(1).saturating_mul(self.length_ns).saturating_add(from))
    }
}
