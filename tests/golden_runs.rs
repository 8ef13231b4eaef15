//! One small run for each kind of order and each model, as a table that people can read: `golden/runs.txt`.
//!
//! `UPDATE_GOLDEN=1 cargo test --test golden_runs` writes it anew; read the difference before you commit it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{fmt::Write as _, path::Path, sync::Arc};

use serde_json::{Value, json};
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent},
    market::{Calendar, MarketDataBuilder, MarketEvent, MarketFact, Quote, QuotesAt},
    models::Models,
    order::{OrderId, OrderRequest},
    venue::{SimVenue, SimWorld, Start},
};
use tradepit_envs::{Action, EnvSpec, Hooks, SimSetup};

const MINUTE: i64 = 60_000_000_000;

/// Up, down through everything, a gap up, quiet.
const BARS: [[f64; 5]; 5] = [
    [100.0, 100.5, 99.5, 100.0, 1000.0],
    [100.25, 102.0, 99.0, 101.0, 800.0],
    [101.0, 101.25, 97.0, 97.5, 1200.0],
    [99.5, 100.0, 99.0, 99.25, 500.0],
    [99.25, 99.5, 99.0, 99.25, 300.0],
];

const EVERY_MINUTE: [f64; 5] = [1.0, 2.0, 3.0, 4.0, 5.0];

fn bar(minute: f64, [open, high, low, close, volume]: [f64; 5]) -> Bar {
    Bar { time: Timestamp::from_nanos((minute * MINUTE as f64) as i64), open, high, low, close, volume }
}

/// Rows that close at those minutes.
fn rows(minutes: [f64; 5]) -> MarketDataBuilder {
    let share = Instrument { tick: 0.25, ..Instrument::equity("XYZ") };
    let bars = BARS.iter().zip(minutes).map(|(&values, minute)| bar(minute, values));
    MarketData::builder(vec![share]).bars(bars.collect()).period_ns(MINUTE)
}

/// Quotes at the opens, two ticks apart about them; the third row has none of its own.
fn quoted() -> MarketDataBuilder {
    let quote = |(n, bar): (usize, &[f64; 5])| {
        let time = Timestamp::from_nanos(n as i64 * MINUTE - 1_000_000_000);
        (n != 2).then(|| Quote { time, bid: bar[0] - 0.25, ask: bar[0] + 0.25, ..Quote::default() })
    };
    rows(EVERY_MINUTE).quotes(BARS.iter().enumerate().map(quote), QuotesAt::Open)
}

/// The second row in four parts: it went up first, and jumped over 100 on the way down.
fn in_parts() -> MarketDataBuilder {
    let parts = [
        (1.25, [100.25, 102.0, 100.25, 101.75, 200.0]),
        (1.5, [101.75, 101.75, 100.5, 100.5, 200.0]),
        (1.75, [99.75, 99.75, 99.0, 99.25, 200.0]),
        (2.0, [99.25, 101.0, 99.25, 101.0, 200.0]),
    ];
    rows(EVERY_MINUTE).sub_bars(parts.map(|(minute, values)| bar(minute, values)).to_vec())
}

/// A row a day.
fn daily() -> MarketDataBuilder {
    rows(EVERY_MINUTE.map(|day| day * 1_440.0)).period_ns(1_440 * MINUTE)
}

/// With `facts` before the open of each row; prices change by them from there on.
fn eventful(facts: &[(usize, MarketFact)]) -> MarketDataBuilder {
    let mut bars: Vec<Bar> = BARS.iter().zip(EVERY_MINUTE).map(|(&values, minute)| bar(minute, values)).collect();
    let mut events = Vec::new();
    for (row, what) in facts {
        events.push(MarketEvent { time: bars[row - 1].time, instrument: InstrumentId(0), what: *what });
        bars[*row..].iter_mut().for_each(|bar| *bar = what.ex(bar, 1.0));
    }
    rows(EVERY_MINUTE).bars(bars).events(events)
}

