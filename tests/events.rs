//! Dividends, splits, halts, rolls and funding from a column, through the public order path.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use proptest::prelude::*;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue,
    account::{Account, AccountEvent, Fill, trades_from_fills},
    market::{Adjustment, Calendar, MarketEvent, MarketFact, Quote, QuotesAt},
    models::{
        Commission, Financing, FixedTicks, Flatten, FundingColumn, InstrumentMargin, MarginRule, Models, PerContract,
        PerpetualFunding, Slippage,
    },
    order::{Modification, OrderId, OrderRequest, OrderState, TimeInForce},
    time::MINUTE_NS,
    venue::{Advance, GrowingMarket, NoFeatures, Opening, Row, SimVenue, SimWorld, Start, VenueFacts},
};

const ONE: InstrumentId = InstrumentId(0);

fn at(minute: i64) -> Timestamp {
    Timestamp::from_nanos(minute * MINUTE_NS)
}

/// An event of the bar between these two minutes: `row` closes at minute `row + 1`.
fn before(row: usize, what: MarketFact) -> MarketEvent {
    of(ONE, row, what)
}

fn of(instrument: InstrumentId, row: usize, what: MarketFact) -> MarketEvent {
    MarketEvent { time: at(row as i64), instrument, what }
}

fn bar(row: usize, open: f64, close: f64) -> Bar {
    Bar { time: at(row as i64 + 1), open, high: open.max(close), low: open.min(close), close, volume: 1_000.0 }
}

/// Bars that open and close at these prices.
fn market(instrument: Instrument, prices: &[(f64, f64)], events: Vec<MarketEvent>) -> MarketData {
    let bars = prices.iter().enumerate().map(|(row, (open, close))| bar(row, *open, *close));
    MarketData::builder(vec![instrument]).bars(bars.collect()).period_ns(MINUTE_NS).events(events).build().unwrap()
}

/// Sends each order when its row has closed; gives all events, and the account after each row.
fn run(
    data: MarketData,
    models: Models,
    cash: f64,
    orders: &[(u32, OrderRequest)],
) -> (Vec<AccountEvent>, Vec<Account>) {
    let n = data.instruments().len();
    let mut venue = SimVenue::new(Arc::new(SimWorld::new(Arc::new(data), models, cash).unwrap()), 0);
    let mut account = Account::new(n);
    venue.open(Start::At(0), &mut account).unwrap();
    let (mut events, mut accounts) = (Vec::new(), vec![account.clone()]);
    loop {
        let row = venue.state().row();
        for (_, order) in orders.iter().filter(|(at, _)| *at == row) {
            venue.submit(*order).unwrap();
        }
        let Advance::Decision(_) = venue.advance(&mut account, |event| events.push(*event)).unwrap() else {
            return (events, accounts);
        };
        accounts.push(account.clone());
    }
}

fn fills(events: &[AccountEvent]) -> Vec<Fill> {
    events.iter().filter_map(|e| if let AccountEvent::Fill(fill) = e { Some(*fill) } else { None }).collect()
}

fn share() -> Instrument {
    Instrument::equity("XYZ")
}

#[test]
fn a_dividend_is_what_the_price_loses() {
    for qty in [100.0, -100.0] {
        let prices = [(50.0, 50.0), (50.0, 50.0), (49.25, 49.25), (49.25, 49.25)];
        let data = market(share(), &prices, vec![before(2, MarketFact::Dividend { amount: 0.75 })]);
        let orders = [(0, OrderRequest::market(ONE, qty)), (1, OrderRequest::market(ONE, qty))];
        let (events, accounts) = run(data, Models::default(), 1e5, &orders);
        // Paid for what was held before the open; who buys at that open is too late.
        let paid = AccountEvent::Dividend { amount: 0.75 * qty, instrument: ONE, time: at(2) };
        assert_eq!(events[1], paid);
        assert!(matches!(events[2], AccountEvent::Fill(fill) if fill.time == at(2)));
        assert_eq!(events.len(), 3);
        assert!(accounts.iter().all(|account| account.equity() == 1e5));
        assert_eq!((accounts[3].financing(), accounts[3].realised()), (0.75 * qty, 0.0));
    }
}

#[test]
fn a_split_changes_units_and_no_money() {
    for (ratio, qty, kept, fraction) in [
        (2.0, 7.0, 14.0, 0.0),
        (1.5, 7.0, 10.0, 0.5),
        (1.5, -7.0, -10.0, -0.5),
        (0.1, 27.0, 2.0, 0.7),
        (0.1, 4.0, 0.0, 0.4),
    ] {
        let after = 60.0 / ratio;
        let data = market(
            share(),
            &[(60.0, 60.0), (60.0, 60.0), (after, after)],
            vec![before(2, MarketFact::Split { ratio })],
        );
        let (events, accounts) = run(data, Models::default(), 1e5, &[(0, OrderRequest::market(ONE, qty))]);
        assert_eq!(events[1], AccountEvent::Split { ratio, instrument: ONE, time: at(2) });
        let last = &accounts[2];
        assert!((last.position(ONE).qty() - kept).abs() < 1e-9 && (last.equity() - 1e5).abs() < 1e-9);
        assert!(kept == 0.0 || (last.position(ONE).avg_price() - after).abs() < 1e-9);
        // Cash in lieu of the fraction, at the last price in new units, without a fee.
        let cash = fills(&events[2..]);
        assert_eq!(cash.len(), usize::from(fraction != 0.0));
        for fill in cash {
            assert!(fill.order.is_of_venue() && fill.fee == 0.0 && fill.price == after);
            assert!((fill.qty + fraction).abs() < 1e-9, "{fill:?}");
        }
        assert_eq!(last.fees(), 0.0);
    }
}

