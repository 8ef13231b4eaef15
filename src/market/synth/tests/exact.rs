//! The exact processes: their laws, and that what they publish says of the next change all that it should and no more.

use proptest::prelude::*;

use super::statistics::{agrees, mean};
use crate::{
    MarketData,
    market::synth::{Ar1, Arithmetic, Coin, Factor, Generator, Geometric, HiddenDrift, SynthRows, SynthSpec},
};

const N: usize = 400_000;

fn factors() -> SynthSpec {
    let factor = |phi, sd| Factor { phi, sd };
    SynthSpec::Arithmetic(Arithmetic {
        factors: vec![factor(0.5, 0.1), factor(0.02, 0.05)],
        volatility: 1.0,
        ..Arithmetic::default()
    })
}

fn kinds() -> [SynthSpec; 6] {
    [
        factors(),
        SynthSpec::Arithmetic(Arithmetic { drift: 0.1, ..Arithmetic::default() }),
        SynthSpec::Ar1(Ar1::default()),
        SynthSpec::HiddenDrift(HiddenDrift::default()),
        SynthSpec::Coin(Coin { change: 1e-4, ..Coin::default() }),
        SynthSpec::Geometric(Geometric { drift: 1e-5, volatility: 1e-3, ..Geometric::default() }),
    ]
}

/// Rows on which prices stay far from 0 and their ticks far from the changes.
fn market(spec: &SynthSpec, seed: u64) -> MarketData {
    spec.market(&SynthRows { price: 10_000.0, ..SynthRows::exact(N) }, seed).unwrap()
}

fn column<'a>(data: &'a MarketData, name: &str) -> impl Iterator<Item = f64> + Clone + use<'a> {
    let at = data.column_index(name).unwrap();
    data.columns()[at].1.iter().map(|value| f64::from(*value))
}

/// Change of every close but the first.
fn changes(data: &MarketData) -> Vec<f64> {
    data.bars()[1..].iter().map(|bar| bar.close - bar.open).collect()
}

fn autocovariance(values: &[f64], lag: usize) -> (f64, f64) {
    mean(values.iter().zip(&values[lag..]).map(|(a, b)| a * b))
}

#[test]
fn factors_are_in_their_long_run_from_the_first_row_on() {
    let data = market(&factors(), 1);
    for (k, phi, sd) in [(1, 0.5, 0.1), (2, 0.02, 0.05_f64)] {
        let factor: Vec<f64> = column(&data, &format!("factor_{k}")).collect();
        agrees("mean", mean(factor.iter().copied()), 0.0, 0.05 * sd);
        for lag in [0, 1, 10] {
            let truth = sd * sd * f64::powi(1.0 - phi, lag);
            agrees(&format!("factor {k}, lag {lag}"), autocovariance(&factor, lag as usize), truth, 0.05 * sd * sd);
        }
    }
    let sum = column(&data, "factor_1").zip(column(&data, "factor_2")).map(|(a, b)| a + b);
    assert!(sum.zip(column(&data, "expected_change")).all(|(a, b)| (a - b).abs() < 1e-6));
    // The first row of many paths.
    let rows = SynthRows::exact(1).build().unwrap();
    let generator = Generator::new(&factors(), &rows).unwrap();
    let mut data = generator.prepare(rows);
    let firsts: Vec<f64> = (0..20_000)
        .map(|path| {
            generator.redraw(5, path, &mut data).unwrap();
            f64::from(data.columns()[1].1[0])
        })
        .collect();
    agrees("mean of the first", mean(firsts.iter().copied()), 0.0, 1e-3);
    agrees("variance of the first", mean(firsts.iter().map(|f| f * f)), 0.0025, 1e-4);
}

