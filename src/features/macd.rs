//! Moving average convergence and divergence.

use serde::{Deserialize, Serialize};

use super::{
    Ema,
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, ratio},
};
use crate::Bar;

/// The fast average of the close minus the slow one, relative to the close, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{FeatureSpec, MacdLine, MacdSpec};
/// let spec: FeatureSpec = serde_json::from_str(r#"{"kind": "macd", "line": "histogram"}"#).unwrap();
/// assert_eq!(spec, FeatureSpec::Macd(MacdSpec { line: MacdLine::Histogram, ..MacdSpec::default() }));
/// assert_eq!(spec.names(), ["macd_histogram_12_26_9"]);
/// ```
///
/// Appel (1979), "The Moving Average Convergence Divergence Trading Method". As in TA-Lib, both averages begin at the same
/// bar, each with the simple average of its own period, and the signal with the simple average of the first lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MacdSpec {
    /// Which of its numbers.
    pub line: MacdLine,
    /// Bars of the fast average.
    pub fast: u32,
    /// Bars of the slow average, more than `fast`.
    pub slow: u32,
    /// Bars of the average of the line.
    pub signal: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for MacdSpec {
    fn default() -> Self {
        Self { line: MacdLine::Line, fast: 12, slow: 26, signal: 9, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

/// The numbers of a [`MacdSpec`].
///
/// ```
/// use tradepit::features::MacdLine;
/// assert_eq!(serde_json::to_string(&MacdLine::Signal).unwrap(), r#""signal""#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MacdLine {
    /// `(EMA fast - EMA slow) / close`.
    Line,
    /// The exponential average of the line in points, relative to the close.
    Signal,
    /// Line minus signal.
    Histogram,
}

impl MacdLine {
    fn name(self) -> &'static str {
        match self {
            Self::Line => "macd",
            Self::Signal => "macd_signal",
            Self::Histogram => "macd_histogram",
        }
    }
}

impl Describe for MacdSpec {
    place_and_name!(line.name, fast, slow, signal);

    fn check(&self) -> Result<(), (&'static str, String)> {
        let Self { fast, slow, .. } = self;
        if fast < slow { Ok(()) } else { Err(("fast", format!("{fast} must be below slow, which is {slow}"))) }
    }

    fn work(&self) -> Work {
        let macd = Macd {
            fast: Ema::new(self.fast),
            slow: Ema::new(self.slow),
            signal: Ema::new(self.signal),
            wait: self.slow - self.fast,
        };
        let line = self.slow as usize - 1;
        let signal = line + self.signal as usize - 1;
        Work::Bars(match self.line {
            MacdLine::Line => Stream::boxed(macd, line, |macd, bar| ratio(macd.update(bar)[0], bar.close)),
            MacdLine::Signal => Stream::boxed(macd, signal, |macd, bar| ratio(macd.update(bar)[1], bar.close)),
            MacdLine::Histogram => Stream::boxed(macd, signal, |macd, bar| {
                let [line, signal] = macd.update(bar);
                ratio(line - signal, bar.close)
            }),
        })
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Macd {
    fast: Ema,
    slow: Ema,
    signal: Ema,
    /// Bars that the fast average leaves out, to begin together with the slow one.
    wait: u32,
}

impl Macd {
    /// Line and signal in points of price.
    fn update(&mut self, bar: &Bar) -> [f64; 2] {
        let slow = self.slow.update(bar.close);
        if self.wait > 0 {
            self.wait -= 1;
            return [f64::NAN; 2];
        }
        let line = self.fast.update(bar.close) - slow;
        [line, if line.is_nan() { f64::NAN } else { self.signal.update(line) }]
    }
}
