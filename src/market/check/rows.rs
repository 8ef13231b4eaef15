//! What a row alone tells: its values, the tick, the volume.

use super::{Checked, Finding, FindingKind, report::Collector};
use crate::Bar;

/// So far from a tick, in ticks, a price is off it; above the rounding of decimal prices of any size.
const OFF: f64 = 1e-4;

type Column = (&'static str, fn(&Bar) -> f64);

const COLUMNS: [Column; 5] =
    [("open", |b| b.open), ("high", |b| b.high), ("low", |b| b.low), ("close", |b| b.close), ("volume", |b| b.volume)];

pub(super) fn check(checked: &Checked<'_>, found: &mut Collector) {
    let traded = checked.bars.iter().any(|bar| bar.volume > 0.0);
    let mut none = checked.bars.first().filter(|_| !traded).map(|bar| (checked.row(0), bar.time));
    for (at, bar) in checked.bars.iter().enumerate() {
        let row = checked.row(at);
        let mut finite = true;
        for (name, of) in COLUMNS {
            let value = of(bar);
            if !value.is_finite() {
                finite = false;
                let message = format!("{value} is not a finite number; fill or drop the row");
                found.add(Finding::new(FindingKind::NotFinite, row, bar.time, message).column(name).value(value));
            }
        }
        if !finite {
            none = none.filter(|_| bar.volume.is_finite());
            continue;
        }
        if let Err((column, message)) = bar.check() {
            let kind = if column == "volume" { FindingKind::NegativeVolume } else { FindingKind::Ohlc };
            let of = COLUMNS.iter().find(|(name, _)| *name == column).map_or(f64::NAN, |(_, of)| of(bar));
            found.add(Finding::new(kind, row, bar.time, message).column(column).value(of));
        }
        if traded && bar.volume == 0.0 {
            let message = "no unit traded, where other rows have volume; was the row filled in?";
            found.add(Finding::new(FindingKind::ZeroVolume, row, bar.time, message).column("volume").value(0.0));
        }
        if let Some((column, price)) = off_tick(checked, bar) {
            let tick = checked.instrument.map_or(0.0, |instrument| instrument.tick);
            let message = format!("{price} is not a multiple of the tick {tick}");
            found.add(Finding::new(FindingKind::OffTick, row, bar.time, message).column(column).value(price));
        }
    }
    if let Some((row, time)) = none {
        let message = "no row has volume; what needs it (caps on it, its features) says nothing here";
        found.add(Finding::new(FindingKind::NoVolume, row, time, message).column("volume"));
    }
}

/// The first price of a bar that is between two ticks.
pub(super) fn off_tick(checked: &Checked<'_>, bar: &Bar) -> Option<(&'static str, f64)> {
    let tick = checked.instrument?.tick;
    let off = |price: f64| {
        let ticks = price / tick;
        (ticks - ticks.round()).abs() > OFF.max(ticks.abs() * 1e-12)
    };
    COLUMNS[..4].iter().map(|(name, of)| (*name, of(bar))).find(|(_, price)| off(*price))
}