#[test]
fn a_trade_over_a_split_is_one_trade() {
    let data = market(
        share(),
        &[(60.0, 60.0), (60.0, 62.0), (31.0, 32.0), (33.0, 33.0)],
        vec![before(2, MarketFact::Split { ratio: 2.0 })],
    );
    let models = Models { commission: Commission::PerContract(PerContract::new(1.0)), ..Models::default() };
    let orders = [(0, OrderRequest::market(ONE, 10.0)), (2, OrderRequest::market(ONE, -20.0))];
    let (events, accounts) = run(data, models, 1e5, &orders);
    let [trade] = trades_from_fills(&events)[..] else { panic!("one trade") };
    assert_eq!((trade.qty, trade.entry_price, trade.exit_price), (20.0, 30.0, 33.0));
    assert_eq!((trade.gross, trade.net), (60.0, 30.0));
    let account = &accounts[3];
    assert_eq!((account.trades(), account.wins(), account.realised(), account.equity()), (1, 1, 60.0, 1e5 + 30.0));
}

#[test]
fn orders_are_taken_out_where_what_they_name_is_no_more_and_stand_over_a_dividend() {
    let facts = [
        MarketFact::Split { ratio: 2.0 },
        MarketFact::Roll { from_price: 60.0, to_price: 61.0 },
        MarketFact::Dividend { amount: 1.0 },
    ];
    for what in facts {
        let data = market(share(), &[(60.0, 60.0), (60.0, 60.0), (58.0, 59.0)], vec![before(2, what)]);
        let entry = OrderRequest::limit(ONE, 10.0, 50.0);
        let orders = [
            (0, entry),
            (0, OrderRequest::stop(ONE, -10.0, 40.0).child_of(OrderId(0))),
            (1, OrderRequest::market(ONE, 1.0)),
            (1, OrderRequest::limit(ONE, 1.0, 58.5)),
        ];
        let (events, _) = run(data, Models::default(), 1e5, &orders);
        let gone: Vec<u32> = events
            .iter()
            .filter_map(|event| match event {
                AccountEvent::Order { order, state: OrderState::Cancelled, time } => {
                    assert_eq!(*time, at(2));
                    Some(order.0)
                }
                _ => None,
            })
            .collect();
        let stands = matches!(what, MarketFact::Dividend { .. });
        assert_eq!((gone.len(), fills(&events).len()), if stands { (0, 2) } else { (4, 0) }, "{what:?}");
    }
}

#[test]
fn a_roll_is_two_fills_with_costs_on_raw_prices() {
    let data = market(
        Instrument::es(),
        &[(5_000.0, 5_000.0), (5_000.0, 5_010.0), (5_060.0, 5_065.0)],
        vec![before(2, MarketFact::Roll { from_price: 5_010.0, to_price: 5_060.0 })],
    );
    let models = Models {
        slippage: Slippage::FixedTicks(FixedTicks { ticks: 1.0 }),
        commission: Commission::PerContract(PerContract::new(2.0)),
        ..Models::default()
    };
    let (events, accounts) = run(data, models, 1e5, &[(0, OrderRequest::market(ONE, 2.0))]);
    let [_, out, into] = fills(&events)[..] else { panic!("{events:?}") };
    assert_eq!((out.qty, out.price, out.reference, out.fee), (-2.0, 5_009.75, 5_010.0, 4.0));
    assert_eq!((into.qty, into.price, into.reference, into.fee), (2.0, 5_060.25, 5_060.0, 4.0));
    assert!(out.order.is_of_venue() && into.order.is_of_venue() && out.order != into.order);
    let last = &accounts[2];
    // Ten points and then five on two contracts; six times a tick of slippage, and six fees, on the way.
    assert_eq!(last.equity(), 1e5 + 2.0 * 50.0 * 15.0 - 6.0 * 12.5 - 6.0 * 2.0);
    assert_eq!((last.position(ONE).avg_price(), last.trades()), (5_060.25, 1));
}

