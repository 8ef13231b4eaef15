//! Orders against quotes, the spread that slippage reads of them, and what is too old to trade on.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod book;

use std::sync::Arc;

use book::{MINUTE, ONE, bar, bars, minute, models, orders, quote, rows, run, share, share_of_lot_one};
use proptest::prelude::*;
use serde_json::{Value, json};
use tradepit::{
    Bar, MarketData, Venue as _,
    account::{Account, AccountEvent, Fill, RejectReason},
    market::{Calendar, Quote, QuotesAt},
    models::Models,
    order::{OrderId, OrderKind, OrderRequest, OrderState, TimeInForce},
    venue::{SimVenue, SimWorld, Start},
};

/// A quiet row, and one that opens at 100 with 99.75 bid and 100.5 asked, goes up to 103, down to 97, and closes at 101.
const BARS: [[f64; 5]; 3] =
    [[100.0, 100.0, 100.0, 100.0, 900.0], [100.0, 103.0, 97.0, 101.0, 900.0], [101.0, 101.0, 101.0, 101.0, 900.0]];

fn quoted() -> MarketData {
    let quotes = [None, Some(quote(1.0, 99.75, 100.5)), Some(quote(2.0, 100.75, 101.25))];
    rows(&BARS, share_of_lot_one()).quotes(quotes, QuotesAt::Open).build().unwrap()
}

fn with(value: &Value) -> Models {
    let mut all = json!({"fill": {"kind": "quote"}, "matching": {"path": {"kind": "open_high_low_close"}}});
    for (name, value) in value.as_object().unwrap() {
        if name == "matching" {
            for (inner, value) in value.as_object().unwrap() {
                all["matching"][inner] = value.clone();
            }
        } else {
            all[name] = value.clone();
        }
    }
    models(all)
}

fn fills(models: Models, orders: &[OrderRequest]) -> Vec<(usize, f64, f64, f64)> {
    let (fills, _) = run(quoted(), models, orders);
    fills.iter().map(|(row, fill)| (*row, fill.qty, fill.price, fill.reference)).collect()
}

fn ends(data: MarketData, models: Models, order: OrderRequest) -> Vec<AccountEvent> {
    run(data, models, &[order]).1
}

fn is(events: &[AccountEvent], wanted: OrderState) -> bool {
    matches!(events, [AccountEvent::Order { state, .. }] if *state == wanted)
}

#[test]
fn a_buy_takes_the_ask_and_a_sale_the_bid_measured_against_the_middle() {
    let (buy, sell) = (OrderRequest::market(ONE, 2.0), OrderRequest::market(ONE, -3.0));
    assert_eq!(fills(with(&json!({})), &[buy]), [(1, 2.0, 100.5, 100.125)]);
    assert_eq!(fills(with(&json!({})), &[sell]), [(1, -3.0, 99.75, 100.125)]);
    let (made, _) = run(quoted(), with(&json!({})), &[buy]);
    assert_eq!((made[0].1.slippage_cost(), made[0].1.time), (0.75, minute(1.0)));
    // Slippage comes on top of the touch, but half of the spread has been paid.
    let slipped = |slippage: Value| fills(with(&json!({"slippage": slippage})), &[buy])[0].2;
    assert_eq!(slipped(json!({"kind": "fixed_ticks", "ticks": 2})), 101.0);
    assert_eq!(slipped(json!({"kind": "half_spread", "spread_ticks": 8})), 100.5);
}

#[test]
fn later_than_the_open_half_of_the_last_spread_stands_about_the_price() {
    let late = |ms: f64, qty: f64| {
        let latency = json!({"kind": "fixed", "ms": ms});
        fills(with(&json!({"latency": latency})), &[OrderRequest::market(ONE, qty)])[0]
    };
    // Half the way from 100 to the high of 103 after ten seconds of sixty, on the grid; the spread is three ticks.
    assert_eq!(late(10_000.0, 1.0), (1, 1.0, 101.5 + 0.375, 101.5));
    assert_eq!(late(10_000.0, -1.0), (1, -1.0, 101.5 - 0.375, 101.5));
    // At the next open the next quote stands.
    assert_eq!(late(60_001.0, 1.0), (2, 1.0, 101.25 + 0.0, 101.0));
}

