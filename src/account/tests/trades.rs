//! The list of trades against the ledger.

use proptest::prelude::*;

use crate::{
    InstrumentId, Timestamp,
    account::{Account, AccountEvent, AccountSnapshot, Fill, TradeSide, open_trades, trades_from_fills},
    order::OrderId,
};

fn fill(instrument: u32, qty: f64, price: f64, fee: f64, second: i64, futures: bool) -> Fill {
    Fill {
        qty,
        price,
        reference: price,
        fee,
        multiplier: if futures { 50.0 } else { 1.0 },
        time: Timestamp::from_nanos(second * 1_000_000_000),
        order: OrderId(0),
        instrument: InstrumentId(instrument),
        futures,
    }
}

fn fold(fills: &[Fill]) -> Account {
    let mut account = Account::new(2);
    account.restore(&AccountSnapshot { cash: 1e6, positions: Vec::new() });
    for fill in fills {
        account.apply(&AccountEvent::Fill(*fill));
    }
    account
}

#[test]
fn scaling_in_and_out_is_one_trade_at_average_prices() {
    let fills = [
        fill(0, 1.0, 100.0, 1.0, 1, true),
        fill(0, 3.0, 104.0, 3.0, 2, true),
        fill(0, -2.0, 105.0, 2.0, 3, true),
        fill(0, 1.0, 101.0, 1.0, 4, true),
        fill(0, -3.0, 106.0, 3.0, 5, true),
    ];
    let trades = trades_from_fills(&fills);
    assert_eq!(trades.len(), 1);
    let trade = trades[0];
    assert_eq!((trade.side, trade.qty), (TradeSide::Long, 5.0));
    assert_eq!((trade.entry_price, trade.exit_price), (513.0 / 5.0, 528.0 / 5.0));
    assert!((trade.gross - 750.0).abs() < 1e-9 && (trade.net - 740.0).abs() < 1e-9);
    assert_eq!(trade.fees, 10.0);
    assert_eq!((trade.entry_time, trade.exit_time), (fills[0].time, fills[4].time));
}

#[test]
fn a_flip_splits_its_fill_and_its_fee() {
    let fills =
        [fill(0, 1.0, 100.0, 1.0, 1, true), fill(0, -4.0, 99.0, 4.0, 2, true), fill(0, 3.0, 98.0, 3.0, 3, true)];
    let trades = trades_from_fills(&fills);
    assert_eq!(trades.len(), 2);
    assert_eq!((trades[0].qty, trades[0].gross, trades[0].fees), (1.0, -50.0, 2.0));
    assert_eq!((trades[1].side, trades[1].qty), (TradeSide::Short, 3.0));
    assert_eq!((trades[1].gross, trades[1].fees, trades[1].net), (150.0, 6.0, 144.0));
    assert_eq!(trades[1].entry_time, fills[1].time);
}

#[test]
fn what_is_still_open_is_not_a_trade_yet() {
    assert!(trades_from_fills(&Vec::<Fill>::new()).is_empty());
    assert!(trades_from_fills(&[fill(0, 2.0, 10.0, 0.0, 1, false), fill(0, -1.0, 11.0, 0.0, 2, false)]).is_empty());
}

#[test]
fn tenths_of_a_lot_come_back_to_flat() {
    let fills =
        [fill(0, 0.1, 10.0, 0.01, 1, false), fill(0, 0.2, 10.0, 0.02, 2, false), fill(0, -0.3, 11.0, 0.03, 3, false)];
    let trades = trades_from_fills(&fills);
    assert_eq!(trades.len(), 1);
    assert!((trades[0].net - 0.24).abs() < 1e-12);
    assert!((trades[0].fees - 0.06).abs() < 1e-12);
}

/// Any stream of fills on two instruments, one futures and one spot.
fn stream() -> impl Strategy<Value = Vec<Fill>> {
    let one = (0u32..2, prop_oneof![-5i32..=-1, 1i32..=5], 900i32..1100, 0u32..40);
    proptest::collection::vec(one, 0..60).prop_map(|rows| {
        let one = |(second, (id, qty, price, fee)): (usize, (u32, i32, i32, u32))| {
            fill(id, f64::from(qty), f64::from(price) * 0.25, f64::from(fee) * 0.13, second as i64, id == 0)
        };
        rows.into_iter().enumerate().map(one).collect()
    })
}

proptest! {
    #[test]
    fn trades_are_those_of_the_account(fills in stream()) {
        let (account, trades) = (fold(&fills), trades_from_fills(&fills));
        prop_assert_eq!(trades.len() as u32, account.trades());
        prop_assert_eq!(trades.iter().filter(|trade| trade.net > 0.0).count() as u32, account.wins());
        for trade in &trades {
            let moved = if trade.side == TradeSide::Long { 1.0 } else { -1.0 } * (trade.exit_price - trade.entry_price);
            let multiplier = if trade.instrument.0 == 0 { 50.0 } else { 1.0 };
            prop_assert!((trade.gross - moved * trade.qty * multiplier).abs() < 1e-6);
            prop_assert!((trade.net - (trade.gross - trade.fees)).abs() < 1e-6);
            prop_assert!(trade.qty > 0.0 && trade.fees >= 0.0 && trade.entry_time <= trade.exit_time);
        }
    }

    #[test]
    fn closed_and_open_trades_add_up_to_the_whole_profit(fills in stream()) {
        let account = fold(&fills);
        let open = open_trades(&fills, Timestamp::from_nanos(i64::MAX), |_| 250.0);
        let net: f64 = trades_from_fills(&fills).iter().chain(&open).map(|trade| trade.net).sum();
        let unrealised: f64 = account.positions().iter().map(|position| position.unrealised(250.0)).sum();
        let expected = account.realised() + unrealised - account.fees();
        prop_assert!((net - expected).abs() < 1e-9 * account.gross_flow(), "{} {}", net, expected);
        prop_assert_eq!(open.len(), account.positions().iter().filter(|position| position.qty() != 0.0).count());
    }

    #[test]
    fn once_flat_the_nets_add_up_to_realised_less_fees(mut fills in stream()) {
        let held = fold(&fills);
        for (id, position) in held.positions().iter().enumerate() {
            if position.qty() != 0.0 {
                fills.push(fill(id as u32, -position.qty(), 250.0, 0.5, 99, id == 0));
            }
        }
        let (account, trades) = (fold(&fills), trades_from_fills(&fills));
        let net: f64 = trades.iter().map(|trade| trade.net).sum();
        let tolerance = 1e-9 * account.gross_flow();
        prop_assert!((net - (account.realised() - account.fees())).abs() < tolerance);
        prop_assert!((net - (account.cash() - 1e6)).abs() < tolerance);
    }
}