/// What is left of a change behind its expectation has mean 0, this deviation, and nothing to do with what was published, or
/// with itself.
#[test]
fn the_expected_change_is_all_that_can_be_known() {
    let left_of_hidden = {
        // Given the filter, a change is a mixture: its variance is averaged below.
        |data: &MarketData| {
            let ahead = column(data, "expected_change").map(|change| change / 0.25);
            mean(ahead.map(|up| 1.0 + 0.0625 * (1.0 - up * up))).0.sqrt()
        }
    };
    for (seed, spec) in (0..).zip(kinds()) {
        let data = market(&spec, 20 + seed);
        let geometric = matches!(spec, SynthSpec::Coin(_) | SynthSpec::Geometric(_));
        let sd = match &spec {
            SynthSpec::Arithmetic(process) => process.volatility,
            SynthSpec::Ar1(process) => (1.0 - process.rho * process.rho).sqrt() * process.scale,
            SynthSpec::HiddenDrift(_) => left_of_hidden(&data),
            SynthSpec::Coin(process) => 2.0 * process.change * (process.heads * (1.0 - process.heads)).sqrt(),
            SynthSpec::Geometric(process) => {
                process.drift.exp() * (process.volatility * process.volatility).exp_m1().sqrt()
            }
            other => panic!("{other:?} publishes nothing"),
        };
        // Those whose changes grow with the price are looked at in shares of it, as long as the grid allows.
        let rows = data.bars().windows(2).take_while(|two| !geometric || (1.0..1e9).contains(&two[0].close));
        let left: Vec<f64> = rows
            .zip(column(&data, "expected_change"))
            .map(|(two, expected)| {
                (two[1].close - two[0].close - expected) / if geometric { two[0].close } else { 1.0 }
            })
            .collect();
        let what = format!("{spec:?}, {} rows", left.len());
        agrees(&what, mean(left.iter().copied()), 0.0, 0.05 * sd);
        agrees(&what, mean(left.iter().map(|x| x * x)), sd * sd, 0.05 * sd * sd);
        agrees(&what, autocovariance(&left, 1), 0.0, 0.05 * sd * sd);
        for (name, _) in data.columns() {
            let with = mean(left.iter().zip(column(&data, name)).map(|(x, known)| x * known.clamp(-100.0, 100.0)));
            agrees(&format!("{what}: with {name}"), with, 0.0, 5.0 * sd);
        }
    }
}

#[test]
fn the_level_of_an_autoregression() {
    let data = market(&SynthSpec::Ar1(Ar1 { rho: 0.9, scale: 3.0, ..Ar1::default() }), 2);
    let level: Vec<f64> = column(&data, "level").collect();
    agrees("mean", mean(level.iter().copied()), 0.0, 0.02);
    for lag in [0, 1, 20] {
        agrees("covariance", autocovariance(&level, lag as usize), 0.9_f64.powi(lag), 0.03);
    }
    for (bar, level) in data.bars().iter().zip(&level) {
        assert!((bar.close - (10_000.0 + 3.0 * level)).abs() < 1e-5);
    }
}

#[test]
fn a_belief_is_hamiltons_filter_of_the_bars() {
    let (m, stay) = (0.5, 0.98);
    let data = market(&SynthSpec::HiddenDrift(HiddenDrift { drift: m, ..HiddenDrift::default() }), 3);
    let density = |change: f64, mean: f64| (-0.5 * (change - mean) * (change - mean)).exp();
    let mut belief = 0.5;
    for (bar, shown) in data.bars().iter().zip(column(&data, "belief")) {
        let change = bar.close - bar.open;
        let ahead = stay * belief + (1.0 - stay) * (1.0 - belief);
        let (up, down) = (ahead * density(change, m), (1.0 - ahead) * density(change, -m));
        belief = up / (up + down);
        assert!((belief - shown).abs() < 1e-5);
    }
    let change: Vec<f64> = column(&data, "change").collect();
    assert!(data.bars().iter().zip(&change).all(|(bar, change)| (bar.close - bar.open - change).abs() < 1e-5));
    agrees("variance", mean(change.iter().map(|r| r * r)), 1.25, 0.02);
    for lag in [1, 10] {
        let truth = 0.25 * f64::powi(2.0 * stay - 1.0, lag);
        agrees("covariance", autocovariance(&change, lag as usize), truth, 0.02);
    }
    // A belief that is right: among rows of a belief near p, the next change is up with that much.
    for near in [0.1, 0.5, 0.9_f64] {
        let rows = column(&data, "belief").zip(&change[1..]).filter(|(p, _)| (p - near).abs() < 0.05);
        let error = rows.map(|(p, next)| next - m * (2.0 * stay - 1.0) * (2.0 * p - 1.0));
        agrees("calibration", mean(error), 0.0, 0.03);
    }
}