/// An event as a line of a table.
fn told(event: &AccountEvent) -> String {
    let seconds = event.time().nanos() as f64 * 1e-9;
    match event {
        AccountEvent::Fill(f) => {
            let (qty, price, reference, fee) = (f.qty, f.price, f.reference, f.fee);
            format!(
                "{seconds:>8.1} {:>5} {:<10} {qty:>6} {price:>10.4} {reference:>9.2} {fee:>8.4}",
                if f.order.is_of_venue() { "venue".to_owned() } else { f.order.0.to_string() },
                "fill"
            )
        }
        AccountEvent::Order { order, state, .. } => {
            let state = serde_json::to_value(state).unwrap();
            format!("{seconds:>8.1} {:>5} {:<10}", order.0, state.as_str().unwrap())
        }
        AccountEvent::Rejected { order, reason, .. } => {
            let reason = serde_json::to_value(reason).unwrap();
            format!("{seconds:>8.1} {:>5} rejected: {}", order.0, reason.as_str().unwrap())
        }
        AccountEvent::Modified { order, change, .. } => {
            let change = serde_json::to_string(change).unwrap();
            format!("{seconds:>8.1} {:>5} modified {change}", order.0)
        }
        AccountEvent::Dividend { amount, .. } => {
            format!("{seconds:>8.1}       dividend {amount:.4}")
        }
        AccountEvent::Split { ratio, .. } => format!("{seconds:>8.1}       split {ratio}"),
        AccountEvent::Financing { amount, .. } => format!("{seconds:>8.1}       carry {amount:.4}"),
        AccountEvent::Liquidation { equity, maintenance, .. } => {
            format!("{seconds:>8.1}       called: worth {equity:.2} of {maintenance:.2}")
        }
        other => format!("{seconds:>8.1}       {other:?}"),
    }
}

/// `cash` may stand beside the models.
fn table(name: &str, market: MarketDataBuilder, models: &Value, orders: &[Value]) -> String {
    let (data, mut models) = (market.build().unwrap(), models.clone());
    let cash = models.as_object_mut().unwrap().remove("cash").map_or(1e6, |cash| cash.as_f64().unwrap());
    let models: Models = serde_json::from_value(models).unwrap();
    let mut venue = SimVenue::new(Arc::new(SimWorld::new(Arc::new(data), models, cash).unwrap()), 7);
    let mut account = Account::new(1);
    venue.open(Start::At(0), &mut account).unwrap();
    for order in orders {
        let mut order = order.clone();
        let id = |value: &Value| OrderId(serde_json::from_value(value.clone()).unwrap());
        if let Some(cancelled) = order.get("cancel") {
            venue.cancel(id(cancelled)).unwrap();
            continue;
        }
        if let Some(modified) = order.get("modify") {
            venue.modify(id(modified), serde_json::from_value(order["change"].clone()).unwrap()).unwrap();
            continue;
        }
        order["instrument"] = 0.into();
        let order: OrderRequest = serde_json::from_value(order).unwrap();
        venue.submit(order).unwrap();
    }
    let mut text = format!(
        "== {name}\n{:>8} {:>5} {:<10} {:>6} {:>10} {:>9} {:>8}\n",
        "seconds", "order", "event", "qty", "price", "reference", "fee"
    );
    for _ in 1..BARS.len() {
        venue.advance(&mut account, |event| writeln!(text, "{}", told(event)).unwrap()).unwrap();
    }
    let position = account.positions()[0].qty();
    writeln!(text, "position {position}, equity {:.4}, fees {:.4}\n", account.equity(), account.fees()).unwrap();
    text
}