#[test]
fn where_nobody_has_quoted_yet_an_order_waits() {
    let data = || {
        let quotes = [None, None, Some(quote(2.0, 100.75, 101.25))];
        rows(&BARS, share_of_lot_one()).quotes(quotes, QuotesAt::Open).build().unwrap()
    };
    let (made, _) = run(data(), with(&json!({})), &[OrderRequest::market(ONE, 1.0)]);
    assert_eq!((made.len(), made[0].0, made[0].1.price), (1, 2, 101.25));
    let at_once = OrderRequest::market(ONE, 1.0).with_tif(TimeInForce::Ioc {});
    assert!(is(&ends(data(), with(&json!({})), at_once), OrderState::Cancelled));
}

#[test]
fn a_limit_takes_the_touch_when_it_comes_and_rests_otherwise() {
    let limit = |qty: f64, price: f64| OrderRequest::limit(ONE, qty, price);
    // Better than its limit; at its limit.
    assert_eq!(fills(with(&json!({})), &[limit(1.0, 101.0)]), [(1, 1.0, 100.5, 100.125)]);
    assert_eq!(fills(with(&json!({})), &[limit(-1.0, 99.75)]), [(1, -1.0, 99.75, 100.125)]);
    // The first trade is below the limit, but the ask is not: it rests, and what trades through it fills it there.
    assert_eq!(fills(with(&json!({})), &[limit(1.0, 100.25)]), [(1, 1.0, 100.25, 100.25)]);
    // Against bars alone it takes the first trade.
    let bars_alone = with(&json!({"fill": {"kind": "next_open"}}));
    assert_eq!(fills(bars_alone, &[limit(1.0, 100.25)]), [(1, 1.0, 100.0, 100.0)]);
    // Post-only: cancelled where it would take, not where it rests inside the spread.
    let events = ends(quoted(), with(&json!({})), limit(1.0, 100.5).post_only());
    assert!(is(&events, OrderState::Cancelled), "{events:?}");
    assert_eq!(fills(with(&json!({})), &[limit(1.0, 100.25).post_only()]), [(1, 1.0, 100.25, 100.25)]);
    // One that rests already meets the next bar by its trades.
    let later = [[100.0; 5], [100.0, 100.0, 100.0, 100.0, 9.0], [98.0, 98.5, 97.0, 98.0, 9.0]];
    let quotes = [None, Some(quote(1.0, 99.0, 101.0)), Some(quote(2.0, 97.75, 98.75))];
    let data = rows(&later, share_of_lot_one()).quotes(quotes, QuotesAt::Open).build().unwrap();
    assert_eq!(run(data, with(&json!({})), &[limit(1.0, 99.5)]).0[0].1.price, 98.0);
}

#[test]
fn a_maker_is_one_that_rested() {
    let commission = json!({"kind": "maker_taker", "maker_bps": 1.0, "taker_bps": 10.0});
    let fee = |price: f64| {
        let (made, _) =
            run(quoted(), with(&json!({"commission": commission})), &[OrderRequest::limit(ONE, 1.0, price)]);
        (made[0].1.fee / made[0].1.price * 1e4).round()
    };
    assert_eq!((fee(101.0), fee(100.25), fee(98.0)), (10.0, 1.0, 1.0));
}

#[test]
fn half_of_the_spread_is_that_of_the_quote_where_there_is_one() {
    let slippage = |spread_ticks: Value| json!({"fill": {"kind": "next_open"}, "slippage": {"kind": "half_spread", "spread_ticks": spread_ticks}});
    let buy = OrderRequest::market(ONE, 1.0);
    // Three ticks apart, whatever the number says; a stop inside the bar pays it too.
    for given in [Value::Null, json!(8)] {
        assert_eq!(fills(with(&slippage(given.clone())), &[buy]), [(1, 1.0, 100.375, 100.0)]);
        assert_eq!(fills(with(&slippage(given)), &[OrderRequest::stop(ONE, 1.0, 102.0)]), [(1, 1.0, 102.375, 102.0)]);
    }
    // Before the first quote the number counts, and without it such data are refused.
    let late = || {
        let quotes = [None, None, Some(quote(2.0, 100.75, 101.25))];
        rows(&BARS, share_of_lot_one()).quotes(quotes, QuotesAt::Open).build().unwrap()
    };
    assert_eq!(run(late(), with(&slippage(json!(8))), &[buy]).0[0].1.price, 101.0);
    let refused = SimWorld::new(late().into(), with(&slippage(Value::Null)), 1e5).unwrap_err().to_string();
    assert!(refused.starts_with("slippage.spread_ticks: is not set, and these data have no bid and ask"), "{refused}");
    let refused = SimWorld::new(book::data(&BARS, share()).into(), with(&json!({})), 1e5).unwrap_err().to_string();
    assert_eq!(
        refused,
        "fill: quote, and these data have no bid and ask; give quotes with the data, or choose next_open"
    );
}

