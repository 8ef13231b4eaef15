//! Slippage: what holds for every size, price and side.

use proptest::prelude::*;
use tradepit::{
    Bar, Instrument,
    models::{
        AlmgrenChriss, Empirical, FillContext, FixedBps, FixedTicks, HalfSpread, Liquidity, ProbabilisticTick,
        Slippage, SlippageModel as _, SlippageUnit, SquareRoot, VolatilityVolumeShare, VolumeShare,
    },
    rng::{Purpose, stream},
};

/// Every built-in model with numbers of its range; `scaled` leaves out those whose numbers are in units of price.
fn models(scaled: bool) -> impl Strategy<Value = Slippage> {
    let relative = prop_oneof![
        Just(Slippage::default()),
        (0.0..50.0).prop_map(|bps| Slippage::FixedBps(FixedBps { bps })),
        (0.0..0.5, 0.01..1.0).prop_map(|(impact, limit)| {
            Slippage::VolumeShare(VolumeShare { impact, limit, ..VolumeShare::default() })
        }),
        (0.1..2.0).prop_map(|y| Slippage::SquareRoot(SquareRoot { y, ..SquareRoot::default() })),
        Just(Slippage::VolatilityVolumeShare(VolatilityVolumeShare { eta: 500.0, ..Default::default() })),
        prop::collection::vec(0.0..5.0, 2..6).prop_map(|mut quantiles: Vec<f64>| {
            quantiles.sort_by(f64::total_cmp);
            Slippage::Empirical(Empirical { unit: SlippageUnit::Bps, quantiles })
        }),
    ];
    let in_ticks = prop_oneof![
        (0.0..4.0).prop_map(|ticks| Slippage::FixedTicks(FixedTicks { ticks })),
        (0.0..4.0).prop_map(|ticks| Slippage::HalfSpread(HalfSpread { spread_ticks: Some(ticks) })),
        (0.0..=1.0)
            .prop_map(|probability| { Slippage::ProbabilisticTick(ProbabilisticTick { probability, ticks: 1.0 }) }),
        (0.0..0.1, 0.0..1e-3, 0.0..=2.0).prop_map(|(epsilon, eta, share)| {
            Slippage::AlmgrenChriss(AlmgrenChriss { epsilon, eta, gamma: share * eta, period: 1.0 })
        }),
    ];
    if scaled { relative.boxed() } else { prop_oneof![relative, in_ticks].boxed() }
}

#[derive(Clone, Copy, Debug)]
struct Scene {
    reference: f64,
    volume: f64,
    sigma: f64,
    adv: f64,
    seed: u64,
}

fn scenes() -> impl Strategy<Value = Scene> {
    let volume = prop_oneof![Just(0.0), 1.0..1e6];
    let unknown_or = |range: std::ops::Range<f64>| prop_oneof![1 => Just(f64::NAN), 4 => range];
    (10.0..10_000.0, volume, unknown_or(0.001..0.1), unknown_or(1e4..1e8), any::<u64>())
        .prop_map(|(reference, volume, sigma, adv, seed)| Scene { reference, volume, sigma, adv, seed })
}

/// What a unit costs: the price less the reference for a buy, the reference less the price for a sale.
fn price(model: &Slippage, scene: Scene, qty: f64, net_traded: f64) -> f64 {
    let (instrument, known) = (Instrument::es(), Bar { volume: scene.volume, ..Bar::default() });
    let liquidity = Liquidity { sigma: scene.sigma, adv: scene.adv, net_traded, ..Liquidity::default() };
    let ctx = FillContext { liquidity, ..FillContext::new(&instrument, qty, scene.reference, &known) };
    model.price(&ctx, &mut stream(scene.seed, 0, Purpose::Models))
}

