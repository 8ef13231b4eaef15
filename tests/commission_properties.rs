//! Fees: what holds for every order, however it is split.

use proptest::prelude::*;
use tradepit::{
    Instrument, Timestamp,
    models::{
        Bps, Commission, CommissionModel as _, Facts, FeeContext, MakerTaker, Models, PerContract, PerOrder, PerShare,
        PremiumTiers, Schedule, Sum, VolumeMeasure, VolumePeriod, VolumeTier, VolumeTiers,
    },
};

fn simple() -> impl Strategy<Value = Commission> {
    prop_oneof![
        Just(Commission::default()),
        (0.0..5.0, 0.0..3.0, 0.0..10.0)
            .prop_map(|(fee, per_order, minimum)| { Commission::PerContract(PerContract { fee, per_order, minimum }) }),
        (0.0..0.1, 0.0..5.0, prop::option::of(0.001..0.1), any::<bool>()).prop_map(
            |(fee, minimum, maximum_rate, minimum_wins)| {
                Commission::PerShare(PerShare { fee, minimum, maximum_rate, minimum_wins })
            }
        ),
        (0.0..20.0, 0.0..5.0).prop_map(|(bps, minimum)| Commission::Bps(Bps { bps, minimum })),
        (0.0..10.0).prop_map(|fee| Commission::PerOrder(PerOrder { fee })),
        (0.0..10.0, 0.0..10.0)
            .prop_map(|(maker_bps, taker_bps)| { Commission::MakerTaker(MakerTaker { maker_bps, taker_bps }) }),
        Just(Commission::PremiumTiers(PremiumTiers::default())),
        any::<bool>().prop_map(|whole| Commission::VolumeTiers(tiers(whole, VolumeMeasure::Quantity))),
        any::<bool>().prop_map(|whole| Commission::VolumeTiers(tiers(whole, VolumeMeasure::Value))),
        Just(Commission::Schedule(Schedule::named("ib_us_futures").expect("a schedule"))),
        Just(Commission::Schedule(Schedule::named("ib_us_equities").expect("a schedule"))),
    ]
}

fn models() -> impl Strategy<Value = Commission> {
    let sum = prop::collection::vec(simple(), 1..4).prop_map(|parts| Commission::Sum(Sum { parts }));
    prop_oneof![3 => simple(), 1 => sum]
}

fn tiers(whole: bool, measure: VolumeMeasure) -> VolumeTiers {
    let tier = |from, commission| VolumeTier { from, commission };
    let tiers = vec![
        tier(0.0, Commission::PerContract(PerContract::new(0.85))),
        tier(100.0, Commission::PerContract(PerContract::new(0.65))),
        tier(1e6, Commission::Bps(Bps::new(0.2))),
    ];
    VolumeTiers { measure, whole, tiers, period: VolumePeriod::Month }
}

/// The fees of one order's fills; month and order are carried as a venue does.
fn fees(model: &Commission, fills: &[f64], price: f64, month: (f64, f64), maker: bool) -> Vec<f64> {
    let es = Instrument::es();
    let mut ctx = FeeContext { month_qty: month.0, month_value: month.1, maker, ..FeeContext::new(&es, 0.0, price) };
    let one = |&qty: &f64| {
        ctx.qty = qty;
        let fee = model.fee(&ctx);
        ctx.filled_before += qty.abs();
        ctx.value_before += ctx.value();
        ctx.month_qty += qty.abs();
        ctx.month_value += ctx.value();
        fee
    };
    fills.iter().map(one).collect()
}

