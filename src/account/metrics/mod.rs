//! How well an equity curve did: pure functions, and [`Performance`], which holds all of them.
//!
//! Conventions, the same everywhere: simple returns, each on the equity before it; the risk-free rate is 0 (subtract
//! another from the returns first); standard deviations of a sample (n - 1); skewness and kurtosis of the population,
//! kurtosis raw (3 for a normal distribution); drawdowns as shares of the peak, at least 0. What does not exist (the
//! Sharpe ratio of a flat curve) is `None`, never 0, infinity or NaN.

mod drawdown;
mod performance;
mod returns;
mod sharpe;

#[cfg(test)]
mod tests;

pub use drawdown::{Drawdown, max_drawdown};
pub use performance::{Performance, Run};
pub use returns::{annual_return, kurtosis, mean, simple_returns, skewness, sortino, std_dev};
pub use sharpe::{confidence_interval, deflated_benchmark, probabilistic_sharpe, sharpe, sharpe_standard_error};
