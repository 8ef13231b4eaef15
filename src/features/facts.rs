//! What is known of an instrument with a row, beside its bar.

use crate::{
    Bar, InstrumentId, Timestamp,
    market::{MarketFact, Quote, RowDetails, Session, SessionClock},
    time::MINUTE_NS,
};

/// All that is known of one instrument when its bar closes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) bar: Bar,
    /// The quote that stood when the bar opened, if one had come.
    pub(super) quote: Option<Quote>,
    pub(super) moment: Moment,
    /// Whether another contract began with the bar.
    pub(super) rolled: bool,
    /// Whether prices and quotes before the bar do not compare.
    pub(super) moved: bool,
}

impl Facts {
    pub(super) fn new(instrument: usize, bar: &Bar, moment: Moment, details: &RowDetails<'_>) -> Self {
        let own = details.events.iter().filter(|event| event.instrument == InstrumentId(instrument as u32));
        let (mut rolled, mut moved) = (false, false);
        for event in own {
            rolled |= matches!(event.what, MarketFact::Roll { .. });
            moved |= event.what.moves_prices();
        }
        let quote = details.quotes.get(instrument).copied().flatten();
        Self { bar: *bar, quote, moment, rolled, moved }
    }
}

/// Where a moment lies in its session, its day and its week.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) session: Session,
    /// Minutes since local midnight.
    pub(super) minute: f64,
    /// Monday is 0.
    pub(super) weekday: u8,
}

/// The moments of bars, in order of time. Calendars are slow to ask: they are, once a session and once a quarter of an
/// hour.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    clock: SessionClock,
    /// From the first moment that asked for it to its close.
    session: Option<(Timestamp, Session)>,
    /// Its number since 1970, and where it begins: local minute and weekday. Markets change their clocks, and begin their
    /// days, at whole quarters only.
    quarter: Option<(i64, f64, u8)>,
}

const QUARTER_NS: i64 = 15 * MINUTE_NS;

impl Moments {
    pub(super) fn new(clock: SessionClock) -> Self {
        Self { clock, session: None, quarter: None }
    }

    pub(super) fn at(&mut self, time: Timestamp) -> Moment {
        let (_, session) = match self.session {
            Some(known) if known.0 <= time && time <= known.1.closes => known,
            _ => *self.session.insert((time, self.clock.session(time))),
        };
        let (number, since_ns) = (time.nanos().div_euclid(QUARTER_NS), time.nanos().rem_euclid(QUARTER_NS));
        let (_, minute, weekday) = match self.quarter {
            Some(known) if known.0 == number => known,
            _ => {
                let (minute, weekday) = self.clock.local_minute(time.plus_ns(-since_ns));
                *self.quarter.insert((number, minute, weekday))
            }
        };
        Moment { session, minute: minute + since_ns as f64 / MINUTE_NS as f64, weekday }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{market::Calendar, time::HOUR_NS};

    #[test]
    fn what_is_remembered_is_what_the_calendar_says() {
        // Over the change to summer time of 2024 and the weekend before it, in steps that fall on no whole quarter.
        let start: Timestamp = "2024-03-08T00:00:00Z".parse().unwrap();
        for calendar in [Calendar::Cme, Calendar::Nyse, Calendar::Forex, Calendar::Utc, Calendar::None] {
            let clock = calendar.clock().unwrap();
            let mut moments = Moments::new(clock.clone());
            for step in 0..4 * 24 * 12 {
                let time = start.plus_ns(step * HOUR_NS / 12);
                let Moment { session, minute, weekday } = moments.at(time);
                assert_eq!((session, (minute, weekday)), (clock.session(time), clock.local_minute(time)), "{time}");
            }
        }
    }
}