#[test]
fn in_a_halt_nothing_fills_and_orders_meet_the_open_behind_it() {
    // The bars of the halt would fill everything.
    let prices = [(60.0, 60.0), (60.0, 60.0), (40.0, 80.0), (80.0, 40.0), (62.0, 62.0), (62.0, 63.0)];
    let halt = vec![before(2, MarketFact::Halt {}), before(4, MarketFact::Resume {})];
    let data = || market(share(), &prices, halt.clone());
    let order = |request: OrderRequest| run(data(), Models::default(), 1e6, &[(1, request)]).0;
    for request in [
        OrderRequest::market(ONE, 5.0),
        OrderRequest::limit(ONE, 5.0, 61.99 + 0.01),
        OrderRequest::stop(ONE, 5.0, 61.0),
        OrderRequest::stop(ONE, -5.0, 70.0),
    ] {
        let done = fills(&order(request));
        assert_eq!(done.len(), 1, "{request:?}");
        assert_eq!((done[0].price, done[0].time), (62.0, at(4)), "{request:?}");
    }
    for tif in [TimeInForce::Ioc {}, TimeInForce::Fok {}] {
        let events = order(OrderRequest::limit(ONE, 5.0, 70.0).with_tif(tif));
        assert!(matches!(events[..], [AccountEvent::Order { state: OrderState::Cancelled, .. }]), "{events:?}");
    }
    let events = order(OrderRequest::limit(ONE, 5.0, 70.0).with_tif(TimeInForce::Gtd { until: at(3) }));
    assert!(matches!(events[..], [AccountEvent::Order { state: OrderState::Expired, .. }]), "{events:?}");
}

