//! Single bars, single trades, specs, rules of one's own.

use std::sync::Arc;

use tradepit::{
    Bar, Instrument,
    models::queue::{
        LimitContext, LimitModel, LimitQueue, LimitRule, Log, Penetration, Power, Power2, Print, Queue, QueueModel,
        QueueRule, Touch,
    },
};

use super::{es_bar, models, none};

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
            let order =
                LimitContext { instrument: &es, limit: at + sign * beyond * es.tick, qty: sign * 25.0, reference: 0.0 };
            for ((name, rule), expected) in rules.iter().zip(expected) {
                let mut queue = rule.join(&es, Some(30.0), &Bar::default());
                let got = rule.bar(&order, &bar, &mut queue, &mut none());
                assert_eq!(got, expected, "{name}, side {sign}, {beyond} ticks beyond");
            }
        }
    }
}

#[test]
fn decimal_ticks_touch_where_they_should() {
    let btc = Instrument::btcusdt();
    // 0.1 + 0.2 is above 0.3: a low one rounding error above the limit has reached it.
    let order = LimitContext { instrument: &btc, limit: 0.3, qty: 1.0, reference: 0.0 };
    let bar = es_bar(0.1 + 0.2, 1.0, 1.0);
    assert!(bar.low > order.limit);
    assert_eq!(Touch {}.bar(&order, &bar, &mut Queue::default(), &mut none()), 1.0);
    assert_eq!(Penetration { ticks: 1.0 }.bar(&order, &bar, &mut Queue::default(), &mut none()), 0.0);
}

#[test]
fn a_bar_without_volume_fills_only_beyond_the_limit() {
    let (es, rule) = (Instrument::es(), LimitQueue { hit: 1.0, ..LimitQueue::default() });
    let quiet = es_bar(5000.0, 5000.0, 0.0);
    let mut queue = rule.join(&es, None, &quiet);
    let at = |limit| LimitContext { instrument: &es, limit, qty: 1.0, reference: 0.0 };
    assert_eq!(rule.bar(&at(5000.0), &quiet, &mut queue, &mut none()), 0.0);
    assert_eq!(rule.bar(&at(5000.25), &quiet, &mut queue, &mut none()), 1.0);
}

#[test]
fn a_trade_from_the_same_side_does_not_fill() {
    let es = Instrument::es();
    for (qty, taker, expected) in
        [(1.0, -1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0), (-1.0, 1.0, 1.0), (-1.0, -1.0, 0.0)]
    {
        let order = LimitContext { instrument: &es, limit: 5000.0, qty, reference: 0.0 };
        let print = Print { price: 5000.0, qty: 5.0, taker };
        for rule in [LimitRule::Touch(Touch {}), LimitRule::Queue(LimitQueue::default())] {
            let got = rule.trade(&order, &print, &mut Queue::default());
            assert_eq!(got, expected, "{rule:?} {order:?} {print:?}");
        }
    }
}

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
        (
            r#"{"kind": "queue", "model": {"kind": "power3", "n": 0}}"#,
            "limit.model.n: 0 must be a finite number above 0",
        ),
    ] {
        let rule: LimitRule = serde_json::from_str(spec).unwrap();
        assert_eq!(rule.validate().unwrap_err().to_string(), message, "{spec}");
    }
    let error = QueueRule::Power2(Power2 { n: f64::NAN }).validate().unwrap_err().to_string();
    assert_eq!(error, "queue.n: NaN must be a finite number above 0");
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
fn the_first_and_the_last_of_a_level() {
    // The last order takes every cancellation from ahead, also where powers of quantities would overflow.
    for n in [0.5, 3.0, 500.0] {
        for model in &models(n)[1..] {
            let mut last = model.join(1e6);
            model.depth(&mut last, 1e6, 9e5);
            assert_eq!(last.ahead(), 9e5, "{model:?}");
            let mut first = model.join(0.0);
            model.depth(&mut first, 0.0, 1e6);
            model.depth(&mut first, 1e6, 0.0);
            model.depth(&mut first, 0.0, 0.0);
            assert_eq!(first.ahead(), 0.0, "{model:?}");
            // In between, all but everything or nothing is known to have been behind.
            let mut middle = model.join(5e5);
            model.depth(&mut middle, 1e6, 9e5);
            assert!(middle.ahead() >= 4e5 && middle.ahead() <= 5e5, "{model:?} {middle:?}");
        }
    }
}

#[test]
fn a_rule_of_ones_own() {
    #[derive(Debug)]
    struct Coin;
    impl QueueModel for Coin {
        fn depth(&self, queue: &mut Queue, previous: f64, new: f64) {
            queue.cancel(previous, new, |_, _| 0.5);
        }
        fn join(&self, level_qty: f64) -> Queue {
            Queue::behind(level_qty / 2.0)
        }
    }
    let model = QueueRule::Custom(Arc::new(Coin));
    let own: Arc<dyn LimitModel> = Arc::new(LimitQueue { model, ..LimitQueue::default() });
    let rule = LimitRule::Custom(own);
    assert!(rule.validate().is_ok());
    let (es, bar) = (Instrument::es(), Bar::default());
    let mut queue = rule.join(&es, Some(100.0), &bar);
    rule.depth(&mut queue, 100.0, 80.0);
    assert_eq!(queue.ahead(), 40.0);
    let order = LimitContext { instrument: &es, limit: 5000.0, qty: -5.0, reference: 0.0 };
    assert_eq!(rule.trade(&order, &Print { price: 5000.0, qty: 43.0, taker: 1.0 }, &mut queue), 3.0);
    assert_eq!(rule.bar(&order, &es_bar(5000.0, 5000.25, 0.0), &mut queue, &mut none()), 5.0);
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
