//! Continuous futures beside a naive computation.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use proptest::prelude::*;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue,
    account::Account,
    market::{Adjustment, Calendar, Continuous, Contract, ContractSeries, RollRule},
    models::Models,
    order::OrderRequest,
    time::{DAY_NS, MINUTE_NS},
    venue::{Advance, SimVenue, SimWorld, Start},
};

/// Bars of a day.
const A_DAY: usize = 3;

/// For each contract its expiry in days, and for each day its volume, open interest, and whether it is there.
#[derive(Clone, Debug)]
struct Story {
    expiries: Vec<i64>,
    days: Vec<Vec<(f64, f64, bool)>>,
    moves: Vec<Vec<f64>>,
}

fn story() -> impl Strategy<Value = Story> {
    (2usize..5, 4usize..24).prop_flat_map(|(contracts, days)| {
        let expiries = prop::collection::vec(3..9i64, contracts).prop_map(|gaps| {
            gaps.iter().scan(0, |sum, gap| Some(std::mem::replace(sum, *sum + gap) + gap)).collect::<Vec<i64>>()
        });
        let day =
            (0..50i32, 0..50i32, prop::bool::weighted(0.95)).prop_map(|(a, b, c)| (f64::from(a), f64::from(b), c));
        let bars = days * A_DAY;
        let days = prop::collection::vec(prop::collection::vec(day, days), contracts);
        let moves = (-8..=8i32).prop_map(|ticks| f64::from(ticks) * 0.25);
        let moves = prop::collection::vec(prop::collection::vec(moves, bars), contracts);
        (expiries, days, moves).prop_map(|(expiries, days, moves)| Story { expiries, days, moves })
    })
}

fn time(day: usize, bar: usize) -> Timestamp {
    Timestamp::from_nanos(day as i64 * DAY_NS + (bar as i64 + 1) * MINUTE_NS)
}

fn series(story: &Story) -> Vec<ContractSeries> {
    let one = |(at, expiry): (usize, &i64)| {
        let mut price = 1_000.0 + 20.0 * at as f64;
        let (mut bars, mut open_interest) = (Vec::new(), Vec::new());
        for (day, (volume, interest, there)) in story.days[at].iter().enumerate() {
            for bar in 0..A_DAY {
                let open = price;
                price += story.moves[at][day * A_DAY + bar];
                if *there && day as i64 <= *expiry {
                    let volume = volume / A_DAY as f64;
                    let (high, low) = (open.max(price), open.min(price));
                    bars.push(Bar { time: time(day, bar), open, high, low, close: price, volume });
                    open_interest.push(*interest);
                }
            }
        }
        let expires = Timestamp::from_nanos(expiry * DAY_NS + 8 * 60 * MINUTE_NS);
        ContractSeries { contract: Contract { name: format!("C{at}"), expires }, bars, open_interest }
    };
    story.expiries.iter().enumerate().map(one).collect()
}

fn rules() -> impl Strategy<Value = RollRule> {
    prop_oneof![
        Just(RollRule::Volume {}),
        Just(RollRule::OpenInterest {}),
        (0u32..3).prop_map(|days| RollRule::Calendar { days }),
    ]
}

