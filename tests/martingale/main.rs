//! On a price without drift every policy expects to lose its costs, and no rule of the simulator lets it do better.
//!
//! The price is a walk of single ticks, of which the policy and the venue see bars. For market orders, limits that fill on
//! a touch and stops, whatever the path, the expected gain is minus the costs, neither more nor less; a limit that prices
//! must go through costs the way through. Where a bar does not say what came first, the default is the worse of what may
//! have been: it never earns. Runs are seeded: each mean is held against four of its standard errors.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod market;

use market::{Decision, ONE, Outcome, TICK, trial};
use rand::RngExt as _;
use serde_json::{Value, json};
use tradepit::{
    Rng,
    order::{OrderId, OrderKind, OrderRequest, TimeInForce},
    rng::{Purpose, stream},
};

const PATHS: [&str; 4] = ["pessimistic", "open_high_low_close", "open_low_high_close", "nearest_first"];

fn side(rng: &mut Rng) -> f64 {
    if rng.random::<bool>() { 1.0 } else { -1.0 }
}

fn ticks(side: f64, ticks: i32) -> i32 {
    if side > 0.0 { ticks } else { -ticks }
}

fn matching(path: &str, limit: &Value) -> Value {
    json!({"matching": {"path": {"kind": path}, "limit": limit}})
}

fn touch(path: &str) -> Value {
    matching(path, &json!({"kind": "touch"}))
}

fn penetration(path: &str) -> Value {
    matching(path, &json!({"kind": "penetration", "ticks": 1.0}))
}

/// At the market: at random, with the last move, against it.
fn at_market(which: usize) -> impl Fn(&mut Rng, &Decision) -> Vec<OrderRequest> {
    move |rng, now| {
        let moved = now.close - now.before;
        let qty = [side(rng), moved.signum(), -moved.signum()][which];
        Vec::from_iter((rng.random::<bool>() && moved != 0.0).then(|| OrderRequest::market(ONE, qty)))
    }
}

fn limit(rng: &mut Rng, now: &Decision) -> OrderRequest {
    let side = side(rng);
    OrderRequest::limit(ONE, side, now.at(ticks(side, -rng.random_range(-2..12))))
}

fn stop(rng: &mut Rng, now: &Decision) -> OrderRequest {
    let side = side(rng);
    OrderRequest::stop(ONE, side, now.at(ticks(side, rng.random_range(-2..12))))
}

/// Orders that do not depend on each other, of all kinds and times in force.
fn independent(rng: &mut Rng, now: &Decision) -> Vec<OrderRequest> {
    let one = |rng: &mut Rng| {
        let order = match rng.random_range(0..6) {
            0 => OrderRequest::market(ONE, side(rng)),
            1 => OrderRequest::of(ONE, side(rng), OrderKind::MarketOnOpen {}),
            2 => OrderRequest::of(ONE, side(rng), OrderKind::MarketOnClose {}),
            3 | 4 => limit(rng, now),
            _ => stop(rng, now),
        };
        let tif = [TimeInForce::Gtc {}, TimeInForce::Gtc {}, TimeInForce::Ioc {}, TimeInForce::Fok {}];
        order.with_tif(tif[rng.random_range(0..4)])
    };
    (0..rng.random_range(0..4)).map(|_| one(rng)).collect()
}

#[test]
fn at_the_market_the_expected_gain_is_minus_the_costs() {
    let costs = [
        json!({"slippage": {"kind": "fixed_ticks", "ticks": 1.5}, "commission": {"kind": "per_contract", "fee": 0.7}}),
        json!({"slippage": {"kind": "volume_share"}, "commission": {"kind": "per_share", "fee": 0.1, "minimum": 1.0}}),
        json!({"slippage": {"kind": "probabilistic_tick", "probability": 0.5}, "commission": {"kind": "bps", "bps": 3}}),
    ];
    // A close that the decision saw is no gain either where nothing drifts.
    for (mut models, fill) in costs.into_iter().zip(["next_open", "next_close", "look_ahead_close"]) {
        models["fill"] = json!({"kind": fill});
        for (which, name) in ["at random", "with the move", "against the move"].into_iter().enumerate() {
            trial(&models, 4..80, 4_000, at_market(which)).is_fair(&format!("{name}, {fill}"));
        }
    }
}

