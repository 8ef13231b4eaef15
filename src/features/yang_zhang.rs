//! Variance of bars with the gaps between them.

use serde::{Deserialize, Serialize};

use super::{Sma, indicator::log_ratio, lag::Lag, moments::Moments, range_volatility::rogers_satchell};
use crate::Bar;

/// [`RangeEstimator::YangZhang`](super::RangeEstimator::YangZhang), the variance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct YangZhang {
    before: Lag,
    gap: Moments,
    inside: Moments,
    range: Sma,
    n: f64,
}

impl YangZhang {
    /// Over `period` bars, at least 2.
    pub(super) fn new(period: u32) -> Self {
        let period = period.max(2);
        Self {
            before: Lag::new(1),
            gap: Moments::new(period),
            inside: Moments::new(period),
            range: Sma::new(period),
            n: f64::from(period),
        }
    }

    /// NaN for the first `period` bars: the first has no close before it.
    pub(super) fn update(&mut self, bar: &Bar) -> f64 {
        let gap = log_ratio(bar.open, self.before.update(bar.close));
        if gap.is_nan() {
            return f64::NAN;
        }
        let (_, gap) = self.gap.update(gap);
        let (_, inside) = self.inside.update(log_ratio(bar.close, bar.open));
        let range = self.range.update(rogers_satchell(bar));
        let n = self.n;
        let k = 0.34 / (1.34 + (n + 1.0) / (n - 1.0));
        (gap + k * inside) * n / (n - 1.0) + (1.0 - k) * range
    }
}
