//! The order in which instruments are registered does not matter: the same orders, sent in the same order, come to the
//! same fills, also where the margin is scarce.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod book;

use std::sync::Arc;

use book::wild;
use proptest::{prelude::*, strategy::ValueTree as _};
use serde_json::json;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent, Fill, RejectReason},
    market::{Calendar, synth},
    models::{IntrabarPath, Models},
    order::{OrderKind, OrderRequest, TimeInForce},
    time::MINUTE_NS,
    venue::{Advance, SimVenue, SimWorld, Start},
};

const ROWS: usize = 120;

fn instruments() -> [Instrument; 3] {
    let share = Instrument { tick: 0.25, lot: 5.0, ..Instrument::equity("SHARE") };
    [Instrument::es(), Instrument::nq(), share]
}

/// Three markets on one clock that move a lot, in the order of `places`: the instrument `places[i]` stands at `i`.
fn market(seed: u64, places: [usize; 3]) -> MarketData {
    let single: Vec<MarketData> = (0..3).map(|i| synth::es_1m(ROWS, seed + 1_000 * i).unwrap()).collect();
    let began = single[0].bars()[0].time;
    let rows = (0..ROWS).flat_map(|t| places.map(|place| wild(&single[place].bars()[t], began)));
    let known = instruments();
    let registered = places.map(|place| known[place].clone()).to_vec();
    MarketData::builder(registered).calendar(Calendar::Utc).bars(rows.collect()).build().unwrap()
}

/// What an event says of whom, whatever the place of its instrument.
fn named(event: &AccountEvent, market: &MarketData) -> String {
    let name = |id: InstrumentId| &market.instruments()[id.0 as usize].name;
    match event {
        AccountEvent::Fill(fill) if fill.order.is_of_venue() => {
            let Fill { qty, price, fee, time, .. } = fill;
            format!("{} {qty} at {price} for {fee}, {time}", name(fill.instrument))
        }
        AccountEvent::Fill(fill) => format!("{:?}", Fill { instrument: InstrumentId(0), ..*fill }),
        AccountEvent::Liquidation { instrument, time, .. } => format!("{} is closed, {time}", name(*instrument)),
        other => format!("{other:?}"),
    }
}

struct Run {
    events: Vec<String>,
    equity: Vec<f64>,
    refused: usize,
    called: usize,
}

fn run(seed: u64, places: [usize; 3], models: &Models, cash: f64, orders: &[(u32, OrderRequest)]) -> Run {
    let (mut data, mut bars_a_row) = (market(seed, places), 1);
    if let IntrabarPath::SubBars { .. } = models.matching.path {
        (data, bars_a_row) = (data.resample(60 * MINUTE_NS).unwrap(), 3);
    }
    let data = Arc::new(data);
    let place =
        |id: InstrumentId| InstrumentId(places.iter().position(|place| *place == id.0 as usize).unwrap() as u32);
    let world = SimWorld::new(Arc::clone(&data), models.clone(), cash).unwrap();
    let (mut venue, mut account) = (SimVenue::new(Arc::new(world), seed), Account::new(3));
    venue.open(Start::At(0), &mut account).unwrap();
    let mut run = Run { events: Vec::new(), equity: Vec::new(), refused: 0, called: 0 };
    loop {
        let row = venue.state().row();
        for (_, order) in orders.iter().filter(|(at, _)| *at / bars_a_row == row) {
            let mut order = *order;
            order.instrument = place(order.instrument);
            venue.submit(order).unwrap();
        }
        let advance = venue.advance(&mut account, |event| {
            run.refused += usize::from(matches!(event, AccountEvent::Rejected { reason: RejectReason::Margin, .. }));
            run.called += usize::from(matches!(event, AccountEvent::Liquidation { .. }));
            run.events.push(named(event, &data));
        });
        let Advance::Decision(_) = advance.unwrap() else { return run };
        run.equity.push(account.equity());
    }
}

fn order() -> impl Strategy<Value = (u32, OrderRequest)> {
    (0..ROWS as u32 - 2, 0..3u32, -3..=3i32, -60..60i32, 0..7u32).prop_filter_map(
        "no order",
        |(row, id, lots, away, kind)| {
            let lot = instruments()[id as usize].lot;
            let (qty, price) = (f64::from(lots) * lot, 5_000.0 + f64::from(away) * 5.0);
            let kind = match kind {
                0 | 1 => OrderKind::Market {},
                2 => OrderKind::Stop { trigger: price },
                3 => OrderKind::MarketOnClose {},
                4 => OrderKind::TrailingStop { offset: 40.0 },
                _ => OrderKind::Limit { price },
            };
            let tif = if away % 4 == 0 { TimeInForce::Ioc {} } else { TimeInForce::Gtc {} };
            let order = OrderRequest::of(InstrumentId(id), qty, kind).with_tif(tif);
            // A third of the orders are of a group with others, of whatever instruments.
            let order = if away % 3 == 0 { order.in_group(row / 8) } else { order };
            (qty != 0.0).then_some((row, order))
        },
    )
}

