//! Carry, margin calls and flattening, through the public order path.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use proptest::prelude::*;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue,
    account::{Account, AccountEvent, Fill, RejectReason},
    market::{Calendar, synth},
    models::{
        Commission, DailyCarry, DatedMargin, Financing, FixedTicks, Flatten, FuturesTable, InstrumentMargin,
        LeverageMargin, MarginRule, Matching, Models, PerContract, PerpetualFunding, Slippage,
    },
    order::{OrderRequest, OrderState},
    time::MINUTE_NS,
    venue::{Advance, SimVenue, SimWorld, Start},
};

const ONE: InstrumentId = InstrumentId(0);

/// Bars that open and close at the given prices, and close at the given times.
fn market(instrument: Instrument, calendar: Calendar, bars: &[(&str, f64, f64)]) -> MarketData {
    let bars = bars.iter().map(|(time, open, close)| Bar {
        time: time.parse().unwrap(),
        open: *open,
        high: open.max(*close),
        low: open.min(*close),
        close: *close,
        volume: 1_000.0,
    });
    MarketData::builder(vec![instrument]).calendar(calendar).bars(bars.collect()).build().unwrap()
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

fn financing(events: &[AccountEvent]) -> Vec<(f64, String)> {
    let paid = events.iter().filter_map(|event| match event {
        AccountEvent::Financing { amount, time, .. } => Some((*amount, time.to_string())),
        _ => None,
    });
    paid.collect()
}

fn fills(events: &[AccountEvent]) -> Vec<Fill> {
    events.iter().filter_map(|e| if let AccountEvent::Fill(fill) = e { Some(*fill) } else { None }).collect()
}

#[test]
fn funding_is_paid_by_who_is_long_at_the_boundary() {
    let bars = [
        ("2024-03-01T07:58:00Z", 50_000.0, 50_000.0),
        ("2024-03-01T07:59:00Z", 50_000.0, 50_100.0),
        ("2024-03-01T08:00:00Z", 50_100.0, 50_200.0),
        ("2024-03-01T08:01:00Z", 50_200.0, 50_300.0),
    ];
    for (qty, at, paid) in [(2.0, 0, vec![-10.04]), (-2.0, 0, vec![10.04]), (2.0, 1, vec![-10.04]), (2.0, 2, vec![])] {
        let models =
            Models { financing: Financing::Funding(PerpetualFunding { rate: 1e-4, hours: 8 }), ..Models::default() };
        let data = market(Instrument::btcusdt(), Calendar::Utc, &bars);
        let (events, accounts) = run(data, models, 200_000.0, &[(at, OrderRequest::market(ONE, qty))]);
        let got = financing(&events);
        assert_eq!(got.len(), paid.len(), "an order of row {at}");
        for ((amount, time), paid) in got.iter().zip(&paid) {
            assert!((amount - paid).abs() < 1e-9, "{amount}");
            assert_eq!(time, "2024-03-01T08:00:00Z");
        }
        assert_eq!(accounts[3].financing(), got.iter().map(|(amount, _)| amount).sum::<f64>());
    }
}

#[test]
fn funding_in_a_gap_is_that_of_what_was_held_before() {
    let bars = [
        ("2024-03-01T07:58:00Z", 100.0, 100.0),
        ("2024-03-01T07:59:00Z", 100.0, 100.0),
        ("2024-03-01T17:00:00Z", 120.0, 120.0),
    ];
    let models =
        Models { financing: Financing::Funding(PerpetualFunding { rate: 0.01, hours: 8 }), ..Models::default() };
    let orders = [(0, OrderRequest::market(ONE, 1.0)), (1, OrderRequest::market(ONE, 1.0))];
    let (events, _) = run(market(Instrument::btcusdt(), Calendar::Utc, &bars), models, 1_000.0, &orders);
    // Bars are of a minute: 08:00 and 16:00 lie before the open of the last one, and so before its order.
    let expected = [(-1.0, "2024-03-01T08:00:00Z".to_owned()), (-1.0, "2024-03-01T16:00:00Z".to_owned())];
    assert_eq!(financing(&events), expected);
    assert_eq!(fills(&events).len(), 2);
}

#[test]
fn a_weekend_carries_three_days_of_interest_and_borrow() {
    let bars = [
        ("2024-03-01T20:58:00Z", 100.0, 100.0),
        ("2024-03-01T20:59:00Z", 100.0, 100.0),
        // Friday's close, and Monday's first bar.
        ("2024-03-01T21:00:00Z", 100.0, 100.0),
        ("2024-03-04T14:31:00Z", 110.0, 110.0),
        ("2024-03-04T14:32:00Z", 110.0, 110.0),
    ];
    let models =
        Models { financing: Financing::Daily(DailyCarry { interest: 0.0365, borrow: 0.036 }), ..Models::default() };
    let data = market(Instrument::equity("XYZ"), Calendar::Nyse, &bars);
    let (events, accounts) = run(data, models, 90_000.0, &[(0, OrderRequest::market(ONE, -100.0))]);
    // 100,000 of cash with the proceeds: 10 a day. 10,000 borrowed: 1 a day.
    let got = financing(&events);
    assert_eq!(got.len(), 2);
    assert!((got[0].0 - 30.0).abs() < 1e-9 && (got[1].0 + 3.0).abs() < 1e-9, "{got:?}");
    assert_eq!(got[0].1, "2024-03-04T14:30:00Z");
    assert!((accounts[4].financing() - 27.0).abs() < 1e-9);
}

#[test]
fn a_future_is_not_borrowed_and_days_without_sessions_end_at_midnight() {
    let bars = [
        ("2024-03-01T23:58:00Z", 5_000.0, 5_000.0),
        ("2024-03-01T23:59:00Z", 5_000.0, 5_000.0),
        ("2024-03-02T00:00:00Z", 5_000.0, 5_000.0),
        ("2024-03-02T00:01:00Z", 5_000.0, 5_000.0),
    ];
    for calendar in [Calendar::None, Calendar::Utc] {
        let models =
            Models { financing: Financing::Daily(DailyCarry { interest: 0.365, borrow: 1.0 }), ..Models::default() };
        let data = market(Instrument::es(), calendar, &bars);
        let (events, _) = run(data, models, 1_000.0, &[(0, OrderRequest::market(ONE, -1.0))]);
        assert_eq!(financing(&events), [(1.0, "2024-03-02T00:00:00Z".to_owned())], "{calendar:?}");
    }
}

#[test]
fn what_the_account_can_not_carry_is_rejected_in_the_book_and_out_of_it() {
    let bars = [
        ("2024-03-01T15:00:00Z", 5_000.0, 5_000.0),
        ("2024-03-01T15:01:00Z", 5_000.0, 5_000.0),
        ("2024-03-01T15:02:00Z", 5_000.0, 4_990.0),
    ];
    let margin = MarginRule::Instrument(InstrumentMargin { intraday: 1.0 });
    let models = || Models { margin: margin.clone(), ..Models::default() };
    for kind in ["market", "limit"] {
        for (qty, cash, fits) in [(2.0, 23_760.0, true), (2.0, 23_759.0, false), (-2.0, 23_759.0, false)] {
            let order = match kind {
                "market" => OrderRequest::market(ONE, qty),
                _ => OrderRequest::limit(ONE, qty, if qty > 0.0 { 5_001.0 } else { 4_999.0 }),
            };
            let (events, accounts) = run(market(Instrument::es(), Calendar::Cme, &bars), models(), cash, &[(0, order)]);
            match events[..] {
                [AccountEvent::Fill(fill)] => assert!(fits && fill.qty == qty),
                [AccountEvent::Rejected { reason, .. }] => assert!(!fits && reason == RejectReason::Margin),
                // The loss of the last bar leads to a call only past the data.
                _ => panic!("{kind} {qty} {cash}: {events:?}"),
            }
            assert_eq!(accounts[1].position(ONE).qty(), if fits { qty } else { 0.0 });
        }
    }
    // Reducing needs no margin, and a reversal is vetted for what it opens.
    let orders = [(0, OrderRequest::market(ONE, 2.0)), (1, OrderRequest::market(ONE, -5.0))];
    let (events, _) = run(market(Instrument::es(), Calendar::Cme, &bars), models(), 24_000.0, &orders);
    assert!(matches!(events[..], [AccountEvent::Fill(_), AccountEvent::Rejected { .. }]), "{events:?}");
}

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
    let (events, accounts) = run(market(Instrument::es(), Calendar::Cme, &bars), models, 50_000.0, &orders);
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
        let (events, accounts) = run(market(Instrument::es(), Calendar::Cme, &bars), models, 72_000.0, &orders);
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
    let (events, accounts) = run(data, models, 72_000.0, &order);
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
    let (events, accounts) = run(market(Instrument::es(), Calendar::Cme, &bars), models, 40_000.0, &orders);
    assert_eq!((accounts[2].position(ONE).qty(), accounts[2].equity()), (0.0, -110_000.0));
    assert!(matches!(events.last(), Some(AccountEvent::Rejected { reason: RejectReason::Margin, .. })));
}