fn runs() -> String {
    let buy = |kind: Value| json!({"qty": 2, "kind": kind});
    let sell = |kind: Value| json!({"qty": -2, "kind": kind});
    let touch = json!({"matching": {"limit": {"kind": "touch"}}});
    let bracket = [
        json!({"qty": 2}),
        json!({"qty": -2, "kind": {"kind": "stop", "trigger": 99.25}, "parent": 0, "oco": 1}),
        json!({"qty": -2, "kind": {"kind": "limit", "price": 101.5}, "parent": 0, "oco": 1}),
    ];
    let one = [json!({"qty": 20})];
    let mut text = String::new();
    let mut run_on = |market: MarketDataBuilder, name: &str, models: &Value, orders: &[Value]| {
        text.push_str(&table(name, market, models, orders));
    };
    let mut run = |name: &str, models: &Value, orders: &[Value]| run_on(rows(EVERY_MINUTE), name, models, orders);
    run("market", &json!({}), &[json!({"qty": 2})]);
    run("market, next close", &json!({"fill": {"kind": "next_close"}}), &[json!({"qty": 2})]);
    run("market, look-ahead close", &json!({"fill": {"kind": "look_ahead_close"}}), &[json!({"qty": 2})]);
    run("market on open", &json!({"fill": {"kind": "next_close"}}), &[buy(json!({"kind": "market_on_open"}))]);
    run("market on close", &json!({}), &[buy(json!({"kind": "market_on_close"}))]);
    run(
        "limit",
        &touch,
        &[buy(json!({"kind": "limit", "price": 98.0})), sell(json!({"kind": "limit", "price": 101.75}))],
    );
    run(
        "stop",
        &touch,
        &[buy(json!({"kind": "stop", "trigger": 101.5})), sell(json!({"kind": "stop", "trigger": 98.0}))],
    );
    run("stop limit", &touch, &[buy(json!({"kind": "stop_limit", "trigger": 101.5, "price": 101.0}))]);
    let trailing = [json!({"qty": 2}), sell(json!({"kind": "trailing_stop", "offset": 1.5}))];
    run("trailing stop", &touch, &trailing);
    let up = json!({"matching": {"limit": {"kind": "touch"}, "path": {"kind": "open_high_low_close"}}});
    run("trailing stop, open_high_low_close", &up, &trailing);
    let mut behind_a_stop = bracket.clone();
    behind_a_stop[0] = buy(json!({"kind": "stop", "trigger": 101.0}));
    run("bracket behind a stop, pessimistic", &touch, &behind_a_stop);
    run("bracket behind a stop, open_high_low_close", &up, &behind_a_stop);
    for path in ["pessimistic", "open_high_low_close", "open_low_high_close", "nearest_first"] {
        let models = json!({"matching": {"limit": {"kind": "touch"}, "path": {"kind": path}}});
        run(&format!("bracket, {path}"), &models, &bracket);
    }
    for tif in [json!({"kind": "ioc"}), json!({"kind": "fok"}), json!({"kind": "gtd", "until": 3 * MINUTE})] {
        let order = json!({"qty": 100, "kind": {"kind": "limit", "price": 100.5}, "tif": tif});
        run(
            &format!("limit {}", tif["kind"].as_str().unwrap()),
            &json!({"matching": {"participation": 0.1}}),
            &[order],
        );
    }
    let moved =
        [buy(json!({"kind": "limit", "price": 98.0})), json!({"modify": 0, "change": {"price": 97.5, "qty": 3}})];
    run("limit, modified", &touch, &moved);
    run("limit, cancelled", &touch, &[buy(json!({"kind": "limit", "price": 98.0})), json!({"cancel": 0})]);
    for limit in ["touch", "penetration", "queue"] {
        let order = buy(json!({"kind": "limit", "price": 99.0}));
        run(&format!("limit at the low, {limit}"), &json!({"matching": {"limit": {"kind": limit}}}), &[order]);
    }
    let quotes = [sell(json!({"kind": "limit", "price": 100.5})), buy(json!({"kind": "limit", "price": 99.5}))];
    let chance = json!({"kind": "intensity", "arrivals": 0.7, "decay": 0.5});
    run("limits on both sides, intensity", &json!({"matching": {"limit": chance}}), &quotes);
    run("participation of a tenth", &json!({"matching": {"participation": 0.1}}), &[json!({"qty": 250})]);
    run(
        "price protection of a tick",
        &json!({"matching": {"protection_ticks": 1}, "slippage": {"kind": "fixed_ticks", "ticks": 8}}),
        &one,
    );
    run("latency of ten seconds", &json!({"latency": {"kind": "fixed", "ms": 10000}}), &one);
    run("latency, jittered", &json!({"latency": {"kind": "jittered", "ms": 1000, "jitter_ms": 20000}}), &one);
    for slippage in [
        json!({"kind": "fixed_ticks", "ticks": 1}),
        json!({"kind": "fixed_bps", "bps": 5}),
        json!({"kind": "volume_share"}),
        json!({"kind": "half_spread", "spread_ticks": 1}),
        json!({"kind": "probabilistic_tick", "probability": 0.5}),
        json!({"kind": "empirical", "unit": "ticks", "quantiles": [0, 1, 4]}),
        json!({"kind": "almgren_chriss", "epsilon": 0.125, "eta": 0.01, "gamma": 0.01}),
        json!({"kind": "square_root", "sigma": 0.02, "adv": 20000}),
        json!({"kind": "volatility_volume_share", "sigma": 0.02, "adv": 20000, "eta": 1000}),
    ] {
        run(&format!("slippage {}", slippage["kind"].as_str().unwrap()), &json!({"slippage": slippage}), &one);
    }
    for commission in [
        json!({"kind": "per_contract", "fee": 2.1}),
        json!({"kind": "per_share", "fee": 0.005, "minimum": 1}),
        json!({"kind": "bps", "bps": 2}),
        json!({"kind": "per_order", "fee": 3}),
        json!({"kind": "maker_taker", "maker_bps": -1, "taker_bps": 4}),
        json!({"kind": "premium_tiers"}),
        json!({"kind": "schedule", "name": "ib_us_equities"}),
        json!({"kind": "sum", "parts": [{"kind": "per_order", "fee": 3}, {"kind": "bps", "bps": 2}]}),
    ] {
        run(&format!("commission {}", commission["kind"].as_str().unwrap()), &json!({"commission": commission}), &one);
    }
    let quote = |stale: &Value| json!({"fill": {"kind": "quote"}, "matching": {"stale": stale}});
    let limit = |price: f64| json!({"qty": 2, "kind": {"kind": "limit", "price": price}});
    let mut post_only = limit(100.5);
    post_only["post_only"] = true.into();
    run_on(quoted(), "quote", &quote(&json!({"kind": "none"})), &[json!({"qty": 2}), json!({"qty": -2})]);
    run_on(
        quoted(),
        "quote, limits that take, rest and may not take",
        &quote(&json!({"kind": "none"})),
        &[limit(101.0), limit(100.25), post_only],
    );
    let mut late = quote(&json!({"kind": "none"}));
    late["latency"] = json!({"kind": "fixed", "ms": 10000});
    run_on(quoted(), "quote, latency of ten seconds", &late, &one);
    run_on(quoted(), "half spread of the quote", &json!({"slippage": {"kind": "half_spread"}}), &one);
    for kind in ["wait", "refuse"] {
        // Fresh at the second row, carried on to the third.
        let mut models = quote(&json!({"kind": kind, "after_ns": 30_000_000_000_i64}));
        models["latency"] = json!({"kind": "fixed", "ms": 60001});
        run_on(quoted(), &format!("quote of the row before, {kind}"), &models, &one);
        let models = json!({"matching": {"stale": {"kind": kind, "after_ns": MINUTE}}});
        run_on(rows([1.0, 60.0, 61.0, 62.0, 63.0]), &format!("opening gap, {kind}"), &models, &one);
    }
    for within in ["nearest_first", "open_high_low_close", "open_low_high_close"] {
        let path = json!({"kind": "sub_bars", "within": {"kind": within}});
        let models = json!({"matching": {"limit": {"kind": "touch"}, "path": path}});
        run_on(in_parts(), &format!("bracket, sub_bars, {within}"), &models, &bracket);
    }
    let path = json!({"matching": {"path": {"kind": "sub_bars"}}});
    let stop = sell(json!({"kind": "stop", "trigger": 100.0}));
    run_on(in_parts(), "stop in a gap between sub_bars", &path, &[stop]);
    let costs =
        json!({"slippage": {"kind": "fixed_ticks", "ticks": 1}, "commission": {"kind": "per_share", "fee": 0.01}});
    let roll = MarketFact::Roll { from_price: 101.0, to_price: 103.0 };
    for (name, facts) in [
        ("no event", vec![]),
        ("dividend of a half before the third bar", vec![(2, MarketFact::Dividend { amount: 0.5 })]),
        ("split, three for two, before the third bar", vec![(2, MarketFact::Split { ratio: 1.5 })]),
        ("roll before the third bar", vec![(2, roll)]),
        ("halt of the second and third bar", vec![(1, MarketFact::Halt {}), (3, MarketFact::Resume {})]),
    ] {
        let stop = json!({"qty": -5, "kind": {"kind": "stop", "trigger": 98.0}});
        run_on(eventful(&facts), name, &costs, &[json!({"qty": 25}), stop]);
    }
    let funding = json!({"financing": {"kind": "funding_column", "column": "rate", "hours": 1}});
    let half_hours =
        rows(EVERY_MINUTE.map(|minute| 30.0 * minute)).column("rate", vec![0.0, 0.001, 0.002, -0.001, 0.0]);
    run_on(half_hours, "funding from a column", &funding, &[json!({"qty": 25})]);
    told_and_carried(&mut text);
    schemes(&mut text);
    text
}

