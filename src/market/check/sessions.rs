//! The sessions of a calendar, one after the other.

use crate::{
    Result, Timestamp,
    market::{Calendar, Session, SessionClock},
};

/// A calendar that remembers the session it gave last.
#[derive(Debug)]
pub(super) struct Sessions {
    clock: SessionClock,
    last: Option<Session>,
}

impl Sessions {
    pub(super) fn new(calendar: Calendar) -> Result<Self> {
        Ok(Self { clock: calendar.clock()?, last: None })
    }

    /// The session to which a bar that closes at `time` belongs.
    pub(super) fn of(&mut self, time: Timestamp) -> Session {
        let known = self.last.filter(|session| time > session.opens && time <= session.closes);
        let session = known.unwrap_or_else(|| self.clock.session(time));
        self.last = Some(session);
        session
    }

    /// Whether the market trades at some moment of a bar that closes at `time`.
    pub(super) fn expects(&self, time: Timestamp, period_ns: i64) -> bool {
        self.clock.expects(time, period_ns)
    }

    /// Minutes since midnight, in the market's zone.
    pub(super) fn minute(&self, time: Timestamp) -> f64 {
        self.clock.local_minute(time).0
    }
}
