//! Crosses of two moving averages, as a backtest: one pair of lengths, and a thousand at once.
//!
//! `cargo run --release --example 07_backtest`

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "an example that measures and prints")]

use std::{sync::Arc, time::Instant};

use tradepit::{
    Result,
    account::metrics::{deflated_benchmark, probabilistic_sharpe},
    backtest::{Record, Summary, Sweep},
    market::synth,
    models::{Commission, Models, PerContract},
    venue::SimWorld,
};

const BARS: usize = 100_000;

/// Sums of closes before each row: a mean of any length is the difference of two.
struct Means(Vec<f64>);

impl Means {
    fn new(closes: impl Iterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        Self(
            std::iter::once(0.0)
                .chain(closes.map(|close| {
                    sum += close;
                    sum
                }))
                .collect(),
        )
    }

    /// Long one lot where the mean of the last `fast` closes is above that of the last `slow`, short one elsewhere; flat
    /// while there are fewer.
    fn cross(&self, fast: usize, slow: usize, targets: &mut Vec<i8>) {
        let mean = |end: usize, length: usize| (self.0[end] - self.0[end - length]) / length as f64;
        let above = |end: usize| if mean(end, fast) > mean(end, slow) { 1 } else { -1 };
        targets.extend((1..self.0.len()).map(|end| if end < slow { 0 } else { above(end) }));
    }
}

fn rate(started: Instant, bars: usize) -> f64 {
    bars as f64 / started.elapsed().as_secs_f64() / 1e6
}

fn main() -> Result<()> {
    let data = Arc::new(synth::es_1m(BARS, 0)?);
    let models = Models { commission: Commission::PerContract(PerContract::new(2.1)), ..Models::default() };
    let world = Arc::new(SimWorld::new(Arc::clone(&data), models, 1e6)?);
    let year = data.calendar().bars_per_year(data.period_ns());

    let started = Instant::now();
    let (means, mut targets) = (Means::new(data.bars().iter().map(|bar| bar.close)), Vec::new());
    means.cross(10, 50, &mut targets);
    let record = Record::of(&world, &targets, 0)?;
    println!("10 over 50: {} fills, {:.1} million bars a second", record.fills().count(), rate(started, BARS));
    let performance = record.performance(year)?;
    println!(
        "profit {:.0} USD, fees {:.0}, {} trades",
        record.equity[BARS - 1] - 1e6,
        performance.fees,
        performance.trades
    );

    let pairs: Vec<(usize, usize)> = (2..27).flat_map(|fast| (1..41).map(move |k| (fast, fast + 5 * k))).collect();
    let started = Instant::now();
    let make = |k: usize, targets: &mut Vec<i8>| {
        let (fast, slow) = pairs[k];
        means.cross(fast, slow, targets);
    };
    let summaries: Vec<Summary> = Sweep::new(&world).each(pairs.len(), make, Summary::of)?;
    println!("{} pairs: {:.1} million bars a second", pairs.len(), rate(started, pairs.len() * BARS));

    // The best of a thousand is good by chance: what it shows is held against what the best of so many shows by luck.
    let ratios: Vec<f64> = summaries.iter().filter_map(|summary| summary.sharpe_per_bar).collect();
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    let variance = ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum::<f64>() / (ratios.len() - 1) as f64;
    let best = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let luck = deflated_benchmark(ratios.len(), variance);
    let real = probabilistic_sharpe(best, luck, 0.0, 3.0, BARS - 1).unwrap_or_default();
    println!(
        "best Sharpe ratio a year {:.2}, by luck {:.2}; probability of more than luck {real:.2}",
        best * year.sqrt(),
        luck * year.sqrt()
    );
    Ok(())
}