/// Rows that close at minutes 1, 2 and 60; the last one opened at minute 59.
fn with_a_gap(quotes: Option<[Quote; 3]>) -> MarketData {
    let closes = [1.0, 2.0, 60.0, 61.0];
    let bars: Vec<Bar> = closes.iter().map(|&at| bar(at, [100.0, 101.0, 99.0, 100.0, 900.0])).collect();
    let builder = MarketData::builder(vec![share_of_lot_one()]).bars(bars).period_ns(MINUTE);
    match quotes {
        Some(quotes) => builder.quotes([None].into_iter().chain(quotes.map(Some)), QuotesAt::Open),
        None => builder,
    }
    .build()
    .unwrap()
}

#[test]
fn after_a_gap_an_order_waits_or_is_refused() {
    let stale = |kind: &str, fill: &str| {
        models(json!({"fill": {"kind": fill}, "matching": {"stale": {"kind": kind, "after_ns": MINUTE}}}))
    };
    // Sent when row 0 closed, it arrives after row 1 and so meets the open of row 2, 57 minutes after the last close.
    let slow = |mut models: Models| {
        models.latency = serde_json::from_value(json!({"kind": "fixed", "ms": 61_000})).unwrap();
        models
    };
    let buy = OrderRequest::market(ONE, 1.0);
    let (made, events) = run(with_a_gap(None), slow(stale("wait", "next_open")), &[buy]);
    assert_eq!((made.len(), made[0].0, events.len()), (1, 3, 1));
    let refused = ends(with_a_gap(None), slow(stale("refuse", "next_open")), buy);
    let expected = AccountEvent::Rejected { order: OrderId(0), reason: RejectReason::Stale, time: minute(59.0) };
    assert_eq!(refused, [expected]);
    let at_once = ends(with_a_gap(None), slow(stale("wait", "next_open")), buy.with_tif(TimeInForce::Ioc {}));
    assert!(is(&at_once, OrderState::Cancelled));
    // Without a rule, and without a gap, it fills.
    assert_eq!(run(with_a_gap(None), slow(models(json!({}))), &[buy]).0[0].0, 2);
    assert_eq!(run(with_a_gap(None), stale("refuse", "next_open"), &[buy]).0[0].0, 1);
    // A stop and a limit that come after the gap and would trade at once, too; those that rest are their sender's word.
    for order in [OrderRequest::stop(ONE, 1.0, 99.5), OrderRequest::limit(ONE, 1.0, 100.5)] {
        assert_eq!(run(with_a_gap(None), slow(stale("wait", "next_open")), &[order]).0[0].0, 3, "{order:?}");
    }
    let rests = OrderRequest::limit(ONE, 1.0, 98.0);
    let gap_down = MarketData::builder(vec![share_of_lot_one()])
        .bars(vec![bar(1.0, [100.0; 5]), bar(2.0, [100.0; 5]), bar(60.0, [97.0, 97.5, 96.5, 97.0, 9.0])])
        .period_ns(MINUTE);
    let (made, _) = run(gap_down.build().unwrap(), stale("refuse", "next_open"), &[rests]);
    assert_eq!((made[0].0, made[0].1.price), (2, 97.0));
}

