//! What dividends, splits and rolls do to an account and its orders.

use serde_json::json;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp,
    account::{AccountEvent, trades_from_fills},
    market::{MarketEvent, MarketFact},
    models::{
        Commission, Financing, FixedTicks, InstrumentMargin, MarginRule, Models, PerContract, PerpetualFunding,
        Slippage,
    },
    order::{OrderId, OrderRequest, OrderState},
    time::MINUTE_NS,
};

use crate::{
    at, bar, before,
    book::{ONE, fills, models, session, share},
    market,
};

#[test]
fn a_dividend_is_what_the_price_loses() {
    for qty in [100.0, -100.0] {
        let prices = [(50.0, 50.0), (50.0, 50.0), (49.25, 49.25), (49.25, 49.25)];
        let data = market(share(), &prices, vec![before(2, MarketFact::Dividend { amount: 0.75 })]);
        let orders = [(0, OrderRequest::market(ONE, qty)), (1, OrderRequest::market(ONE, qty))];
        let (events, accounts) = session(data, Models::default(), 1e5, &orders);
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
        let (events, accounts) = session(data, Models::default(), 1e5, &[(0, OrderRequest::market(ONE, qty))]);
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
    let (events, accounts) = session(data, models, 1e5, &orders);
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
        let (events, _) = session(data, Models::default(), 1e5, &orders);
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
    let (events, accounts) = session(data, models, 1e5, &[(0, OrderRequest::market(ONE, 2.0))]);
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
fn a_split_is_no_margin_call_and_no_other_instrument_is_richer_by_it() {
    let pair = vec![share(), Instrument::equity("ABC")];
    let rows = [(100.0, 10.0), (100.0, 10.0), (50.0, 10.0), (50.0, 10.0)];
    let bars = rows.iter().enumerate().flat_map(|(row, (a, b))| [bar(row, *a, *a), bar(row, *b, *b)]).collect();
    let split = before(2, MarketFact::Split { ratio: 2.0 });
    let data = MarketData::builder(pair).bars(bars).period_ns(MINUTE_NS).events(vec![split]).build().unwrap();
    let models = Models { margin: MarginRule::Instrument(InstrumentMargin { intraday: 1.0 }), ..Models::default() };
    // Half of the notional: 1,000 covers 20 units of the one, and no unit of the other.
    let orders = [(0, OrderRequest::market(ONE, 20.0)), (1, OrderRequest::market(InstrumentId(1), 1.0))];
    let (events, accounts) = session(data, models, 1_000.0, &orders);
    assert!(matches!(events[..], [AccountEvent::Fill(_), AccountEvent::Split { .. }, AccountEvent::Rejected { .. }]));
    assert_eq!(accounts[3].position(ONE).qty(), 40.0);
}

#[test]
fn a_reverse_split_is_no_margin_call() {
    let split = before(2, MarketFact::Split { ratio: 0.5 });
    let data = market(share(), &[(100.0, 100.0), (100.0, 100.0), (200.0, 200.0), (200.0, 200.0)], vec![split]);
    let models = Models { margin: MarginRule::Instrument(InstrumentMargin { intraday: 1.0 }), ..Models::default() };
    let (events, accounts) = session(data, models, 1_000.0, &[(0, OrderRequest::market(ONE, 20.0))]);
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
    let (events, _) = session(data, models, 1e4, &[(0, OrderRequest::market(ONE, 10.0))]);
    let time = Timestamp::from_nanos(hour);
    assert_eq!(events[1], AccountEvent::Financing { amount: -10.0, instrument: ONE, time });
    assert!(matches!(events[2..], [AccountEvent::Split { .. }]), "{events:?}");
}

#[test]
fn price_protection_counts_from_the_price_without_the_dividend() {
    let matching = || models(json!({"matching": {"protection_ticks": 10}}));
    for (paid, fills_at) in [(1.0, 2), (0.25, 3)] {
        let prices = [(60.0, 60.0), (60.0, 60.0), (59.0, 59.0), (59.0, 59.0)];
        let data = market(share(), &prices, vec![before(2, MarketFact::Dividend { amount: paid })]);
        let (events, _) = session(data, matching(), 1e5, &[(1, OrderRequest::market(ONE, -1.0))]);
        // A fall beyond the dividend is one that the order is protected from, for a bar.
        assert_eq!(fills(&events)[0].time, at(fills_at), "{paid}");
    }
}