fn models() -> impl Strategy<Value = Models> {
    let path = prop::sample::select(vec![
        "pessimistic",
        "open_high_low_close",
        "open_low_high_close",
        "nearest_first",
        "sub_bars",
    ]);
    let limit = prop::sample::select(vec!["touch", "penetration", "queue", "intensity"]);
    let fill = prop::sample::select(vec!["next_open", "next_close"]);
    let slippage = prop::sample::select(vec![
        json!({"kind": "fixed_ticks", "ticks": 2}),
        json!({"kind": "probabilistic_tick", "probability": 0.5, "ticks": 4}),
        json!({"kind": "almgren_chriss", "epsilon": 0.5, "eta": 0.25, "gamma": 0.25}),
    ]);
    let latency =
        prop::sample::select(vec![json!({"kind": "none"}), json!({"kind": "jittered", "ms": 1e5, "jitter_ms": 2e5})]);
    let tier = |from: f64, bps: f64| json!({"from": from, "commission": {"kind": "bps", "bps": bps}});
    let commission = prop::sample::select(vec![
        json!({"kind": "per_share", "fee": 0.5, "minimum": 2.0}),
        json!({"kind": "volume_tiers", "measure": "value", "tiers": [tier(0.0, 0.5), tier(1e6, 0.3), tier(3e6, 0.1)]}),
    ]);
    (path, limit, fill, slippage, latency, commission, prop::option::of(0.001..0.01f64)).prop_map(
        |(path, limit, fill, slippage, latency, commission, participation)| {
            serde_json::from_value(json!({
                "fill": {"kind": fill},
                "slippage": slippage,
                "latency": latency,
                "commission": commission,
                "margin": {"kind": "leverage", "max": 20.0, "maintenance": 0.95},
                "matching": {"path": {"kind": path}, "limit": {"kind": limit}, "participation": participation},
            }))
            .unwrap()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn registering_instruments_in_another_order_changes_nothing(
        seed in 0u64..40,
        models in models(),
        cash in 25_000.0..120_000.0f64,
        orders in prop::collection::vec(order(), 10..60),
        places in Just([0usize, 1, 2]).prop_shuffle(),
    ) {
        let (one, other) = (run(seed, [0, 1, 2], &models, cash, &orders), run(seed, places, &models, cash, &orders));
        for (one, other) in one.events.iter().zip(&other.events) {
            prop_assert_eq!(one, other);
        }
        prop_assert_eq!((one.events.len(), one.refused, one.called), (other.events.len(), other.refused, other.called));
        // Sums over instruments are taken in another order.
        for (one, other) in one.equity.iter().zip(&other.equity) {
            prop_assert!((one - other).abs() <= 1e-9 * one.abs().max(1.0), "{one} {other}");
        }
    }
}

#[test]
fn the_runs_that_are_compared_are_short_of_margin() {
    let models: Models = serde_json::from_value(json!({
        "margin": {"kind": "leverage", "max": 20.0, "maintenance": 0.95},
        "matching": {"limit": {"kind": "touch"}},
    }))
    .unwrap();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut refused, mut called, mut filled) = (0, 0, 0);
    for seed in 0..20 {
        let orders = prop::collection::vec(order(), 10..60).new_tree(&mut runner).unwrap().current();
        let run = run(seed, [0, 1, 2], &models, 50_000.0, &orders);
        filled += run.events.iter().filter(|event| event.starts_with("Fill")).count();
        (refused, called) = (refused + run.refused, called + run.called);
    }
    assert!(refused > 20 && called > 20 && filled > 100, "{refused} refused, {called} calls, {filled} fills");
}

/// Two futures that go from 100 to 110, with 1,000 of margin each; the account has 1,500.
fn who_fills(orders: [OrderRequest; 2]) -> Vec<(u32, bool)> {
    let future = |name: &str| Instrument {
        name: name.into(),
        initial_margin: 1_000.0,
        maintenance_margin: 0.0,
        multiplier: 1.0,
        ..Instrument::es()
    };
    let bar = |minute: i64, high: f64| Bar {
        time: Timestamp::from_nanos(minute * MINUTE_NS),
        open: 100.0,
        high,
        low: 100.0,
        close: high,
        volume: 1.0,
    };
    let bars = vec![bar(1, 100.0), bar(1, 100.0), bar(2, 110.0), bar(2, 110.0)];
    let data = MarketData::builder(vec![future("A"), future("B")]).bars(bars).build().unwrap();
    let models: Models = serde_json::from_value(json!({"margin": {"kind": "instrument"}})).unwrap();
    let mut venue = SimVenue::new(Arc::new(SimWorld::new(Arc::new(data), models, 1_500.0).unwrap()), 0);
    let mut account = Account::new(2);
    venue.open(Start::At(0), &mut account).unwrap();
    for order in orders {
        venue.submit(order).unwrap();
    }
    let mut done = Vec::new();
    venue
        .advance(&mut account, |event| match event {
            AccountEvent::Fill(fill) => done.push((fill.order.0, true)),
            AccountEvent::Rejected { order, .. } => done.push((order.0, false)),
            _ => {}
        })
        .unwrap();
    done
}

#[test]
fn what_comes_first_gets_the_margin_and_at_one_moment_the_older_order_does() {
    let (a, b) = (InstrumentId(0), InstrumentId(1));
    let stop = |id, trigger| OrderRequest::stop(id, 1.0, trigger);
    let market = |id| OrderRequest::market(id, 1.0);
    for (one, other) in [(a, b), (b, a)] {
        // The younger order is reached earlier.
        assert_eq!(who_fills([stop(one, 108.0), stop(other, 102.0)]), [(1, true), (0, false)]);
        assert_eq!(who_fills([stop(one, 102.0), stop(other, 102.0)]), [(0, true), (1, false)]);
        // At the open, before anything is reached; with a book and without one.
        assert_eq!(who_fills([stop(one, 102.0), market(other)]), [(1, true), (0, false)]);
        assert_eq!(who_fills([market(one), market(other)]), [(0, true), (1, false)]);
    }
}
