//! A fit to a market of known numbers gives these numbers; a fit to a real one gives a market.

use super::statistics::minutes;
use crate::{
    Bar, Instrument, MarketData,
    ingest::{ReadOptions, read_csv},
    market::{
        Calendar,
        synth::{
            Brownian, Cluster, Garch, Heston, IntradayMarket, JumpDiffusion, OrnsteinUhlenbeck, Regime,
            RegimeSwitching, StylisedFacts, SynthKind, SynthRows, SynthSpec, es_1m, fit, fit_regimes,
        },
    },
};

const N: usize = 200_000;
const KINDS: [SynthKind; 7] = [
    SynthKind::Brownian,
    SynthKind::OrnsteinUhlenbeck,
    SynthKind::JumpDiffusion,
    SynthKind::Heston,
    SynthKind::Garch,
    SynthKind::RegimeSwitching,
    SynthKind::Intraday,
];

fn near(what: &str, found: f64, truth: f64, within: f64) {
    assert!((found - truth).abs() <= within, "{what}: {found}, and {truth} went in");
}

/// The market of `spec`, with a tenth of its rows lost in holes.
fn holed(spec: &SynthSpec) -> MarketData {
    let data = spec.market(&minutes(N), 5).unwrap();
    let kept = data.bars().iter().enumerate().filter(|(i, _)| i % 1_000 >= 100).map(|(_, bar)| *bar);
    let (instruments, calendar) = (data.instruments().to_vec(), data.calendar());
    MarketData::builder(instruments).bars(kept.collect()).calendar(calendar).build().unwrap()
}

#[test]
fn what_went_in_comes_out_in_spite_of_holes() {
    let truth = Brownian { drift: 20.0, volatility: 0.4, ..Brownian::default() };
    let SynthSpec::Brownian(found) = fit(&holed(&SynthSpec::Brownian(truth)), SynthKind::Brownian).unwrap() else {
        panic!()
    };
    near("volatility", found.volatility, 0.4, 0.004);
    near("drift", found.drift, 20.0, 3.0 * 0.4 / (180_000.0 / 525_600.0f64).sqrt());
    near("mean volume", found.volume.mean, 1_000.0, 10.0);
    near("spread of volume", found.volume.spread, 0.5, 0.01);

    let truth = OrnsteinUhlenbeck { reversion: 3_000.0, volatility: 0.3, level: 1.05, ..OrnsteinUhlenbeck::default() };
    let data = holed(&SynthSpec::OrnsteinUhlenbeck(truth));
    let SynthSpec::OrnsteinUhlenbeck(found) = fit(&data, SynthKind::OrnsteinUhlenbeck).unwrap() else { panic!() };
    near("reversion", found.reversion, 3_000.0, 600.0);
    near("volatility", found.volatility, 0.3, 0.005);
    // Relative to the first price of the data, which is a hole later.
    near("level", found.level * data.bars()[0].open, 1_050.0, 1.0);

    let truth = JumpDiffusion {
        volatility: 0.2,
        jumps: 2_000.0,
        jump_mean: -0.002,
        jump_sd: 0.004,
        ..JumpDiffusion::default()
    };
    let data = holed(&SynthSpec::JumpDiffusion(truth));
    let SynthSpec::JumpDiffusion(found) = fit(&data, SynthKind::JumpDiffusion).unwrap() else { panic!() };
    near("volatility", found.volatility, 0.2, 0.004);
    // Small jumps hide among the rest.
    near("jumps", found.jumps, 2_000.0, 400.0);
    near("jump_sd", found.jump_sd, 0.004, 0.0008);
    near("jump_mean", found.jump_mean, -0.002, 0.0008);

    let truth =
        Heston { volatility: 0.2, reversion: 10_000.0, vol_of_vol: 25.0, correlation: -0.6, ..Heston::default() };
    let SynthSpec::Heston(found) = fit(&holed(&SynthSpec::Heston(truth)), SynthKind::Heston).unwrap() else { panic!() };
    near("volatility", found.volatility, 0.2, 0.01);
    near("reversion", found.reversion, 10_000.0, 2_500.0);
    near("vol_of_vol", found.vol_of_vol, 25.0, 6.0);
    near("correlation", found.correlation, -0.6, 0.15);

    let truth = Garch { volatility_bps: 4.0, alpha: 0.08, beta: 0.9, tails: 6.0, ..Garch::default() };
    let SynthSpec::Garch(found) = fit(&holed(&SynthSpec::Garch(truth)), SynthKind::Garch).unwrap() else { panic!() };
    near("volatility_bps", found.volatility_bps, 4.0, 0.2);
    near("alpha", found.alpha, 0.08, 0.015);
    near("beta", found.beta, 0.9, 0.02);
    near("tails", found.tails, 6.0, 0.5);
}