proptest! {
    #[test]
    fn a_buy_is_never_below_a_sale_never_above_the_reference(model in models(false), scene in scenes(), qty in 1.0..1e4) {
        prop_assert!(model.validate().is_ok());
        prop_assert!(price(&model, scene, qty, 0.0) >= scene.reference);
        let sold = price(&model, scene, -qty, 0.0);
        prop_assert!((0.0..=scene.reference).contains(&sold), "{sold}");
    }

    #[test]
    fn buying_and_selling_cost_the_same(model in models(false), scene in scenes(), qty in 1.0..1e3) {
        let buy = price(&model, scene, qty, 0.0) - scene.reference;
        let sell = scene.reference - price(&model, scene, -qty, 0.0);
        prop_assert!((buy - sell).abs() <= 1e-12 * scene.reference, "{buy} {sell}");
    }

    #[test]
    fn the_cost_rises_with_the_size(model in models(false), scene in scenes(), qty in 1.0..1e4, more in 1.0..10.0) {
        let cost = |qty: f64| qty * (price(&model, scene, qty, 0.0) - scene.reference);
        let each = |qty: f64| cost(qty) / qty;
        let rounding = 1e-12 * scene.reference;
        prop_assert!(each(qty * more) >= each(qty) - rounding);
        prop_assert!(cost(qty * more) >= cost(qty) - rounding * qty * more);
    }

    #[test]
    fn the_cost_is_a_share_that_no_scale_changes(
        model in models(true), scene in scenes(), qty in 1.0..1e3, prices in 0.01..100.0, units in 0.01..100.0,
    ) {
        let share = |scene: Scene, qty: f64| price(&model, scene, qty, 0.0) / scene.reference;
        let larger = Scene {
            reference: scene.reference * prices,
            volume: scene.volume * units,
            adv: scene.adv * units,
            ..scene
        };
        prop_assert!((share(scene, qty) - share(larger, qty * units)).abs() <= 1e-12);
    }

    #[test]
    fn what_was_filled_in_the_bar_counts(scene in scenes(), before in 0.0..1e4, qty in 1.0..1e3) {
        let model = VolumeShare { impact: 0.1, limit: 1.0, ..VolumeShare::default() };
        let (instrument, known) = (Instrument::es(), Bar { volume: scene.volume, ..Bar::default() });
        let at = |qty: f64, filled_in_bar: f64| {
            let liquidity = Liquidity { filled_in_bar, ..Liquidity::default() };
            let ctx = FillContext { liquidity, ..FillContext::new(&instrument, qty, scene.reference, &known) };
            model.price(&ctx, &mut stream(0, 0, Purpose::Models))
        };
        // The last unit of a bar costs the same, whichever order it belongs to.
        prop_assert!((at(qty, before) - at(qty + before, 0.0)).abs() <= 1e-12 * scene.reference);
    }

    #[test]
    fn no_way_through_permanent_impact_gains(
        gamma in 0.0..2e-3, spare in 0.0..1.0, trades in prop::collection::vec(-1e3..1e3_f64, 1..20),
    ) {
        let model = AlmgrenChriss { epsilon: 0.0, eta: 0.5 * gamma * (1.0 + spare), gamma, period: 1.0 };
        let model = Slippage::AlmgrenChriss(model);
        prop_assert!(model.validate().is_ok());
        let scene = Scene { reference: 1e4, volume: 0.0, sigma: f64::NAN, adv: f64::NAN, seed: 0 };
        let (mut net, mut cost) = (0.0, 0.0);
        let home = -trades.iter().sum::<f64>();
        for qty in trades.into_iter().chain([home]) {
            cost += qty * (price(&model, scene, qty, net) - scene.reference);
            net += qty;
        }
        prop_assert!(cost >= -1e-6, "{cost}");
    }
}

#[test]
fn draws_follow_their_distribution() {
    let model = Slippage::Empirical(Empirical { unit: SlippageUnit::Ticks, quantiles: vec![0.0, 1.0, 4.0] });
    let (instrument, known) = (Instrument::es(), Bar::default());
    let ctx = FillContext::new(&instrument, 1.0, 5000.0, &known);
    let mut rng = stream(3, 0, Purpose::Models);
    let n = 20_000;
    let ticks: Vec<f64> = (0..n).map(|_| (model.price(&ctx, &mut rng) - 5000.0) / 0.25).collect();
    // Half of them are uniform on [0, 1], half on [1, 4]: mean 1.5, variance 1.3333.
    let mean = ticks.iter().sum::<f64>() / f64::from(n);
    assert!((mean - 1.5).abs() < 4.0 * (4.0_f64 / 3.0 / f64::from(n)).sqrt(), "{mean}");
    let low = ticks.iter().filter(|ticks| **ticks < 1.0).count() as f64 / f64::from(n);
    assert!((low - 0.5).abs() < 4.0 * (0.25 / f64::from(n)).sqrt(), "{low}");
}

