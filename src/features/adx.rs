//! The average directional index.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, ratio},
    wilder::Wilder,
};
use crate::Bar;

/// How strong a trend is, or how much of the range went up or down, 0 to 1, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{AdxLine, AdxSpec, FeatureSpec};
/// let spec: FeatureSpec = serde_json::from_str(r#"{"kind": "adx", "line": "plus_di"}"#).unwrap();
/// assert_eq!(spec, FeatureSpec::Adx(AdxSpec { line: AdxLine::PlusDi, ..AdxSpec::default() }));
/// assert_eq!((spec.names()[0].as_str(), spec.indicator().unwrap().warm_up()), ("plus_di_14", 14));
/// ```
///
/// A hundredth of Wilder's numbers: Wilder (1978), "New Concepts in Technical Trading Systems", section IV. His sums of
/// the first `period` bars are begun as TA-Lib does: with `period - 1` of them, and the next one as any later one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdxSpec {
    /// Which of its numbers.
    pub line: AdxLine,
    /// Bars of Wilder's averages.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for AdxSpec {
    fn default() -> Self {
        Self { line: AdxLine::Adx, period: 14, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

/// The numbers of an [`AdxSpec`].
///
/// ```
/// use tradepit::features::AdxLine;
/// assert_eq!(serde_json::to_string(&AdxLine::PlusDi).unwrap(), r#""plus_di""#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdxLine {
    /// Wilder's average of `|+DI - -DI| / (+DI + -DI)`.
    Adx,
    /// Moves up as a share of the true range.
    PlusDi,
    /// Moves down as a share of the true range.
    MinusDi,
}

impl AdxLine {
    fn name(self) -> &'static str {
        match self {
            Self::Adx => "adx",
            Self::PlusDi => "plus_di",
            Self::MinusDi => "minus_di",
        }
    }
}

impl Describe for AdxSpec {
    place_and_name!(line.name, period);

    fn work(&self) -> Work {
        let adx = Adx { moves: Moves::new(self.period), average: Wilder::new(self.period) };
        let period = self.period as usize;
        Work::Bars(match self.line {
            AdxLine::Adx => Stream::boxed(adx, 2 * period - 1, Adx::update),
            AdxLine::PlusDi => Stream::boxed(adx.moves, period, |moves, bar| {
                let [up, _, range] = moves.update(bar);
                ratio(up, range)
            }),
            AdxLine::MinusDi => Stream::boxed(adx.moves, period, |moves, bar| {
                let [_, down, range] = moves.update(bar);
                ratio(down, range)
            }),
        })
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Adx {
    moves: Moves,
    average: Wilder,
}

impl Adx {
    fn update(&mut self, bar: &Bar) -> f64 {
        let [up, down, _] = self.moves.update(bar);
        if up.is_nan() { f64::NAN } else { self.average.update(ratio((up - down).abs(), up + down)) }
    }
}

/// Directional movement up and down, and the true range, as decaying sums.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Moves {
    period: u32,
    before: Option<Bar>,
    changes: u32,
    sums: [f64; 3],
}

impl Moves {
    fn new(period: u32) -> Self {
        Self { period, before: None, changes: 0, sums: [0.0; 3] }
    }

    /// NaN for the first `period` bars.
    fn update(&mut self, bar: &Bar) -> [f64; 3] {
        let Some(before) = self.before.replace(*bar) else { return [f64::NAN; 3] };
        let (up, down) = (bar.high - before.high, before.low - bar.low);
        let range = bar.high.max(before.close) - bar.low.min(before.close);
        let today = [if up > down { up.max(0.0) } else { 0.0 }, if down > up { down.max(0.0) } else { 0.0 }, range];
        let seeding = self.changes + 1 < self.period;
        for (sum, today) in self.sums.iter_mut().zip(today) {
            *sum += if seeding { today } else { today - *sum / f64::from(self.period) };
        }
        if seeding {
            self.changes += 1;
            return [f64::NAN; 3];
        }
        self.sums
    }
}
