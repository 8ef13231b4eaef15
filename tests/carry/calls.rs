//! Margin calls.

use tradepit::{
    Bar, Instrument, MarketData, Timestamp,
    account::{AccountEvent, RejectReason},
    market::Calendar,
    models::{Commission, FixedTicks, InstrumentMargin, MarginRule, Matching, Models, PerContract, Slippage},
    order::{OrderRequest, OrderState},
    time::MINUTE_NS,
};

use crate::{
    book::{ONE, session},
    market,
};

#[test]
fn a_call_takes_orders_out_and_closes_just_enough_at_the_next_open() {
    let bars = [
        ("2024-03-01T15:00:00Z", 5_000.0, 5_000.0),
        ("2024-03-01T15:01:00Z", 5_000.0, 4_960.0),
        ("2024-03-01T15:02:00Z", 4_950.0, 4_950.0),
        ("2024-03-01T15:03:00Z", 4_950.0, 4_950.0),
    ];
    let models = Models {
        margin: MarginRule::Instrument(InstrumentMargin { intraday: 1.0 }),
        slippage: Slippage::FixedTicks(FixedTicks { ticks: 4.0 }),
        commission: Commission::PerContract(PerContract::new(2.0)),
        ..Models::default()
    };
    let orders = [
        (0, OrderRequest::market(ONE, 4.0)),
        (1, OrderRequest::market(ONE, -4.0)),
        (1, OrderRequest::limit(ONE, 1.0, 4_900.0)),
    ];
    let (events, accounts) = session(market(Instrument::es(), Calendar::Cme, &bars), models, 50_000.0, &orders);
    // Bought at 5,001: at 4,960 the account is worth 50,000 - 8 - 4 * 41 * 50 = 41,792, and 43,200 must be there.
    let AccountEvent::Liquidation { order, equity, maintenance, .. } = events[3] else { panic!("{events:?}") };
    assert_eq!((equity, maintenance), (41_792.0, 43_200.0));
    let cancelled = |e: &AccountEvent| matches!(e, AccountEvent::Order { state: OrderState::Cancelled, .. });
    assert!(cancelled(&events[1]) && cancelled(&events[2]));
    // At the open of 4,950 it is worth 39,792; closing one costs 52: 39,740 covers three.
    let AccountEvent::Fill(fill) = events[4] else { panic!("{events:?}") };
    assert_eq!((fill.order, fill.qty, fill.price), (order, -1.0, 4_949.0));
    assert!(order.is_of_venue() && events.len() == 5);
    assert_eq!((accounts[2].position(ONE).qty(), accounts[2].equity()), (3.0, 39_740.0));
}

#[test]
fn a_call_takes_no_more_than_the_share_of_the_volume_and_goes_on_in_the_next_row() {
    let row = |minute: u32, open: f64, close: f64| (format!("2024-03-01T15:{minute:02}:00Z"), open, close);
    let rows = [
        row(0, 5_000.0, 5_000.0),
        row(1, 5_000.0, 5_000.0),
        row(2, 5_000.0, 5_000.0),
        row(3, 5_000.0, 4_900.0),
        row(4, 4_900.0, 4_900.0),
        row(5, 4_900.0, 4_900.0),
        row(6, 4_900.0, 4_900.0),
    ];
    let bars: Vec<(&str, f64, f64)> = rows.iter().map(|(time, open, close)| (time.as_str(), *open, *close)).collect();
    // The last order is taken out by the second call.
    let orders = [(0, OrderRequest::market(ONE, 6.0)), (4, OrderRequest::market(ONE, -1.0))];
    let held = |participation: Option<f64>| {
        let models = Models {
            margin: MarginRule::Instrument(InstrumentMargin { intraday: 1.0 }),
            matching: Matching { participation, ..Matching::default() },
            ..Models::default()
        };
        let (events, accounts) = session(market(Instrument::es(), Calendar::Cme, &bars), models, 72_000.0, &orders);
        let called = events.iter().filter(|e| matches!(e, AccountEvent::Liquidation { .. })).count();
        (called, accounts.iter().map(|account| account.position(ONE).qty()).collect::<Vec<_>>())
    };
    // Six lose 30,000 of 72,000: what is left keeps three.
    assert_eq!(held(None), (1, vec![0.0, 6.0, 6.0, 6.0, 3.0, 2.0, 2.0]));
    // A bar has 1,000. Two go, the account is still called, one more goes.
    assert_eq!(held(Some(0.002)), (2, vec![0.0, 2.0, 4.0, 6.0, 4.0, 3.0, 3.0]));
}

#[test]
fn a_call_in_a_bar_without_volume_closes_nothing_and_waits() {
    let closes = [(5_000.0, 1_000.0), (5_000.0, 1_000.0), (4_900.0, 1_000.0), (4_900.0, 0.0), (4_900.0, 1_000.0)];
    let bars = closes.iter().enumerate().map(|(i, (close, volume))| Bar {
        time: Timestamp::from_nanos((i as i64 + 1) * MINUTE_NS),
        open: *close,
        high: *close,
        low: *close,
        close: *close,
        volume: *volume,
    });
    let models = Models {
        margin: MarginRule::Instrument(InstrumentMargin { intraday: 1.0 }),
        matching: Matching { participation: Some(1.0), ..Matching::default() },
        ..Models::default()
    };
    let data = MarketData::builder(vec![Instrument::es()]).bars(bars.collect()).build().unwrap();
    let order = [(0, OrderRequest::market(ONE, 6.0))];
    let (events, accounts) = session(data, models, 72_000.0, &order);
    assert!(matches!(
        events[..],
        [_, AccountEvent::Liquidation { .. }, AccountEvent::Liquidation { .. }, AccountEvent::Fill(_)]
    ));
    assert_eq!(accounts.iter().map(|a| a.position(ONE).qty()).collect::<Vec<_>>(), [0.0, 6.0, 6.0, 6.0, 3.0]);
}

#[test]
fn an_account_that_lost_everything_is_closed_out() {
    let bars = [
        ("2024-03-01T15:00:00Z", 5_000.0, 5_000.0),
        ("2024-03-01T15:01:00Z", 5_000.0, 4_900.0),
        ("2024-03-01T15:02:00Z", 4_000.0, 4_000.0),
        ("2024-03-01T15:03:00Z", 4_000.0, 5_000.0),
    ];
    let models = Models { margin: MarginRule::Instrument(InstrumentMargin { intraday: 1.0 }), ..Models::default() };
    let orders = [(0, OrderRequest::market(ONE, 3.0)), (2, OrderRequest::market(ONE, 1.0))];
    let (events, accounts) = session(market(Instrument::es(), Calendar::Cme, &bars), models, 40_000.0, &orders);
    assert_eq!((accounts[2].position(ONE).qty(), accounts[2].equity()), (0.0, -110_000.0));
    assert!(matches!(events.last(), Some(AccountEvent::Rejected { reason: RejectReason::Margin, .. })));
}
