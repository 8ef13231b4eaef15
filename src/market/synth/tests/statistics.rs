//! Estimates with their standard errors, which the tests of moments need.

use crate::{
    Instrument, MarketData,
    market::{
        Calendar,
        synth::{SynthRows, SynthSpec},
    },
    time::{DAY_NS, MINUTE_NS},
};

/// A grid that rounding does not show on.
pub(super) fn fine() -> Instrument {
    Instrument { tick: 1e-8, ..Instrument::equity("FINE") }
}

pub(super) fn minutes(bars: usize) -> SynthRows {
    SynthRows {
        instrument: fine(),
        calendar: Calendar::Utc,
        period_ns: MINUTE_NS,
        bars,
        price: 1_000.0,
        ..SynthRows::default()
    }
}

pub(super) fn days(bars: usize) -> SynthRows {
    SynthRows { period_ns: DAY_NS, ..minutes(bars) }
}

/// Length of a bar in years.
pub(super) fn years(rows: &SynthRows) -> f64 {
    1.0 / rows.calendar.bars_per_year(rows.period_ns)
}

/// Log returns from open to close: with no gaps, all there is.
pub(super) fn returns(spec: &SynthSpec, rows: &SynthRows, seed: u64) -> Vec<f64> {
    of(&spec.market(rows, seed).unwrap())
}

pub(super) fn of(data: &MarketData) -> Vec<f64> {
    data.bars().iter().map(|bar| (bar.close / bar.open).ln()).collect()
}

/// Mean of `values`, and its standard error from the means of 50 batches: it holds for dependent values too.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let batch = values.len() / 50;
    let means: Vec<f64> = values.chunks_exact(batch).map(|c| c.iter().sum::<f64>() / batch as f64).collect();
    let n = means.len() as f64;
    let mean = means.iter().sum::<f64>() / n;
    let variance = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// Whether the truth is within four standard errors, and these are small enough to say something.
pub(super) fn agrees(what: &str, (estimate, error): (f64, f64), truth: f64, scale: f64) {
    assert!((estimate - truth).abs() <= 4.0 * error, "{what}: {estimate} +- {error}, the closed form gives {truth}");
    assert!(error < scale, "{what}: {estimate} +- {error} says nothing about {truth}");
}