proptest! {
    #[test]
    fn an_order_pays_the_same_however_it_is_split(
        model in models(), parts in prop::collection::vec(1u32..200, 1..8), price in 0.01..5000.0,
        month in (0.0..500.0, 0.0..2e6), sell in any::<bool>(),
    ) {
        prop_assert!(model.validate().is_ok());
        let sign = if sell { -1.0 } else { 1.0 };
        let parts: Vec<f64> = parts.into_iter().map(|qty| sign * f64::from(qty)).collect();
        let split = fees(&model, &parts, price, month, false);
        let whole = fees(&model, &[parts.iter().sum()], price, month, false)[0];
        let total: f64 = split.iter().sum();
        prop_assert!((total - whole).abs() <= 1e-9 * (1.0 + whole), "{total} in parts, {whole} at once");
        prop_assert!(split.iter().all(|fee| *fee >= -1e-9), "{split:?}");
    }

    #[test]
    fn a_larger_order_never_pays_less(
        model in simple(), qty in 1.0..500.0, more in 1.0..5.0, price in 0.01..5000.0,
    ) {
        // A larger order may reach a cheaper tier only for what lies beyond the bound.
        let fee = |qty: f64| fees(&model, &[qty], price, (0.0, 0.0), false)[0];
        prop_assert!(fee(qty * more) >= fee(qty) - 1e-9);
        prop_assert!(fee(qty) >= 0.0);
        prop_assert_eq!(fee(qty), fee(-qty));
    }

    #[test]
    fn only_a_maker_is_paid(maker_bps in -10.0..0.0, above in 0.0..5.0, qty in 1.0..100.0, price in 1.0..5000.0) {
        let taker_bps = above - maker_bps;
        let model = Commission::MakerTaker(MakerTaker { maker_bps, taker_bps });
        prop_assert!(model.validate().is_ok());
        let made = fees(&model, &[qty], price, (0.0, 0.0), true)[0];
        let took = fees(&model, &[qty], price, (0.0, 0.0), false)[0];
        prop_assert!(made <= 0.0 && took >= 0.0);
        // Whoever trades with himself pays.
        prop_assert!(made + took >= -1e-9);
    }

    #[test]
    fn a_model_survives_being_written_and_read(model in models()) {
        let text = serde_json::to_string(&model).expect("written");
        let again: Commission = serde_json::from_str(&text).expect("read");
        prop_assert_eq!(serde_json::to_string(&again).expect("written"), text);
    }
}

