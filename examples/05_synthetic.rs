//! A market like a real one: fitted to a file of bars, drawn again, and compared by what real markets have in common; then
//! an environment whose every episode trades on a path of its own.
//!
//! `cargo run --release --example 05_synthetic [FILE.csv]`: a file of ES minutes, stamped by their opening; without it, the
//! sample.

#![expect(clippy::print_stdout, reason = "an example prints")]

use tradepit::{
    Instrument,
    ingest::{ReadOptions, read_csv},
    market::{
        Calendar,
        synth::{self, StylisedFacts, SynthKind},
    },
};

use tradepit_envs::{Action, EnvSpec, MarketSpec, Result, SimSetup, SyntheticMarket};

/// Seeds of the paths: a sample of a heavy tail is another one every time.
const SEEDS: u64 = 8;

fn main() -> Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "python/tradepit/samples/es_1m.csv".into());
    let series = read_csv(&path, &ReadOptions::default())?;
    let data = series.into_builder(Instrument::es(), Calendar::Cme).build()?;
    let spec = synth::fit(&data, SynthKind::Intraday)?;
    let real = StylisedFacts::of(&data)?;
    let paths: tradepit::Result<Vec<StylisedFacts>> =
        (0..SEEDS).map(|seed| StylisedFacts::of(&spec.market_like(&data, seed, 0)?)).collect();
    let paths = paths?;
    println!("{path}: {} returns; paths of {SEEDS} seeds on the same rows", real.returns);
    println!("{:<34}{:>10}{:>10}{:>10}{:>10}", "", "real", "lowest", "median", "highest");
    type Fact = fn(&StylisedFacts) -> f64;
    let facts: [(&str, Fact); 7] = [
        ("volatility of a bar, bps", |f| f.volatility_bps),
        ("excess kurtosis, winsorised", |f| f.kurtosis_winsorised),
        ("excess kurtosis, raw", |f| f.kurtosis),
        ("autocorrelation of |r|, 1 bar", |f| f.autocorrelation[0]),
        ("autocorrelation of |r|, 10 bars", |f| f.autocorrelation[1]),
        ("autocorrelation of |r|, 60 bars", |f| f.autocorrelation[2]),
        ("share of returns that are 0", |f| f.zero_share),
    ];
    for (name, of) in facts {
        let mut found: Vec<f64> = paths.iter().map(of).collect();
        found.sort_by(f64::total_cmp);
        let middle = 0.5 * (found[found.len() / 2] + found[(found.len() - 1) / 2]);
        println!("{name:<34}{:>10.3}{:>10.3}{middle:>10.3}{:>10.3}", of(&real), found[0], found[found.len() - 1]);
    }
    let market = MarketSpec::Synthetic(SyntheticMarket { process: spec, rows: Some(1_000) });
    let setup = SimSetup::new(EnvSpec { market, ..EnvSpec::default() }, data)?;
    let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    env.reset(Some(0), &mut obs)?;
    for episode in 0..3 {
        let mut steps = 1;
        while !env.step(Action::Box(&[1.0]), &mut obs)?.truncated {
            steps += 1;
        }
        let profit = env.state().account().equity() - 100_000.0;
        println!("episode {episode}: {steps} steps on path {episode} of seed 0, one lot long makes {profit:.2} USD");
        env.reset(None, &mut obs)?;
    }
    Ok(())
}
