//! The intraday market: moments, then tails by simulation.

use super::{degrees, garch::downhill, mean_and_variance, volume};
use crate::{
    MarketData, Result,
    market::synth::{
        Cluster, Generator, IntradayMarket, StylisedFacts, SynthSpec, VolumeSpec,
        facts::{Returns, by_part, minute_of_open},
        generator::moments,
    },
    time::{DAY_NS, MINUTE_NS},
};

/// Lengths of clusters in bars: each is five times the one before.
const LENGTHS: [f64; 6] = [3.0, 15.0, 75.0, 375.0, 1_875.0, 9_375.0];
/// Paths on which tails are tuned; the middle one counts.
const PATHS: u64 = 5;

/// The profile of the day is that of mean absolute returns, by quarter of an hour. Clusters come from
/// `ln(E|r_t r_u| / E|r|^2) = cov(h_t, h_u) / 4` of returns by their profile, as a sum of exponentials with weights of at
/// least 0. What is left of `E r^2 / E|r|^2` is the tails'.
///
/// Moments of a finite sample with such tails are biased, so tails and the sum of the clusters are then tuned by indirect
/// inference (Gouriéroux, Monfort and Renault 1993): until the median path on the same rows has the winsorised kurtosis and
/// the autocorrelations of the data, and as many returns of 0.
pub(super) fn fit(data: &MarketData, returns: &Returns) -> Result<IntradayMarket> {
    let (_, variance) = mean_and_variance(&returns.values)?;
    let quarter = (15 * MINUTE_NS).max(data.period_ns());
    let parts = (DAY_NS / quarter).max(1) as usize;
    let shape = profile(data, returns, parts);
    let part = |row: u32| minute_of_open(data, &data.bars()[row as usize]) * parts / 1_440;
    let even: Vec<f64> = returns.values.iter().zip(&returns.rows).map(|(r, row)| r.abs() / shape[part(*row)]).collect();
    let clusters = clusters(&even);
    let v: f64 = clusters.iter().map(|cluster| cluster.variance).sum();
    let (first, second) = even.iter().fold((0.0, 0.0), |(first, second), d| (first + d, second + d * d));
    let n = even.len() as f64;
    // The mean square of the profile, over the rows as they are.
    let square = returns.rows.iter().map(|row| shape[part(*row)].powi(2)).sum::<f64>() / n;
    let level = (variance / square).sqrt() * 1e4;
    let (spread_ticks, break_bps, weekend_bps) = gaps(data, variance, v);
    let own_volume = volume::fit(data);
    let volume_shape = volume::shape(data, parts);
    let mut market = IntradayMarket {
        volatility_bps: shape.iter().map(|shape| shape * level).collect(),
        volume: deseasonalised_volume(data, &volume_shape, own_volume),
        volume_shape,
        clusters,
        tails: degrees(second / n / (first / n).powi(2) / (0.25 * v).exp()),
        idle: 0.0,
        spread_ticks,
        break_bps,
        weekend_bps,
    };
    tune(&mut market, data)?;
    Ok(market)
}

/// Mean absolute return by part of the local day; that of all where there are fewer than ten.
fn profile(data: &MarketData, returns: &Returns, parts: usize) -> Vec<f64> {
    let part = |row: u32| minute_of_open(data, &data.bars()[row as usize]) * parts / 1_440;
    let mean = returns.values.iter().map(|r| r.abs()).sum::<f64>() / returns.values.len() as f64;
    by_part(returns.rows.iter().zip(&returns.values).map(|(row, r)| (part(*row), r.abs())), parts)
        .map(|(sum, n)| if n >= 10.0 && sum > 0.0 { sum / n } else { mean })
        .collect()
}

fn clusters(even: &[f64]) -> Vec<Cluster> {
    let longest = even.len() / 10;
    let mut lags: Vec<usize> = (0..24).map(|i| 6_900f64.powf(f64::from(i) / 23.0).round() as usize).collect();
    lags.dedup();
    lags.retain(|lag| *lag <= longest.max(1));
    let mean = even.iter().sum::<f64>() / even.len() as f64;
    let logs: Vec<f64> = lags
        .iter()
        .map(|&lag| {
            let product = even.iter().zip(&even[lag..]).map(|(a, b)| a * b).sum::<f64>();
            let ratio = product / (even.len() - lag) as f64 / (mean * mean);
            if ratio > 0.0 { ratio.ln() } else { 0.0 }
        })
        .collect();
    let lengths: Vec<f64> = LENGTHS.into_iter().filter(|bars| *bars <= longest.max(3) as f64).collect();
    let weights = weights(&lags, &logs, &lengths);
    let kept = lengths.iter().zip(weights).filter(|(_, weight)| *weight > 1e-3);
    kept.map(|(&bars, weight)| Cluster { bars, variance: 4.0 * weight }).collect()
}

