//! What must hold for any queue.

use proptest::prelude::*;
use tradepit::{
    Bar, Instrument,
    models::queue::{
        LimitContext, LimitModel as _, LimitQueue, LimitRule, Penetration, Power, Print, Queue, QueueModel as _,
        QueueRule, Touch, volume_per_level,
    },
};

use super::{es_bar, models, none};

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
                let ctx = LimitContext { instrument: &es, limit: 5000.0, qty: f64::from(order), reference: 0.0 };
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
                let ctx = LimitContext { instrument: &es, limit: at(sign * limit), qty: f64::from(sign) * f64::from(qty), reference: 0.0 };
                let bar = if sign > 0 { bar(at(low), at(high)) } else { bar(at(-high), at(-low)) };
                let mut queue = rule.join(&es, Some(f64::from(shown)), &bar);
                (rule.bar(&ctx, &bar, &mut queue, &mut none()), queue)
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
                let ctx = LimitContext { instrument: &es, limit: at(limit), qty: left, reference: 0.0 };
                if left > 0.0 {
                    left -= rule.bar(&ctx, &es_bar(at(*low), at(*high), f64::from(*volume)), &mut queue, &mut none());
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
            let ctx = LimitContext { instrument: &instrument, limit: 100.0 * price, qty: f64::from(qty) * size, reference: 0.0 };
            let mut queue = rule.join(&instrument, None, &Bar { volume: bar.volume / 8.0, ..bar });
            rule.bar(&ctx, &bar, &mut queue, &mut none())
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
