//! Illiquidity: how far a price moves for what is traded.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, ratio},
    lag::Lag,
    window::RollingSum,
};
use crate::Bar;

/// Amihud's illiquidity times the mean turnover, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{Bar, features::{AmihudSpec, FeatureSpec}};
/// let mut amihud = FeatureSpec::Amihud(AmihudSpec { period: 2, ..AmihudSpec::default() }).indicator().unwrap();
/// let bar = |close: f64, volume: f64| Bar { close, volume, ..Bar::default() };
/// assert!(amihud.update(&bar(8.0, 1.0)).is_nan() && amihud.update(&bar(10.0, 4.0)).is_nan());
/// // Moves of 0.25 and 0.5, turnovers of 40 and 15.
/// assert_eq!(amihud.update(&bar(5.0, 3.0)), (0.25 / 40.0 + 0.5 / 15.0) / 2.0 * (40.0 + 15.0) / 2.0);
/// ```
///
/// `mean(|r_i| / v_i) * mean(v_i)` over the last `period` bars, but for those in which nothing traded; `r` is the bar's
/// simple return and `v` its turnover, `close * volume`. The first mean is the measure of Amihud (2002), "Illiquidity and
/// Stock Returns", Journal of Financial Markets 5(1), equation 1. Its unit is 1 / money: it differs by orders between
/// instruments and asks for the contract's multiplier. Times the mean turnover it is a return, that of a bar of usual
/// turnover. 0 where nothing traded at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AmihudSpec {
    /// Bars in the means.
    pub period: u32,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for AmihudSpec {
    fn default() -> Self {
        Self { period: 20, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

impl Describe for AmihudSpec {
    place_and_name!("amihud", period);

    fn work(&self) -> Work {
        let sum = RollingSum::new(self.period);
        let amihud = Amihud { before: Lag::new(1), impact: sum.clone(), turnover: sum.clone(), traded: sum };
        Work::Bars(Stream::boxed(amihud, self.period as usize, Amihud::update))
    }

    fn needs_positive_prices(&self) -> bool {
        true
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Amihud {
    before: Lag,
    impact: RollingSum,
    turnover: RollingSum,
    /// Bars in which something traded.
    traded: RollingSum,
}

impl Amihud {
    fn update(&mut self, bar: &Bar) -> f64 {
        let before = self.before.update(bar.close);
        if before.is_nan() {
            return f64::NAN;
        }
        let turnover = bar.close * bar.volume;
        let step = ratio((bar.close - before).abs(), before);
        let (impact, turnover) = (self.impact.update(ratio(step, turnover)), self.turnover.update(turnover));
        let traded = self.traded.update(if bar.volume > 0.0 { 1.0 } else { 0.0 });
        ratio(impact * turnover, traded * traded)
    }
}
