//! Volume: its mean, how it goes with volatility, and the rest.

use crate::{
    MarketData,
    market::synth::{VolumeSpec, facts::minute_of_open},
};

/// A market without volume where nothing is told of it.
pub(super) fn fit(data: &MarketData) -> VolumeSpec {
    let mean = data.bars().iter().map(|bar| bar.volume).sum::<f64>() / data.len() as f64;
    let known = data.bars().iter().filter(|bar| bar.volume > 0.0 && bar.high > bar.low && bar.low > 0.0);
    let pairs: Vec<(f64, f64)> = known.map(|bar| ((bar.high / bar.low).ln().ln(), bar.volume.ln())).collect();
    let (slope, left) = slope(&pairs);
    VolumeSpec { mean, spread: left.sqrt(), with_volatility: slope }
}

/// The power of volatility in volume, in [0, 2], and the variance of log volume that it leaves: of pairs of the logarithms of a
/// bar's range and of its volume, in order.
///
/// A range is a noisy measure of volatility, which would draw a slope of the one on the other towards 0. The range of the next
/// bar has noise of its own, so it serves as an instrument: `cov(x', y) / cov(x', x)`. Where volatility does not last from
/// bar to bar, that says nothing, and the power is 0.
pub(super) fn slope(pairs: &[(f64, f64)]) -> (f64, f64) {
    if pairs.len() < 3 {
        return (0.0, 0.0);
    }
    let n = pairs.len() as f64;
    let (x, y) = pairs.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
    let variance =
        |of: fn(&(f64, f64)) -> f64, mean: f64| pairs.iter().map(|p| (of(p) - mean).powi(2)).sum::<f64>() / n;
    let (xx, yy) = (variance(|p| p.0, x), variance(|p| p.1, y));
    let (lasting, both) = pairs.windows(2).fold((0.0, 0.0), |(lasting, both), w| {
        let next = (w[1].0 - x) / n;
        (lasting + next * (w[0].0 - x), both + next * (w[0].1 - y))
    });
    if lasting < 0.05 * xx {
        return (0.0, yy);
    }
    let slope = (both / lasting).clamp(0.0, 2.0);
    (slope, (yy - slope * slope * lasting).max(0.0))
}

/// The mean of each part of the local day over the mean of all; none where nothing is told of volume.
pub(super) fn shape(data: &MarketData, parts: usize) -> Vec<f64> {
    let mean = data.bars().iter().map(|bar| bar.volume).sum::<f64>() / data.len() as f64;
    if mean == 0.0 {
        return Vec::new();
    }
    let values = data.bars().iter().map(|bar| (minute_of_open(data, bar) * parts / 1_440, bar.volume));
    crate::market::synth::facts::by_part(values, parts).map(|(sum, n)| sum / f64::max(n, 1.0) / mean).collect()
}
