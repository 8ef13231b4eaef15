//! Resting limit orders: published numbers (`golden/queue.json`), bars, and what must hold for any queue.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;
use tradepit::{
    Bar, Instrument, InstrumentId, Timestamp,
    account::{Account, AccountEvent, Fill},
    models::{
        Bps, Commission, CommissionModel as _, FeeContext,
        queue::{
            Displayed, LimitContext, LimitModel, LimitQueue, LimitRule, Log, Log2, Penetration, Power, Power2, Power3,
            Print, Queue, QueueModel, QueueRule, RiskAverse, Touch, volume_per_level,
        },
    },
    order::OrderId,
};

// ---- numbers of other systems ----------------------------------------------------------------------------------------

/// The cases that this file must reproduce; none is refused.
const CASES: [&str; 12] =
    ["D115", "D116", "D158", "D159", "D160", "D161", "D162", "D165", "D166", "D167", "D170", "D171"];

fn cases() -> Vec<Value> {
    serde_json::from_str::<Vec<Value>>(include_str!("golden/queue.json")).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn near(case: &Value, what: &str, got: f64, expected: &Value) {
    let (expected, tolerance) = (number(expected), number(&case["tolerance"]));
    assert!((got - expected).abs() <= tolerance, "{} {what}: {got}, expected {expected}", case["id"]);
}

fn share() -> Instrument {
    Instrument { tick: 0.5, ..Instrument::equity("XYZ") }
}

/// One buy at its price, from joining to the account.
struct Resting {
    rule: LimitRule,
    instrument: Instrument,
    commission: Commission,
    limit: f64,
    left: f64,
    queue: Queue,
    account: Account,
}

impl Resting {
    fn join(rule: LimitRule, limit: f64, qty: f64, shown: f64, fee_bps: f64) -> Self {
        rule.validate().unwrap();
        let instrument = share();
        let queue = rule.join(&instrument, Some(shown), &Bar::default());
        let mut account = Account::new(1);
        account.open(0.0);
        let commission = Commission::Bps(Bps { bps: fee_bps });
        Self { rule, instrument, commission, limit, left: qty, queue, account }
    }

    fn trade(&mut self, price: f64, qty: f64) -> f64 {
        let order = LimitContext { instrument: &self.instrument, limit: self.limit, qty: self.left };
        let qty = self.rule.trade(&order, &Print { price, qty, taker: -1.0 }, &mut self.queue);
        if qty > 0.0 {
            let price = self.limit;
            let fee = self.commission.fee(&FeeContext { instrument: &self.instrument, qty, price, filled_before: 0.0 });
            self.left -= qty;
            self.account.apply(&AccountEvent::Fill(Fill {
                qty,
                price,
                reference: price,
                fee,
                multiplier: 1.0,
                time: Timestamp::default(),
                order: OrderId(0),
                instrument: InstrumentId(0),
                futures: false,
            }));
        }
        qty
    }
}

fn run_trades(case: &Value) {
    let (run, inputs) = (&case["run"], &case["inputs"]);
    for model in run["rules"].as_array().unwrap() {
        let model: QueueRule = serde_json::from_value(model.clone()).unwrap();
        let whole = run["whole"].as_bool().unwrap();
        let rule = LimitRule::Queue(LimitQueue { model, whole, ..LimitQueue::default() });
        let limit = number(&run["limit"]);
        let quantity = |input: &str, ours: &str| number(inputs.get(input).unwrap_or(&run[ours]));
        let (qty, shown) = (quantity("order_qty", "qty"), quantity("level_qty", "shown"));
        let mut resting = Resting::join(rule, limit, qty, shown, number(&run["fee_bps"]));
        let expected = &case["expected"];
        if let Some(trades) = inputs["sell_trades"].as_array() {
            let fills = expected["fills_after_each"].as_array().unwrap();
            assert_eq!(trades.len(), fills.len());
            for (trade, fill) in trades.iter().zip(fills) {
                near(case, "fill", resting.trade(limit, number(trade)), fill);
            }
            continue;
        }
        for event in run["events"].as_array().unwrap() {
            if let Some(depth) = event["depth"].as_array() {
                resting.rule.depth(&mut resting.queue, number(&depth[0]), number(&depth[1]));
            } else {
                resting.trade(number(&event["at"]), number(&event["trade"]));
            }
        }
        let position = resting.account.position(InstrumentId(0)).qty();
        if case["model"].as_str().unwrap().contains("PEER BUG") {
            near(case, "position", position, &expected["correct_position"]);
            continue;
        }
        near(case, "position", position, &expected["position"]);
        near(case, "balance before fees", resting.account.cash() + resting.account.fees(), &expected["balance"]);
        near(case, "fee", resting.account.fees(), &expected["fee"]);
    }
}

fn run_depth(case: &Value) {
    let model: QueueRule = serde_json::from_value(case["run"]["rule"].clone()).unwrap();
    let rule = LimitRule::Queue(LimitQueue { model, ..LimitQueue::default() });
    rule.validate().unwrap();
    let inputs = &case["inputs"];
    assert_eq!(number(&inputs["cum_trade"]), 0.0, "{case}");
    let mut queue = rule.join(&share(), Some(number(&inputs["front"])), &Bar::default());
    rule.depth(&mut queue, number(&inputs["prev_qty"]), number(&inputs["new_qty"]));
    near(case, "front", queue.ahead(), &case["expected"]["front_after"]);
}

fn run_displayed(case: &Value) {
    let inputs = &case["inputs"];
    let mut level = Displayed::new(number(&inputs["ask_level"]));
    let mut left = Vec::new();
    for buy in inputs["buys"].as_array().unwrap() {
        level.show(number(&inputs["ask_level"]));
        assert_eq!(level.take(number(buy)), number(buy), "{case}");
        left.push(level.left());
    }
    level.show(number(&inputs["then_level"]));
    left.push(level.left());
    let expected = case["expected"]["available"].as_array().unwrap();
    assert_eq!(left.len(), expected.len());
    for (got, expected) in left.into_iter().zip(expected) {
        near(case, "available", got, expected);
    }
}

#[test]
fn published_numbers() {
    let mut run = BTreeSet::new();
    for case in cases() {
        match case["run"]["road"].as_str().unwrap() {
            "trades" => run_trades(&case),
            "depth" => run_depth(&case),
            "displayed" => run_displayed(&case),
            other => panic!("{other}"),
        }
        assert!(case["convention"].is_string() && case["source"].is_string(), "{case}");
        assert!(run.insert(case["id"].as_str().unwrap().to_owned()), "twice: {case}");
    }
    assert_eq!(run, CASES.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>());
}

// ---- bars ------------------------------------------------------------------------------------------------------------

fn es_bar(low: f64, high: f64, volume: f64) -> Bar {
    Bar { open: high, high, low, close: low, volume, ..Bar::default() }
}

#[test]
fn a_bar_that_touches_and_one_that_goes_beyond() {
    let es = Instrument::es();
    let queue = || LimitQueue { ahead: 1.0, hit: 0.5, ..LimitQueue::default() };
    let rules: [(&str, LimitRule); 4] = [
        ("touch", LimitRule::Touch(Touch {})),
        ("one tick", LimitRule::Penetration(Penetration { ticks: 1.0 })),
        ("two ticks", LimitRule::Penetration(Penetration { ticks: 2.0 })),
        ("queue", LimitRule::Queue(queue())),
    ];
    // Five prices, 500 contracts: 100 a price, 50 against the level. 30 ahead, so that 20 of 25 fill on a touch.
    for (sign, at) in [(1.0, 5000.0), (-1.0, 5001.0)] {
        for (beyond, expected) in [
            (-1.0, [0.0, 0.0, 0.0, 0.0]),
            (0.0, [25.0, 0.0, 0.0, 20.0]),
            (1.0, [25.0, 25.0, 0.0, 25.0]),
            (2.0, [25.0, 25.0, 25.0, 25.0]),
        ] {
            let bar = es_bar(5000.0, 5001.0, 500.0);
            let order = LimitContext { instrument: &es, limit: at + sign * beyond * es.tick, qty: sign * 25.0 };
            for ((name, rule), expected) in rules.iter().zip(expected) {
                let mut queue = rule.join(&es, Some(30.0), &Bar::default());
                let got = rule.bar(&order, &bar, &mut queue);
                assert_eq!(got, expected, "{name}, side {sign}, {beyond} ticks beyond");
            }
        }
    }
}

#[test]
fn decimal_ticks_touch_where_they_should() {
    let btc = Instrument::btcusdt();
    // 0.1 + 0.2 is above 0.3: a low one rounding error above the limit has reached it.
    let order = LimitContext { instrument: &btc, limit: 0.3, qty: 1.0 };
    let bar = es_bar(0.1 + 0.2, 1.0, 1.0);
    assert!(bar.low > order.limit);
    assert_eq!(Touch {}.bar(&order, &bar, &mut Queue::default()), 1.0);
    assert_eq!(Penetration { ticks: 1.0 }.bar(&order, &bar, &mut Queue::default()), 0.0);
}

#[test]
fn a_bar_without_volume_fills_only_beyond_the_limit() {
    let (es, rule) = (Instrument::es(), LimitQueue { hit: 1.0, ..LimitQueue::default() });
    let quiet = es_bar(5000.0, 5000.0, 0.0);
    let mut queue = rule.join(&es, None, &quiet);
    let at = |limit| LimitContext { instrument: &es, limit, qty: 1.0 };
    assert_eq!(rule.bar(&at(5000.0), &quiet, &mut queue), 0.0);
    assert_eq!(rule.bar(&at(5000.25), &quiet, &mut queue), 1.0);
}

#[test]
fn a_trade_from_the_same_side_does_not_fill() {
    let es = Instrument::es();
    for (qty, taker, expected) in
        [(1.0, -1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0), (-1.0, 1.0, 1.0), (-1.0, -1.0, 0.0)]
    {
        let order = LimitContext { instrument: &es, limit: 5000.0, qty };
        let print = Print { price: 5000.0, qty: 5.0, taker };
        for rule in [LimitRule::Touch(Touch {}), LimitRule::Queue(LimitQueue::default())] {
            let got = rule.trade(&order, &print, &mut Queue::default());
            assert_eq!(got, expected, "{rule:?} {order:?} {print:?}");
        }
    }
}

// ---- specs -----------------------------------------------------------------------------------------------------------

#[test]
fn bad_specs_are_named() {
    for (spec, message) in [
        (r#"{"kind": "touch", "ticks": 1}"#, "unknown field `ticks`"),
        (r#"{"kind": "penetration", "tick": 1}"#, "unknown field `tick`"),
        (r#"{"kind": "queue", "model": {"kind": "log", "n": 1}}"#, "unknown field `n`"),
        (r#"{"kind": "queue", "model": {"kind": "power"}}"#, "missing field `n`"),
        (r#"{"kind": "lucky"}"#, "unknown variant `lucky`"),
    ] {
        let error = serde_json::from_str::<LimitRule>(spec).unwrap_err().to_string();
        assert!(error.contains(message), "{spec}: {error}");
    }
    for (spec, message) in [
        (r#"{"kind": "penetration", "ticks": -1}"#, "limit.ticks: -1 must be a finite number of at least 0"),
        (r#"{"kind": "queue", "ahead": -0.5}"#, "limit.ahead: -0.5 must be a finite number of at least 0"),
        (r#"{"kind": "queue", "hit": 1.5}"#, "limit.hit: 1.5 must be a finite number in [0, 1]"),
        (r#"{"kind": "queue", "model": {"kind": "power3", "n": 0}}"#, "queue.n: 0 must be a finite number above 0"),
    ] {
        let rule: LimitRule = serde_json::from_str(spec).unwrap();
        assert_eq!(rule.validate().unwrap_err().to_string(), message, "{spec}");
    }
    let rule: LimitRule = serde_json::from_str(r#"{"kind": "queue", "whole": true}"#).unwrap();
    let again: LimitRule = serde_json::from_str(&serde_json::to_string(&rule).unwrap()).unwrap();
    assert!(matches!(again, LimitRule::Queue(LimitQueue { whole: true, .. })));
    let queue = Queue::behind(12.5);
    assert_eq!(serde_json::from_str::<Queue>(&serde_json::to_string(&queue).unwrap()).unwrap(), queue);
}

#[test]
fn a_large_cancellation_in_one_piece_can_overtake() {
    // The documented weakness of the probabilistic family: the same decrease, seen in one piece and in 60.
    let after = |ahead: f64, steps: u32| {
        let (mut queue, model) = (Queue::behind(ahead), Power { n: 3.0 });
        let step = 60.0 / f64::from(steps);
        for k in 0..steps {
            let previous = 100.0 - f64::from(k) * step;
            model.depth(&mut queue, previous, previous - step);
        }
        queue.ahead()
    };
    assert!(after(60.0, 1) < after(50.0, 1));
    assert!(after(60.0, 60) > after(50.0, 60));
}

#[test]
fn cancellations_do_not_fill() {
    // One ahead, 99 behind, 90 cancelled: the formula alone would leave 11 less than nothing ahead.
    let (mut queue, es) = (Queue::behind(1.0), Instrument::es());
    Log {}.depth(&mut queue, 100.0, 10.0);
    assert_eq!((queue.ahead(), queue.take(&es, 50.0)), (0.0, 0.0));
}

#[test]
fn a_trade_is_not_counted_again_by_the_size_that_it_leaves() {
    for model in models(2.0) {
        let mut queue = model.join(60.0);
        model.depth(&mut queue, 60.0, 100.0);
        model.trade(&mut queue, 20.0);
        model.depth(&mut queue, 100.0, 80.0);
        assert_eq!(queue.ahead(), 40.0, "{model:?}");
    }
}

// ---- what must hold for any queue ------------------------------------------------------------------------------------

fn models(n: f64) -> [QueueRule; 6] {
    [
        QueueRule::RiskAverse(RiskAverse {}),
        QueueRule::Power(Power { n }),
        QueueRule::Power2(Power2 { n }),
        QueueRule::Power3(Power3 { n }),
        QueueRule::Log(Log {}),
        QueueRule::Log2(Log2 {}),
    ]
}

/// A tape of one level: trades above 0, other changes of the size (fewer or more) otherwise.
#[derive(Clone, Copy, Debug)]
enum Tape {
    Trade(u32),
    Change(i32),
}

fn tape() -> impl Strategy<Value = Vec<Tape>> {
    let event = prop_oneof![(0u32..60).prop_map(Tape::Trade), (-80i32..80).prop_map(Tape::Change)];
    prop::collection::vec(event, 1..40)
}

/// Plays a tape over a level that starts with `ahead`; sees every state, and what was filled until then.
fn play(
    model: &QueueRule,
    ahead: f64,
    tape: &[Tape],
    instrument: &Instrument,
    order: f64,
    mut see: impl FnMut(&Queue, f64, f64),
) -> f64 {
    let (mut queue, mut level, mut filled) = (model.join(ahead), ahead, 0.0);
    for event in tape {
        match *event {
            Tape::Trade(qty) => {
                let (qty, before) = (f64::from(qty), level);
                model.trade(&mut queue, qty);
                level = (level - qty).max(0.0);
                model.depth(&mut queue, before, level);
            }
            Tape::Change(change) => {
                let before = level;
                level = (level + f64::from(change)).max(0.0);
                model.depth(&mut queue, before, level);
            }
        }
        filled += queue.take(instrument, order - filled);
        see(&queue, level, filled);
    }
    filled
}

proptest! {
    #[test]
    fn the_place_stays_between_the_front_and_the_level(
        ahead in 0u32..200, tape in tape(), n in 0.2f64..8.0, order in 1u32..100,
    ) {
        let (es, order) = (Instrument::es(), f64::from(order));
        let traded: f64 = tape.iter().map(|e| match e { Tape::Trade(q) => f64::from(*q), Tape::Change(_) => 0.0 }).sum();
        for model in models(n) {
            let (mut place, mut before) = (f64::from(ahead), 0.0);
            let filled = play(&model, f64::from(ahead), &tape, &es, order, |queue, level, filled| {
                assert!(queue.ahead() >= 0.0 && queue.ahead() <= level, "{model:?} {queue:?} of {level}");
                assert!(queue.ahead() <= place, "{model:?}: nobody can get in front");
                assert!(filled >= before && filled <= order && filled.fract() == 0.0, "{model:?} {filled}");
                (place, before) = (queue.ahead(), filled);
            });
            prop_assert!(filled <= traded, "{:?}: {} filled of {} traded", model, filled, traded);
        }
    }

    #[test]
    fn more_volume_never_fills_less(ahead in 0u32..300, order in 1u32..100, qty in 0u32..400, more in 0u32..100) {
        let es = Instrument::es();
        for rule in rules() {
            let filled = |qty: u32| {
                let ctx = LimitContext { instrument: &es, limit: 5000.0, qty: f64::from(order) };
                let mut queue = rule.join(&es, Some(f64::from(ahead)), &Bar::default());
                rule.trade(&ctx, &Print { price: 5000.0, qty: f64::from(qty), taker: -1.0 }, &mut queue)
            };
            prop_assert!(filled(qty + more) >= filled(qty), "{:?}", rule);
        }
    }

    #[test]
    fn more_ahead_never_fills_earlier(
        ahead in 0u32..200, more in 0u32..100, tape in tape(), trades in prop::collection::vec(0u32..80, 1..20),
    ) {
        let es = Instrument::es();
        // Any tape when only trades move the order; trades alone under the other models, see the overtaking above.
        let careful = models(1.0)[0].clone();
        let only_trades: Vec<Tape> = trades.into_iter().map(Tape::Trade).collect();
        let fills = |model: &QueueRule, ahead: u32, tape: &[Tape]| {
            let mut fills = Vec::new();
            play(model, f64::from(ahead), tape, &es, 50.0, |_, _, filled| fills.push(filled));
            fills
        };
        let not_later = |model: &QueueRule, tape: &[Tape]| {
            fills(model, ahead, tape).iter().zip(fills(model, ahead + more, tape)).all(|(first, second)| *first >= second)
        };
        prop_assert!(not_later(&careful, &tape));
        for model in models(3.0) {
            prop_assert!(not_later(&model, &only_trades), "{:?}", model);
        }
    }

    #[test]
    fn an_order_behind_another_stays_behind_when_depth_is_fine(
        ahead in 1u32..100, more in 1u32..100, back in 0u32..100, cancelled in 1u32..300, n in 1.0f64..4.0,
    ) {
        // One lot at a time; the power family keeps the order as long as a piece is at most 1 / n of the level.
        let model = Power { n };
        let (mut first, mut second) = (Queue::behind(f64::from(ahead)), Queue::behind(f64::from(ahead + more)));
        let mut level = f64::from(ahead + more + back);
        for _ in 0..cancelled {
            if level < 2.0 * n {
                break;
            }
            model.depth(&mut first, level, level - 1.0);
            model.depth(&mut second, level, level - 1.0);
            level -= 1.0;
            prop_assert!(first.ahead() <= second.ahead(), "{:?} {:?} of {}", first, second, level);
        }
    }

    #[test]
    fn one_trade_or_two_is_the_same(ahead in 0u32..300, parts in prop::collection::vec(0u32..64, 1..12)) {
        // Sixteenths of a lot are exact in binary, so that equal means equal.
        let es = Instrument::es();
        let sixteenths = |q: u32| f64::from(q) / 16.0;
        let (mut one, mut many) = (Queue::behind(sixteenths(ahead)), Queue::behind(sixteenths(ahead)));
        one.trade(sixteenths(parts.iter().sum()));
        let mut filled = 0.0;
        let mut unfilled = many;
        for part in parts {
            unfilled.trade(sixteenths(part));
            many.trade(sixteenths(part));
            filled += many.take(&es, 1e9);
        }
        prop_assert_eq!(unfilled, one);
        prop_assert_eq!(one.take(&es, 1e9), filled);
        prop_assert_eq!(many, one);
    }

    #[test]
    fn a_sell_is_a_buy_in_a_mirror(
        limit in -8i32..8, low in -8i32..0, high in 0i32..8, volume in 0u32..5000, qty in 1u32..50, shown in 0u32..500,
    ) {
        let es = Instrument::es();
        let at = |ticks: i32| 5000.0 + f64::from(ticks) * es.tick;
        let bar = |low, high| Bar { open: low, high, low, close: low, volume: f64::from(volume), ..Bar::default() };
        for rule in rules() {
            let fill = |sign: i32| {
                let ctx = LimitContext { instrument: &es, limit: at(sign * limit), qty: f64::from(sign) * f64::from(qty) };
                let bar = if sign > 0 { bar(at(low), at(high)) } else { bar(at(-high), at(-low)) };
                let mut queue = rule.join(&es, Some(f64::from(shown)), &bar);
                (rule.bar(&ctx, &bar, &mut queue), queue)
            };
            prop_assert_eq!(fill(1), fill(-1), "{:?}", rule);
        }
    }

    #[test]
    fn touch_fills_first_and_a_tick_beyond_last(
        limit in -8i32..8, bars in prop::collection::vec((-8i32..0, 0i32..8, 0u32..5000), 1..8), qty in 1u32..50,
    ) {
        let es = Instrument::es();
        let at = |ticks: i32| 5000.0 + f64::from(ticks) * es.tick;
        let run = |rule: &LimitRule| {
            let mut queue = rule.join(&es, None, &es_bar(at(-2), at(2), 100.0));
            let mut filled = Vec::new();
            let mut left = f64::from(qty);
            for (low, high, volume) in &bars {
                let ctx = LimitContext { instrument: &es, limit: at(limit), qty: left };
                if left > 0.0 {
                    left -= rule.bar(&ctx, &es_bar(at(*low), at(*high), f64::from(*volume)), &mut queue);
                }
                filled.push(f64::from(qty) - left);
            }
            filled
        };
        let [touch, queue, whole, beyond] = rules();
        let (touch, beyond) = (run(&touch), run(&beyond));
        for between in [run(&queue), run(&whole)] {
            for ((first, middle), last) in touch.iter().zip(&between).zip(&beyond) {
                prop_assert!(first >= middle && middle >= last);
            }
        }
    }

    #[test]
    fn prices_and_quantities_scale(
        low in 0i32..8, volume in 0u32..5000, qty in 1u32..50, price in prop::sample::select(vec![0.25, 4.0]),
        size in prop::sample::select(vec![0.125, 8.0]),
    ) {
        let rule = LimitQueue { hit: 0.5, ..LimitQueue::default() };
        let run = |price: f64, size: f64| {
            let instrument = Instrument { tick: 0.25 * price, lot: size, ..Instrument::es() };
            let bar = es_bar((100.0 - f64::from(low) * 0.25) * price, 102.0 * price, f64::from(volume) * size);
            let ctx = LimitContext { instrument: &instrument, limit: 100.0 * price, qty: f64::from(qty) * size };
            rule.bar(&ctx, &bar, &mut rule.join(&instrument, None, &Bar { volume: bar.volume / 8.0, ..bar }))
        };
        prop_assert_eq!(run(price, size), run(1.0, 1.0) * size);
    }

    #[test]
    fn the_levels_of_a_bar_share_its_volume(ticks in 0u32..500, volume in 0u32..100_000) {
        let bar = es_bar(5000.0, 5000.0 + f64::from(ticks) * 0.25, f64::from(volume));
        let total = volume_per_level(&bar, 0.25) * f64::from(ticks + 1);
        prop_assert!((total - f64::from(volume)).abs() <= 1e-9 * f64::from(volume));
    }
}

/// Touch, two queues and a tick beyond, from the first to fill to the last.
fn rules() -> [LimitRule; 4] {
    [
        LimitRule::Touch(Touch {}),
        LimitRule::Queue(LimitQueue { hit: 0.5, ahead: 0.5, ..LimitQueue::default() }),
        LimitRule::Queue(LimitQueue { hit: 0.5, ahead: 0.5, whole: true, ..LimitQueue::default() }),
        LimitRule::Penetration(Penetration::default()),
    ]
}
