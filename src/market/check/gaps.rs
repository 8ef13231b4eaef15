//! What is missing between two bars.

use super::{Checked, Finding, FindingKind, Severity, report::Collector, run::Sound, sessions::Sessions};
use crate::{
    Result, Timestamp,
    market::{Calendar, Session},
    time::{DAY_NS, SECOND_NS},
};

/// What a calendar expects between two bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Missing {
    /// Bars of sessions of which others are there.
    pub(super) bars: i64,
    /// Sessions without any.
    pub(super) sessions: i64,
}

pub(super) fn check(checked: &Checked<'_>, sound: &Sound, found: &mut Collector) -> Result<()> {
    let (period, mut sessions) = (sound.period_ns, Sessions::new(checked.calendar)?);
    let weekends = sound.bars.iter().any(|(_, bar)| is_weekend(day_of(bar.time, period)));
    for (before, row, bar) in sound.pairs() {
        let step = bar.time.nanos() - before.time.nanos();
        if step <= period {
            continue;
        }
        let missing = if period >= DAY_NS {
            missing_days(checked.calendar, &sessions, (before.time, bar.time), period, weekends)
        } else {
            missing(&mut sessions, before.time, bar.time, period)
        };
        let between = format!("between {} and {}", before.time, bar.time);
        if missing.bars > 0 {
            let seconds = period as f64 / SECOND_NS as f64;
            let message = format!("{} bars of {seconds} s missing {between}", missing.bars);
            let mut gap = Finding::new(FindingKind::Gap, row, bar.time, message).value(missing.bars as f64);
            if checked.calendar == Calendar::None {
                // Nights and weekends are among them: nobody said when the market is open.
                gap.severity = Severity::Note;
            }
            found.add(gap);
        }
        if missing.sessions > 0 {
            let message = format!("{} whole sessions missing {between}", missing.sessions);
            let mut finding = Finding::new(FindingKind::MissingSession, row, bar.time, message);
            // Without a calendar a holiday is one; but hardly ever three in a row.
            if checked.calendar == Calendar::None && missing.sessions <= 2 {
                finding.severity = Severity::Note;
            }
            found.add(finding.value(missing.sessions as f64));
        }
    }
    Ok(())
}

/// The rule: bars of `period_ns` that a calendar expects after one that closed `after` and before one that closes at
/// `until`. The one place that asks a calendar when the market was open.
pub(super) fn missing(sessions: &mut Sessions, after: Timestamp, until: Timestamp, period_ns: i64) -> Missing {
    let mut missing = Missing::default();
    let end = until.nanos() - period_ns;
    let mut begins = after.plus_ns(1);
    loop {
        let Session { opens, closes } = sessions.bounds(begins);
        let (from, to) = (after.max(opens).nanos(), end.min(closes.nanos()));
        let all = to.saturating_sub(from).max(0) / period_ns;
        if from == opens.nanos() && to == closes.nanos() && closes < until && all > 0 {
            missing.sessions += 1;
        } else {
            // Those of which no moment is outside the pause.
            let paused = sessions.of(begins).pause.map_or(0, |(begins, ends)| {
                let bar = |moment: Timestamp, up: i64| (moment.nanos() - from + up).div_euclid(period_ns).clamp(0, all);
                (bar(ends, 0) - bar(begins, period_ns - 1)).max(0)
            });
            missing.bars += all - paused;
        }
        if closes.nanos() >= end {
            return missing;
        }
        begins = closes.plus_ns(1);
    }
}

/// As [`missing`], of bars of a day or more: the days between that have a session; without a calendar all of them, or
/// those of the week where no bar is on a weekend.
fn missing_days(
    calendar: Calendar,
    sessions: &Sessions,
    (after, until): (Timestamp, Timestamp),
    period_ns: i64,
    weekends: bool,
) -> Missing {
    if period_ns > DAY_NS {
        let bars = (until.nanos() - after.nanos()) / period_ns - 1;
        return Missing { bars: bars.max(0), sessions: 0 };
    }
    let open = |day: &i64| match calendar {
        Calendar::None => weekends || !is_weekend(*day),
        Calendar::Cme | Calendar::Nyse | Calendar::Forex | Calendar::Utc => sessions.trades_on(*day),
    };
    let sessions = (day_of(after, period_ns) + 1..day_of(until, period_ns)).filter(open).count() as i64;
    Missing { bars: 0, sessions }
}

/// Days since 1970 of the middle of a bar: its own day, wherever in it midnight was.
fn day_of(closes: Timestamp, period_ns: i64) -> i64 {
    (closes.nanos() - period_ns / 2).div_euclid(DAY_NS)
}

/// Day 0 was a Thursday.
fn is_weekend(day: i64) -> bool {
    (day + 3).rem_euclid(7) >= 5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MINUTE_NS;

    fn between(calendar: Calendar, after: &str, until: &str) -> (i64, i64) {
        let mut sessions = Sessions::new(calendar).unwrap();
        let missing = missing(&mut sessions, after.parse().unwrap(), until.parse().unwrap(), MINUTE_NS);
        (missing.bars, missing.sessions)
    }

    #[test]
    fn only_open_hours_count() {
        let cme = |after: &str, until: &str| between(Calendar::Cme, after, until);
        assert_eq!(cme("2024-03-01T14:30:00Z", "2024-03-01T14:31:00Z"), (0, 0));
        assert_eq!(cme("2024-03-01T14:30:00Z", "2024-03-01T14:34:00Z"), (3, 0));
        // The daily break, and a weekend, which ends on Sunday.
        assert_eq!(cme("2024-02-29T22:00:00Z", "2024-02-29T23:01:00Z"), (0, 0));
        assert_eq!(cme("2024-03-01T22:00:00Z", "2024-03-03T23:01:00Z"), (0, 0));
        assert_eq!(cme("2024-03-01T21:55:00Z", "2024-03-03T23:03:00Z"), (7, 0));
        // Monday's session is the one that begins on Sunday.
        assert_eq!(cme("2024-03-01T22:00:00Z", "2024-03-04T23:01:00Z"), (0, 1));
        let nyse = |after: &str, until: &str| between(Calendar::Nyse, after, until);
        assert_eq!(nyse("2024-03-01T20:59:00Z", "2024-03-04T14:31:00Z"), (1, 0));
        assert_eq!(nyse("2024-02-29T21:00:00Z", "2024-03-05T14:32:00Z"), (1, 2));
        // Thanksgiving, and the half day after it.
        assert_eq!(nyse("2024-11-27T20:58:00Z", "2024-12-02T14:31:00Z"), (2, 1));
        // The halt of those years, from 15:15 to 15:30 in Chicago.
        assert_eq!(cme("2019-03-01T21:14:00Z", "2019-03-01T21:32:00Z"), (2, 0));
        assert_eq!(cme("2019-03-01T21:15:00Z", "2019-03-01T21:31:00Z"), (0, 0));
        assert_eq!(between(Calendar::Utc, "2024-03-01T23:59:00Z", "2024-03-02T00:02:00Z"), (2, 0));
        assert_eq!(between(Calendar::None, "2024-03-01T23:59:00Z", "2024-03-02T00:02:00Z"), (2, 0));
        assert_eq!(between(Calendar::Forex, "2024-03-01T22:00:00Z", "2024-03-03T22:02:00Z"), (1, 0));
    }
}