#[test]
fn so_it_is_for_limits_and_stops_whatever_the_path() {
    for path in PATHS {
        for models in [touch(path), penetration(path)] {
            let fair = |name: &str, policy: fn(&mut Rng, &Decision) -> Vec<OrderRequest>| {
                trial(&models, 4..80, 2_500, policy).is_fair(&format!("{name}, {models}"));
            };
            fair("limits", |rng, now| vec![limit(rng, now)]);
            fair("stops", |rng, now| vec![stop(rng, now)]);
            fair("all kinds", independent);
            // Prices stand where they filled the limit: whoever leaves at once pays the way through.
            fair("in by a limit, out at the market", |rng, now| {
                let entry = limit(rng, now);
                vec![entry, OrderRequest::market(ONE, -entry.qty).child_of(OrderId(now.next))]
            });
        }
    }
}

/// An entry, and a stop and a target for what it fills; the target at so many ticks, the stop at so many.
fn bracket(
    entry: &'static str,
    target: i32,
    stop: i32,
    reduce: bool,
) -> impl Fn(&mut Rng, &Decision) -> Vec<OrderRequest> {
    move |rng, now| {
        let side = side(rng);
        let (entry, from) = match entry {
            "market" => (OrderRequest::market(ONE, side), 0),
            "limit" => (OrderRequest::limit(ONE, side, now.at(ticks(side, -2))), -2),
            _ => (OrderRequest::stop(ONE, side, now.at(ticks(side, 2))), 2),
        };
        let exits = [
            OrderRequest::stop(ONE, -side, now.at(ticks(side, from - stop))),
            OrderRequest::limit(ONE, -side, now.at(ticks(side, from + target))),
        ];
        let exits = exits.map(|exit| exit.in_group(now.next));
        let exits = exits.map(|exit| if reduce { exit.reduce_only() } else { exit.child_of(OrderId(now.next)) });
        if reduce && now.held != 0.0 { Vec::new() } else { vec![entry, exits[0], exits[1]] }
    }
}

fn trailing(offset: i32) -> impl Fn(&mut Rng, &Decision) -> Vec<OrderRequest> {
    move |rng, _| vec![OrderRequest::of(ONE, side(rng), OrderKind::TrailingStop { offset: f64::from(offset) * TICK })]
}

fn stop_limit(rng: &mut Rng, now: &Decision) -> Vec<OrderRequest> {
    let (side, trigger, beyond) = (side(rng), rng.random_range(-2..12), rng.random_range(-5..4));
    let [trigger, price] = [trigger, trigger + beyond].map(|away| now.at(ticks(side, away)));
    vec![OrderRequest::of(ONE, side, OrderKind::StopLimit { trigger, price })]
}

fn one_of_two(rng: &mut Rng, now: &Decision) -> Vec<OrderRequest> {
    [limit(rng, now), stop(rng, now)].map(|order| order.in_group(now.next)).to_vec()
}

/// The policies to which the way inside a bar matters, each with its outcome.
fn dependent(models: &Value) -> Vec<(String, Outcome)> {
    let run = |policy: &dyn Fn(&mut Rng, &Decision) -> Vec<OrderRequest>| trial(models, 4..160, 600, policy);
    let mut outcomes =
        vec![("stop-limits".to_owned(), run(&stop_limit)), ("one cancels the other".to_owned(), run(&one_of_two))];
    for offset in [1, 2, 4] {
        outcomes.push((format!("trailing by {offset}"), run(&trailing(offset))));
    }
    for entry in ["market", "limit", "stop"] {
        for (target, stop) in [(1, 4), (2, 4), (2, 8), (6, 3)] {
            let name = format!("in by {entry}, target {target}, stop {stop}");
            outcomes.push((format!("{name}, reducing"), run(&bracket(entry, target, stop, true))));
            outcomes.push((name, run(&bracket(entry, target, stop, false))));
        }
    }
    outcomes
}

