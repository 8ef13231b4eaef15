//! Running volatility and volume of days.

use std::collections::VecDeque;

use crate::{Bar, market::MarketFact};

/// Volatility of a day's return and units traded a day, over the last days that are complete.
///
/// ```
/// use tradepit::{Bar, models::DailyStats};
/// let mut stats = DailyStats::new(20);
/// let bar = |close, volume| Bar { close, volume, ..Bar::default() };
/// stats.push(&bar(100.0, 600.0), true);
/// stats.push(&bar(101.0, 400.0), false);
/// assert!(stats.adv().is_nan()); // the first day is not over
/// stats.push(&bar(100.0, 900.0), true);
/// assert_eq!(stats.adv(), 1000.0);
/// assert!((stats.sigma() - 1.01_f64.ln()).abs() < 1e-12);
/// ```
///
/// A day's variance is the sum of the squares of its bars' log returns (realised variance: Andersen, Bollerslev,
/// Diebold and Labys, 2003, "Modeling and Forecasting Realized Volatility", equation 6), the night before included; its
/// square root after averaging over the days is `sigma`. Both are NaN until a day is complete; `sigma` also where no bar
/// had one before it, as for the first of daily bars, and `adv` where nothing was traded. A day that is under way counts
/// for nothing, so that a session's shape by the hour does not show; neither does one that began before the first bar.
/// The same code serves a simulation (push the bars in order) and a live session.
#[derive(Clone, Debug)]
pub struct DailyStats {
    days: usize,
    /// Variance and volume of complete days, oldest first; no variance where no bar had one before it.
    complete: VecDeque<(f64, f64)>,
    today: Option<(f64, f64)>,
    close: f64,
    sigma: f64,
    adv: f64,
}

impl DailyStats {
    /// Over `days` days, at least 1.
    #[must_use]
    pub fn new(days: usize) -> Self {
        let (sigma, adv) = (f64::NAN, f64::NAN);
        Self { days: days.max(1), complete: VecDeque::new(), today: None, close: f64::NAN, sigma, adv }
    }

    /// Something happens to the instrument before the open of the next bar: what was known reads as it does afterwards, so
    /// that a split, a dividend or a roll is no return. `multiplier` is the money of a point and a unit.
    ///
    /// ```
    /// use tradepit::{Bar, market::MarketFact, models::DailyStats};
    /// let bar = |close, volume| Bar { close, volume, ..Bar::default() };
    /// let mut stats = DailyStats::new(20);
    /// for close in [100.0, 101.0] {
    ///     stats.push(&bar(close, 600.0), true);
    /// }
    /// stats.happen(&MarketFact::Split { ratio: 2.0 }, 1.0);
    /// stats.push(&bar(50.5, 1200.0), true);
    /// assert!(stats.sigma() < 0.01 && stats.adv() == 1200.0);
    /// ```
    pub fn happen(&mut self, what: &MarketFact, multiplier: f64) {
        let known = Bar { close: self.close, volume: 1.0, ..Bar::default() };
        let Bar { close, volume: units, .. } = what.ex(&known, multiplier);
        self.close = close;
        let days = self.complete.iter_mut().chain(&mut self.today);
        days.for_each(|(_, volume)| *volume *= units);
        self.adv *= units;
    }

    /// Takes a bar that has closed; `begins` says that a day begins with it.
    pub fn push(&mut self, bar: &Bar, begins: bool) {
        if begins && let Some(day) = self.today.take() {
            self.complete.push_back(day);
            if self.complete.len() > self.days {
                self.complete.pop_front();
            }
            let moved = self.complete.iter().map(|day| day.0).filter(|variance| variance.is_finite());
            let (variance, days) = moved.fold((0.0, 0.0), |sum, variance| (sum.0 + variance, sum.1 + 1.0));
            self.sigma = (variance / days).sqrt();
            let volume: f64 = self.complete.iter().map(|day| day.1).sum();
            self.adv = if volume > 0.0 { volume / self.complete.len() as f64 } else { f64::NAN };
        }
        if begins {
            self.today = Some((f64::NAN, 0.0));
        }
        let moved = (bar.close / self.close).ln();
        if let Some((variance, volume)) = &mut self.today {
            if moved.is_finite() {
                *variance = if variance.is_nan() { 0.0 } else { *variance } + moved * moved;
            }
            *volume += bar.volume;
        }
        self.close = bar.close;
    }

    /// Standard deviation of a day's return, as a share of the price; NaN until a day with a return is complete.
    #[must_use]
    pub fn sigma(&self) -> f64 {
        self.sigma
    }

    /// Units traded a day; NaN until a day is complete, and where nothing was traded.
    #[must_use]
    pub fn adv(&self) -> f64 {
        self.adv
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_days_count_and_the_day_under_way_does_not() {
        let mut stats = DailyStats::new(2);
        let mut price = 100.0;
        for day in 0..4 {
            for bar in 0..3 {
                price *= f64::exp(0.01 * f64::from(day + 1) * if bar % 2 == 0 { 1.0 } else { -1.0 });
                stats.push(&Bar { close: price, volume: f64::from(10 * (day + 1)), ..Bar::default() }, bar == 0);
            }
        }
        // Days 1 and 2 (counted from 0) are the last complete ones: three moves of 2 and of 3 percent.
        assert!((stats.sigma() - (3.0_f64 * (0.02 * 0.02 + 0.03 * 0.03) / 2.0).sqrt()).abs() < 1e-12);
        assert_eq!(stats.adv(), (60.0 + 90.0) / 2.0);
    }

    #[test]
    fn half_a_day_and_a_day_without_volume_say_nothing() {
        let mut stats = DailyStats::new(5);
        let bar = |close: f64, volume: f64| Bar { close, volume, ..Bar::default() };
        stats.push(&bar(100.0, 700.0), false);
        stats.push(&bar(110.0, 0.0), true);
        assert!(stats.sigma().is_nan());
        stats.push(&bar(110.0, 300.0), true);
        // The night before the first whole day belongs to it.
        assert!((stats.sigma() - 1.1_f64.ln()).abs() < 1e-12 && stats.adv().is_nan());
        stats.push(&bar(110.0, 0.0), true);
        assert_eq!(stats.adv(), 150.0);
    }

    #[test]
    fn the_first_of_daily_bars_has_a_volume_and_no_return() {
        let mut stats = DailyStats::new(5);
        let day = |close: f64| Bar { close, volume: 10.0, ..Bar::default() };
        stats.push(&day(100.0), true);
        stats.push(&day(110.0), true);
        assert!(stats.sigma().is_nan() && stats.adv() == 10.0);
        stats.push(&day(-5.0), true);
        assert!((stats.sigma() - 1.1_f64.ln()).abs() < 1e-12);
        // A price below 0 has no logarithm, and is no return.
        stats.push(&day(100.0), true);
        assert!((stats.sigma() - 1.1_f64.ln()).abs() < 1e-12);
    }
}
