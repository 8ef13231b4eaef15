//! The sessions of a calendar, one after the other.

use crate::{
    Result, Timestamp,
    market::{Calendar, Session, SessionClock},
    time::MINUTE_NS,
};

/// All hours of a calendar begin and end at quarters of an hour.
const QUARTER_NS: i64 = 15 * MINUTE_NS;

/// A calendar that remembers the session it gave last.
#[derive(Debug)]
pub(super) struct Sessions {
    calendar: Calendar,
    clock: SessionClock,
    last: Option<Open>,
}

/// A session, and the stretch in it in which the market pauses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Open {
    pub(super) session: Session,
    pub(super) pause: Option<(Timestamp, Timestamp)>,
}

impl Sessions {
    pub(super) fn new(calendar: Calendar) -> Result<Self> {
        Ok(Self { calendar, clock: calendar.clock()?, last: None })
    }

    /// As [`of`](Self::of), without the pause: what it takes to count years of sessions.
    pub(super) fn bounds(&self, time: Timestamp) -> Session {
        match self.last {
            Some(Open { session, .. }) if time > session.opens && time <= session.closes => session,
            Some(_) | None => self.clock.session(time),
        }
    }

    /// The session to which a bar that closes at `time` belongs.
    pub(super) fn of(&mut self, time: Timestamp) -> Open {
        if let Some(known) = self.last.filter(|Open { session, .. }| time > session.opens && time <= session.closes) {
            return known;
        }
        let session = self.clock.session(time);
        let pause = (self.calendar == Calendar::Cme).then(|| self.pause(session)).flatten();
        *self.last.insert(Open { session, pause })
    }

    /// Asked once a session, because asking for every bar takes longer than all else.
    fn pause(&self, session: Session) -> Option<(Timestamp, Timestamp)> {
        let ends = (1..).map(|quarter| session.opens.plus_ns(quarter * QUARTER_NS));
        let mut shut =
            ends.take_while(|end| *end <= session.closes).filter(|end| !self.clock.expects(*end, QUARTER_NS));
        let first = shut.next()?;
        Some((first.plus_ns(-QUARTER_NS), shut.last().unwrap_or(first)))
    }

    /// Whether the market trades at some moment of a bar that closes at `time`.
    pub(super) fn expects(&mut self, time: Timestamp, period_ns: i64) -> bool {
        let begins = time.plus_ns(-period_ns);
        let Open { session, pause } = self.of(begins.plus_ns(1));
        let (from, to) = (begins.max(session.opens), time.min(session.closes));
        from < to && !pause.is_some_and(|(begins, ends)| begins <= from && to <= ends)
    }

    /// Whether a day of UTC, counted since 1970, has a session. At 14:00 no market here has closed or is about to be the
    /// next day's.
    pub(super) fn trades_on(&self, day: i64) -> bool {
        let noon = day.saturating_mul(24).saturating_add(14).saturating_mul(60 * MINUTE_NS);
        self.clock.session_date(Timestamp::from_nanos(noon)).nanos() == day.saturating_mul(24 * 60 * MINUTE_NS)
    }

    /// Minutes since midnight, in the market's zone.
    pub(super) fn minute(&self, time: Timestamp) -> f64 {
        self.clock.local_minute(time).0
    }
}
