//! Prices that jump: away and back, or by the ratio of a split.

use super::{Checked, Finding, FindingKind, report::Collector, run::Sound, sessions::Sessions};
use crate::{Bar, Result, market::MarketFact, time::DAY_NS};

/// Bars of a stretch, whose usual range is that of its bars and of its neighbours'.
const STRETCH: usize = 128;
/// A move has come back when less than this share of it is left.
const LEFT: f64 = 0.3;
/// New shares for one old one, in splits that happen; their inverses are reverse splits.
const RATIOS: [f64; 13] = [1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 20.0, 25.0, 50.0, 100.0];
/// A night moves so much beside a split, as a logarithm.
const NIGHT: f64 = 0.05;

pub(super) fn check(checked: &Checked<'_>, sound: &Sound, found: &mut Collector) -> Result<()> {
    outliers(checked, sound, found);
    splits(checked, sound, found)
}

fn outliers(checked: &Checked<'_>, sound: &Sound, found: &mut Collector) {
    let bars = &sound.bars;
    let tick = checked.instrument.map_or(0.0, |instrument| instrument.tick);
    let mut usual = 0.0;
    for (at, (row, bar)) in bars.iter().enumerate() {
        if at % STRETCH == 0 {
            let around = at.saturating_sub(STRETCH)..bars.len().min(at + 2 * STRETCH);
            usual = usual_range(&bars[around]).max(tick);
        }
        if usual == 0.0 {
            continue;
        }
        let limit = checked.options.outlier * usual;
        let close_to = |other: usize| (bars[other].1.time.nanos() - bar.time.nanos()).abs() == sound.period_ns;
        let (before, after) = (at.checked_sub(1).filter(|i| close_to(*i)), Some(at + 1).filter(|i| *i < bars.len()));
        let spike = before.zip(after.filter(|i| close_to(*i))).filter(|(before, after)| {
            let (away, left) = (bar.close - bars[*before].1.close, bars[*after].1.close - bars[*before].1.close);
            away.abs() > limit && left.abs() < LEFT * away.abs()
        });
        let body = (bar.open.max(bar.close), bar.open.min(bar.close));
        let (column, price, far) = if spike.is_some() {
            ("close", bar.close, (bar.close - bars[at - 1].1.close).abs())
        } else if bar.high - body.0 > limit {
            ("high", bar.high, bar.high - body.0)
        } else if body.1 - bar.low > limit {
            ("low", bar.low, body.1 - bar.low)
        } else {
            continue;
        };
        let message = format!("{price} is {far:.6} away and back, {:.0} times the usual range {usual:.6}", far / usual);
        found.add(Finding::new(FindingKind::Outlier, *row, bar.time, message).column(column).value(price));
    }
}

/// The median range of bars, of those that have any.
fn usual_range(bars: &[(usize, Bar)]) -> f64 {
    let mut ranges: Vec<f64> = bars.iter().map(|(_, bar)| bar.high - bar.low).filter(|range| *range > 0.0).collect();
    let middle = ranges.len() / 2;
    if ranges.is_empty() { 0.0 } else { *ranges.select_nth_unstable_by(middle, f64::total_cmp).1 }
}

fn splits(checked: &Checked<'_>, sound: &Sound, found: &mut Collector) -> Result<()> {
    let mut sessions = Sessions::new(checked.calendar)?;
    for (before, row, bar) in sound.pairs() {
        let gap = (bar.open / before.close).ln();
        if !(before.close > 0.0 && gap.abs() > 0.3 && gap.is_finite()) {
            continue;
        }
        let apart = sound.period_ns >= DAY_NS
            || bar.time.nanos() - before.time.nanos() > sound.period_ns
            || sessions.of(before.time) != sessions.of(bar.time);
        let known = checked.events.iter().any(|event| {
            matches!(event.what, MarketFact::Split { .. })
                && event.time >= before.time.plus_ns(-sound.period_ns)
                && event.time < bar.time
        });
        let ratio = RATIOS.into_iter().find(|ratio| (gap.abs() - ratio.ln()).abs() < NIGHT);
        let (Some(ratio), true, false) = (ratio, apart, known) else { continue };
        let seen = bar.open / before.close;
        let what = if gap < 0.0 { format!("{ratio} for 1") } else { format!("1 for {ratio}") };
        let message = format!(
            "opens at {} after a close of {}, {seen:.4} of it: a split of {what}? give it as an event",
            bar.open, before.close
        );
        found.add(Finding::new(FindingKind::Split, row, bar.time, message).column("open").value(seen));
    }
    Ok(())
}