#[test]
fn log_returns_and_coins() {
    let (mu, sigma) = (2e-5, 0.01);
    let data = market(&SynthSpec::Geometric(Geometric { drift: mu, volatility: sigma, ..Geometric::default() }), 4);
    let returns: Vec<f64> = data.bars().iter().map(|bar| (bar.close / bar.open).ln()).collect();
    let centred = || returns.iter().map(|r| (r - mu + 0.5 * sigma * sigma) / sigma);
    agrees("mean", mean(centred()), 0.0, 0.002);
    agrees("variance", mean(centred().map(|z| z * z)), 1.0, 0.01);
    agrees("fourth moment", mean(centred().map(|z| z.powi(4))), 3.0, 0.03);
    let data = market(&SynthSpec::Coin(Coin { heads: 0.6, change: 1e-4, ..Coin::default() }), 4);
    let shares: Vec<f64> = data.bars().iter().map(|bar| bar.close / bar.open - 1.0).collect();
    assert!(shares.iter().all(|share| (share.abs() - 1e-4).abs() < 1e-8));
    agrees("heads", mean(shares.iter().map(|s| f64::from(u8::from(*s > 0.0)))), 0.6, 0.002);
    let centred: Vec<f64> = shares.iter().map(|s| s / 1e-4 - 0.2).collect();
    agrees("independence", autocovariance(&centred, 1), 0.0, 0.005);
}

#[test]
fn brownian_motion_in_points() {
    let process = Arithmetic { drift: 0.05, volatility: 2.0, ..Arithmetic::default() };
    let changes = changes(&market(&SynthSpec::Arithmetic(process), 5));
    agrees("mean", mean(changes.iter().copied()), 0.05, 0.01);
    agrees("variance", mean(changes.iter().map(|x| (x - 0.05).powi(2))), 4.0, 0.02);
    agrees("fourth moment", mean(changes.iter().map(|x| (x - 0.05).powi(4))), 48.0, 0.6);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn bars_are_exact_and_longer_paths_begin_as_shorter_ones(
        kind in 0usize..6, seed in any::<u64>(), path in 0u64..1_000, short in 1usize..200, more in 0usize..200,
    ) {
        let spec = &kinds()[kind];
        let draw = |bars| {
            let rows = SynthRows { price: 1_000.0, ..SynthRows::exact(bars) };
            spec.market_like(&rows.build().unwrap(), seed, path).unwrap()
        };
        let (data, longer) = (draw(short), draw(short + more));
        // Nothing of a row, columns and all, is made of later ones.
        prop_assert_eq!(data.bars(), &longer.bars()[..short]);
        for ((name, values), (_, others)) in data.columns().iter().zip(longer.columns()) {
            prop_assert!(values.iter().all(|value| value.is_finite()));
            prop_assert_eq!(values, &others[..short], "{}", name);
        }
        let mut open = data.bars()[0].open;
        for bar in data.bars() {
            prop_assert_eq!(bar.open, open);
            prop_assert_eq!((bar.high, bar.low), (bar.open.max(bar.close), bar.open.min(bar.close)));
            prop_assert!((bar.close * 1e6 - (bar.close * 1e6).round()).abs() < 1e-3);
            open = bar.close;
        }
    }
}

