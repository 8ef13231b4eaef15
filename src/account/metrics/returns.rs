//! Returns and their moments.

/// Below this a standard deviation of returns is the rounding of `after / before - 1`, not risk.
const ROUNDING: f64 = 1e-14;

/// Simple returns of an equity curve: `after / before - 1`, one fewer than points.
///
/// ```
/// use tradepit::account::metrics::simple_returns;
/// assert_eq!(simple_returns(&[100.0, 150.0, 75.0]).unwrap(), [0.5, -0.5]);
/// assert!(simple_returns(&[100.0, 0.0, 50.0]).is_none());
/// ```
///
/// `None` where a return does not exist: an equity at or below 0 that the curve goes on from. Ending there is a return.
#[must_use]
pub fn simple_returns(equity: &[f64]) -> Option<Vec<f64>> {
    let before = equity.split_last().map_or(equity, |(_, before)| before);
    let returns = || equity.windows(2).map(|pair| (pair[1] - pair[0]) / pair[0]).collect();
    before.iter().all(|value| *value > 0.0).then(returns)
}

/// Arithmetic mean; `None` of nothing.
///
/// ```
/// assert_eq!(tradepit::account::metrics::mean(&[1.0, 2.0]), Some(1.5));
/// ```
#[must_use]
pub fn mean(returns: &[f64]) -> Option<f64> {
    (!returns.is_empty()).then(|| returns.iter().sum::<f64>() / returns.len() as f64)
}

/// Standard deviation of a sample (n - 1), per step; `None` of fewer than two numbers.
///
/// ```
/// assert_eq!(tradepit::account::metrics::std_dev(&[1.0, 3.0]), Some(2.0_f64.sqrt()));
/// ```
#[must_use]
pub fn std_dev(returns: &[f64]) -> Option<f64> {
    let mean = mean(returns)?;
    let squares: f64 = returns.iter().map(|r| (r - mean).powi(2)).sum();
    (returns.len() > 1).then(|| (squares / (returns.len() - 1) as f64).sqrt())
}

/// The standard deviation, where there is one to divide by.
pub(super) fn risk(returns: &[f64]) -> Option<f64> {
    std_dev(returns).filter(|std| *std > ROUNDING)
}

/// Skewness of the population (third standardised moment); `None` where nothing varies.
///
/// ```
/// use tradepit::account::metrics::skewness;
/// assert_eq!(skewness(&[-1.0, 0.0, 1.0]), Some(0.0));
/// assert!(skewness(&[0.0, 0.0, 1.0]).unwrap() > 0.7);
/// ```
#[must_use]
pub fn skewness(returns: &[f64]) -> Option<f64> {
    standardised_moment(returns, 3)
}

/// Kurtosis of the population (fourth standardised moment, 3 for a normal distribution); `None` where nothing varies.
///
/// ```
/// assert_eq!(tradepit::account::metrics::kurtosis(&[-1.0, 1.0]), Some(1.0));
/// ```
#[must_use]
pub fn kurtosis(returns: &[f64]) -> Option<f64> {
    standardised_moment(returns, 4)
}

fn standardised_moment(returns: &[f64], order: i32) -> Option<f64> {
    risk(returns)?;
    let (mean, n) = (mean(returns)?, returns.len() as f64);
    let moment = |order| returns.iter().map(|r| (r - mean).powi(order)).sum::<f64>() / n;
    Some(moment(order) / moment(2).sqrt().powi(order))
}

/// Sortino ratio per step against a target of 0; multiply by the root of the steps in a year to annualise.
///
/// ```
/// use tradepit::account::metrics::sortino;
/// assert!((sortino(&[0.03, -0.01]).unwrap() - 2.0_f64.sqrt()).abs() < 1e-12);
/// assert_eq!(sortino(&[0.03, 0.01]), None);
/// ```
///
/// Mean over the root of the mean of `min(r, 0)^2`, the mean taken over all steps (Sortino and Price 1994), not over
/// the losing ones alone. `None` without a losing step.
#[must_use]
pub fn sortino(returns: &[f64]) -> Option<f64> {
    let mean = mean(returns)?;
    let squares: f64 = returns.iter().map(|r| r.min(0.0).powi(2)).sum();
    let downside = (squares / returns.len() as f64).sqrt();
    (downside > ROUNDING).then(|| mean / downside)
}

/// Compound growth a year: `(1 + total)^(periods_per_year / steps) - 1`.
///
/// ```
/// use tradepit::account::metrics::annual_return;
/// assert_eq!(annual_return(0.21, 504, 252.0), Some(1.21_f64.sqrt() - 1.0));
/// assert_eq!(annual_return(-1.2, 504, 252.0), Some(-1.0));
/// ```
///
/// `None` without a step, or where a short curve grows beyond all numbers. Says little for much less than a year.
#[must_use]
pub fn annual_return(total: f64, steps: usize, periods_per_year: f64) -> Option<f64> {
    let growth = (1.0 + total).max(0.0).powf(periods_per_year / steps as f64);
    (steps > 0 && growth.is_finite()).then_some(growth - 1.0)
}