/// Least squares with weights of at least 0, one after the other until they stand.
fn weights(lags: &[usize], logs: &[f64], lengths: &[f64]) -> Vec<f64> {
    let column = |bars: f64| -> Vec<f64> { lags.iter().map(|lag| (-(*lag as f64) / bars).exp()).collect() };
    let columns: Vec<Vec<f64>> = lengths.iter().map(|bars| column(*bars)).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut weights = vec![0.0f64; lengths.len()];
    let mut left = logs.to_vec();
    for _ in 0..5_000 {
        for (weight, column) in weights.iter_mut().zip(&columns) {
            let better = (*weight + dot(column, &left) / dot(column, column)).max(0.0);
            let change = better - *weight;
            *weight = better;
            left.iter_mut().zip(column).for_each(|(left, x)| *left -= change * x);
        }
    }
    weights
}

/// The spread in ticks, and the gaps over breaks of less than a day and of longer ones.
///
/// Where bars follow each other, the step from close to open is from one side of the spread to the other, or none:
/// `E gap^2 = spread^2 / 2` (Roll 1984). No more than half of a bar's variance is taken for it.
/// Of breaks, those of the most usual length count: others are holes in the data, or holidays.
fn gaps(data: &MarketData, variance: f64, v: f64) -> (f64, f64, f64) {
    let bars = data.bars();
    let moments = moments(data);
    let steps =
        || bars.windows(2).zip(&moments[1..]).map(|(pair, moment)| (moment.idle_ns, pair[0].close, pair[1].open));
    let all: Vec<(i64, f64)> = steps().map(|(idle, close, open)| (idle, (open / close).ln())).collect();
    let follow = steps().filter(|(idle, ..)| *idle == 0);
    let (sum, scale, n) = follow.fold((0.0, 0.0, 0.0), |(sum, scale, n), (_, close, open)| {
        (sum + (open - close) * (open - close), scale + close * close, n + 1.0)
    });
    // In squared prices; no bar follows another in data of lone bars.
    let n = f64::max(n, 1.0);
    let spread = (2.0 * sum / n).min(variance * scale / n).sqrt() / data.instruments()[0].tick;
    let usual = |from: i64, to: i64| {
        let mut lengths: Vec<i64> =
            all.iter().map(|(idle, _)| *idle).filter(|idle| (from..to).contains(idle)).collect();
        lengths.sort_unstable();
        let most = lengths.chunk_by(|a, b| a == b).max_by_key(|same| same.len()).map_or(0, |same| same[0]);
        let gaps: Vec<f64> =
            all.iter().filter(|(idle, _)| *idle == most && most > 0).map(|(_, gap)| gap.abs()).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len().max(1) as f64;
        // E|gap| = sd sqrt(2 / pi) E exp(h / 2 - v / 4).
        mean * std::f64::consts::FRAC_PI_2.sqrt() * (0.125 * v).exp() * 1e4
    };
    (spread, usual(10 * data.period_ns(), DAY_NS), usual(DAY_NS, i64::MAX))
}

/// Without the day's shape, which makes volume and volatility move together whatever else does.
fn deseasonalised_volume(data: &MarketData, shape: &[f64], volume: VolumeSpec) -> VolumeSpec {
    if shape.is_empty() {
        return volume;
    }
    let parts = shape.len();
    let part = |bar: &crate::Bar| minute_of_open(data, bar) * parts / 1_440;
    let moving = |bar: &&crate::Bar| bar.volume > 0.0 && bar.high > bar.low && bar.low > 0.0;
    let range = |bar: &crate::Bar| (bar.high / bar.low).ln();
    let usual: Vec<f64> = by_part(data.bars().iter().filter(moving).map(|bar| (part(bar), range(bar).ln())), parts)
        .map(|(sum, n)| sum / f64::max(n, 1.0))
        .collect();
    let pairs = data.bars().iter().filter(moving).map(|bar| {
        let at = part(bar);
        (range(bar).ln() - usual[at], (bar.volume / shape[at]).ln())
    });
    let (with_volatility, left) = volume::slope(&pairs.collect::<Vec<_>>());
    VolumeSpec { with_volatility, spread: left.sqrt(), ..volume }
}

