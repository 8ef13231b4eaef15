//! Instruments with bars of their own on one clock.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue,
    account::{Account, AccountEvent},
    market::{Adjustment, Calendar, MarketEvent, MarketFact, Missing, Quote, QuotesAt, align},
    models::Models,
    order::OrderRequest,
    time::MINUTE_NS,
    venue::{Advance, SimVenue, SimWorld, Start},
};

fn at(minute: i64) -> Timestamp {
    Timestamp::from_nanos(minute * MINUTE_NS)
}

fn bar(minute: i64, close: f64) -> Bar {
    Bar { time: at(minute), open: close + 0.25, high: close + 0.5, low: close - 0.5, close, volume: 10.0 }
}

/// Bars of an instrument: minute and close.
fn market(instrument: Instrument, rows: &[(i64, f64)], events: Vec<MarketEvent>) -> MarketData {
    let bars = rows.iter().map(|(minute, close)| bar(*minute, *close)).collect();
    let values = rows.iter().map(|(minute, _)| *minute as f32).collect();
    let builder = MarketData::builder(vec![instrument]).calendar(Calendar::Utc).period_ns(MINUTE_NS);
    builder.bars(bars).column("minute", values).events(events).build().unwrap()
}

fn rows() -> impl Strategy<Value = Vec<(i64, f64)>> {
    let close = (-40..40i32).prop_map(|ticks| 100.0 + f64::from(ticks) * 0.25);
    prop::collection::btree_map(1..40i64, close, 1..30).prop_map(|rows| rows.into_iter().collect())
}