#[test]
fn every_number_out_of_range_is_refused_by_name() {
    for (json, start) in [
        (r#"{"kind": "per_contract", "fee": 1, "per_order": -1}"#, "commission.per_order: -1 "),
        (r#"{"kind": "per_contract", "fee": 1, "minimum": -1}"#, "commission.minimum: -1 "),
        (r#"{"kind": "per_share", "fee": 1, "maximum_rate": 0}"#, "commission.maximum_rate: 0 "),
        (r#"{"kind": "bps", "bps": 1, "minimum": -2}"#, "commission.minimum: -2 "),
        (r#"{"kind": "per_order", "fee": -1}"#, "commission.fee: -1 "),
        (r#"{"kind": "maker_taker", "maker_bps": -3, "taker_bps": 2}"#, "commission.maker_bps: -3 "),
        (r#"{"kind": "maker_taker", "maker_bps": -11, "taker_bps": 20}"#, "commission.maker_bps: -11 "),
        (r#"{"kind": "maker_taker", "maker_bps": 1, "taker_bps": -2}"#, "commission.taker_bps: -2 "),
        (r#"{"kind": "premium_tiers", "tiers": [{"below": 0, "fee": 1}]}"#, "commission.tiers[0].below: 0 "),
        (r#"{"kind": "premium_tiers", "tiers": []}"#, "commission.tiers: is empty"),
        (r#"{"kind": "sum", "parts": []}"#, "commission.parts: is empty"),
        (
            r#"{"kind": "sum", "parts": [{"kind": "bps", "bps": 1}, {"kind": "sum", "parts": [{"kind": "bps", "bps": -1}]}]}"#,
            "commission.parts[1].parts[0].bps: -1 ",
        ),
        (r#"{"kind": "volume_tiers", "tiers": []}"#, "commission.tiers: is empty"),
        (
            r#"{"kind": "volume_tiers", "tiers": [{"from": 5, "commission": {"kind": "none"}}]}"#,
            "commission.tiers[0].from: 5 must be 0 in the first tier",
        ),
        (
            r#"{"kind": "volume_tiers", "tiers": [{"from": 0, "commission": {"kind": "per_order", "fee": 1}}]}"#,
            "commission.tiers[0].commission: must be per_contract",
        ),
        (
            r#"{"kind": "schedule", "name": "mine", "rows": [{"roots": ["*"], "from": "2024-01-01",
                "broker": {"kind": "bps", "bps": -1}}]}"#,
            "commission.rows[0].broker.bps: -1 ",
        ),
    ] {
        let model: Commission = serde_json::from_str(json).expect(json);
        let message = model.validate().expect_err(json).to_string();
        assert!(message.starts_with(start), "{message}");
    }
}

#[test]
fn a_schedule_that_leaves_a_question_open_is_not_read() {
    for (json, part) in [
        (
            r#"{"kind": "schedule", "name": "ib_us_future"}"#,
            "\"ib_us_future\" is no schedule; take one of binance_spot",
        ),
        (r#"{"kind": "schedule", "name": "x", "rows": [{"roots": ["ES"], "from": "2024-01-01"}]}"#, "no row for \"*\""),
        (r#"{"kind": "schedule", "name": "x", "rows": [{"roots": ["*"], "from": "01.02.2024"}]}"#, "is no day"),
        (r#"{"kind": "schedule", "name": "x", "rows": [{"roots": ["*", "*"], "from": "2024-01-01"}]}"#, "two rows"),
        (r#"{"kind": "schedule", "name": "x", "rows": [{"roots": ["*"], "from": "2024-01-01", "brok": 1}]}"#, "`brok`"),
        (r#"{"kind": "schedule", "name": "ib_us_futures", "row": []}"#, "unknown field `row`"),
    ] {
        let message = serde_json::from_str::<Commission>(json).expect_err(json).to_string();
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_schedule_is_read_by_root_and_day() {
    let schedule: Commission = serde_json::from_str(
        r#"{"kind": "schedule", "name": "mine", "rows": [
            {"roots": ["ES"], "from": "2023-06-01", "broker": {"kind": "per_contract", "fee": 2}},
            {"roots": ["ES"], "from": "2024-01-01", "broker": {"kind": "per_contract", "fee": 1},
             "exchange": {"kind": "per_contract", "fee": 0.5}},
            {"roots": ["*"], "from": "2023-06-01", "broker": {"kind": "per_contract", "fee": 9}}]}"#,
    )
    .expect("rows");
    let fee = |name: &str, day: &str| {
        let instrument = Instrument { name: name.into(), ..Instrument::es() };
        let time: Timestamp = day.parse().expect(day);
        schedule.fee(&FeeContext { time, ..FeeContext::new(&instrument, 1.0, 5000.0) })
    };
    assert_eq!(fee("ES", "2020-01-01T00:00:00Z"), 2.0);
    assert_eq!(fee("ESH4", "2023-12-31T23:59:59Z"), 2.0);
    assert_eq!(fee("ESH4", "2024-01-01T00:00:00Z"), 1.5);
    assert_eq!(fee("NQH4", "2024-01-01T00:00:00Z"), 9.0);
}

#[test]
fn a_tier_is_chosen_by_the_month_before_the_order() {
    let es = Instrument::es();
    let fee = |whole: bool, month_qty: f64, filled_before: f64, qty: f64| {
        let model = Commission::VolumeTiers(tiers(whole, VolumeMeasure::Quantity));
        model.fee(&FeeContext { month_qty, filled_before, ..FeeContext::new(&es, qty, 5000.0) })
    };
    assert!((fee(false, 90.0, 0.0, 20.0) - (10.0 * 0.85 + 10.0 * 0.65)).abs() < 1e-12);
    assert!((fee(true, 90.0, 0.0, 20.0) - 20.0 * 0.85).abs() < 1e-12);
    assert!((fee(true, 110.0, 20.0, 5.0) - 5.0 * 0.85).abs() < 1e-12);
    assert!((fee(true, 100.0, 0.0, 5.0) - 5.0 * 0.65).abs() < 1e-12);
}

#[test]
fn a_venue_that_does_not_count_the_month_refuses_tiers() {
    let tiers = Commission::VolumeTiers(tiers(false, VolumeMeasure::Quantity));
    let commission = Commission::Sum(Sum { parts: vec![Commission::PerOrder(PerOrder { fee: 1.0 }), tiers] });
    let models = Models { commission, ..Models::default() };
    let refused = models.validate_with(Facts::NONE).expect_err("tiers").to_string();
    assert!(refused.starts_with("commission.tiers: are several, and this venue"), "{refused}");
    assert!(models.validate().is_ok());
}
