//! Buying once and holding gives what the hand formula says, to the cent, with costs, on the shipped samples.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

use tradepit::{
    Bar, Instrument,
    ingest::{ReadOptions, read_csv},
    market::Calendar,
    models::{Bps, Commission, FixedBps, FixedTicks, PerContract, PerShare, Slippage},
};
use tradepit_envs::{
    Action, ActionSpec, DataLength, EnvSpec, EpisodeSpec, FirstStart, Length, SimSetup, StartRule, TargetPosition,
};

fn sample(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python/tradepit/samples").join(file)
}

/// Equity after holding `lots` to the end, and the bars from the first decision on.
fn hold(file: &str, symbol: Option<&str>, instrument: Instrument, lots: f64, spec: EnvSpec) -> (f64, Vec<Bar>) {
    let options = ReadOptions { symbol: symbol.map(str::to_owned), ..ReadOptions::default() };
    let data = read_csv(sample(file), &options).unwrap().into_data(instrument, Calendar::None).unwrap();
    let bars = data.bars().to_vec();
    let spec = EnvSpec {
        window: 2,
        cash: 1e6,
        action: ActionSpec::TargetPosition(TargetPosition { max_lots: lots.abs(), ..TargetPosition::default() }),
        episode: EpisodeSpec {
            start: StartRule::First(FirstStart {}),
            length: Length::Data(DataLength {}),
            ..EpisodeSpec::default()
        },
        ..spec
    };
    let setup = SimSetup::new(spec, data).unwrap();
    let mut obs = vec![0.0; setup.rules().observation_space().len()];
    let mut env = setup.env();
    env.reset(Some(0), &mut obs).unwrap();
    let first = setup.world().data.warm_up() + 1;
    let mut rewards = 0.0;
    loop {
        let transition = env.step(Action::Box(&[lots.signum() as f32]), &mut obs).unwrap();
        rewards += f64::from(transition.reward);
        if transition.truncated || transition.terminated {
            break;
        }
    }
    let equity = env.state().account().equity();
    assert_eq!(env.state().account().fills(), 1);
    // The reward is profit by capital: its sum is the whole change of equity.
    assert!((rewards * 1e6 - (equity - 1e6)).abs() < 1e-6 * 1e6, "{rewards} {equity}");
    (equity, bars[first..].to_vec())
}

#[test]
fn es_futures() {
    for lots in [3.0, -3.0] {
        let spec = EnvSpec {
            slippage: Slippage::FixedTicks(FixedTicks { ticks: 1.0 }),
            commission: Commission::PerContract(PerContract::new(2.25)),
            ..EnvSpec::default()
        };
        let (equity, bars) = hold("es_1m.csv", None, Instrument::es(), lots, spec);
        let paid = bars[1].open + 0.25 * lots.signum();
        let by_hand = 1e6 + lots * 50.0 * (bars[bars.len() - 1].close - paid) - 3.0 * 2.25;
        assert!((equity - by_hand).abs() < 0.005, "{equity} {by_hand}");
        assert!((equity - 1e6).abs() > 1.0);
    }
}

#[test]
fn a_stock() {
    let spec = EnvSpec {
        slippage: Slippage::FixedBps(FixedBps { bps: 2.0 }),
        commission: Commission::PerShare(PerShare { fee: 0.005, minimum: 1.0, ..PerShare::default() }),
        ..EnvSpec::default()
    };
    let (equity, bars) = hold("stocks_1d.csv", Some("IBM"), Instrument::equity("IBM"), 1_000.0, spec);
    let by_hand = 1e6 + 1_000.0 * (bars[bars.len() - 1].close - bars[1].open * 1.0002) - 1_000.0 * 0.005;
    assert!((equity - by_hand).abs() < 0.005, "{equity} {by_hand}");
}

#[test]
fn eurusd() {
    let spec = EnvSpec {
        slippage: Slippage::FixedTicks(FixedTicks { ticks: 5.0 }),
        commission: Commission::Bps(Bps::new(0.2)),
        ..EnvSpec::default()
    };
    let (equity, bars) = hold("eurusd_1h.csv", None, Instrument::eurusd(), 200.0, spec);
    let paid = bars[1].open + 0.000_05;
    let by_hand = 1e6 + 200_000.0 * (bars[bars.len() - 1].close - paid) - 200_000.0 * paid * 0.2e-4;
    assert!((equity - by_hand).abs() < 0.005, "{equity} {by_hand}");
}