/// The contract of each day that has one in use, by the words of the documentation.
fn naive(story: &Story, rule: RollRule) -> Vec<(usize, usize)> {
    let there = |at: usize, day: usize| story.days[at][day].2 && day as i64 <= story.expiries[at];
    let due = |at: usize, day: usize| match rule {
        RollRule::Calendar { days } => story.expiries[at] - day as i64 <= i64::from(days),
        RollRule::Volume {} | RollRule::OpenInterest {} => story.expiries[at] <= day as i64,
    };
    let contracts = story.expiries.len();
    let (mut used, mut yesterday, mut chosen) = (None, None, Vec::new());
    for day in 0..story.days[0].len() {
        if !(0..contracts).any(|at| there(at, day)) {
            continue;
        }
        let next = match used {
            None => {
                let trading: Vec<usize> = (0..contracts).filter(|at| there(*at, day)).collect();
                trading.iter().copied().find(|at| !due(*at, day)).unwrap_or(trading[0])
            }
            Some(mut used) => {
                let size = |at: usize| match (rule, yesterday) {
                    (_, Some(y)) if !there(at, y) => 0.0,
                    (RollRule::Volume {}, Some(y)) => story.days[at][y].0,
                    (RollRule::OpenInterest {}, Some(y)) => story.days[at][y].1,
                    _ => 0.0,
                };
                let largest = (used..contracts).map(size).fold(0.0, f64::max);
                if size(used) < largest - 1e-9 {
                    used = (used..contracts).find(|at| size(*at) > largest - 1e-9).unwrap();
                }
                if due(used, day) {
                    let known = |at: usize| (0..day).any(|past| there(at, past));
                    used = (used + 1..contracts).find(|at| known(*at) && !due(*at, day)).unwrap_or(used);
                }
                used
            }
        };
        (used, yesterday) = (Some(next), Some(day));
        if there(next, day) {
            chosen.push((day, next));
        }
    }
    chosen
}