/// What each action scheme orders.
fn schemes(text: &mut String) {
    let boxed = |values: &[f32]| (values.to_vec(), vec![]);
    let whole = |values: &[i64]| (vec![], values.to_vec());
    let weights = json!({"kind": "portfolio_weights", "weights": {"kind": "long_short", "leverage": 2}});
    let quotes = json!({"kind": "two_sided_quotes", "offset_ticks": [1, 9], "lots": [1, 5], "max_lots": 4});
    let grid = json!({"kind": "quote_grid", "offset_ticks": [null, 1, 5], "lots": 2});
    let ticket = json!({"kind": "order_ticket", "lots": [1, 4], "life": ["bar", "day"], "stop_ticks": [0, 4]});
    let patient = json!({"kind": "target_position", "max_lots": 10, "dead_band": 0.3, "threshold": 0.5});
    for (name, spec, actions) in [
        (
            "dead band and strength",
            json!({"action": patient}),
            [boxed(&[1.0, 1.0]), boxed(&[0.8, 1.0]), boxed(&[1.0, -0.1])],
        ),
        ("weights of the equity", json!({"action": weights}), [boxed(&[0.5]), boxed(&[0.5]), boxed(&[-1.0])]),
        ("quotes", json!({"action": quotes}), [(); 3].map(|()| boxed(&[-1.0, -1.0, 1.0, 1.0]))),
        ("quotes out of a grid", json!({"action": grid}), [whole(&[1, 0]), whole(&[1, 2]), whole(&[2, 1])]),
        (
            "tickets",
            json!({"action": ticket}),
            [whole(&[3, 1, 1, 0, 1, 1]), whole(&[4, 0, 0, 0, 0, 0]), whole(&[1, 1, 0, 1, 0, 0])],
        ),
        (
            "tickets within a limit",
            json!({"action": ticket, "limits": {"position": 2}}),
            [whole(&[4, 1, 0, 0, 0, 0]), whole(&[4, 0, 0, 0, 0, 0]), whole(&[0, 1, 0, 0, 0, 0])],
        ),
        (
            "execution of what is held",
            json!({"action": {"kind": "execution_rate", "lots": -9}, "holding": 9}),
            [boxed(&[-0.5]), boxed(&[0.0]), boxed(&[-1.0])],
        ),
    ] {
        text.push_str(&scheme(name, &spec, &actions));
    }
}

