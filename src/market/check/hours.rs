//! Whether the times can be those of the calendar: closed hours, the zone, the end of the bar that is stamped.

use super::{Checked, Finding, FindingKind, report::Collector, run::Sound, sessions::Sessions};
use crate::{
    Bar, Result, Timestamp,
    market::Calendar,
    time::{DAY_NS, HOUR_NS, MINUTE_NS},
};

/// More bars than this share in closed hours are no accident.
const ACCIDENT: f64 = 0.01;
/// Bars that a shift of the zone is tried on.
const TRIED: usize = 4_096;
/// Shifts that are tried, in half hours to either side: no zone is further from another that trades the same market.
const SHIFTS: i64 = 28;
/// The busiest hour of US index futures begins with the shares: 08:30 in Chicago, in half hours of the day.
const CME_PEAK: usize = 17;
const HALF_HOURS: usize = 48;

pub(super) fn check(checked: &Checked<'_>, sound: &Sound, found: &mut Collector) -> Result<()> {
    if checked.calendar == Calendar::None || sound.period_ns >= DAY_NS || sound.bars.is_empty() {
        return Ok(());
    }
    let mut sessions = Sessions::new(checked.calendar)?;
    let seen = Seen::of(&mut sessions, sound, found);
    let first = sound.bars[0];
    let doubt = |kind, message: String| Finding::new(kind, first.0, first.1.time, message).column("time");
    if let Some(message) = seen.other_end(sound.bars.len()) {
        found.add(doubt(FindingKind::Stamp, message));
        return Ok(());
    }
    let share = seen.closed as f64 / sound.bars.len() as f64;
    let (hours, message) = if share > ACCIDENT {
        let Some((hours, left)) = best_shift(&mut sessions, sound) else { return Ok(()) };
        let (share, left) = (100.0 * share, 100.0 * left);
        (hours, format!("{share:.1} % of the bars are in closed hours, {left:.1} % if all were {hours:+} h later"))
    } else {
        let Some(hours) = busy_shift(checked, &sessions, sound) else { return Ok(()) };
        (hours, format!("trading is busiest as if the market opened elsewhere; it would fit {hours:+} h later"))
    };
    found.add(doubt(FindingKind::TimeZone, format!("{message}; check the time zone")).value(hours));
    Ok(())
}

/// What bars have to do with sessions.
#[derive(Debug, Default)]
struct Seen {
    sessions: usize,
    closed: usize,
    /// Bars that begin when a session closes, and bars that end when one opens.
    after_close: usize,
    before_open: usize,
}

impl Seen {
    fn of(sessions: &mut Sessions, sound: &Sound, found: &mut Collector) -> Self {
        let (mut seen, mut last) = (Self::default(), None);
        for (row, bar) in &sound.bars {
            let begins = bar.time.plus_ns(-sound.period_ns);
            let before = sessions.of(begins);
            let session = sessions.of(bar.time);
            if last != Some(session) {
                seen.sessions += 1;
                last = Some(session);
            }
            if !is_closed(sessions, bar.time, sound.period_ns) {
                continue;
            }
            seen.closed += 1;
            seen.after_close += usize::from(before.closes == begins);
            seen.before_open += usize::from(session.opens == bar.time);
            let message = format!("a bar closes at {}, when the market is closed", bar.time);
            found.add(Finding::new(FindingKind::ClosedHours, *row, bar.time, message).column("time"));
        }
        seen
    }

    /// Whether closed bars are just those that a mistaken stamp makes: one beside most sessions, and no others.
    fn other_end(&self, bars: usize) -> Option<String> {
        let one_beside = |beside: usize| {
            self.sessions >= 3 && 2 * beside >= self.sessions && self.closed - beside <= (bars / 1000).max(1)
        };
        let text = |beside: usize, what: &str, stamp: &str| {
            format!("{beside} bars {what}: the times look like those of the {stamp}; check the stamp")
        };
        if one_beside(self.after_close) {
            return Some(text(self.after_close, "begin when a session closes", "close, read as those of the open"));
        }
        one_beside(self.before_open)
            .then(|| text(self.before_open, "end when a session opens", "open, read as those of the close"))
    }
}

/// Whether any of the bar that closes at `time` lies outside a session.
fn is_closed(sessions: &mut Sessions, time: Timestamp, period_ns: i64) -> bool {
    let session = sessions.of(time);
    // A long bar may begin before its session does.
    let begins = time.plus_ns(-period_ns.min(5 * MINUTE_NS));
    begins < session.opens
}

/// The shift that leaves by far the fewest bars in closed hours, in hours, and their share then.
fn best_shift(sessions: &mut Sessions, sound: &Sound) -> Option<(f64, f64)> {
    let step = sound.bars.len().div_ceil(TRIED);
    let mut closed = |half_hours: i64| {
        let shift = half_hours * HOUR_NS / 2;
        let tried = sound.bars.iter().step_by(step);
        let (mut all, mut closed) = (0, 0);
        for (_, bar) in tried {
            all += 1;
            closed += usize::from(is_closed(sessions, bar.time.plus_ns(shift), sound.period_ns));
        }
        closed as f64 / all as f64
    };
    let now = closed(0);
    let (shift, left) = (-SHIFTS..=SHIFTS)
        .map(|shift| (shift, closed(shift)))
        .min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.abs().cmp(&b.0.abs())))?;
    (left < 0.25 * now).then_some((shift as f64 / 2.0, left))
}

/// The shift that puts the busiest hour of futures on shares to the opening of these shares, if it is far from there.
fn busy_shift(checked: &Checked<'_>, sessions: &Sessions, sound: &Sound) -> Option<f64> {
    if checked.calendar != Calendar::Cme || sound.period_ns > HOUR_NS / 2 {
        return None;
    }
    let traded = sound.bars.iter().any(|(_, bar)| bar.volume > 0.0);
    let activity = |bar: &Bar| if traded { bar.volume } else { bar.high - bar.low };
    let (mut sums, mut counts) = ([0.0; HALF_HOURS], [0usize; HALF_HOURS]);
    let step = sound.bars.len().div_ceil(16 * TRIED);
    for (_, bar) in sound.bars.iter().step_by(step) {
        let minute = sessions.minute(bar.time.plus_ns(-sound.period_ns));
        let slot = ((minute / 30.0) as usize).min(HALF_HOURS - 1);
        (sums[slot], counts[slot]) = (sums[slot] + activity(bar), counts[slot] + 1);
    }
    // An hour that was hardly ever seen says nothing: a week is needed.
    let needed = 5 * (HOUR_NS / 2 / sound.period_ns) as usize / step;
    let hour = |slot: usize| {
        let slots = [slot, (slot + 1) % HALF_HOURS];
        let count: usize = slots.iter().map(|slot| counts[*slot]).sum();
        let sum: f64 = slots.iter().map(|slot| sums[*slot]).sum();
        (slots.iter().all(|slot| counts[*slot] >= needed.max(1))).then(|| sum / count as f64)
    };
    let expected = hour(CME_PEAK)?;
    let (busiest, most) =
        (0..HALF_HOURS).filter_map(|slot| hour(slot).map(|mean| (slot, mean))).max_by(|a, b| a.1.total_cmp(&b.1))?;
    let half_hours = CME_PEAK as i64 - busiest as i64;
    let wrapped = (half_hours + 24).rem_euclid(HALF_HOURS as i64) - 24;
    (wrapped.abs() > 2 && most > 1.5 * expected).then_some(wrapped as f64 / 2.0)
}
