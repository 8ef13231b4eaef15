//! What the times tell: their order, and the step between them.

use std::collections::BTreeMap;

use super::{Checked, Finding, FindingKind, report::Collector};
use crate::{
    Bar,
    time::{DAY_NS, HOUR_NS, SECOND_NS},
};

pub(super) fn check(checked: &Checked<'_>, found: &mut Collector) {
    let mut rows: Vec<(i64, usize)> = checked.bars.iter().enumerate().map(|(at, bar)| (bar.time.nanos(), at)).collect();
    for pair in checked.bars.windows(2).enumerate() {
        let (at, [before, bar]) = pair else { continue };
        if bar.time < before.time {
            let message = format!("{} is before {} of the row before; sort the rows", bar.time, before.time);
            found.add(Finding::new(FindingKind::Unsorted, checked.row(at + 1), bar.time, message).column("time"));
        }
    }
    rows.sort_unstable();
    let mut first = 0;
    for i in 1..rows.len() {
        if rows[i].0 != rows[first].0 {
            first = i;
            continue;
        }
        let (bar, other, row) = (&checked.bars[rows[i].1], &checked.bars[rows[first].1], checked.row(rows[i].1));
        let same = if same(bar, other) { "with the same values; drop one" } else { "with other values; choose one" };
        let message = format!("{} is that of row {} as well, {same}", bar.time, checked.row(rows[first].1));
        found.add(Finding::new(FindingKind::Duplicate, row, bar.time, message).column("time"));
    }
    // Only where a bar's length is read off the rows: the smallest step would be it.
    let steps = || rows.windows(2).map(|pair| pair[1].0 - pair[0].0).filter(|step| *step > 0);
    let (Some(smallest), usual, None) = (steps().min(), most(steps()), checked.period_ns) else { return };
    if smallest < usual && !(usual == DAY_NS && smallest == DAY_NS - HOUR_NS) {
        let at = (1..rows.len()).find(|&i| rows[i].0 - rows[i - 1].0 == smallest).unwrap_or_default();
        let (small, large) = (smallest as f64 / SECOND_NS as f64, usual as f64 / SECOND_NS as f64);
        let message = format!("{small} s after the row before, but most rows are {large} s apart; give the period");
        let time = checked.bars[rows[at].1].time;
        let finding = Finding::new(FindingKind::Irregular, checked.row(rows[at].1), time, message);
        found.add(finding.column("time").value(small));
    }
}

/// Whether two rows say the same, to the bit.
pub(super) fn same(a: &Bar, b: &Bar) -> bool {
    let bits = |bar: &Bar| [bar.open, bar.high, bar.low, bar.close, bar.volume].map(f64::to_bits);
    bits(a) == bits(b)
}

/// The step that most bars are after the one before, 0 for fewer than two bars.
pub(super) fn usual_step(bars: &[(usize, Bar)]) -> i64 {
    most(bars.windows(2).map(|pair| pair[1].1.time.nanos() - pair[0].1.time.nanos()))
}

/// The most frequent of some numbers, the smallest of them where it is several.
fn most(numbers: impl Iterator<Item = i64>) -> i64 {
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    numbers.for_each(|number| *counts.entry(number).or_default() += 1);
    counts.iter().max_by_key(|(number, count)| (**count, std::cmp::Reverse(**number))).map_or(0, |(number, _)| *number)
}