fn scheme(name: &str, spec: &Value, actions: &[(Vec<f32>, Vec<i64>)]) -> String {
    let mut whole = json!({"window": 1, "features": {"features": [{"kind": "log_return"}]}, "cash": 1000,
        "matching": {"limit": {"kind": "touch"}},
        "episode": {"start": {"kind": "first"}, "length": {"kind": "data"}}});
    whole.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    let setup = SimSetup::new(serde_json::from_value::<EnvSpec>(whole).unwrap(), rows(EVERY_MINUTE).build().unwrap());
    let setup = setup.unwrap();
    let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    env.reset(Some(7), &mut obs).unwrap();
    let mut heard = Heard(format!(
        "== {name}\n{:>8} {:>5} {:<10} {:>6} {:>10} {:>9} {:>8}\n",
        "seconds", "order", "event", "qty", "price", "reference", "fee"
    ));
    for (values, choices) in actions {
        let action = if choices.is_empty() { Action::Box(values) } else { Action::MultiDiscrete(choices) };
        env.step_with(action, &mut obs, &mut heard).unwrap();
    }
    let account = env.state().account();
    let position = account.positions()[0].qty();
    writeln!(heard.0, "position {position}, equity {:.4}, fees {:.4}\n", account.equity(), account.fees()).unwrap();
    heard.0
}

