use proptest::prelude::*;

use super::super::MatchRow;
use crate::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp,
    account::{Account, AccountEvent, TradedVolume},
    models::Models,
    order::{MarketOrder, Order, OrderId, OrderRequest, Resting, Working},
    rng,
    venue::VenueFacts,
};

const MINUTE: i64 = 60_000_000_000;

/// A bar of that minute out of four prices in ticks.
fn bar(minute: i64, ticks: [i32; 4], volume: u32, tick: f64) -> Bar {
    let price = |at: usize| f64::from(ticks[at]) * tick;
    let (high, low) = (ticks.iter().max().copied().unwrap(), ticks.iter().min().copied().unwrap());
    Bar {
        time: Timestamp::from_nanos(minute * MINUTE),
        open: price(0),
        high: f64::from(high) * tick,
        low: f64::from(low) * tick,
        close: price(1),
        volume: f64::from(volume),
    }
}

fn models() -> impl Strategy<Value = Models> {
    let path = prop::sample::select(vec!["pessimistic", "open_high_low_close", "open_low_high_close", "nearest_first"]);
    let slippage = prop::sample::select(vec![
        r#"{"kind": "none"}"#,
        r#"{"kind": "fixed_ticks", "ticks": 1}"#,
        r#"{"kind": "probabilistic_tick", "probability": 0.5}"#,
        r#"{"kind": "square_root", "sigma": 0.01, "adv": 100000}"#,
    ]);
    let fee = prop::sample::select(vec![
        r#"{"kind": "per_contract", "fee": 2.1}"#,
        r#"{"kind": "bps", "bps": 2}"#,
        r#"{"kind": "schedule", "name": "ib_us_futures"}"#,
    ]);
    let margin = prop::sample::select(vec![r#"{"kind": "none"}"#, r#"{"kind": "instrument"}"#]);
    let caps = (prop::option::of(0.0..0.2f64), prop::option::of(0..30u32));
    (path, slippage, fee, margin, caps).prop_map(|(path, slippage, fee, margin, (participation, protection))| {
        let matching = serde_json::json!({
            "path": {"kind": path}, "participation": participation.map(|p| p + 0.001), "protection_ticks": protection,
        });
        let text = format!(
            r#"{{"slippage": {slippage}, "commission": {fee}, "margin": {margin}, "matching": {matching},
                "latency": {{"kind": "fixed", "ms": 5}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    })
}

/// What a row leaves behind, as text: numbers print to the last bit.
fn outcome(row: &MatchRow<'_>, mut working: Working, mut account: Account, alone: bool) -> (Vec<AccountEvent>, String) {
    let (mut traded, mut rng) = (TradedVolume::default(), rng::stream(1, 0, rng::Purpose::Models));
    let mut events = Vec::new();
    let mut tell = |account: &mut Account, event: AccountEvent| {
        account.apply(&event);
        events.push(event);
    };
    if alone {
        assert!(row.meets_one());
        let under_way = working.under_way().unwrap();
        row.run_alone(under_way, &mut working, &mut traded, &mut account, &mut rng, &mut tell);
        // One that is still under way is the same in the book.
        working.settle();
    } else {
        working.settle();
        row.run_book(&mut working, &mut traded, &mut account, &mut rng, &mut tell);
    }
    (events, format!("{:?} {traded:?} {account:?} {rng:?}", working.book()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn alone_comes_to_what_the_walk_comes_to(
        models in models(),
        ticks in prop::array::uniform4(19_900..20_100i32),
        before in prop::array::uniform4(19_900..20_100i32),
        volume in 0..2_000u32,
        qty in prop::sample::select(vec![-30.0, -3.0, -1.0, 1.0, 2.0, 40.0]),
        // Messages of milliseconds come before prices have moved a tick, or just after.
        arrives in prop_oneof![
            Just(MINUTE),
            Just(2 * MINUTE),
            Just(MINUTE + 20_000_000_000),
            MINUTE - 5..=2 * MINUTE + 5,
            MINUTE..MINUTE + 400_000_000,
        ],
        tick in prop::sample::select(vec![0.25, 0.01]),
        held in -3..=3i32,
    ) {
        let es = Instrument { tick, ..Instrument::es() };
        let bars = vec![bar(1, before, 500, tick), bar(2, ticks, volume, tick)];
        let data = MarketData::builder(vec![es]).bars(bars).period_ns(MINUTE).build().unwrap();
        let facts = VenueFacts::new(&models, data.view(2));
        let row = MatchRow::last(&models, &facts, data.view(2)).unwrap();
        let mut account = Account::new(1);
        account.open(60_000.0);
        if held != 0 {
            let mut working = Working::default();
            let request = OrderRequest::market(InstrumentId(0), f64::from(held));
            let order = Order { id: OrderId(9), request, active_from: 1 };
            working.rest(Resting::new(order, Timestamp::from_nanos(MINUTE)));
            let free = Models::default();
            let row = MatchRow::last(&free, &facts, data.view(2)).unwrap();
            row.run(&mut working, &mut TradedVolume::default(), &mut account,
                &mut rng::stream(2, 0, rng::Purpose::Models), |_| {});
        }
        let order = MarketOrder { id: OrderId(10), instrument: InstrumentId(0), qty, active_from: 1 };
        let mut working = Working::default();
        working.send(order, Timestamp::from_nanos(arrives));
        let walked = outcome(&row, working.clone(), account.clone(), false);
        prop_assert_eq!(outcome(&row, working, account, true), walked);
    }
}