#[test]
fn more_margin_is_asked_where_a_session_ends() {
    let bars = [
        ("2024-03-01T21:58:00Z", 5_000.0, 5_000.0),
        ("2024-03-01T21:59:00Z", 5_000.0, 5_000.0),
        ("2024-03-01T22:00:00Z", 5_000.0, 5_000.0),
        ("2024-03-03T23:01:00Z", 5_000.0, 5_000.0),
    ];
    let models = |flatten| Models {
        margin: MarginRule::Instrument(InstrumentMargin { intraday: 0.25 }),
        flatten,
        ..Models::default()
    };
    let order = [(0, OrderRequest::market(ONE, 3.0))];
    let data = || market(Instrument::es(), Calendar::Cme, &bars);
    // 8,910 to open three, 32,400 to keep them over the weekend.
    let (events, accounts) = run(data(), models(Flatten::None {}), 11_000.0, &order);
    assert_eq!(accounts[2].position(ONE).qty(), 3.0);
    assert!(matches!(events[1], AccountEvent::Liquidation { maintenance: 32_400.0, .. }));
    assert_eq!(accounts[3].position(ONE).qty(), 1.0);
    // Flattened at the close, it is never called.
    let (events, accounts) = run(data(), models(Flatten::SessionEnd {}), 11_000.0, &order);
    assert_eq!(accounts[2].position(ONE).qty(), 0.0);
    let closing = fills(&events)[1];
    assert!(closing.order.is_of_venue() && events.len() == 2);
    assert_eq!((closing.price, closing.time.to_string()), (5_000.0, "2024-03-01T22:00:00Z".to_owned()));
}

