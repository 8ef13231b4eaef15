//! How far and how long a curve was below its peak.

use serde::Serialize;

/// The deepest fall of a curve from a peak. Places are indices of its points.
///
/// ```
/// use tradepit::account::metrics::{Drawdown, max_drawdown};
/// let fall = max_drawdown(&[100.0, 75.0, 90.0]);
/// assert_eq!(fall, Drawdown { depth: 0.25, peak: 0, trough: 1, recovered: None, bars: 2 });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Drawdown {
    /// Share of the peak that was lost, at least 0; above 1 when equity went below 0.
    pub depth: f64,
    /// Where the peak is (its last point, if it lasted).
    pub peak: usize,
    /// Where the bottom is (its first point).
    pub trough: usize,
    /// Where the peak's height was reached again, if ever.
    pub recovered: Option<usize>,
    /// Steps from the peak to the recovery, or to the end of the curve.
    pub bars: usize,
}

/// The maximum drawdown of an equity curve that starts above 0.
///
/// ```
/// use tradepit::account::metrics::max_drawdown;
/// let fall = max_drawdown(&[100.0, 120.0, 90.0, 110.0, 120.0, 130.0]);
/// assert_eq!((fall.depth, fall.peak, fall.trough, fall.recovered, fall.bars), (0.25, 1, 2, Some(4), 3));
/// assert_eq!(max_drawdown(&[1.0, 2.0]).depth, 0.0);
/// ```
///
/// Of falls equally deep the first. Its length is that of the deepest fall, which another, shallower one may exceed.
#[must_use]
pub fn max_drawdown(equity: &[f64]) -> Drawdown {
    let mut worst = Drawdown::default();
    let mut peak = 0;
    for (i, value) in equity.iter().enumerate() {
        if *value >= equity[peak] {
            peak = i;
        }
        let depth = 1.0 - value / equity[peak];
        if depth > worst.depth {
            worst = Drawdown { depth, peak, trough: i, recovered: None, bars: 0 };
        }
    }
    if worst.depth > 0.0 {
        let rest = equity.iter().enumerate().skip(worst.trough);
        worst.recovered = rest.into_iter().find(|(_, value)| **value >= equity[worst.peak]).map(|(i, _)| i);
        worst.bars = worst.recovered.unwrap_or(equity.len() - 1) - worst.peak;
    }
    worst
}
