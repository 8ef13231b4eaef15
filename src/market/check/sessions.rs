//! The sessions of a calendar, one after the other.

use crate::{
    Result, Timestamp,
    market::{Calendar, Session, SessionClock},
};

/// A calendar that remembers the session it gave last.
#[derive(Debug)]
pub(super) struct Sessions {
    calendar: Calendar,
    clock: SessionClock,
    last: Option<Session>,
}

impl Sessions {
    pub(super) fn new(calendar: Calendar) -> Result<Self> {
        Ok(Self { calendar, clock: calendar.clock()?, last: None })
    }

    /// The session to which a bar that closes at `time` belongs.
    pub(super) fn of(&mut self, time: Timestamp) -> Session {
        let known = self.last.filter(|session| time > session.opens && time <= session.closes);
        let session = known.unwrap_or_else(|| self.clock.session(time));
        self.last = Some(session);
        session
    }

    /// Whether the market trades in that session at all.
    pub(super) fn trades(&self, session: Session) -> bool {
        match self.calendar {
            Calendar::Cme | Calendar::Nyse | Calendar::Forex => self.clock.local_minute(session.closes).1 < 5,
            Calendar::Utc | Calendar::None => true,
        }
    }

    /// Minutes since midnight, in the market's zone.
    pub(super) fn minute(&self, time: Timestamp) -> f64 {
        self.clock.local_minute(time).0
    }
}