#[test]
fn the_presets_are_the_table_s() {
    for preset in [Instrument::es(), Instrument::mes(), Instrument::nq(), Instrument::mnq()] {
        let dated = DatedMargin::futures(&preset.name, "2022-01-21").unwrap();
        assert_eq!(dated.put_into(preset.clone()), preset);
        assert!((dated.initial - 1.1 * dated.maintenance).abs() < 1e-9);
    }
    for row in DatedMargin::all().unwrap() {
        assert!(row.initial >= row.maintenance && !row.source.is_empty());
        assert!(format!("{}T00:00:00Z", row.from).parse::<Timestamp>().is_ok());
    }
}

/// Two markets that move a lot, on one clock.
fn pair(seed: u64) -> MarketData {
    let (a, b) = (synth::es_1m(150, seed).unwrap(), synth::es_1m(150, seed + 1_000).unwrap());
    let began = a.bars()[0].time;
    let wild = |bar: &Bar| {
        let move_by = |price: f64| 5_000.0 + 12.0 * (price - 5_000.0);
        Bar {
            time: began.plus_ns(20 * (bar.time.nanos() - began.nanos())),
            open: move_by(bar.open),
            high: move_by(bar.high),
            low: move_by(bar.low),
            close: move_by(bar.close),
            ..*bar
        }
    };
    let rows = a.bars().iter().zip(b.bars()).flat_map(|(a, b)| [wild(a), wild(b)]);
    let share = Instrument { tick: 0.25, ..Instrument::equity("SHARE") };
    MarketData::builder(vec![Instrument::es(), share]).calendar(Calendar::Utc).bars(rows.collect()).build().unwrap()
}

fn rule() -> impl Strategy<Value = MarginRule> {
    prop_oneof![
        (0.1..1.0f64).prop_map(|intraday| MarginRule::Instrument(InstrumentMargin { intraday })),
        (0.1..1.0f64).prop_map(|intraday| {
            let rows = DatedMargin::all().unwrap().into_iter().filter(|row| row.name == "ES").collect();
            MarginRule::FuturesTable(FuturesTable::new(intraday, rows).unwrap())
        }),
        (2.0..40.0f64, 0.1..1.0f64)
            .prop_map(|(max, maintenance)| MarginRule::Leverage(LeverageMargin { max, maintenance })),
    ]
}

