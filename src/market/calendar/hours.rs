//! The hours of one trading date in local time.

use jiff::{
    ToSpan,
    civil::{Date, DateTime, Time, Weekday, date, time},
};

use super::days::{Days, Unusual};

/// From when to when a trading date is traded, and the stretch in it without trading.
pub(super) struct Hours {
    pub(super) opens: DateTime,
    pub(super) closes: DateTime,
    pub(super) pause: Option<(DateTime, DateTime)>,
}

/// The usual hours from a day on. Times of `open` and `pause` lie so many days before the trading date.
#[derive(Debug)]
pub(super) struct Usual {
    from: Date,
    open: (i8, Time),
    /// The opening behind a weekend, a holiday or a shortened day, where it is another.
    open_after_rest: Time,
    close: Time,
    pause: Option<(i8, Time, Time)>,
}

const fn at(hour: i8, minute: i8) -> Time {
    time(hour, minute, 0, 0)
}

const fn always(open: (i8, Time), close: Time) -> Usual {
    Usual { from: Date::MIN, open, open_after_rest: open.1, close, pause: None }
}

pub(super) const NYSE: &[Usual] = &[always((0, at(9, 30)), at(16, 0))];
pub(super) const FOREX: &[Usual] = &[always((1, at(17, 0)), at(17, 0))];
/// CME Group, "Equity Index Later Close for CME Globex Trading Day" (for 19 November 2012: 17:00 to 16:15 with a halt from
/// 15:15 to 15:30; before, 15:30 to 15:15); NinjaTrader, Advisory 25 (from 21 September 2015 to 16:00). The halt was last on
/// 25 June 2021 (pandas_market_calendars).
pub(super) const CME: &[Usual] = &[
    Usual {
        open: (1, at(15, 30)),
        open_after_rest: at(17, 0),
        close: at(15, 15),
        pause: Some((1, at(16, 30), at(17, 0))),
        from: Date::MIN,
    },
    Usual { from: date(2012, 11, 19), close: at(16, 15), ..halted() },
    Usual { from: date(2015, 9, 21), ..halted() },
    Usual { from: date(2021, 6, 28), pause: None, ..halted() },
];

const fn halted() -> Usual {
    Usual { pause: Some((0, at(15, 15), at(15, 30))), ..always((1, at(17, 0)), at(16, 0)) }
}

/// The hours of a trading date; none on a weekend or a holiday.
pub(super) fn of(usual: &[Usual], days: &Days, day: Date) -> Option<Hours> {
    let unusual = if rests(day) { CLOSED } else { days.of(day) };
    let usual = usual.iter().rev().find(|usual| usual.from <= day).filter(|_| !unusual.closed)?;
    let before = |days: i8| day.saturating_sub(i32::from(days).days());
    let opens = unusual.opens.map(|time| day.to_datetime(time)).unwrap_or_else(|| {
        let (ago, time) = usual.open;
        let eve = before(ago);
        let rested = rests(eve) || days.of(eve) != Unusual::default();
        eve.to_datetime(if rested { usual.open_after_rest } else { time })
    });
    let pause = usual.pause.map(|(ago, from, to)| (before(ago).to_datetime(from), before(ago).to_datetime(to)));
    Some(Hours { opens, closes: day.to_datetime(unusual.closes.unwrap_or(usual.close)), pause })
}

const CLOSED: Unusual = Unusual { closed: true, opens: None, closes: None };

fn rests(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}