#[test]
fn a_cancel_arrives_in_a_halt() {
    let prices = [(60.0, 60.0), (60.0, 60.0), (60.0, 60.0), (60.0, 60.0), (60.0, 60.0)];
    let data = market(share(), &prices, vec![before(1, MarketFact::Halt {}), before(3, MarketFact::Resume {})]);
    let models: Models = serde_json::from_str(r#"{"latency": {"kind": "fixed", "ms": 30000}}"#).unwrap();
    let mut venue = SimVenue::new(Arc::new(SimWorld::new(Arc::new(data), models, 1e6).unwrap()), 0);
    let (mut account, mut events) = (Account::new(1), Vec::new());
    venue.open(Start::At(0), &mut account).unwrap();
    let id = venue.submit(OrderRequest::limit(ONE, 5.0, 61.0)).unwrap();
    venue.advance(&mut account, |event| events.push(*event)).unwrap();
    assert!(venue.market().is_halted(ONE) && events.is_empty());
    venue.cancel(id).unwrap();
    for _ in 0..3 {
        venue.advance(&mut account, |event| events.push(*event)).unwrap();
    }
    let time = Timestamp::from_nanos(2 * MINUTE_NS + MINUTE_NS / 2);
    assert_eq!(events, [AccountEvent::Order { order: id, state: OrderState::Cancelled, time }]);
}

#[test]
fn a_halt_does_not_keep_an_order_from_being_changed() {
    let prices = [(60.0, 60.0), (60.0, 60.0), (60.0, 60.0), (58.0, 58.0)];
    let data = market(share(), &prices, vec![before(1, MarketFact::Halt {}), before(3, MarketFact::Resume {})]);
    let mut venue = SimVenue::new(Arc::new(SimWorld::new(Arc::new(data), Models::default(), 1e6).unwrap()), 0);
    let (mut account, mut events) = (Account::new(1), Vec::new());
    venue.open(Start::At(0), &mut account).unwrap();
    let id = venue.submit(OrderRequest::limit(ONE, 5.0, 50.0)).unwrap();
    venue.advance(&mut account, |event| events.push(*event)).unwrap();
    let change = Modification::default().price(59.0);
    venue.modify(id, change).unwrap();
    venue.advance(&mut account, |event| events.push(*event)).unwrap();
    assert_eq!(events, [AccountEvent::Modified { order: id, change, time: at(2) }]);
    venue.advance(&mut account, |event| events.push(*event)).unwrap();
    assert_eq!((fills(&events)[0].price, fills(&events)[0].time), (58.0, at(3)));
}

#[test]
fn a_quote_that_no_new_one_follows_stands_over_events_as_it_reads_after_them() {
    let quote = |minute: i64, mid: f64| Quote {
        time: at(minute),
        bid: mid - 1.0,
        ask: mid + 1.0,
        bid_size: 10.0,
        ask_size: 20.0,
    };
    let bars = [60.0, 60.0, 30.0, 30.0, 29.0].iter().enumerate().map(|(row, price)| bar(row, *price, *price)).collect();
    let facts = vec![before(2, MarketFact::Split { ratio: 2.0 }), before(4, MarketFact::Dividend { amount: 1.0 })];
    let builder = MarketData::builder(vec![share()]).bars(bars).period_ns(MINUTE_NS).events(facts);
    let old = quote(0, 60.0);
    let split = Quote { bid: 29.5, ask: 30.5, bid_size: 20.0, ask_size: 40.0, ..old };
    let stands = |data: &MarketData| (0..5).map(|row| data.details(row).quotes[0].unwrap()).collect::<Vec<_>>();
    // A new one is what it is, even in the row of an event.
    let new = quote(4, 29.0);
    let at_opens = [Some(old), None, None, None, Some(new)];
    let data = builder.clone().quotes(at_opens, QuotesAt::Open).build().unwrap();
    assert_eq!(stands(&data), [old, old, split, split, new]);
    let at_opens = [Some(old), None, None, None, None];
    let paid = Quote { bid: 28.5, ask: 29.5, ..split };
    let data = builder.clone().quotes(at_opens, QuotesAt::Open).build().unwrap();
    assert_eq!(stands(&data), [old, old, split, split, paid]);
    assert_eq!(stands(&data.part(0..5).build().unwrap()), stands(&data));
    let mut live = GrowingMarket::new(&Opening::of(&data, 0, 1e6).unwrap(), NoFeatures).unwrap();
    (1..5).for_each(|row| live.push(&Opening::row(&data, row)).unwrap());
    assert_eq!(stands(live.data()), stands(&data));
    // Served without quotes of its own, a live row carries on what stood.
    let mut live = GrowingMarket::new(&Opening::of(&data, 1, 1e6).unwrap(), NoFeatures).unwrap();
    live.push(&Row { quotes: vec![None], ..Opening::row(&data, 2) }).unwrap();
    assert_eq!(live.data().details(2).quotes, [Some(split)]);
    // What stood at a close is of before the next row.
    let at_closes = [None, Some(quote(2, 60.0)), None, None, None];
    let data = builder.quotes(at_closes, QuotesAt::Close).build().unwrap();
    assert_eq!(data.details(2).quotes, [Some(Quote { time: at(2), ..split })]);
}

#[test]
fn volatility_and_volume_of_days_pass_over_events() {
    let slippage = r#"{"slippage": {"kind": "square_root", "days": 5, "warmup_bps": 1.0}}"#;
    let models: Models = serde_json::from_str(slippage).unwrap();
    let build = |scale: &dyn Fn(usize) -> f64, events| {
        let bars = (0..40).map(|row: usize| {
            let price = 1_000.0 * (1.0 + 0.01 * (row as f64 * 1.7).sin()) / scale(row);
            let time = Timestamp::from_nanos((row as i64 + 1) * 6 * 60 * MINUTE_NS);
            Bar { time, volume: 100.0 * scale(row), ..bar(0, price, price) }
        });
        let builder = MarketData::builder(vec![share()]).calendar(Calendar::Utc).bars(bars.collect()).events(events);
        builder.build().unwrap()
    };
    // In the middle of a day, and where one begins.
    let at = |row: i64| Timestamp::from_nanos(row * 6 * 60 * MINUTE_NS);
    let split = |row: i64, ratio| MarketEvent { time: at(row), instrument: ONE, what: MarketFact::Split { ratio } };
    let scale = |row: usize| if row >= 18 { 2.0 } else { 1.0 } * if row >= 28 { 1.5 } else { 1.0 };
    let (whole, parts) = (build(&|_| 1.0, vec![]), build(&scale, vec![split(18, 2.0), split(28, 1.5)]));
    let facts = |data: &MarketData| VenueFacts::new(&models, data.view(data.len()));
    let (whole, parts) = (facts(&whole), facts(&parts));
    for row in 8..40 {
        let (a, b) = (whole.daily(row, ONE), parts.daily(row, ONE));
        assert!(near(a.sigma, b.sigma, 1.0) && near(a.adv * scale(row), b.adv, 1e3), "row {row}: {a:?} {b:?}");
    }
}

#[test]
fn longer_rows_keep_events_where_prices_compare() {
    let prices: Vec<(f64, f64)> = (0..12).map(|row| if row < 5 { (60.0, 60.0) } else { (30.0, 30.0) }).collect();
    let split = |row| before(row, MarketFact::Split { ratio: 2.0 });
    let build = |row| market(share(), &prices, vec![split(row), before(7, MarketFact::Halt {})]);
    let longer = build(5).resample(5 * MINUTE_NS).unwrap();
    assert_eq!(longer.details(1).events, [split(5), before(7, MarketFact::Halt {})]);
    let refused = build(6).resample(5 * MINUTE_NS).unwrap_err().to_string();
    assert!(refused.contains("falls into a row of 300000000000 ns; make shorter rows"), "{refused}");
}

#[test]
fn neither_calls_nor_session_ends_close_what_is_halted() {
    let day = 24 * 60;
    let bars: Vec<Bar> = [(-3, 5_000.0), (-2, 5_000.0), (-1, 4_800.0), (0, 4_800.0), (1, 4_800.0)]
        .map(|(minute, price)| Bar { time: at(day + minute), ..bar(0, price, price) })
        .to_vec();
    let events = vec![
        MarketEvent { time: at(day - 2), instrument: ONE, what: MarketFact::Halt {} },
        MarketEvent { time: at(day), instrument: ONE, what: MarketFact::Resume {} },
    ];
    let models = |flatten| Models {
        margin: MarginRule::Instrument(InstrumentMargin { intraday: 1.0 }),
        flatten,
        ..Models::default()
    };
    for flatten in [Flatten::None {}, Flatten::SessionEnd {}] {
        let build = |events| {
            MarketData::builder(vec![Instrument::es()])
                .bars(bars.clone())
                .calendar(Calendar::Utc)
                .events(events)
                .build()
        };
        let orders = [(0, OrderRequest::market(ONE, 2.0))];
        let (halted, accounts) = run(build(events.clone()).unwrap(), models(flatten), 26_000.0, &orders);
        // Called at the closes of two rows, closed behind the halt.
        let closed: Vec<Timestamp> = fills(&halted)[1..].iter().map(|fill| fill.time).collect();
        assert_eq!(closed, [at(day)]);
        assert!(accounts[1..4].iter().all(|account| account.position(ONE).qty() == 2.0));
        let (free, _) = run(build(vec![]).unwrap(), models(flatten), 26_000.0, &orders);
        let first = fills(&free)[1].time;
        assert!(first < at(day), "without the halt it is closed earlier, at {first}");
    }
}

#[test]
fn a_split_is_no_margin_call_and_no_other_instrument_is_richer_by_it() {
    let pair = vec![share(), Instrument::equity("ABC")];
    let rows = [(100.0, 10.0), (100.0, 10.0), (50.0, 10.0), (50.0, 10.0)];
    let bars = rows.iter().enumerate().flat_map(|(row, (a, b))| [bar(row, *a, *a), bar(row, *b, *b)]).collect();
    let split = before(2, MarketFact::Split { ratio: 2.0 });
    let data = MarketData::builder(pair).bars(bars).period_ns(MINUTE_NS).events(vec![split]).build().unwrap();
    let models = Models { margin: MarginRule::Instrument(InstrumentMargin { intraday: 1.0 }), ..Models::default() };
    // Half of the notional: 1,000 covers 20 units of the one, and no unit of the other.
    let orders = [(0, OrderRequest::market(ONE, 20.0)), (1, OrderRequest::market(InstrumentId(1), 1.0))];
    let (events, accounts) = run(data, models, 1_000.0, &orders);
    assert!(matches!(events[..], [AccountEvent::Fill(_), AccountEvent::Split { .. }, AccountEvent::Rejected { .. }]));
    assert_eq!(accounts[3].position(ONE).qty(), 40.0);
}

#[test]
fn a_reverse_split_is_no_margin_call() {
    let split = before(2, MarketFact::Split { ratio: 0.5 });
    let data = market(share(), &[(100.0, 100.0), (100.0, 100.0), (200.0, 200.0), (200.0, 200.0)], vec![split]);
    let models = Models { margin: MarginRule::Instrument(InstrumentMargin { intraday: 1.0 }), ..Models::default() };
    let (events, accounts) = run(data, models, 1_000.0, &[(0, OrderRequest::market(ONE, 20.0))]);
    assert!(matches!(events[..], [AccountEvent::Fill(_), AccountEvent::Split { .. }]), "{events:?}");
    assert_eq!(accounts[3].equity(), 1_000.0);
}

#[test]
fn carry_before_the_open_is_of_what_was_held_then() {
    let hour = 60 * MINUTE_NS;
    let bars = [1, 2, 90].map(|minute| Bar { time: at(minute), ..bar(0, 100.0, 100.0) });
    let split = MarketEvent { time: at(80), instrument: ONE, what: MarketFact::Split { ratio: 2.0 } };
    let data = MarketData::builder(vec![share()]).bars(bars.to_vec()).events(vec![split]).build().unwrap();
    let financing = Financing::Funding(PerpetualFunding { rate: 0.01, hours: 1 });
    let models = Models { financing, ..Models::default() };
    let (events, _) = run(data, models, 1e4, &[(0, OrderRequest::market(ONE, 10.0))]);
    let time = Timestamp::from_nanos(hour);
    assert_eq!(events[1], AccountEvent::Financing { amount: -10.0, instrument: ONE, time });
    assert!(matches!(events[2..], [AccountEvent::Split { .. }]), "{events:?}");
}

#[test]
fn price_protection_counts_from_the_price_without_the_dividend() {
    let matching = |ticks: u32| -> Models {
        serde_json::from_value(serde_json::json!({"matching": {"protection_ticks": ticks}})).unwrap()
    };
    for (paid, fills_at) in [(1.0, 2), (0.25, 3)] {
        let prices = [(60.0, 60.0), (60.0, 60.0), (59.0, 59.0), (59.0, 59.0)];
        let data = market(share(), &prices, vec![before(2, MarketFact::Dividend { amount: paid })]);
        let (events, _) = run(data, matching(10), 1e5, &[(1, OrderRequest::market(ONE, -1.0))]);
        // A fall beyond the dividend is one that the order is protected from, for a bar.
        assert_eq!(fills(&events)[0].time, at(fills_at), "{paid}");
    }
}

#[test]
fn what_is_not_halted_trades_on() {
    let rows = [(100.0, 10.0); 5];
    let bars = rows.iter().enumerate().flat_map(|(row, (a, b))| [bar(row, *a, *a), bar(row, *b, *b)]).collect();
    let data = MarketData::builder(vec![share(), Instrument::equity("ABC")])
        .bars(bars)
        .events(vec![before(2, MarketFact::Halt {}), before(4, MarketFact::Resume {})]);
    let other = InstrumentId(1);
    let orders = [(1, OrderRequest::market(ONE, 1.0)), (1, OrderRequest::market(other, 2.0))];
    let (events, _) = run(data.build().unwrap(), Models::default(), 1e5, &orders);
    let done: Vec<_> = fills(&events).iter().map(|fill| (fill.instrument, fill.time)).collect();
    assert_eq!(done, [(other, at(2)), (ONE, at(4))]);
}

#[test]
fn funding_is_paid_at_the_rate_of_its_boundary() {
    let hour = 60 * MINUTE_NS;
    let bars: Vec<Bar> =
        (1..=5).map(|i| Bar { time: Timestamp::from_nanos(i * hour / 2), ..bar(0, 100.0, 100.0) }).collect();
    // Rows close at 0:30, 1:00, 1:30, 2:00, 2:30; boundaries are at 1:00 and 2:00.
    let build = |rates: Vec<f32>| {
        let builder = MarketData::builder(vec![Instrument::btcusdt()]).bars(bars.clone()).calendar(Calendar::Utc);
        builder.column("rate", rates).build().unwrap()
    };
    let models = |column: &str| Models {
        financing: Financing::FundingColumn(FundingColumn { column: column.into(), hours: 1 }),
        ..Models::default()
    };
    let rates = vec![0.5, 0.25, 7.0, -0.125, 9.0];
    let (events, _) = run(build(rates), models("rate"), 1e4, &[(0, OrderRequest::market(ONE, 2.0))]);
    let paid: Vec<f64> = events
        .iter()
        .filter_map(|e| if let AccountEvent::Financing { amount, .. } = e { Some(*amount) } else { None })
        .collect();
    assert_eq!(paid, [-50.0, 25.0]);
    let refused = |data, column: &str| SimWorld::new(Arc::new(data), models(column), 1e4).unwrap_err().to_string();
    let missing = refused(build(vec![0.0; 5]), "funding");
    assert_eq!(missing, r#"financing.column: "funding" is not in the data, which has ["rate"]"#);
    let unknown = refused(build(vec![0.0, f32::NAN, 0.0, 0.0, 0.0]), "rate");
    assert_eq!(unknown, "row 1, column rate: NaN can't be paid; fill it, with 0 where nothing is");
}

#[test]
fn funding_over_a_gap_is_at_the_last_rate_before_it() {
    let hour = 60 * MINUTE_NS;
    let times = [1, 2, 60 * 3 + 30];
    let bars = times.map(|minute| Bar { time: at(minute), ..bar(0, 100.0, 100.0) }).to_vec();
    let data = MarketData::builder(vec![Instrument::btcusdt()]).bars(bars).column("rate", vec![0.5, 0.25, 7.0]);
    let financing = Financing::FundingColumn(FundingColumn { column: "rate".into(), hours: 1 });
    let models = Models { financing, ..Models::default() };
    let (events, _) = run(data.build().unwrap(), models, 1e4, &[(0, OrderRequest::market(ONE, 1.0))]);
    let paid = events[1..].iter().map(|event| match event {
        AccountEvent::Financing { amount, time, .. } => (*amount, time.nanos() / hour),
        other => panic!("{other:?}"),
    });
    assert_eq!(paid.collect::<Vec<_>>(), [(-25.0, 1), (-25.0, 2), (-25.0, 3)]);
}

#[test]
fn events_that_can_not_be_are_refused_by_name() {
    let refused = |events: Vec<MarketEvent>| {
        let bars = (0..4).map(|row| bar(row, 60.0, 60.0)).collect();
        let builder = MarketData::builder(vec![share()]).bars(bars).events(events);
        builder.build().unwrap_err().to_string()
    };
    let (halt, resume) = (MarketFact::Halt {}, MarketFact::Resume {});
    let roll = MarketFact::Roll { from_price: 1.0, to_price: 2.0 };
    for (events, says) in [
        (vec![before(4, halt)], "no bar closes after it"),
        (vec![of(InstrumentId(1), 1, halt)], "instrument 1 is not in the data, which has 1"),
        (vec![before(1, MarketFact::Split { ratio: 0.0 })], "ratio 0 must be a finite number above 0"),
        (vec![before(1, MarketFact::Dividend { amount: f64::NAN })], "amount NaN must be"),
        (vec![before(1, MarketFact::Dividend { amount: 60.0 })], "amount 60 is not below the last price of 60"),
        (
            vec![before(1, MarketFact::Roll { from_price: f64::INFINITY, to_price: 1.0 })],
            "from_price inf is not a finite",
        ),
        (vec![before(1, MarketFact::Roll { from_price: -1.0, to_price: 1.0 })], "at or below 0 has no ratio"),
        (vec![before(1, halt), before(2, halt)], "time lies in a halt already"),
        (vec![before(1, resume)], "time lies in no halt"),
        (vec![before(1, halt), before(2, roll)], "time lies in a halt; roll behind the resume"),
        (vec![before(1, roll), before(1, roll)], "time is that of another roll"),
        (vec![before(1, MarketFact::Split { ratio: 2.0 }); 2], "ratio is the second one of a row"),
    ] {
        let refused = refused(events.clone());
        assert!(refused.starts_with("events: ") && refused.contains(says), "{events:?}: {refused}");
    }
}

#[test]
fn rows_of_data_keep_their_events_and_who_was_halted() {
    let split = before(5, MarketFact::Split { ratio: 2.0 });
    let events = vec![before(1, MarketFact::Halt {}), split, before(6, MarketFact::Resume {})];
    let data = market(share(), &[(60.0, 60.0); 8], events);
    let part = data.part(3..8).build().unwrap();
    let halted: Vec<bool> = (1..=5).map(|end| part.view(end).is_halted(ONE)).collect();
    assert_eq!(halted, [true, true, true, false, false]);
    assert_eq!(part.details(2).events, [split]);
    assert_eq!(data.part(6..8).build().unwrap().events().len(), 2, "halted before, resumed in the first row");
}

/// A random market in which events are made out of the prices: a walk of total value, and what the events make of it.
#[derive(Clone, Debug)]
struct Story {
    data: MarketData,
    /// The same without events: every price as it would have been.
    plain: MarketData,
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    None,
    Split(f64),
    Dividend(f64),
    Roll(f64),
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        6 => Just(Turn::None),
        1 => prop_oneof![Just(2.0), Just(3.0), Just(0.5), Just(1.5), Just(0.1)].prop_map(Turn::Split),
        1 => (1u32..100).prop_map(|d| Turn::Dividend(f64::from(d) * 1e-4)),
        1 => (-50i32..50).prop_map(|d| Turn::Roll(f64::from(d) * 1e-3)),
    ]
}

/// Prices move by up to so many basis points at each open and in each bar, and now and then something happens.
fn story(instrument: Instrument, moves: i32) -> impl Strategy<Value = Story> {
    let step = (-moves..=moves, -moves..=moves, turn());
    prop::collection::vec(step, 30).prop_map(move |steps| {
        let (mut bars, mut plain, mut events) = (Vec::new(), Vec::new(), Vec::new());
        // `last` is the raw price, `whole` what one unit of the first row has become, without a dividend paid.
        let (mut last, mut whole, mut units) = (1_000.0, 1_000.0, 1.0);
        for (row, (gap, inside, turn)) in steps.into_iter().enumerate() {
            let what = match turn {
                Turn::Split(ratio) => Some(MarketFact::Split { ratio }),
                Turn::Dividend(share) => Some(MarketFact::Dividend { amount: last * share }),
                Turn::Roll(share) => Some(MarketFact::Roll { from_price: last, to_price: last * (1.0 + share) }),
                Turn::None => None,
            };
            if let Some(what) = what.filter(|_| row > 0) {
                events.push(before(row, what));
                units *= if let MarketFact::Split { ratio } = what { ratio } else { 1.0 };
                last = what.ex(&Bar { close: last, ..Bar::default() }, instrument.multiplier).close;
            }
            let grow = |price: f64| price * (1.0 + f64::from(gap) * 1e-4);
            let go = |price: f64| price * (1.0 + f64::from(inside) * 1e-4);
            bars.push(Bar { volume: 1_000.0 * units, ..bar(row, grow(last), go(grow(last))) });
            plain.push(bar(row, grow(whole), go(grow(whole))));
            (last, whole) = (go(grow(last)), go(grow(whole)));
        }
        let build = |bars, events| {
            MarketData::builder(vec![instrument.clone()])
                .bars(bars)
                .period_ns(MINUTE_NS)
                .events(events)
                .build()
                .unwrap()
        };
        Story { data: build(bars, events), plain: build(plain, vec![]) }
    })
}

fn near(a: f64, b: f64, scale: f64) -> bool {
    (a - b).abs() <= 1e-9 * scale
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Prices that fall by what is paid, split or rolled, and move by nothing else: no event makes or loses money.
    #[test]
    fn events_alone_change_no_equity(story in story(share(), 0), lots in prop_oneof![-9i32..=-1, 1..=9i32]) {
        let orders = [(0, OrderRequest::market(ONE, f64::from(lots)))];
        let (_, accounts) = run(story.data, Models::default(), 1e6, &orders);
        for account in &accounts {
            prop_assert!(near(account.equity(), 1e6, account.gross_flow()), "{} ", account.equity());
        }
    }

    /// Money is conserved: equity is what went in, and what every fill, dividend and split has come to since.
    #[test]
    fn the_books_balance(story in story(share(), 100), orders in prop::collection::vec(-5..=5i32, 29), ticks in 0u32..3) {
        let models = Models {
            slippage: Slippage::FixedTicks(FixedTicks { ticks: f64::from(ticks) }),
            commission: Commission::PerContract(PerContract::new(0.5)),
            ..Models::default()
        };
        let sent: Vec<_> = (0u32..).zip(&orders).filter(|(_, lots)| **lots != 0)
            .map(|(row, lots)| (row, OrderRequest::market(ONE, f64::from(*lots)))).collect();
        let last = story.data.bars()[29].close;
        let (events, accounts) = run(story.data, models, 1e6, &sent);
        let account = &accounts[29];
        let scale = account.gross_flow();
        // Without the ledger: units and cash out of the events alone.
        let (mut cash, mut held) = (1e6, 0.0);
        for event in &events {
            match event {
                AccountEvent::Fill(fill) => {
                    cash -= fill.qty * fill.price + fill.fee;
                    held += fill.qty;
                }
                AccountEvent::Dividend { amount, .. } => cash += amount,
                AccountEvent::Split { ratio, .. } => held *= ratio,
                AccountEvent::Order { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        prop_assert!(near(account.equity(), cash + held * last, scale));
        prop_assert!(near(account.position(ONE).qty(), held, 1.0 + held.abs()));
        prop_assert!((held - held.round()).abs() < 1e-6, "{} is a whole number of lots", held);
        let books = account.opening_equity() + account.realised() + account.unrealised() - account.fees() + account.financing();
        prop_assert!(near(account.equity(), books, scale));
        let trades = trades_from_fills(&events);
        prop_assert_eq!(trades.len() as u32, account.trades());
        for trade in trades {
            prop_assert!(trade.qty > 0.0 && near(trade.gross, trade.net + trade.fees, scale));
        }
    }

    /// Selling what the other bought: what the one is paid, the other pays.
    #[test]
    fn long_and_short_are_mirror_images(story in story(share(), 100), orders in prop::collection::vec(-5..=5i32, 29)) {
        let side = |sign: f64| {
            let sent: Vec<_> = (0u32..).zip(&orders).filter(|(_, lots)| **lots != 0)
                .map(|(row, lots)| (row, OrderRequest::market(ONE, sign * f64::from(*lots)))).collect();
            run(story.data.clone(), Models::default(), 1e6, &sent)
        };
        let ((a, long), (b, short)) = (side(1.0), side(-1.0));
        prop_assert_eq!(a.len(), b.len());
        for (long, short) in long.iter().zip(&short) {
            prop_assert!(near(long.equity() - 1e6, 1e6 - short.equity(), long.gross_flow()));
            prop_assert!(near(long.position(ONE).qty(), -short.position(ONE).qty(), 1.0));
        }
    }

    /// Held through everything, and dividends not counted: what splits and rolls leave is what the price did.
    #[test]
    fn features_see_the_walk_behind_the_events(story in story(share(), 100)) {
        let seen = story.data.feature_bars();
        for (seen, whole) in seen.iter().zip(story.plain.bars()) {
            prop_assert!(near(seen.close, whole.close, whole.close) && near(seen.open, whole.open, whole.open));
            prop_assert!(near(seen.volume, 1_000.0, 1_000.0));
        }
    }

    /// What the features see of a row does not change when more happens later, and grows the same live.
    #[test]
    fn later_events_change_nothing_earlier(story in story(share(), 100), row in 1usize..29, orders in prop::collection::vec(-5..=5i32, 29)) {
        let (data, n) = (&story.data, row + 1);
        let known: Vec<MarketEvent> = (0..n).flat_map(|t| data.details(t).events.to_vec()).collect();
        let other = MarketData::builder(data.instruments().to_vec()).period_ns(MINUTE_NS)
            .bars(data.bars().to_vec())
            .events(known.into_iter().chain([before(n, MarketFact::Split { ratio: 7.0 }), before(n, MarketFact::Halt {})]).collect())
            .build().unwrap();
        prop_assert_eq!(&data.feature_bars()[..n], &other.feature_bars()[..n]);
        let sent: Vec<_> = (0u32..).zip(&orders).filter(|(_, lots)| **lots != 0)
            .map(|(row, lots)| (row, OrderRequest::market(ONE, f64::from(*lots)))).collect();
        let go = |data: MarketData| run(data, Models::default(), 1e6, &sent);
        let ((a, accounts), (b, others)) = (go(data.clone()), go(other));
        prop_assert_eq!(&accounts[..n], &others[..n]);
        let until = |events: &[AccountEvent]| events.iter().copied().filter(|event| event.time() < at(row as i64)).collect::<Vec<_>>();
        prop_assert_eq!(until(&a), until(&b));
        let mut live = GrowingMarket::new(&Opening::of(data, 0, 1e6).unwrap(), NoFeatures).unwrap();
        for t in 1..30 {
            live.push(&Opening::row(data, t)).unwrap();
            prop_assert_eq!(live.view().events(), data.view(t + 1).events());
        }
        prop_assert_eq!(live.data().feature_bars(), data.feature_bars());
    }
}

#[test]
fn a_roll_by_difference_keeps_differences() {
    let build = |adjust| {
        let bars = [100.0, 101.0, -4.0, -2.0].iter().enumerate().map(|(row, price)| bar(row, *price, *price)).collect();
        let roll = before(2, MarketFact::Roll { from_price: 101.0, to_price: -5.0 });
        MarketData::builder(vec![Instrument::es()]).bars(bars).events(vec![roll]).adjust(adjust).build()
    };
    assert!(build(Adjustment::Ratio).is_err());
    let seen = |adjust| build(adjust).unwrap().feature_bars().iter().map(|bar| bar.close).collect::<Vec<_>>();
    assert_eq!(seen(Adjustment::Difference), [100.0, 101.0, 102.0, 104.0]);
    assert_eq!(seen(Adjustment::None), [100.0, 101.0, -4.0, -2.0]);
}