fn carry() -> impl Strategy<Value = Financing> {
    prop_oneof![
        (-0.1..0.1f64, 0.0..0.1f64).prop_map(|(interest, borrow)| Financing::Daily(DailyCarry { interest, borrow })),
        (-1e-3..1e-3f64).prop_map(|rate| Financing::Funding(PerpetualFunding { rate, hours: 8 })),
    ]
}

fn order() -> impl Strategy<Value = (u32, OrderRequest)> {
    (0..148u32, any::<bool>(), -4..=4i32, -80..80i32).prop_filter_map("no order", |(row, future, lots, away)| {
        let (id, qty) = if future { (0, f64::from(lots)) } else { (1, 25.0 * f64::from(lots)) };
        let request = match away % 3 {
            0 => OrderRequest::market(InstrumentId(id), qty),
            1 => OrderRequest::limit(InstrumentId(id), qty, 5_000.0 + f64::from(away) * 10.0),
            _ => OrderRequest::stop(InstrumentId(id), qty, 5_000.0 + f64::from(away) * 10.0),
        };
        (qty != 0.0).then_some((row, request))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_breach_and_a_liquidation_come_together_and_equity_adds_up(
        seed in 0u64..50,
        margin in rule(),
        financing in carry(),
        session_end in any::<bool>(),
        participation in prop::option::of(0.001..0.05f64),
        cash in 20_000.0..150_000.0f64,
        orders in prop::collection::vec(order(), 5..60),
    ) {
        let data = Arc::new(pair(seed));
        let flatten = if session_end { Flatten::SessionEnd {} } else { Flatten::None {} };
        let slippage = Slippage::FixedTicks(FixedTicks { ticks: 1.0 });
        let matching = Matching { participation, ..Matching::default() };
        let models = Models { margin: margin.clone(), financing, flatten, slippage, matching, ..Models::default() };
        let world = Arc::new(SimWorld::new(Arc::clone(&data), models, cash).unwrap());
        let (mut venue, mut account) = (SimVenue::new(world, seed), Account::new(2));
        venue.open(Start::At(0), &mut account).unwrap();
        loop {
            let market = venue.market();
            let required = margin.of_account(&account, market).maintenance;
            let breached = required > 0.0 && account.equity() < required;
            let before = account.clone();
            let row = venue.state().row();
            for (_, order) in orders.iter().filter(|(at, _)| *at == row) {
                venue.submit(*order).unwrap();
            }
            let (mut liquidated, mut closing, mut taken) = (0, None, [0.0; 2]);
            let advance = venue.advance(&mut account, |event| match event {
                AccountEvent::Liquidation { equity, maintenance, order, .. } => {
                    liquidated += 1;
                    closing = Some(*order);
                    assert_eq!((*equity, *maintenance), (before.equity(), required));
                }
                AccountEvent::Fill(fill) if Some(fill.order) == closing => {
                    closing = None;
                    taken[fill.instrument.0 as usize] += fill.qty.abs();
                    let held = before.position(fill.instrument).qty();
                    assert!(fill.qty * held < 0.0 && fill.qty.abs() <= held.abs(), "it closes, and no more");
                }
                AccountEvent::Fill(fill) if !fill.order.is_of_venue() => {
                    taken[fill.instrument.0 as usize] += fill.qty.abs();
                }
                _ => {}
            }).unwrap();
            if !matches!(advance, Advance::Decision(_)) {
                break;
            }
            prop_assert_eq!(breached, liquidated > 0);
            prop_assert!(closing.is_none() || participation.is_some(), "a liquidation fills");
            // The cap is one for the account's orders and its margin call; only a session's end goes beyond it.
            for (id, taken) in taken.into_iter().enumerate() {
                let volume = data.bars()[2 * venue.state().row() as usize + id].volume;
                prop_assert!(taken <= participation.unwrap_or(f64::INFINITY) * volume + 1e-6, "{taken} of {volume}");
            }
            let sum = account.opening_equity() + account.realised() + account.unrealised() - account.fees()
                + account.financing();
            prop_assert!((account.equity() - sum).abs() <= 1e-9 * account.gross_flow(), "{} {sum}", account.equity());
            if session_end && venue.market().session_closed() {
                prop_assert!(account.positions().iter().all(|p| p.qty() == 0.0));
            }
        }
    }
}

fn table(rows: &serde_json::Value) -> MarginRule {
    serde_json::from_value(serde_json::json!({"kind": "futures_table", "intraday": 0.5, "rows": rows})).unwrap()
}

#[test]
fn an_exchange_that_raises_its_margin_calls_who_holds_too_much() {
    let bars = [
        ("2024-03-04T15:00:00Z", 5_000.0, 5_000.0),
        ("2024-03-04T22:00:00Z", 5_000.0, 5_000.0),
        ("2024-03-04T23:01:00Z", 5_000.0, 5_000.0),
        ("2024-03-05T15:00:00Z", 5_000.0, 5_000.0),
        ("2024-03-05T22:00:00Z", 5_000.0, 5_000.0),
        ("2024-03-05T23:01:00Z", 5_000.0, 5_000.0),
    ];
    let rows = serde_json::json!([
        {"name": "ES", "from": "2024-03-05", "initial": 20_000.0, "maintenance": 18_000.0},
        {"name": "ES", "from": "2024-01-01", "initial": 10_000.0, "maintenance": 9_000.0},
    ]);
    let models = Models { margin: table(&rows), ..Models::default() };
    let orders = [(0, OrderRequest::market(ONE, 2.0)), (4, OrderRequest::market(ONE, 1.0))];
    let es = Instrument { name: "ESH4".into(), ..Instrument::es() };
    let (events, accounts) = run(market(es, Calendar::Cme, &bars), models, 25_000.0, &orders);
    // 18,000 were enough overnight; from the fifth on it is 36,000, and half of it by day.
    assert_eq!(accounts.iter().map(|a| a.position(ONE).qty()).collect::<Vec<_>>(), [0.0, 2.0, 2.0, 2.0, 2.0, 1.0]);
    let called = |e: &&AccountEvent| matches!(e, AccountEvent::Liquidation { maintenance: 36_000.0, .. });
    assert_eq!(events.iter().filter(called).count(), 1);
}

#[test]
fn a_table_is_checked_when_it_is_read_and_when_it_meets_a_market() {
    let row = |change: &str, value: serde_json::Value| {
        let mut row =
            serde_json::json!({"name": "ES", "from": "2024-01-01", "initial": 10_000.0, "maintenance": 9_000.0});
        row[change] = value;
        let json = serde_json::json!({"kind": "futures_table", "rows": [row]});
        serde_json::from_value::<MarginRule>(json).unwrap_err().to_string()
    };
    for (field, value, message) in [
        ("from", serde_json::json!("March"), "margin.rows[0].from: \"March\" is no day; write it as 2024-01-31"),
        ("initial", 0.0.into(), "margin.rows[0].initial: 0 must be a finite number above 0"),
        ("maintenance", 1e5.into(), "margin.rows[0].maintenance: 100000 must be above 0 and at most the initial 10000"),
        ("intraday", 2.0.into(), "margin.rows[0].intraday: 2 must be in (0, 1]"),
        ("maintenence", 1.0.into(), "unknown field `maintenence`"),
    ] {
        assert!(row(field, value).contains(message), "{message}");
    }
    let house: MarginRule = serde_json::from_str(r#"{"kind": "futures_table", "intraday": 0.25}"#).unwrap();
    let text = serde_json::to_string(&house).unwrap();
    assert_eq!(text, r#"{"kind":"futures_table","intraday":0.25}"#);
    let world = |day: &str, margin: MarginRule| {
        let first = format!("{day}T15:00:00Z");
        let data = market(Instrument::es(), Calendar::Cme, &[(first.as_str(), 5_000.0, 5_000.0)]);
        let models = Models { margin, ..Models::default() };
        SimWorld::new(Arc::new(data), models, 1e5).map(|_| ()).map_err(|e| e.to_string())
    };
    assert_eq!(world("2020-03-18", house.clone()), Ok(()));
    let refused = world("2010-03-18", house).unwrap_err();
    assert!(refused.starts_with("margin.rows: say nothing of \"ES\" at 2010-03-18T15:00:00Z; give a row"), "{refused}");
}