/// What the venue says, line by line.
struct Heard(String);

impl Hooks for Heard {
    fn event(&mut self, event: &AccountEvent) {
        writeln!(self.0, "{}", told(event)).unwrap();
    }
}

/// What the venue tells its models, and what it does on its own.
fn told_and_carried(text: &mut String) {
    let mut run = |name: &str, market: MarketDataBuilder, models: &Value, qty: f64| {
        text.push_str(&table(name, market, models, &[json!({"qty": qty})]));
    };
    let of_days = json!({"slippage": {"kind": "square_root", "days": 20}, "matching": {"participation": 0.1}});
    run("square root of the days before, a part of the volume a day", daily(), &of_days, 250.0);
    let tier = |from: f64, bps: f64| json!({"from": from, "commission": {"kind": "bps", "bps": bps}});
    let tiers = json!({"kind": "volume_tiers", "tiers": [tier(0.0, 4.0), tier(100.0, 2.0), tier(200.0, 1.0)]});
    let by_parts = json!({"commission": tiers, "matching": {"participation": 0.1}});
    run("volume tiers, in parts", rows(EVERY_MINUTE), &by_parts, 250.0);
    let leverage = |max: f64| json!({"kind": "leverage", "max": max, "maintenance": 0.95});
    run("too little margin", rows(EVERY_MINUTE), &json!({"cash": 2_000, "margin": leverage(4.0)}), 100.0);
    run("margin call", rows(EVERY_MINUTE), &json!({"cash": 2_520, "margin": leverage(4.0)}), 100.0);
    let slowly = json!({"cash": 52, "margin": leverage(40.0), "matching": {"participation": 0.01}});
    run("margin call, by parts of the volume", rows(EVERY_MINUTE), &slowly, 20.0);
    let daily_carry = json!({"financing": {"kind": "daily", "interest": 0.04, "borrow": 0.02}});
    run("interest and borrow", daily(), &daily_carry, -20.0);
    let funding = json!({"financing": {"kind": "funding", "rate": 0.0001, "hours": 24}});
    run("funding", daily(), &funding, 20.0);
    let flat = json!({"flatten": {"kind": "session_end"}, "matching": {"participation": 0.01}});
    run(
        "flat at the end of a session",
        rows([1.0, 1_439.0, 1_440.0, 1_441.0, 1_442.0]).calendar(Calendar::Utc),
        &flat,
        20.0,
    );
}

#[test]
fn runs_are_as_they_were() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/runs.txt");
    let now = runs();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    for (now, kept) in now.lines().zip(kept.lines()) {
        assert_eq!(now, kept, "see tests/golden/runs.txt");
    }
    assert_eq!(now.lines().count(), kept.lines().count());
}