#[test]
fn the_worse_path_never_earns() {
    let queue = json!({"kind": "queue", "hit": 1.0, "ahead": 0.0});
    let limits = [json!({"kind": "touch"}), json!({"kind": "penetration"}), queue];
    for limit in &limits {
        let plain = matching("pessimistic", limit);
        let mut late = plain.clone();
        late["latency"] = json!({"kind": "jittered", "ms": 10_000.0, "jitter_ms": 30_000.0});
        late["matching"]["participation"] = json!(0.004);
        for models in [plain, late] {
            for (name, outcome) in dependent(&models) {
                outcome.earns_nothing(&format!("{name}, {models}"));
            }
        }
    }
}

/// The other paths are ways that prices may have taken, not bounds: who knows them is paid for what nobody could know.
#[test]
fn a_path_that_is_known_earns() {
    for path in &PATHS[1..] {
        let earns = |name: &str, policy: &dyn Fn(&mut Rng, &Decision) -> Vec<OrderRequest>| {
            trial(&touch(path), 4..160, 600, policy).earns(&format!("{name}, {path}"));
        };
        earns("trailing", &trailing(1));
        earns("in by a stop", &bracket("stop", 2, 4, false));
    }
}

/// Up to five orders of any kind, groups and parents at random.
fn any_book(rng: &mut Rng) -> impl Fn(&mut Rng, &Decision) -> Vec<OrderRequest> + use<> {
    type Leg = (OrderKind, f64, Option<u32>, Option<u32>, bool);
    let count = rng.random_range(2..6);
    // Prices as ticks from the close, until they are sent.
    let leg = |i: u32, rng: &mut Rng| -> Leg {
        let [a, b] = [f64::from(rng.random_range(-8..9i32)), f64::from(rng.random_range(-5..6i32))];
        let kind = match rng.random_range(0..10) {
            0 => OrderKind::Market {},
            1 => OrderKind::MarketOnClose {},
            2 | 3 => OrderKind::Stop { trigger: a },
            4..=6 => OrderKind::Limit { price: a },
            7 => OrderKind::TrailingStop { offset: 1.0 + a.abs() },
            _ => OrderKind::StopLimit { trigger: a, price: a + b },
        };
        let parent = (i > 0 && rng.random::<bool>()).then(|| rng.random_range(0..i));
        let group = (rng.random_range(0..3) == 0).then(|| rng.random_range(0..2));
        (kind, side(rng) * f64::from(rng.random_range(1..3)), parent, group, rng.random_range(0..4) == 0)
    };
    let legs: Vec<Leg> = (0..count).map(|i| leg(i, rng)).collect();
    move |_, now| {
        let send = |&(kind, qty, parent, group, reduce): &Leg| {
            let at = |ticks: f64| now.close + ticks * TICK;
            let kind = match kind {
                OrderKind::Stop { trigger } => OrderKind::Stop { trigger: at(trigger) },
                OrderKind::Limit { price } => OrderKind::Limit { price: at(price) },
                OrderKind::StopLimit { trigger, price } => {
                    OrderKind::StopLimit { trigger: at(trigger), price: at(price) }
                }
                OrderKind::TrailingStop { offset } => OrderKind::TrailingStop { offset: offset * TICK },
                other => other,
            };
            let mut order = OrderRequest::of(ONE, qty, kind);
            order.parent = parent.map(|parent| OrderId(now.next + parent));
            (order.oco, order.reduce_only) = (group.map(|group| 2 * now.next + group), reduce);
            order
        };
        legs.iter().map(send).collect()
    }
}

#[test]
fn no_book_of_orders_earns_on_the_worse_path() {
    let mut rng = stream(5, 0, Purpose::Episode);
    for number in 0..180 {
        let limit = ["touch", "penetration", "queue"][number % 3];
        let mut models = matching("pessimistic", &json!({"kind": limit}));
        models["matching"]["participation"] = [json!(null), json!(0.004)][number % 2].clone();
        let book = any_book(&mut rng);
        let outcome = trial(&models, 4..160, 300, book);
        // Of 180 means one may lie beyond three errors.
        assert!(outcome.mean <= 5.0 * outcome.error, "{number}: {outcome:?}");
    }
}
