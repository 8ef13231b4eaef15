//! What returns and volumes of real markets have in common, as numbers.

use serde::{Deserialize, Serialize};

use crate::{Bar, Error, MarketData, Result, Timestamp};

/// Bars after which the autocorrelation of absolute returns is taken.
pub const FACT_LAGS: [usize; 3] = [1, 10, 60];
/// Parts of the local day in the volume profile: half hours.
const PARTS: usize = 48;

/// Stylised facts of one instrument's bars: log returns of closes over consecutive bars only, never over a gap.
///
/// The list is that of Cont (2001, "Empirical properties of asset returns: stylized facts and statistical issues"): heavy
/// tails, clusters of volatility, and of intraday data the tick and the day.
///
/// ```
/// use tradepit::market::synth::{Brownian, Garch, StylisedFacts, SynthRows, SynthSpec};
/// let rows = SynthRows { bars: 50_000, ..SynthRows::default() };
/// let of = |spec: SynthSpec| StylisedFacts::of(&spec.market(&rows, 0).unwrap()).unwrap();
/// let (even, rough) = (of(SynthSpec::Brownian(Brownian::default())), of(SynthSpec::Garch(Garch::default())));
/// assert!(even.kurtosis.abs() < 0.2 && rough.kurtosis > 1.0);
/// assert!(even.autocorrelation[1].abs() < 0.02 && rough.autocorrelation[1] > 0.1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StylisedFacts {
    /// How many returns.
    pub returns: usize,
    /// Standard deviation of a bar's log return in basis points.
    pub volatility_bps: f64,
    /// Excess kurtosis. Where the tail index is below 4, as it is for minutes, it estimates nothing: it grows with the
    /// sample, and one bar can make most of it.
    pub kurtosis: f64,
    /// Excess kurtosis, with what is beyond the quantiles of 0.00005 and 0.99995 set back to them.
    pub kurtosis_winsorised: f64,
    /// Autocorrelation of absolute returns after [`FACT_LAGS`] bars of time; both returns must be there.
    pub autocorrelation: [f64; 3],
    /// Share of returns that are 0.
    pub zero_share: f64,
    /// Mean volume by half hour of the local day (by the bar's open), over the mean of all; empty where nothing is told of
    /// volume, 0 where there is no bar.
    pub volume_profile: Vec<f64>,
}

impl StylisedFacts {
    /// Of data with one instrument.
    ///
    /// # Errors
    /// When there is more than one instrument, a price is not above 0, or there are fewer than 100 returns.
    pub fn of(data: &MarketData) -> Result<Self> {
        let Returns { values, ends, .. } = Returns::of(data)?;
        let (second, fourth) = central(&values);
        let (low, high) = tails(&values);
        let clipped: Vec<f64> = values.iter().map(|r| r.clamp(low, high)).collect();
        let (second_clipped, fourth_clipped) = central(&clipped);
        let excess = |second: f64, fourth: f64| if second > 0.0 { fourth / (second * second) - 3.0 } else { 0.0 };
        let absolute: Vec<f64> = values.iter().map(|r| r.abs()).collect();
        Ok(Self {
            returns: values.len(),
            volatility_bps: second.sqrt() * 1e4,
            kurtosis: excess(second, fourth),
            kurtosis_winsorised: excess(second_clipped, fourth_clipped),
            autocorrelation: FACT_LAGS.map(|lag| correlation(&absolute, &ends, lag as i64 * data.period_ns())),
            zero_share: values.iter().filter(|r| **r == 0.0).count() as f64 / values.len() as f64,
            volume_profile: volume_profile(data),
        })
    }
}

/// Log returns over consecutive bars.
#[derive(Clone, Debug)]
pub(super) struct Returns {
    pub(super) values: Vec<f64>,
    /// When each ends, in nanoseconds.
    pub(super) ends: Vec<i64>,
    /// The row with which it ends.
    pub(super) rows: Vec<u32>,
}