/// Every account event of a run that sends each order when its row has closed, and the account in the end.
fn run(data: &MarketData, orders: &[(usize, OrderRequest)]) -> (Vec<AccountEvent>, Account) {
    let n = data.instruments().len();
    let world = SimWorld::new(Arc::new(data.clone()), Models::default(), 1e7).unwrap();
    let (mut venue, mut account) = (SimVenue::new(Arc::new(world), 0), Account::new(n));
    venue.open(Start::At(0), &mut account).unwrap();
    let mut events = Vec::new();
    loop {
        let row = venue.state().row() as usize;
        for (_, order) in orders.iter().filter(|(at, _)| *at == row) {
            venue.submit(*order).unwrap();
        }
        let Advance::Decision(_) = venue.advance(&mut account, |event| events.push(*event)).unwrap() else {
            return (events, account);
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rows_are_those_of_a_naive_join(one in rows(), two in rows(), three in rows()) {
        let named = [(Instrument::es(), &one), (Instrument::nq(), &two), (Instrument::eurusd(), &three)];
        let markets: Vec<MarketData> = named.map(|(instrument, rows)| market(instrument, rows, vec![])).to_vec();
        let given: Vec<&MarketData> = markets.iter().collect();
        let known = [&one, &two, &three].map(|rows| rows.iter().copied().collect::<BTreeMap<i64, f64>>());
        let common: Vec<i64> = known[0].keys().copied().filter(|m| known[1..].iter().all(|k| k.contains_key(m))).collect();

        let dropped = align(&given, Missing::Drop {}).and_then(tradepit::market::MarketDataBuilder::build);
        prop_assert_eq!(dropped.is_ok(), !common.is_empty());
        if let Ok(dropped) = dropped {
            let expected: Vec<Bar> = common.iter().flat_map(|m| known.iter().map(|k| bar(*m, k[m]))).collect();
            prop_assert_eq!(dropped.bars(), expected);
            prop_assert!(dropped.events().is_empty());
        }

        let begin = known.iter().map(|k| *k.keys().next().unwrap()).max().unwrap();
        let minutes: std::collections::BTreeSet<i64> = known.iter().flat_map(|k| k.range(begin..).map(|(m, _)| *m)).collect();
        let carried = align(&given, Missing::Carry {}).unwrap().build().unwrap();
        prop_assert_eq!(carried.len(), minutes.len());
        for (row, minute) in minutes.iter().enumerate() {
            for (id, known) in known.iter().enumerate() {
                let view = carried.view(row + 1);
                let (last, value) = known.range(..=minute).next_back().unwrap();
                let there = last == minute;
                prop_assert_eq!(view.is_halted(InstrumentId(id as u32)), !there);
                let flat = Bar { time: at(*minute), open: *value, high: *value, low: *value, close: *value, volume: 0.0 };
                prop_assert_eq!(*view.last(InstrumentId(id as u32)), if there { bar(*minute, *value) } else { flat });
                prop_assert_eq!(carried.columns()[id].1[row], *last as f32);
            }
        }
        prop_assert_eq!(&carried.columns()[1].0, "NQ.minute");

        let refused = align(&given, Missing::Refuse {});
        prop_assert_eq!(refused.is_ok(), known.iter().all(|k| k.keys().eq(known[0].keys())));
    }

    /// What is known of one instrument later changes no row before: a row is not carried because of what follows.
    #[test]
    fn rows_know_nothing_of_later_bars(one in rows(), two in rows(), cut in 1..40i64) {
        let build = |one: &[(i64, f64)], two: &[(i64, f64)]| {
            let markets = [market(Instrument::es(), one, vec![]), market(Instrument::nq(), two, vec![])];
            align(&[&markets[0], &markets[1]], Missing::Carry {}).unwrap().build().unwrap()
        };
        let early = |rows: &[(i64, f64)]| rows.iter().copied().filter(|(m, _)| *m < cut).collect::<Vec<_>>();
        let (a, b) = (early(&one), early(&two));
        prop_assume!(!a.is_empty() && !b.is_empty());
        let (whole, part) = (build(&one, &two), build(&a, &b));
        prop_assert_eq!(part.bars(), &whole.bars()[..part.bars().len()]);
        for row in 1..=part.len() {
            for id in [0, 1].map(InstrumentId) {
                prop_assert_eq!(part.view(row).is_halted(id), whole.view(row).is_halted(id));
            }
        }
    }

    /// Orders of one instrument meet the same bars whether or not another one has bars in between.
    #[test]
    fn a_carried_row_fills_nothing(one in rows(), two in rows(), orders in prop::collection::vec((0usize..40, -3..=3i32), 1..8)) {
        let (alone, other) = (market(Instrument::es(), &one, vec![]), market(Instrument::nq(), &two, vec![]));
        let both = align(&[&alone, &other], Missing::Carry {}).unwrap().build().unwrap();
        let begin = both.view(1).now();
        let first = one.partition_point(|(minute, _)| at(*minute) < begin);
        // Orders that wait through carried rows meet the first own one, as they do where there is nothing in between.
        let last_own = |row: usize| one.partition_point(|(minute, _)| at(*minute) <= both.view(row + 1).now()) - 1;
        let order = |lots: i32| OrderRequest::market(InstrumentId(0), f64::from(lots));
        let wanted: Vec<(usize, i32)> = orders.into_iter().filter(|(row, lots)| *row < both.len() && *lots != 0).collect();
        let (events, account) = run(&both, &wanted.iter().map(|(row, lots)| (*row, order(*lots))).collect::<Vec<_>>());
        let start = first.saturating_sub(usize::from(one.get(first).is_none_or(|(m, _)| at(*m) != begin)));
        let part = alone.part(start..one.len()).build().unwrap();
        let there = wanted.iter().map(|(row, lots)| (last_own(*row) - start, order(*lots))).collect::<Vec<_>>();
        // Sent in the order of rows, as in the other run.
        let (expected, end) = run(&part, &{ let mut sorted = there; sorted.sort_by_key(|(row, _)| *row); sorted });
        let fills = |events: &[AccountEvent]| {
            let mut fills: Vec<(Timestamp, u64, u64)> = events.iter().filter_map(|event| match event {
                AccountEvent::Fill(fill) => Some((fill.time, fill.qty.to_bits(), fill.price.to_bits())),
                _ => None,
            }).collect();
            fills.sort_unstable();
            fills
        };
        let halted = |time: Timestamp| !one.iter().any(|(m, _)| at(*m - 1) <= time && time <= at(*m));
        prop_assert!(fills(&events).iter().all(|(time, ..)| !halted(*time)));
        prop_assert_eq!(fills(&events).iter().map(|f| (f.1, f.2)).collect::<Vec<_>>(), fills(&expected).iter().map(|f| (f.1, f.2)).collect::<Vec<_>>());
        prop_assert_eq!(account.position(InstrumentId(0)).qty(), end.position(InstrumentId(0)).qty());
    }
}

#[test]
fn events_take_effect_with_the_next_own_bar() {
    let event = |minute, what| MarketEvent { time: at(minute), instrument: InstrumentId(0), what };
    let events = vec![
        event(1, MarketFact::Halt {}),
        event(3, MarketFact::Split { ratio: 2.0 }),
        event(4, MarketFact::Resume {}),
        event(5, MarketFact::Dividend { amount: 0.5 }),
    ];
    // A halt over bars of its own, and a gap from 3 to 5 with a split in it.
    let share = market(Instrument::equity("XYZ"), &[(1, 50.0), (2, 50.0), (6, 25.0), (7, 25.0)], events);
    let other = market(Instrument::es(), &(1..=8).map(|m| (m, 9.0)).collect::<Vec<_>>(), vec![]);
    let both = align(&[&other, &share], Missing::Carry {}).unwrap().build().unwrap();
    let halted: Vec<bool> = (1..=8).map(|rows| both.view(rows).is_halted(InstrumentId(1))).collect();
    assert_eq!(halted, [false, true, true, true, true, false, false, true]);
    let what: Vec<MarketFact> = both.details(5).events.iter().map(|event| event.what).collect();
    let expected = [MarketFact::Resume {}, MarketFact::Split { ratio: 2.0 }, MarketFact::Dividend { amount: 0.5 }];
    assert_eq!(what, expected);
    assert_eq!(both.view(5).last(InstrumentId(1)).close, 50.0);
    // Features walk on over them as they do for the share alone.
    let own: Vec<f64> = share.feature_bars().iter().map(|bar| bar.close).collect();
    let seen: Vec<f64> = both.feature_bars().iter().skip(1).step_by(2).map(|bar| bar.close).collect();
    assert_eq!([seen[0], seen[1], seen[5], seen[6]], own[..]);
    assert_eq!(seen[2..5], [50.0; 3]);
}

#[test]
fn quotes_stand_until_the_next_own_one() {
    let quote = |minute| Quote { time: at(minute), bid: 9.0, ask: 9.5, ..Quote::default() };
    let bars = [1, 2, 5].map(|minute| bar(minute, 9.0)).to_vec();
    let builder = MarketData::builder(vec![Instrument::es()]).calendar(Calendar::Utc).period_ns(MINUTE_NS).bars(bars);
    let quoted = builder.quotes([quote(0), quote(1), quote(4)], QuotesAt::Open).build().unwrap();
    let other = market(Instrument::nq(), &(1..=5).map(|m| (m, 9.0)).collect::<Vec<_>>(), vec![]);
    let both = align(&[&quoted, &other], Missing::Carry {}).unwrap().build().unwrap();
    let times: Vec<i64> =
        (1..=5).map(|r| both.view(r).quote(InstrumentId(0)).unwrap().time.nanos() / MINUTE_NS).collect();
    assert_eq!(times, [0, 1, 1, 1, 4]);
    assert!((1..=5).all(|rows| both.view(rows).quote(InstrumentId(1)).is_none()));
}

#[test]
fn what_does_not_go_together_is_refused_by_name() {
    let es = market(Instrument::es(), &[(1, 9.0), (2, 9.0)], vec![]);
    let nq = market(Instrument::nq(), &[(1, 9.0), (3, 9.0)], vec![]);
    let refused = |markets: &[&MarketData]| align(markets, Missing::Refuse {}).unwrap_err().to_string();
    assert_eq!(refused(&[]), "markets: there is none; name at least one");
    assert_eq!(refused(&[&es, &es]), "markets: \"ES\" is there twice; rename or drop one");
    let gap = refused(&[&es, &nq]);
    assert_eq!(gap, "missing: \"NQ\" has no bar at 1970-01-01T00:02:00Z; choose to drop such rows or to carry");
    let build = |calendar, adjustment| {
        let builder = MarketData::builder(vec![Instrument::nq()]).calendar(calendar).period_ns(MINUTE_NS);
        builder.bars(vec![bar(1, 9.0)]).adjust(adjustment).build().unwrap()
    };
    let calendar = refused(&[&es, &build(Calendar::Cme, Adjustment::Ratio)]);
    assert_eq!(calendar, "calendar: Cme for \"NQ\", Utc for \"ES\"; make them one");
    assert!(refused(&[&es, &build(Calendar::Utc, Adjustment::None)]).starts_with("adjustment: None for"));
    let longer = market(Instrument::nq(), &[(1, 9.0), (2, 9.0)], vec![]).resample(2 * MINUTE_NS).unwrap();
    assert!(refused(&[&es, &longer]).starts_with("period_ns: 120000000000 for"));
    assert!(refused(&[&longer]).starts_with("sub_bars: \"NQ\" has finer bars"));
    let apart = market(Instrument::nq(), &[(7, 9.0)], vec![]);
    let none = align(&[&es, &apart], Missing::Drop {}).unwrap_err().to_string();
    assert_eq!(none, "too little data: no time is common to all instruments");
}