#[test]
fn a_quote_is_as_old_as_its_own_time_says() {
    let quotes = [quote(0.5, 99.75, 100.25), quote(58.5, 99.75, 100.25), quote(58.5, 99.75, 100.25)];
    let at = |after: f64, kind: &str| {
        let stale = json!({"kind": kind, "after_ns": after * MINUTE as f64});
        let stale = json!({"kind": stale["kind"], "after_ns": stale["after_ns"].as_f64().unwrap() as i64});
        let (made, events) = run(
            with_a_gap(Some(quotes)),
            with(&json!({"matching": {"stale": stale}})),
            &[OrderRequest::market(ONE, 1.0)],
        );
        (made.first().map(|(row, _)| *row), events.len())
    };
    // Half a minute old at the first open, and so at the third; a minute and a half at the last.
    assert_eq!(at(0.5, "wait"), (Some(1), 1));
    assert_eq!(at(0.4, "wait"), (None, 0));
    assert_eq!(at(0.4, "refuse"), (None, 1));
    // Inside the bar the quote grows older while the order is under way.
    let latency = json!({"kind": "fixed", "ms": 30_000});
    let stale = json!({"stale": {"kind": "refuse", "after_ns": MINUTE - 1}});
    let events = ends(
        with_a_gap(Some(quotes)),
        with(&json!({"latency": latency, "matching": stale})),
        OrderRequest::market(ONE, 1.0),
    );
    assert!(matches!(events[..], [AccountEvent::Rejected { time, .. }] if time == minute(1.5)), "{events:?}");
}

#[test]
fn a_margin_call_and_a_flattening_meet_quotes_too() {
    let rises = [[100.0; 5], [100.0, 130.0, 100.0, 130.0, 9.0], [130.0; 5]];
    let quotes = [None, Some(quote(1438.0, 100.0, 100.0)), Some(quote(1439.0, 128.0, 134.0))];
    let last = |rules: Value| {
        // The last one closes at midnight, and the session with it.
        let bars = rises.iter().zip([1438.0, 1439.0, 1440.0]).map(|(&values, at)| bar(at, values)).collect();
        let data = MarketData::builder(vec![share()]).bars(bars).calendar(Calendar::Utc);
        let data = data.quotes(quotes, QuotesAt::Open).build().unwrap();
        let world = SimWorld::new(Arc::new(data), with(&rules), 150.0).unwrap();
        let (mut venue, mut account, mut last) = (SimVenue::new(Arc::new(world), 0), Account::new(1), None);
        venue.open(Start::At(0), &mut account).unwrap();
        venue.submit(OrderRequest::market(ONE, -1.0)).unwrap();
        for _ in 0..2 {
            venue.advance(&mut account, |event| last = Some(*event)).unwrap();
        }
        let Some(AccountEvent::Fill(fill)) = last else { panic!("{last:?}") };
        assert!(fill.order.is_of_venue());
        (fill.price, fill.reference)
    };
    // Worth 120 where 130 are asked: bought back from the ask at the next open.
    assert_eq!(last(json!({"margin": {"kind": "leverage", "max": 1.0, "maintenance": 1.0}})), (134.0, 131.0));
    // Flattened at a close: half of the spread about it.
    assert_eq!(last(json!({"flatten": {"kind": "session_end"}})), (133.0, 130.0));
}

/// Quotes about the opens of bars, each of which came some seconds before.
fn quotes(bars: &[[f64; 5]], spreads: &[(u8, u8, u8)]) -> Vec<Option<Quote>> {
    let one = |(i, bar): (usize, &[f64; 5])| {
        let (below, above, age) = spreads[i % spreads.len()];
        let (bid, ask) = (bar[0] - f64::from(below) * 0.25, bar[0] + f64::from(above) * 0.25);
        // Now and then none has come.
        (age < 50).then(|| Quote { time: minute(i as f64 - f64::from(age) / 60.0), bid, ask, ..Quote::default() })
    };
    bars.iter().enumerate().map(one).collect()
}

fn spreads() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    prop::collection::vec((0u8..6, 0u8..6, 0u8..60), 12)
}

/// The quote that an order can meet at the open of each row.
fn standing(given: &[Option<Quote>]) -> Vec<Option<Quote>> {
    let mut last = None;
    given
        .iter()
        .map(|quote| {
            last = quote.or(last);
            last
        })
        .collect()
}

