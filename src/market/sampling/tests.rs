use proptest::prelude::*;

use super::*;
use crate::{market::Aggressor, time::SECOND_NS};

fn run(rule: BarRule, trades: &[Trade]) -> (Vec<Bar>, Option<Bar>) {
    let mut builder = BarBuilder::new(rule).unwrap();
    let bars = trades.iter().filter_map(|trade| builder.push(trade).unwrap()).collect();
    (bars, builder.unfinished())
}

fn trade(ms: i64, ticks: i64, size: f64) -> Trade {
    Trade {
        time: Timestamp::from_nanos(ms * 1_000_000),
        price: ticks as f64 * 0.25,
        size,
        aggressor: Aggressor::Unknown,
    }
}

fn rules() -> Vec<BarRule> {
    let imbalance = |of| BarRule::Imbalance(Imbalance::new(of, 8.0));
    vec![
        BarRule::Time(TimeBars { period_ns: SECOND_NS }),
        BarRule::Ticks(TickBars { count: 7 }),
        BarRule::Volume(UnitBars { units: 20.0 }),
        BarRule::Dollar(ValueBars { value: 900.0 }),
        imbalance(Measure::Ticks),
        imbalance(Measure::Volume),
        imbalance(Measure::Value),
    ]
}

#[test]
fn bars_of_time_close_at_its_multiples() {
    let trades = [trade(200, 40, 1.0), trade(999, 44, 2.0), trade(1000, 42, 4.0), trade(4500, 41, 8.0)];
    let (bars, rest) = run(BarRule::Time(TimeBars { period_ns: SECOND_NS }), &trades);
    let seen: Vec<_> = bars.iter().map(|bar| (bar.time.nanos() / 1_000_000, bar.open, bar.close, bar.volume)).collect();
    assert_eq!(seen, [(1000, 10.0, 11.0, 3.0), (2000, 10.5, 10.5, 4.0)]);
    assert_eq!(rest.unwrap().volume, 8.0);
    let mut builder = BarBuilder::new(BarRule::Time(TimeBars { period_ns: SECOND_NS })).unwrap();
    builder.push(&trades[0]).unwrap();
    assert!(builder.advance(Timestamp::from_nanos(SECOND_NS - 1)).is_none());
    assert_eq!(builder.advance(Timestamp::from_nanos(SECOND_NS)).unwrap().time.nanos(), SECOND_NS);
    assert!(builder.advance(Timestamp::from_nanos(9 * SECOND_NS)).is_none());
}

#[test]
fn an_imbalance_ends_a_bar() {
    // Three trades in the first bar: signs 0, 1, 1; then E[T] is 3, and E[x] the mean with weights of a span of 3.
    let rule = Imbalance { span_ticks: 3.0, ..Imbalance::new(Measure::Ticks, 3.0) };
    let ticks = [40, 41, 42, 43, 44, 45, 44, 43, 42, 41, 40, 39];
    let trades: Vec<Trade> = ticks.iter().enumerate().map(|(i, ticks)| trade(i as i64, *ticks, 1.0)).collect();
    let (bars, _) = run(BarRule::Imbalance(rule), &trades);
    // E[x] = 0.75: the second bar needs a sum of 2.25, three trades up.
    assert_eq!(bars.iter().map(|bar| bar.volume).collect::<Vec<_>>()[..2], [3.0, 3.0]);
    // E[x] = 0.96875 by then, so it takes three trades down.
    assert_eq!(bars[2].volume, 3.0);
}

#[test]
fn what_is_wrong_is_refused_and_changes_nothing() {
    let mut builder = BarBuilder::new(BarRule::Ticks(TickBars { count: 2 })).unwrap();
    builder.push(&trade(5, 40, 1.0)).unwrap();
    let refused = |builder: &mut BarBuilder, bad: Trade| builder.push(&bad).unwrap_err().to_string();
    assert!(refused(&mut builder, trade(4, 40, 1.0)).starts_with("trade.time: 1970-01-01T00:00:00.004Z is before"));
    assert!(refused(&mut builder, trade(6, 40, 0.0)).starts_with("trade.size: 0 must be a finite number above 0"));
    assert!(refused(&mut builder, Trade { price: f64::NAN, ..trade(6, 40, 1.0) }).starts_with("trade.price: NaN"));
    assert_eq!(builder.push(&trade(5, 41, 1.0)).unwrap().unwrap().volume, 2.0);
    let rule = |json: &str| serde_json::from_str::<BarRule>(json).map_err(|e| e.to_string());
    for (json, message) in [
        (r#"{"kind": "ticks", "count": 0}"#, "rule.count: 0 must be"),
        (r#"{"kind": "time", "period_ns": -5}"#, "rule.period_ns: -5 must be"),
        (r#"{"kind": "imbalance", "expected_ticks": 0.5}"#, "rule.expected_ticks: 0.5 must be"),
        (r#"{"kind": "imbalance", "expected_ticks": 5, "min_ticks": 90}"#, "rule.min_ticks: 90 is above max_ticks, 50"),
    ] {
        let refused = BarBuilder::new(rule(json).unwrap()).unwrap_err().to_string();
        assert!(refused.starts_with(message), "{refused}");
    }
    assert!(rule(r#"{"kind": "imbalance", "expected_ticks": 5, "spam": 1}"#).unwrap_err().contains("spam"));
    assert!(rule(r#"{"kind": "volume", "units": 5, "count": 1}"#).unwrap_err().contains("count"));
}

proptest! {
    /// What comes in goes out: every unit, the range and the ends of the prices; bars close in order, after their trades.
    #[test]
    fn nothing_is_lost(steps in proptest::collection::vec((0i64..400, -3i64..=3, 1u32..9), 1..300)) {
        let (mut ms, mut ticks) = (0, 400);
        let trades: Vec<Trade> = steps.into_iter().map(|(gap, move_, size)| {
            (ms, ticks) = (ms + gap / 3 * 3, ticks + move_);
            trade(ms, ticks, f64::from(size))
        }).collect();
        for rule in rules() {
            let (bars, rest) = run(rule.clone(), &trades);
            let all: Vec<Bar> = bars.iter().copied().chain(rest).collect();
            let volume: f64 = trades.iter().map(|trade| trade.size).sum();
            prop_assert_eq!(all.iter().map(|bar| bar.volume).sum::<f64>(), volume);
            let highest = trades.iter().map(|trade| trade.price).fold(f64::MIN, f64::max);
            prop_assert_eq!(all.iter().map(|bar| bar.high).fold(f64::MIN, f64::max), highest);
            prop_assert_eq!((all[0].open, all[all.len() - 1].close), (trades[0].price, trades[trades.len() - 1].price));
            for bar in &all {
                prop_assert!(bar.check().is_ok());
            }
            for pair in bars.windows(2) {
                prop_assert!(pair[0].time < pair[1].time);
            }
            // Taken in two parts, with a copy between them, it is the same.
            let mut first = BarBuilder::new(rule).unwrap();
            let (before, after) = trades.split_at(trades.len() / 2);
            let mut seen: Vec<Bar> = before.iter().filter_map(|trade| first.push(trade).unwrap()).collect();
            let mut second = first.clone();
            seen.extend(after.iter().filter_map(|trade| second.push(trade).unwrap()));
            prop_assert_eq!(seen, bars);
        }
    }
}
