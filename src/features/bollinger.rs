//! Bollinger bands.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Place, Work},
    indicator::{Stream, ratio},
    moments::Moments,
};
use crate::Bar;

/// Where the close stands between the bands, or how wide they are, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{Bar, features::{BollingerLine, BollingerSpec, FeatureSpec}};
/// let spec = BollingerSpec { period: 2, ..BollingerSpec::default() };
/// let mut place = FeatureSpec::Bollinger(spec).indicator().unwrap();
/// assert!(place.update(&Bar { close: 10.0, ..Bar::default() }).is_nan());
/// assert_eq!(place.update(&Bar { close: 12.0, ..Bar::default() }), 0.5); // 11 in the middle, 9 and 13 the bands
/// ```
///
/// The bands are `mean +- deviations * standard deviation` of the last `period` closes, of the population. Bollinger
/// (2001), "Bollinger on Bollinger Bands". 0 where all of the closes are the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BollingerSpec {
    /// Which of its numbers.
    pub line: BollingerLine,
    /// Bars in the mean.
    pub period: u32,
    /// Standard deviations from the mean to a band; above 0.
    pub deviations: f64,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for BollingerSpec {
    fn default() -> Self {
        let line = BollingerLine::PercentB;
        Self { line, period: 20, deviations: 2.0, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

/// The numbers of a [`BollingerSpec`].
///
/// ```
/// use tradepit::features::BollingerLine;
/// assert_eq!(serde_json::to_string(&BollingerLine::PercentB).unwrap(), r#""percent_b""#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BollingerLine {
    /// `2 * %b - 1`: -1 at the lower band, 1 at the upper one, with `%b = (close - lower) / (upper - lower)`.
    PercentB,
    /// `(upper - lower) / mean`.
    Bandwidth,
}

impl Describe for BollingerSpec {
    fn place(&self) -> Place {
        Place { instrument: self.instrument, timeframe: self.timeframe, scale: self.scale }
    }

    fn names(&self) -> Vec<String> {
        let name = match self.line {
            BollingerLine::PercentB => "bollinger_percent_b",
            BollingerLine::Bandwidth => "bollinger_bandwidth",
        };
        vec![format!("{name}_{}_{}", self.period, self.deviations)]
    }

    fn counts(&self) -> Vec<(&'static str, u32)> {
        vec![("period", self.period)]
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        let deviations = self.deviations;
        if deviations.is_finite() && deviations > 0.0 {
            return Ok(());
        }
        Err(("deviations", format!("{deviations} must be a finite number above 0")))
    }

    fn work(&self) -> Work {
        let bollinger = Bollinger { moments: Moments::new(self.period), deviations: self.deviations };
        let warm_up = self.period as usize - 1;
        Work::Bars(match self.line {
            BollingerLine::PercentB => Stream::boxed(bollinger, warm_up, |bollinger, bar| {
                let (mean, half) = bollinger.update(bar);
                ratio(bar.close - mean, half)
            }),
            BollingerLine::Bandwidth => Stream::boxed(bollinger, warm_up, |bollinger, bar| {
                let (mean, half) = bollinger.update(bar);
                ratio(2.0 * half, mean)
            }),
        })
    }

    fn needs_positive_prices(&self) -> bool {
        self.line == BollingerLine::Bandwidth
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Bollinger {
    moments: Moments,
    deviations: f64,
}

impl Bollinger {
    /// The middle, and from there to a band.
    fn update(&mut self, bar: &Bar) -> (f64, f64) {
        let (mean, variance) = self.moments.update(bar.close);
        (mean, self.deviations * variance.sqrt())
    }
}