/// Facts of the middle path.
fn simulated(market: IntradayMarket, generator: &mut Generator, rows: &mut MarketData) -> Result<[f64; 5]> {
    // What is compared needs no volume.
    let volume = VolumeSpec { mean: 0.0, spread: 0.0, with_volatility: 0.0 };
    generator.set(SynthSpec::Intraday(IntradayMarket { volume, ..market }))?;
    let mut of = [[0.0; PATHS as usize]; 5];
    for path in 0..PATHS {
        generator.redraw(0, path, rows)?;
        let facts = numbers(&StylisedFacts::of(rows)?);
        of.iter_mut().zip(facts).for_each(|(of, fact)| of[path as usize] = fact);
    }
    Ok(of.map(|mut values| {
        values.sort_unstable_by(f64::total_cmp);
        values[PATHS as usize / 2]
    }))
}

fn numbers(facts: &StylisedFacts) -> [f64; 5] {
    let [one, ten, sixty] = facts.autocorrelation;
    [one, ten, sixty, facts.kurtosis_winsorised, facts.zero_share]
}

fn tune(market: &mut IntradayMarket, data: &MarketData) -> Result<()> {
    let real = numbers(&StylisedFacts::of(data)?);
    let mut rows = bare(data)?;
    let mut generator = Generator::new(&SynthSpec::Intraday(market.clone()), &rows)?;
    let zero_share = simulated(market.clone(), &mut generator, &mut rows)?[4];
    // Bars in which nothing trades, beyond those in which the tick hides what moved.
    let idle = ((real[4] - zero_share) / (1.0 - zero_share)).clamp(0.0, 0.95);
    if idle > 0.02 {
        market.idle = idle;
        market.volatility_bps.iter_mut().for_each(|bps| *bps /= (1.0 - idle).sqrt());
    }
    let with = |at: [f64; 2], market: &IntradayMarket| {
        let factor = at[1].clamp(-1.5, 0.7).exp();
        let scaled = |c: &Cluster| Cluster { variance: c.variance * factor, ..*c };
        let clusters = market.clusters.iter().map(scaled).collect();
        IntradayMarket { tails: (2.0 + at[0].exp()).clamp(2.2, 100.0), clusters, ..market.clone() }
    };
    let cost = |at: [f64; 2]| {
        let Ok(found) = simulated(with(at, market), &mut generator, &mut rows) else { return f64::INFINITY };
        let far = |i: usize| (found[i].max(0.01) / real[i].max(0.01)).ln().powi(2);
        // Kurtosis is the roughest of all.
        far(0) + far(1) + far(2) + 0.5 * far(3) + 0.5 * far(4)
    };
    let best = downhill([(market.tails - 2.0).ln(), 0.0], 0.4, 0.1, cost);
    *market = with(best, market);
    Ok(())
}

/// The rows without what would not belong to other prices.
fn bare(data: &MarketData) -> Result<MarketData> {
    MarketData::builder(data.instruments().to_vec())
        .bars(data.bars().to_vec())
        .calendar(data.calendar())
        .period_ns(data.period_ns())
        .build()
}

#[cfg(test)]
mod tests {
    use super::{super::spread_ratio, *};

    #[test]
    fn the_ratio_of_moments_tells_the_degrees() {
        for truth in [2.5, 4.0, 7.0, 30.0] {
            assert!((degrees(spread_ratio(truth)) - truth).abs() < 1e-6 * truth);
        }
        // At 4 it is 2, at infinity pi / 2.
        assert!((spread_ratio(4.0) - 2.0).abs() < 1e-12 && (spread_ratio(1e6) - 1.570_798).abs() < 1e-5);
    }

    #[test]
    fn weights_of_a_sum_of_exponentials_are_found() {
        let lags: Vec<usize> = (1..200).collect();
        let value = |lag: &usize| 0.3 * (-(*lag as f64) / 3.0).exp() + 0.1 * (-(*lag as f64) / 75.0).exp();
        let found = weights(&lags, &lags.iter().map(value).collect::<Vec<_>>(), &LENGTHS[..4]);
        for (found, truth) in found.iter().zip([0.3, 0.0, 0.1, 0.0]) {
            assert!((found - truth).abs() < 0.01, "{found} {truth}");
        }
    }
}