impl Returns {
    pub(super) fn of(data: &MarketData) -> Result<Self> {
        if data.instruments().len() > 1 {
            let message = format!("{} instruments; take one", data.instruments().len());
            return Err(Error::spec("data", message));
        }
        let (mut values, mut ends, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (row, pair) in data.bars().windows(2).enumerate() {
            let [before, bar] = [pair[0], pair[1]];
            if before.close.min(bar.close).min(bar.open) <= 0.0 {
                let message =
                    format!("{} is not above 0; a log return needs it", before.close.min(bar.close).min(bar.open));
                return Err(Error::Data { source_name: None, row: row + 1, column: "close".into(), message });
            }
            if bar.time.nanos() - before.time.nanos() == data.period_ns() {
                values.push((bar.close / before.close).ln());
                ends.push(bar.time.nanos());
                rows.push(row as u32 + 1);
            }
        }
        if values.len() < 100 {
            let message = format!("{} returns over consecutive bars; bring at least 100", values.len());
            return Err(Error::TooLittleData(message));
        }
        Ok(Self { values, ends, rows })
    }
}

/// Second and fourth central moments.
fn central(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let (second, fourth) = values.iter().fold((0.0, 0.0), |(second, fourth), x| {
        let square = (x - mean) * (x - mean);
        (second + square, fourth + square * square)
    });
    (second / n, fourth / n)
}

/// Quantiles of 0.00005 and 0.99995, between the two nearest.
fn tails(values: &[f64]) -> (f64, f64) {
    let mut values = values.to_vec();
    let mut quantile = |q: f64| {
        let at = q * (values.len() - 1) as f64;
        let (_, below, beyond) = values.select_nth_unstable_by(at as usize, f64::total_cmp);
        let above = beyond.iter().copied().fold(f64::INFINITY, f64::min).max(*below);
        if at.fract() > 0.0 { *below + (above - *below) * at.fract() } else { *below }
    };
    (quantile(5e-5), quantile(1.0 - 5e-5))
}

/// Of values that are `lag_ns` apart; 0 where there is nothing to compare.
fn correlation(values: &[f64], ends: &[i64], lag_ns: i64) -> f64 {
    let (mut n, mut sums, mut later) = (0.0, [0.0f64; 5], 0);
    for (x, end) in values.iter().zip(ends) {
        while later < ends.len() && ends[later] < end + lag_ns {
            later += 1;
        }
        if ends.get(later) == Some(&(end + lag_ns)) {
            let y = values[later];
            n += 1.0;
            for (sum, term) in sums.iter_mut().zip([*x, y, x * x, y * y, x * y]) {
                *sum += term;
            }
        }
    }
    let [x, y, xx, yy, xy] = sums.map(|sum| sum / n);
    let scale = ((xx - x * x) * (yy - y * y)).sqrt();
    if scale > 0.0 { (xy - x * y) / scale } else { 0.0 }
}

fn volume_profile(data: &MarketData) -> Vec<f64> {
    let mean = data.bars().iter().map(|bar| bar.volume).sum::<f64>() / data.len() as f64;
    if mean == 0.0 {
        return Vec::new();
    }
    let part = |bar: &Bar| minute_of_open(data, bar) * PARTS / 1_440;
    by_part(data.bars().iter().map(|bar| (part(bar), bar.volume)), PARTS)
        .map(|(sum, n)| sum / f64::max(n, 1.0) / mean)
        .collect()
}

/// Sum and number of the values of each part.
pub(super) fn by_part(values: impl Iterator<Item = (usize, f64)>, parts: usize) -> impl Iterator<Item = (f64, f64)> {
    let mut sums = vec![(0.0, 0.0); parts];
    for (part, value) in values {
        sums[part].0 += value;
        sums[part].1 += 1.0;
    }
    sums.into_iter()
}

/// Whole minutes since local midnight when a bar opens.
pub(super) fn minute_of_open(data: &MarketData, bar: &Bar) -> usize {
    let opens = Timestamp::from_nanos(bar.time.nanos() - data.period_ns());
    data.clock().local_minute(opens).0 as usize
}
