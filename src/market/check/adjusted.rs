//! Whether prices are those that were traded: what adjustments leave behind.

use jiff::civil::{Date, Weekday};

use super::{Checked, Finding, FindingKind, report::Collector, rows::off_tick, run::Sound, sessions::Sessions};
use crate::{
    Bar, Result, Timestamp,
    market::{MarketFact, Settlement},
    time::{DAY_NS, HOUR_NS},
};

/// More prices off the tick than this share are no faults of single rows.
const OFF_TICK: f64 = 0.2;
/// A roll of a quarter shows as an opening that many times the usual one away, and at least so far.
const TIMES: f64 = 6.0;
const AT_LEAST: f64 = 0.0025;
/// A break that is longer than a night's, beyond the bar.
const LONG_NS: i64 = 2 * HOUR_NS;
/// Contracts are rolled within so many days before they expire.
const WINDOW_DAYS: i64 = 12;

pub(super) fn check(checked: &Checked<'_>, sound: &Sound, found: &mut Collector) -> Result<()> {
    let Some((row, first)) = sound.bars.first() else { return Ok(()) };
    let mut suspect = |message: String, value: f64| {
        found.add(Finding::new(FindingKind::BackAdjusted, *row, first.time, message).value(value));
    };
    let off = sound.bars.iter().filter(|(_, bar)| off_tick(checked, bar).is_some()).count();
    let share = off as f64 / sound.bars.len() as f64;
    if share > OFF_TICK {
        let tick = checked.instrument.map_or(0.0, |instrument| instrument.tick);
        let percent = 100.0 * share;
        let message = format!(
            "{percent:.0} % of the bars are off the tick {tick}: adjusted by a ratio, or of another tick; fills need raw prices"
        );
        suspect(message, share);
    }
    if let Some((at, bar)) = sound.bars.iter().find(|(_, bar)| bar.low <= 0.0) {
        let message = format!("{} at row {at} is not above 0: adjusted by differences, or a spread", bar.low);
        suspect(message, bar.low);
    }
    let futures = checked.instrument.is_some_and(|instrument| instrument.settlement == Settlement::Futures);
    let rolled = checked.events.iter().any(|event| matches!(event.what, MarketFact::Roll { .. }));
    if futures && !rolled {
        let (quarters, without) = rolls(checked, sound)?;
        if quarters >= 3 && 2 * without > quarters {
            let message = format!(
                "at {without} of {quarters} quarterly rolls no opening jumps: adjusted for rolls, or of one contract, or \
                 with hardly any carry; levels may not be those that were traded"
            );
            suspect(message, without as f64);
        }
    }
    Ok(())
}

/// Quarterly expiries that the bars pass (third Fridays of March, June, September and December, as CME's index futures
/// have them), and those of them before which no session opens far from the last close.
fn rolls(checked: &Checked<'_>, sound: &Sound) -> Result<(usize, usize)> {
    let mut sessions = Sessions::new(checked.calendar)?;
    let apart = |before: &Bar, bar: &Bar, sessions: &mut Sessions| {
        let step = bar.time.nanos() - before.time.nanos();
        sound.period_ns >= DAY_NS || step > sound.period_ns || sessions.of(before.time) != sessions.of(bar.time)
    };
    // A weekend moves further than a night: each is held against its like.
    let mut openings: Vec<(Timestamp, f64, bool)> = Vec::new();
    for (before, _, bar) in sound.pairs() {
        if before.close > 0.0 && apart(before, bar, &mut sessions) {
            let long = bar.time.nanos() - before.time.nanos() > sound.period_ns + LONG_NS;
            openings.push((bar.time, (bar.open / before.close - 1.0).abs(), long));
        }
    }
    let limit = |long: bool| {
        let mut sizes: Vec<f64> =
            openings.iter().filter(|opening| opening.2 == long).map(|(_, size, _)| *size).collect();
        let middle = sizes.len() / 2;
        let usual = if sizes.is_empty() { 0.0 } else { *sizes.select_nth_unstable_by(middle, f64::total_cmp).1 };
        (TIMES * usual).max(AT_LEAST)
    };
    let limits = [limit(false), limit(true)];
    if openings.is_empty() {
        return Ok((0, 0));
    }
    let (first, last) = (openings[0].0.nanos(), openings[openings.len() - 1].0.nanos());
    let (mut quarters, mut without) = (0, 0);
    for expiry in expiries(first, last) {
        let window = expiry - WINDOW_DAYS * DAY_NS..expiry + DAY_NS;
        if window.start < first || window.end > last {
            continue;
        }
        quarters += 1;
        let jumps = openings
            .iter()
            .any(|(time, size, long)| window.contains(&time.nanos()) && *size > limits[usize::from(*long)]);
        without += usize::from(!jumps);
    }
    Ok((quarters, without))
}

/// Third Fridays of the last months of quarters, as nanoseconds, around a stretch of time.
fn expiries(first: i64, last: i64) -> Vec<i64> {
    let year = |nanos: i64| Timestamp::from_nanos(nanos).to_jiff().to_zoned(jiff::tz::TimeZone::UTC).year();
    let fridays = (year(first)..=year(last)).flat_map(|year| [3, 6, 9, 12].map(|month| (year, month)));
    fridays
        .filter_map(|(year, month)| Date::new(year, month, 1).ok()?.nth_weekday_of_month(3, Weekday::Friday).ok())
        .filter_map(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .filter_map(|day| i64::try_from(day.timestamp().as_nanosecond()).ok())
        .collect()
}