#[test]
fn three_regimes_are_found() {
    let state = |volatility_bps, next: [f64; 3]| Regime { mean_bps: 0.0, volatility_bps, next: next.to_vec() };
    let states = vec![state(1.0, [0.99, 0.01, 0.0]), state(3.0, [0.01, 0.98, 0.01]), state(9.0, [0.0, 0.02, 0.98])];
    let spec = RegimeSwitching { states: states.clone(), ..RegimeSwitching::default() };
    let data = SynthSpec::RegimeSwitching(spec).market(&minutes(60_000), 2).unwrap();
    let found = fit_regimes(&data, 3).unwrap();
    for (found, truth) in found.states.iter().zip(&states) {
        near("volatility", found.volatility_bps, truth.volatility_bps, 0.05 * truth.volatility_bps);
        for (found, truth) in found.next.iter().zip(&truth.next) {
            near("next", *found, *truth, 0.005);
        }
    }
    let refused = fit_regimes(&data, 5).unwrap_err().to_string();
    assert_eq!(refused, "states: 5 must be 2 to 4");
}

#[test]
fn an_intraday_market_is_found_by_what_it_shows() {
    let cluster = |bars, variance| Cluster { bars, variance };
    let truth = IntradayMarket {
        clusters: vec![cluster(10.0, 0.3), cluster(400.0, 0.6)],
        spread_ticks: 1.0,
        idle: 0.1,
        ..IntradayMarket::default()
    };
    let rows = SynthRows { bars: 60_000, ..SynthRows::default() };
    let data = SynthSpec::Intraday(truth.clone()).market(&rows, 3).unwrap();
    let spec = fit(&data, SynthKind::Intraday).unwrap();
    let SynthSpec::Intraday(found) = &spec else { panic!() };
    near("spread_ticks", found.spread_ticks, 1.0, 0.2);
    near("with_volatility", found.volume.with_volatility, 0.7, 0.35);
    let (real, like) =
        (StylisedFacts::of(&data).unwrap(), StylisedFacts::of(&spec.market_like(&data, 9, 0).unwrap()).unwrap());
    near("volatility", like.volatility_bps, real.volatility_bps, 0.25 * real.volatility_bps);
    for (like, real) in like.autocorrelation.iter().zip(real.autocorrelation) {
        near("autocorrelation", *like, real, 0.25 * real);
    }
    near("zero share", like.zero_share, real.zero_share, 0.25 * real.zero_share);
    // Loud and quiet hours are where they were.
    let hour = |profile: &[f64], hour: usize| profile[hour * profile.len() / 24];
    assert!(hour(&found.volatility_bps, 9) > 2.0 * hour(&found.volatility_bps, 22));
    for at in [3, 9, 12, 14, 20] {
        let (like, real) = (hour(&like.volume_profile, at), hour(&real.volume_profile, at));
        near("volume", like, real, 0.25 * real + 0.05);
    }
}

#[test]
fn every_kind_is_fitted_to_the_samples_and_gives_a_market() {
    let sample = |name: &str, instrument, calendar| {
        let path = format!("{}/python/tradepit/samples/{name}", env!("CARGO_MANIFEST_DIR"));
        let series = read_csv(path, &ReadOptions::default()).unwrap();
        series.into_builder(instrument, calendar).build().unwrap()
    };
    let es = sample("es_1m.csv", Instrument::es(), Calendar::Cme);
    let eurusd = sample("eurusd_1h.csv", Instrument::eurusd(), Calendar::Forex);
    for (data, kind) in [&es, &eurusd].into_iter().flat_map(|data| KINDS.map(|kind| (data, kind))) {
        let spec = fit(data, kind).unwrap();
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<SynthSpec>(&json).unwrap(), spec);
        let (real, like) = (StylisedFacts::of(data).unwrap(), spec.market_like(data, 1, 0).unwrap());
        let like = StylisedFacts::of(&like).unwrap();
        near(&format!("{kind:?}"), like.volatility_bps, real.volatility_bps, 0.4 * real.volatility_bps);
        assert_eq!(fit(data, kind).unwrap(), spec, "the same numbers every time");
    }
}

#[test]
fn what_can_not_be_fitted_is_said() {
    let flat = minutes(1_000).build().unwrap();
    for kind in KINDS {
        let error = fit(&flat, kind).unwrap_err().to_string();
        assert_eq!(error, "too little data: the price never moves; there is nothing to fit");
    }
    let short = es_1m(50, 0).unwrap();
    let error = fit(&short, SynthKind::Garch).unwrap_err().to_string();
    assert_eq!(error, "too little data: 49 returns over consecutive bars; bring at least 100");
    // What runs away goes to no level.
    let runaway = flat.bars().iter().enumerate().map(|(t, bar)| {
        let price = 1_000.0 * (0.01 * (t as f64 / 500.0).exp()).exp();
        Bar { open: price, high: price, low: price, close: price, ..*bar }
    });
    let runaway = MarketData::builder(flat.instruments().to_vec()).bars(runaway.collect()).build().unwrap();
    let error = fit(&runaway, SynthKind::OrnsteinUhlenbeck).unwrap_err().to_string();
    assert!(error.contains("the log price does not go back to a level"), "{error}");
}
