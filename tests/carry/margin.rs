//! What margin is asked, and what an account can't carry.

use std::sync::Arc;

use tradepit::{
    Instrument, Timestamp,
    account::{AccountEvent, RejectReason},
    market::Calendar,
    models::{DatedMargin, Flatten, InstrumentMargin, MarginRule, Models},
    order::OrderRequest,
    venue::SimWorld,
};

use crate::{
    book::{ONE, fills, session},
    market,
};

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
            let (events, accounts) =
                session(market(Instrument::es(), Calendar::Cme, &bars), models(), cash, &[(0, order)]);
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
    let (events, _) = session(market(Instrument::es(), Calendar::Cme, &bars), models(), 24_000.0, &orders);
    assert!(matches!(events[..], [AccountEvent::Fill(_), AccountEvent::Rejected { .. }]), "{events:?}");
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
    let (events, accounts) = session(data(), models(Flatten::None {}), 11_000.0, &order);
    assert_eq!(accounts[2].position(ONE).qty(), 3.0);
    assert!(matches!(events[1], AccountEvent::Liquidation { maintenance: 32_400.0, .. }));
    assert_eq!(accounts[3].position(ONE).qty(), 1.0);
    // Flattened at the close, it is never called.
    let (events, accounts) = session(data(), models(Flatten::SessionEnd {}), 11_000.0, &order);
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
    let (events, accounts) = session(market(es, Calendar::Cme, &bars), models, 25_000.0, &orders);
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
