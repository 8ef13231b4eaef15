//! The stochastic oscillator.

use serde::{Deserialize, Serialize};

use super::{
    Sma,
    describe::{Describe, Work, place_and_name},
    extreme::RollingMax,
    indicator::Stream,
};
use crate::Bar;

/// Where the close stands between the lowest low and the highest high, -1 to 1, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{Bar, features::{FeatureSpec, StochasticLine, StochasticSpec}};
/// let spec = FeatureSpec::Stochastic(StochasticSpec { line: StochasticLine::FastK, period: 2, ..Default::default() });
/// let mut fast = spec.indicator().unwrap();
/// let bar = |low: f64, high: f64, close: f64| Bar { high, low, close, ..Bar::default() };
/// assert!(fast.update(&bar(8.0, 10.0, 9.0)).is_nan());
/// assert_eq!(fast.update(&bar(9.0, 12.0, 11.0)), 0.5); // %K is 75
/// ```
///
/// `%K / 50 - 1`, with `%K = 100 (close - low) / (high - low)` of the last `period` bars; its averages are simple ones.
/// Lane (1984), "Lane's Stochastics", Technical Analysis of Stocks & Commodities 2(3). Where all of the period was one
/// price, %K is 50, which says nothing; TA-Lib says 0 there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StochasticSpec {
    /// Which of its numbers.
    pub line: StochasticLine,
    /// Bars of the range.
    pub period: u32,
    /// Bars of the average that makes the slow %K of the fast one.
    pub k: u32,
    /// Bars of the average of the slow %K that is %D.
    pub d: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for StochasticSpec {
    fn default() -> Self {
        Self { line: StochasticLine::K, period: 14, k: 3, d: 3, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

/// The numbers of a [`StochasticSpec`].
///
/// ```
/// use tradepit::features::StochasticLine;
/// assert_eq!(serde_json::to_string(&StochasticLine::FastK).unwrap(), r#""fast_k""#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StochasticLine {
    /// %K as it is.
    FastK,
    /// The slow %K, which is also the fast %D: the average of `k` fast ones.
    K,
    /// The slow %D: the average of `d` slow %K.
    D,
}

impl StochasticLine {
    fn name(self) -> &'static str {
        match self {
            Self::FastK => "stochastic_fast_k",
            Self::K => "stochastic_k",
            Self::D => "stochastic_d",
        }
    }
}

impl Describe for StochasticSpec {
    place_and_name!(line.name, period, k, d);

    fn work(&self) -> Work {
        let fast = Stochastic {
            high: RollingMax::new(self.period),
            minus_low: RollingMax::new(self.period),
            smooth: Vec::new(),
        };
        let slow = Stochastic { smooth: vec![Sma::new(self.k)], ..fast.clone() };
        let twice = Stochastic { smooth: vec![Sma::new(self.k), Sma::new(self.d)], ..fast.clone() };
        let (state, more) = match self.line {
            StochasticLine::FastK => (fast, 0),
            StochasticLine::K => (slow, self.k - 1),
            StochasticLine::D => (twice, self.k - 1 + self.d - 1),
        };
        Work::Bars(Stream::boxed(state, (self.period - 1 + more) as usize, Stochastic::update))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stochastic {
    high: RollingMax,
    minus_low: RollingMax,
    /// At most two, one behind the other.
    smooth: Vec<Sma>,
}

impl Stochastic {
    fn update(&mut self, bar: &Bar) -> f64 {
        let (high, low) = (self.high.update(bar.high), -self.minus_low.update(-bar.low));
        if high.is_nan() {
            return f64::NAN;
        }
        let mut value = if high > low { ((bar.close - low) - (high - bar.close)) / (high - low) } else { 0.0 };
        for average in &mut self.smooth {
            if !value.is_nan() {
                value = average.update(value);
            }
        }
        value
    }
}