fn any_models() -> impl Strategy<Value = Models> {
    let stale = prop_oneof![
        Just(json!({"kind": "none"})),
        (0i64..60).prop_map(|s| json!({"kind": "wait", "after_ns": s * 1_000_000_000})),
        (0i64..60).prop_map(|s| json!({"kind": "refuse", "after_ns": s * 1_000_000_000})),
    ];
    let latency = prop_oneof![Just(0), Just(7_000), Just(65_000)];
    let limit = prop_oneof![Just("touch"), Just("penetration"), Just("queue")];
    (stale, latency, limit, prop_oneof![Just(Value::Null), Just(json!(0.3))]).prop_map(|(stale, ms, limit, share)| {
        models(json!({
            "fill": {"kind": "quote"},
            "latency": {"kind": "fixed", "ms": ms},
            "matching": {"stale": stale, "limit": {"kind": limit}, "participation": share},
        }))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// A market order at an open gets the touch that stood there; no limit fills worse than its limit; what is too old
    /// is not taken; a post-only order never pays for taking.
    #[test]
    fn every_fill_is_one_that_a_quote_or_a_trade_allows(bars in bars(), spreads in spreads(), orders in orders(), models in any_models()) {
        let given = quotes(&bars, &spreads);
        let stands = standing(&given);
        let data = rows(&bars, share_of_lot_one()).quotes(given, QuotesAt::Open).build().unwrap();
        let good = models.matching.stale.after_ns();
        let (fills, events) = run(data, models, &orders);
        for (row, fill) in &fills {
            let order = &orders[fill.order.0 as usize];
            if let Some(limit) = order.kind.limit() {
                prop_assert!((fill.price - limit) * order.qty <= 0.0, "{fill:?} worse than {limit}");
            }
            if order.kind == (OrderKind::Market {}) {
                let quote = stands[*row].expect("nobody quotes, and it filled");
                if fill.time == minute(*row as f64) {
                    prop_assert_eq!((fill.price, fill.reference), (quote.touch(fill.qty), quote.mid()));
                } else {
                    prop_assert_eq!(fill.price, fill.reference + (0.5 * quote.spread()).copysign(fill.qty));
                }
                if let Some(good) = good {
                    prop_assert!(fill.time.nanos() - quote.time.nanos() <= good);
                }
            }
        }
        let rejected: Vec<OrderId> = events.iter().filter_map(|event| match event {
            AccountEvent::Rejected { order, reason: RejectReason::Stale, .. } => Some(*order),
            _ => None,
        }).collect();
        prop_assert!(fills.iter().all(|(_, fill)| !rejected.contains(&fill.order)));
    }

    /// Another future, of bars and of quotes, leaves every earlier fill alone.
    #[test]
    fn another_future_leaves_the_past_alone(
        (bars, other) in (bars(), bars()), (spreads, others) in (spreads(), spreads()), orders in orders(), models in any_models(),
    ) {
        let row = bars.len() / 2;
        let mut changed = bars[..=row].to_vec();
        changed.extend(&other);
        let until = |bars: &[[f64; 5]], future: &[(u8, u8, u8)]| {
            let mut given = quotes(bars, &spreads);
            let tail = quotes(bars, future);
            given[row + 1..].copy_from_slice(&tail[row + 1..]);
            let data = rows(bars, share_of_lot_one()).quotes(given, QuotesAt::Open).build().unwrap();
            let (fills, _) = run(data, models.clone(), &orders);
            fills.into_iter().filter(|(r, _)| *r <= row).collect::<Vec<(usize, Fill)>>()
        };
        prop_assert_eq!(until(&bars, &spreads), until(&changed, &others));
    }

    /// Quotes without a width at the first prices are the bars themselves.
    #[test]
    fn a_quote_without_a_spread_at_the_open_is_the_next_open(bars in bars(), qty in prop_oneof![-9i32..=-1, 1i32..=9]) {
        let data = tradepit::market::synth::with_quotes(&rows(&bars, share_of_lot_one()).build().unwrap(), 0.0).unwrap();
        let order = [OrderRequest::market(ONE, f64::from(qty))];
        let (quoted, _) = run(data.clone(), models(json!({"fill": {"kind": "quote"}})), &order);
        prop_assert_eq!(quoted, run(data, models(json!({})), &order).0);
    }
}