#[test]
fn every_number_out_of_range_is_refused_by_name() {
    let refused = |json: &str| {
        let model: Slippage = serde_json::from_str(json).expect(json);
        model.validate().expect_err(json).to_string()
    };
    for (json, start) in [
        (r#"{"kind": "fixed_bps", "bps": 10001}"#, "slippage.bps: 10001 must be a finite number in [0, 10000]"),
        (r#"{"kind": "half_spread", "spread_ticks": -1}"#, "slippage.spread_ticks: -1 "),
        (r#"{"kind": "volume_share", "limit": 0}"#, "slippage.limit: 0 "),
        (r#"{"kind": "volume_share", "impact": 2000}"#, "slippage.impact: 2000 "),
        (r#"{"kind": "volume_share", "without_volume": 0.5}"#, "slippage.without_volume: 0.5 "),
        (r#"{"kind": "square_root", "y": -1}"#, "slippage.y: -1 "),
        (r#"{"kind": "square_root", "sigma": 0}"#, "slippage.sigma: 0 "),
        (r#"{"kind": "square_root", "adv": -5}"#, "slippage.adv: -5 "),
        (r#"{"kind": "square_root", "warmup_bps": -1}"#, "slippage.warmup_bps: -1 "),
        (r#"{"kind": "square_root", "limit": 2}"#, "slippage.limit: 2 "),
        (r#"{"kind": "almgren_chriss", "eta": -1}"#, "slippage.eta: -1 "),
        (r#"{"kind": "almgren_chriss", "eta": 1, "epsilon": -1}"#, "slippage.epsilon: -1 "),
        (r#"{"kind": "almgren_chriss", "eta": 1, "period": 0}"#, "slippage.period: 0 "),
        (
            r#"{"kind": "almgren_chriss", "eta": 1, "gamma": 2.5}"#,
            "slippage.gamma: 2.5 must be at most 2 * eta / period = 2",
        ),
        (r#"{"kind": "probabilistic_tick", "probability": 1.5}"#, "slippage.probability: 1.5 "),
        (r#"{"kind": "probabilistic_tick", "probability": 1, "ticks": -1}"#, "slippage.ticks: -1 "),
        (r#"{"kind": "empirical", "unit": "ticks", "quantiles": [1]}"#, "slippage.quantiles: 1 numbers are too few"),
        (r#"{"kind": "empirical", "unit": "bps", "quantiles": [0, 2, 1]}"#, "slippage.quantiles[2]: 1 "),
        (r#"{"kind": "empirical", "unit": "bps", "quantiles": [-1, 2]}"#, "slippage.quantiles[0]: -1 "),
        (r#"{"kind": "square_root", "days": 0}"#, "slippage.days: 0 must be a finite number in [1, 10000]"),
        (r#"{"kind": "volatility_volume_share", "eta": -1}"#, "slippage.eta: -1 "),
        (r#"{"kind": "volatility_volume_share", "etas": {"ES": -1}}"#, "slippage.etas.ES: -1 "),
    ] {
        let message = refused(json);
        assert!(message.starts_with(start), "{message}");
    }
}

proptest! {
    #[test]
    fn a_model_survives_being_written_and_read(model in models(false)) {
        let text = serde_json::to_string(&model).expect("written");
        let again: Slippage = serde_json::from_str(&text).expect("read");
        prop_assert_eq!(serde_json::to_string(&again).expect("written"), text);
    }
}

#[test]
fn a_venue_refuses_a_model_that_asks_for_what_it_does_not_know() {
    let data = std::sync::Arc::new(tradepit::market::synth::es_1m(100, 0).expect("data"));
    let world = |json: &str| {
        let slippage = serde_json::from_str(json).expect(json);
        let models = tradepit::models::Models { slippage, ..Default::default() };
        tradepit::venue::SimWorld::new(data.clone(), models, 1e5).map(|_| ()).map_err(|error| error.to_string())
    };
    for (asks, start) in [
        (
            r#"{"kind": "square_root", "adv": 1e6}"#,
            "slippage.sigma: is not set, and the data has no complete day of ES;",
        ),
        (
            r#"{"kind": "volatility_volume_share", "sigma": 0.01}"#,
            "slippage.adv: is not set, and the data has no complete day",
        ),
        (r#"{"kind": "half_spread"}"#, "slippage.spread_ticks: is not set, and these data"),
    ] {
        assert!(world(asks).expect_err(asks).starts_with(start));
    }
    for given in [
        r#"{"kind": "square_root", "adv": 1e6, "sigma": 0.01}"#,
        r#"{"kind": "square_root", "adv": 1e6, "sigma": 0.01, "days": 5}"#,
        r#"{"kind": "half_spread", "spread_ticks": 1}"#,
        r#"{"kind": "almgren_chriss", "eta": 1, "gamma": 1}"#,
    ] {
        assert_eq!(world(given), Ok(()));
    }
}