#[test]
fn the_same_bits_for_ever() {
    let digest = |spec: &SynthSpec| {
        let data = spec.market(&SynthRows::exact(500), 11).unwrap();
        let closes = data.bars().iter().map(|bar| bar.close.to_bits());
        let columns = data.columns().iter().flat_map(|(_, values)| values.iter().map(|value| value.to_bits().into()));
        closes.chain(columns).fold(0, |sum: u64, bits: u64| sum.rotate_left(5) ^ bits)
    };
    let known = [
        402_263_441_998_658_898,
        17_763_952_518_082_043_215,
        13_595_554_620_940_682_307,
        16_332_266_178_169_758_274,
        8_910_471_519_740_250_708,
        4_300_704_155_917_373_006,
    ];
    assert_eq!(kinds().map(|spec| digest(&spec)), known);
}

#[test]
fn what_can_not_be_is_refused_by_name() {
    for (json, start) in [
        (
            r#"{"kind": "arithmetic", "factors": [{"phi": 0, "sd": 1}]}"#,
            "synthetic.factors[0].phi: 0 must be in (0, 1]",
        ),
        (r#"{"kind": "arithmetic", "volatility": -1}"#, "synthetic.volatility: -1 must be"),
        (r#"{"kind": "ar1", "rho": 1}"#, "synthetic.rho: 1 must be in [0, 1)"),
        (r#"{"kind": "hidden_drift", "stay": 1.5}"#, "synthetic.stay: 1.5 must be a probability"),
        (r#"{"kind": "hidden_drift", "volatility": 0}"#, "synthetic.volatility: 0 must be"),
        (r#"{"kind": "coin", "heads": -0.1}"#, "synthetic.heads: -0.1 must be a probability"),
        (r#"{"kind": "coin", "change": 1}"#, "synthetic.change: 1 must be in [0, 1)"),
        (r#"{"kind": "geometric", "volatility": -1}"#, "synthetic.volatility: -1 must be"),
        (r#"{"kind": "coin", "volume": -1}"#, "synthetic.volume: -1 must be"),
    ] {
        let error = serde_json::from_str::<SynthSpec>(json).unwrap().validate().unwrap_err().to_string();
        assert!(error.starts_with(start), "{error}");
    }
    let nine = vec![Factor { phi: 0.5, sd: 1.0 }; 9];
    let error = SynthSpec::Arithmetic(Arithmetic { factors: nine, ..Arithmetic::default() }).validate().unwrap_err();
    assert_eq!(error.to_string(), "synthetic.factors: 9 factors; there may be 8");
    let wild = SynthSpec::Geometric(Geometric { drift: 1.0, ..Geometric::default() });
    let error = wild.market(&SynthRows::exact(200), 0).unwrap_err().to_string();
    assert!(
        error.starts_with("synthetic: gave a price of ") && error.ends_with("its numbers are too large"),
        "{error}"
    );
    let rows = SynthRows::exact(10).build().unwrap();
    let coin = Generator::new(&SynthSpec::Coin(Coin { change: 1e-4, ..Coin::default() }), &rows).unwrap();
    let error = coin.redraw(0, 0, &mut rows.clone()).unwrap_err().to_string();
    assert_eq!(error, r#"columns: the generator publishes ["expected_change"]; prepare the data for it"#);
    // Its own columns may be there already.
    assert!(
        Generator::new(&SynthSpec::Coin(Coin { change: 1e-4, ..Coin::default() }), &coin.prepare(rows.clone())).is_ok()
    );
    let own = rows.with_column("news", vec![0.0; 10]).unwrap();
    let error =
        Generator::new(&SynthSpec::Coin(Coin { change: 1e-4, ..Coin::default() }), &own).unwrap_err().to_string();
    assert!(error.contains("its columns would not belong"), "{error}");
}
