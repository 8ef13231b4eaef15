//! The Sharpe ratio, and how sure one can be of it.

use statrs::distribution::{ContinuousCDF, Normal};

use super::returns::{mean, risk};

/// Sharpe ratio per step: mean over standard deviation (n - 1), risk-free rate 0.
///
/// ```
/// use tradepit::account::metrics::sharpe;
/// let ratio = sharpe(&[0.01, 0.03]).unwrap();
/// assert!((ratio - 0.02 / 0.0002_f64.sqrt()).abs() < 1e-12);
/// assert_eq!(sharpe(&[0.0, 0.0, 0.0]), None);
/// ```
///
/// Times the root of the steps in a year it is annual (for independent returns). `None` of fewer than two returns and
/// where they do not vary. Sharpe (1994).
#[must_use]
pub fn sharpe(returns: &[f64]) -> Option<f64> {
    Some(mean(returns)? / risk(returns)?)
}

/// Standard error of a Sharpe ratio per step that was estimated from `n` independent returns.
///
/// ```
/// use tradepit::account::metrics::sharpe_standard_error;
/// // Normal returns: Lo's sqrt((1 + SR^2 / 2) / n).
/// assert_eq!(sharpe_standard_error(0.2, 0.0, 3.0, 100), (1.02_f64 / 100.0).sqrt());
/// ```
///
/// `sqrt((1 + SR^2 / 2 - skew SR + (kurtosis - 3) / 4 SR^2) / n)`: Mertens (2002), which is Lo (2002, equation 8) for
/// normal returns. Returns that follow each other need more (Lo 2002, section on non-independent returns).
#[must_use]
pub fn sharpe_standard_error(sharpe: f64, skewness: f64, kurtosis: f64, n: usize) -> f64 {
    (variance_factor(sharpe, skewness, kurtosis) / n as f64).sqrt()
}

/// Never below 0 for moments of one population, whose kurtosis is at least 1 + skewness^2.
fn variance_factor(sharpe: f64, skewness: f64, kurtosis: f64) -> f64 {
    (1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe).max(0.0)
}

/// Confidence interval around an estimate with a normal error.
///
/// ```
/// use tradepit::account::metrics::confidence_interval;
/// let [low, high] = confidence_interval(1.0, 0.5, 0.95);
/// assert!((low - 0.0200180077).abs() < 1e-9 && (high - 1.9799819923).abs() < 1e-9);
/// ```
///
/// `level` is between 0 and 1.
#[must_use]
pub fn confidence_interval(estimate: f64, standard_error: f64, level: f64) -> [f64; 2] {
    let z = Normal::standard().inverse_cdf(0.5 + level / 2.0);
    [estimate - z * standard_error, estimate + z * standard_error]
}

/// Probability that the true Sharpe ratio is above `benchmark`, given one estimated from `n` returns.
///
/// ```
/// use tradepit::account::metrics::probabilistic_sharpe;
/// // 24 monthly returns with a Sharpe ratio of 0.458 a month: sure at 98 % if normal, at 91 % with their fat left tail.
/// assert!((probabilistic_sharpe(0.458, 0.0, 0.0, 3.0, 24).unwrap() - 0.98167).abs() < 5e-6);
/// assert!((probabilistic_sharpe(0.458, 0.0, -2.448, 10.164, 24).unwrap() - 0.91336).abs() < 5e-6);
/// ```
///
/// Both ratios per step, kurtosis raw. Bailey and López de Prado (2012), *The Sharpe Ratio Efficient Frontier*:
/// `Phi((SR - SR*) sqrt(n - 1) / sqrt(1 - skew SR + (kurtosis - 1) / 4 SR^2))`. `None` of fewer than two returns.
#[must_use]
pub fn probabilistic_sharpe(sharpe: f64, benchmark: f64, skewness: f64, kurtosis: f64, n: usize) -> Option<f64> {
    let error = variance_factor(sharpe, skewness, kurtosis).sqrt();
    let z = (sharpe - benchmark) * (n.checked_sub(1).filter(|n| *n > 0)? as f64).sqrt() / error;
    (!z.is_nan()).then(|| Normal::standard().cdf(z))
}

/// The Sharpe ratio that the best of `trials` strategies without any skill is expected to show.
///
/// ```
/// use tradepit::account::metrics::{deflated_benchmark, probabilistic_sharpe};
/// // 100 trials whose annual Sharpe ratios have a variance of 1/2; the best shows 2.5 over 1250 days.
/// let benchmark = deflated_benchmark(100, 0.5 / 250.0);
/// let deflated = probabilistic_sharpe(2.5 / 250.0_f64.sqrt(), benchmark, -3.0, 10.0, 1250).unwrap();
/// assert!((deflated - 0.9004).abs() < 5e-5);
/// ```
///
/// As the benchmark of [`probabilistic_sharpe`] it gives the deflated Sharpe ratio: Bailey and López de Prado (2014).
/// `variance` is that of the trials' ratios, per step. 0 for one trial or none.
#[must_use]
pub fn deflated_benchmark(trials: usize, variance: f64) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    if trials < 2 {
        return 0.0;
    }
    let quantile = |share: f64| Normal::standard().inverse_cdf(1.0 - share);
    let n = trials as f64;
    variance.sqrt() * ((1.0 - EULER) * quantile(1.0 / n) + EULER * quantile(1.0 / (n * std::f64::consts::E)))
}
