//! Interest, borrow and funding.

use tradepit::{
    Instrument,
    account::AccountEvent,
    market::Calendar,
    models::{DailyCarry, Financing, Models, PerpetualFunding},
    order::OrderRequest,
};

use crate::{
    book::{ONE, fills, session},
    market,
};

fn financing(events: &[AccountEvent]) -> Vec<(f64, String)> {
    let paid = events.iter().filter_map(|event| match event {
        AccountEvent::Financing { amount, time, .. } => Some((*amount, time.to_string())),
        _ => None,
    });
    paid.collect()
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
        let (events, accounts) = session(data, models, 200_000.0, &[(at, OrderRequest::market(ONE, qty))]);
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
    let (events, _) = session(market(Instrument::btcusdt(), Calendar::Utc, &bars), models, 1_000.0, &orders);
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
    let (events, accounts) = session(data, models, 90_000.0, &[(0, OrderRequest::market(ONE, -100.0))]);
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
        let (events, _) = session(data, models, 1_000.0, &[(0, OrderRequest::market(ONE, -1.0))]);
        assert_eq!(financing(&events), [(1.0, "2024-03-02T00:00:00Z".to_owned())], "{calendar:?}");
    }
}