fn closes(bars: &[Bar]) -> Vec<f64> {
    bars.iter().map(|bar| bar.close).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn contracts_follow_each_other_as_in_a_naive_computation(story in story(), rule in rules()) {
        let given = series(&story);
        let chosen = naive(&story, rule);
        let made = match Continuous::new(&given, rule, Calendar::Utc) {
            Ok(made) => made,
            Err(error) => {
                // Two contracts that were never there on the same day, or none at all.
                let text = error.to_string();
                prop_assert!(text.contains("no bar of the same time") || text.contains("no contract has bars"), "{text}");
                return Ok(());
            }
        };
        let expected: Vec<Bar> = chosen.iter().flat_map(|(day, at)| {
            given[*at].bars.iter().filter(|bar| bar.time.nanos().div_euclid(DAY_NS) == *day as i64).copied()
        }).collect();
        prop_assert_eq!(&made.bars, &expected);
        let used: Vec<usize> = chosen.iter().flat_map(|(_, at)| [*at; A_DAY]).collect();
        prop_assert_eq!((0..made.bars.len()).map(|row| made.contract(row)).collect::<Vec<_>>(), used.clone());
        // Never back.
        prop_assert!(used.is_sorted());

        // By difference, the series moves as the contract held does: over a roll, from the moment of both prices on.
        let close_at = |at: usize, time: Timestamp| given[at].bars.iter().find(|bar| bar.time == time).unwrap().close;
        let mut offset = 0.0;
        let mut walked = Vec::new();
        for (row, bar) in made.bars.iter().enumerate() {
            if let Some(roll) = made.rolls.iter().find(|roll| roll.row == row) {
                let both = |bar: &&Bar| bar.time < made.bars[row].time.plus_ns(-(A_DAY as i64) * MINUTE_NS);
                let times = given[roll.from].bars.iter().filter(both).map(|bar| bar.time);
                let shared = times.filter(|time| given[roll.to].bars.iter().any(|bar| bar.time == *time)).max().unwrap();
                let prices = (close_at(roll.from, shared), close_at(roll.to, shared));
                prop_assert_eq!((roll.from_price, roll.to_price), prices);
                offset += prices.0 - prices.1;
            }
            walked.push(bar.close + offset);
        }
        let rolls = made.rolls.clone();
        let build = |adjustment| {
            let builder = made.clone().into_builder(Instrument::es(), Calendar::Utc);
            builder.period_ns(MINUTE_NS).adjust(adjustment).build().unwrap()
        };
        // Quarters add up without an error.
        prop_assert_eq!(closes(&build(Adjustment::Difference).feature_bars()), walked);
        let factors = rolls.iter().map(|roll| (roll.row, roll.from_price / roll.to_price));
        let ratios: Vec<f64> = made.bars.iter().enumerate().map(|(row, bar)| {
            factors.clone().filter(|(at, _)| *at <= row).fold(1.0, |all, (_, factor)| all * factor) * bar.close
        }).collect();
        for (seen, naive) in closes(&build(Adjustment::Ratio).feature_bars()).iter().zip(&ratios) {
            prop_assert!((seen - naive).abs() <= 1e-9 * naive, "{seen} {naive}");
        }
        // Orders meet the raw prices.
        let raw = build(Adjustment::Ratio);
        prop_assert_eq!(raw.bars(), &made.bars[..]);
    }

    /// What a contract does from a day on changes nothing before it, and on that day not which contract is used.
    #[test]
    fn a_roll_knows_yesterday_and_no_more(story in story(), rule in rules(), day in 1usize..20, other in story()) {
        let mut changed = story.clone();
        for (at, days) in changed.days.iter_mut().enumerate() {
            for (late, known) in days.iter_mut().enumerate().skip(day) {
                // Present or not stays: a series without a bar of the day has nothing to show of it.
                let there = known.2;
                *known = other.days.get(at).and_then(|days| days.get(late)).copied().unwrap_or((1.0, 2.0, true));
                known.2 = there;
                for bar in late * A_DAY..(late + 1) * A_DAY {
                    changed.moves[at][bar] = -changed.moves[at][bar];
                }
            }
        }
        let make = |story: &Story| Continuous::new(&series(story), rule, Calendar::Utc);
        let (Ok(one), Ok(two)) = (make(&story), make(&changed)) else { return Ok(()) };
        let (from, next) = (Timestamp::from_nanos(day as i64 * DAY_NS), Timestamp::from_nanos((day as i64 + 1) * DAY_NS));
        let rows = |made: &Continuous, to: Timestamp| made.bars.partition_point(|bar| bar.time < to);
        prop_assert_eq!(&one.bars[..rows(&one, from)], &two.bars[..rows(&two, from)]);
        let (a, b) = (rows(&one, next), rows(&two, next));
        prop_assert_eq!(a, b);
        for row in 0..a {
            prop_assert_eq!(one.contract(row), two.contract(row));
        }
        let known = |made: &Continuous| made.rolls.iter().filter(|roll| roll.row < a).copied().collect::<Vec<_>>();
        prop_assert_eq!(known(&one), known(&two));
    }

    /// Who holds the future over its rolls, at no cost, gains what the contracts moved while he held them.
    #[test]
    fn a_position_over_rolls_gains_what_its_contracts_moved(story in story(), lots in -5i32..=5) {
        let given = series(&story);
        let Ok(made) = Continuous::new(&given, RollRule::Volume {}, Calendar::Utc) else { return Ok(()) };
        prop_assume!(made.bars.len() > 2 && lots != 0);
        let builder = made.clone().into_builder(Instrument::es(), Calendar::Utc).period_ns(MINUTE_NS);
        let data = Arc::new(builder.build().unwrap());
        let models: Models = serde_json::from_str(r#"{"slippage": {"kind": "none"}, "commission": {"kind": "none"}}"#).unwrap();
        let world = SimWorld::new(Arc::clone(&data), models, 1e9).unwrap();
        let (mut venue, mut account) = (SimVenue::new(Arc::new(world), 0), Account::new(1));
        venue.open(Start::At(0), &mut account).unwrap();
        venue.submit(OrderRequest::market(InstrumentId(0), f64::from(lots))).unwrap();
        while let Advance::Decision(_) = venue.advance(&mut account, |_| {}).unwrap() {}
        // Bought at the open of the second row.
        let mut points = 0.0;
        let mut price = made.bars[1].open;
        for (row, bar) in made.bars.iter().enumerate().skip(1) {
            if let Some(roll) = made.rolls.iter().find(|roll| roll.row == row && row > 1) {
                points += roll.from_price - price;
                price = roll.to_price;
            }
            points += bar.close - price;
            price = bar.close;
        }
        let gained = account.equity() - 1e9;
        prop_assert!((gained - f64::from(lots) * 50.0 * points).abs() < 1e-4, "{gained} {points}");
    }
}

#[test]
fn a_calendar_roll_is_so_many_days_before_expiry_by_session() {
    // One bar a day at noon in Chicago, from 2024-12-02 on.
    let bars = |close: f64, days: i64| -> Vec<Bar> {
        let noon = "2024-12-02T18:00:00Z".parse::<Timestamp>().unwrap();
        let weekdays = (0..days).filter(|day| !matches!(day % 7, 5 | 6));
        let bar = |day: i64| Bar {
            time: noon.plus_ns(day * DAY_NS),
            open: close,
            high: close,
            low: close,
            close,
            volume: 1.0,
        };
        weekdays.map(bar).collect()
    };
    let one = |name: &str, close, days| ContractSeries {
        contract: Contract::parse(name).unwrap(),
        bars: bars(close, days),
        open_interest: vec![],
    };
    let given = [one("ESH25", 6_100.0, 30), one("ESZ24", 6_000.0, 18)];
    for (days, expected) in [(0, "2024-12-20T18:00:00Z"), (8, "2024-12-12T18:00:00Z")] {
        let made = Continuous::new(&given, RollRule::Calendar { days }, Calendar::Cme).unwrap();
        let [roll] = made.rolls[..] else { panic!("{:?}", made.rolls) };
        assert_eq!((made.bars[roll.row].time.to_string().as_str(), roll.from, roll.to), (expected, 1, 0));
        // When the session opens, at 17:00 of the day before.
        assert_eq!(roll.time, made.bars[roll.row].time.plus_ns(-19 * 60 * MINUTE_NS));
        assert_eq!((roll.from_price, roll.to_price), (6_000.0, 6_100.0));
    }
}

#[test]
fn what_can_not_be_strung_together_is_refused_by_name() {
    let at = |minute: i64| Timestamp::from_nanos(minute * MINUTE_NS);
    let bar = |minute| Bar { time: at(minute), open: 9.0, high: 9.0, low: 9.0, close: 9.0, volume: 1.0 };
    let one = |name: &str, days: i64, minutes: &[i64]| ContractSeries {
        contract: Contract { name: name.into(), expires: Timestamp::from_nanos(days * DAY_NS) },
        bars: minutes.iter().map(|minute| bar(*minute)).collect(),
        open_interest: vec![],
    };
    let day = 24 * 60;
    let refused =
        |series: &[ContractSeries], rule| Continuous::new(series, rule, Calendar::Utc).unwrap_err().to_string();
    let volume = RollRule::Volume {};
    assert!(refused(&[], volume).contains("no contract has bars"));
    let twice = refused(&[one("A", 9, &[1]), one("B", 9, &[1])], volume);
    assert_eq!(twice, "contracts: \"A\" and \"B\" expire together; keep one");
    let unsorted = refused(&[one("A", 9, &[2, 1])], volume);
    assert!(unsorted.starts_with("A: row 1, column time: 1970-01-01T00:01:00Z is not after"), "{unsorted}");
    let interest = refused(&[one("A", 9, &[1, 2])], RollRule::OpenInterest {});
    assert_eq!(interest, "contracts.A.open_interest: 0 values for 2 bars; give one a bar, or another rule");
    let apart = refused(&[one("A", 2, &[1, day + 1]), one("B", 9, &[2, 2 * day + 2])], volume);
    assert!(apart.contains("\"A\" and \"B\" have no bar of the same time before 1970-01-03"), "{apart}");
    let kept = Continuous::new(&[one("A", 2, &[1])], volume, Calendar::None).unwrap();
    let data: MarketData = kept.into_builder(Instrument::es(), Calendar::None).build().unwrap();
    assert!(data.events().is_empty());
}
