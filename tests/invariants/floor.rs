//! Under a margin rule: what an account comes to when it is called, and after it has lost everything.

use proptest::{prelude::*, strategy::ValueTree as _};
use serde_json::json;
use tradepit::{
    Instrument, InstrumentId,
    account::{Account, AccountEvent},
    models::{MarginContext, MarginModel as _},
    order::OrderRequest,
};

use crate::scene::{ROWS, Scene, scenes};

/// Little cash, a rule that lends a lot, and orders of which half are at the market.
fn short_of_cash() -> impl Strategy<Value = Scene> {
    (scenes(), prop::sample::select(vec![400.0, 1_500.0, 6_000.0]), 4.0..20.0f64, 0.2..0.9f64).prop_map(
        |(mut scene, cash, max, maintenance)| {
            (scene.cash, scene.models["margin"]) =
                (cash, json!({"kind": "leverage", "max": max, "maintenance": maintenance}));
            // Where a share of the bar is all that there is, a call takes several of them.
            scene.models["matching"]["participation"] = json!(null);
            for (_, order) in scene.orders.iter_mut().step_by(2) {
                *order = OrderRequest::market(order.instrument, order.qty.clamp(-2.0, 2.0));
            }
            scene
        },
    )
}

/// Equity and maintenance margin at prices of a row.
fn stands(scene: &Scene, account: &Account, row: usize, at_open: bool) -> (f64, f64) {
    let rule = scene.models().margin;
    let of = |(id, instrument): (usize, &Instrument)| {
        let bar = scene.bar(row, InstrumentId(id as u32));
        let (price, position) = (if at_open { bar.open } else { bar.close }, &account.positions()[id]);
        let ctx = MarginContext { instrument, qty: position.qty(), price, overnight: false, time: bar.time };
        (position.value(price), rule.required(&ctx).maintenance)
    };
    let parts = scene.instruments.iter().enumerate().map(of);
    parts.fold((account.cash(), 0.0), |(equity, needed), (value, more)| (equity + value, needed + more))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The venue closes positions exactly where the last close was too little, before anything else happens, and then
    /// the account is worth its margin at the open, or holds nothing.
    #[test]
    fn a_call_ends_with_enough_or_with_nothing(scene in short_of_cash()) {
        let run = scene.run();
        for row in 1..ROWS {
            let (equity, needed) = stands(&scene, &run.accounts[row - 1], row - 1, false);
            let mut account = run.accounts[row - 1].clone();
            let mut called = false;
            for (_, event) in run.events.iter().filter(|(at, _)| *at == row) {
                account.apply(event);
                if let AccountEvent::Liquidation { .. } = event {
                    called = true;
                } else if let AccountEvent::Fill(fill) = event {
                    prop_assert_eq!(called, fill.order.is_of_venue(), "own orders are out before: {:?}", event);
                }
            }
            prop_assert_eq!(called, needed > 0.0 && equity < needed, "{} of {} after row {}", equity, needed, row - 1);
            if called {
                let (equity, needed) = stands(&scene, &account, row, true);
                prop_assert!(equity >= needed || account.positions().iter().all(|p| p.qty() == 0.0), "{equity} of {needed}");
            }
        }
    }

    /// What is lost is lost: an account that is worth nothing at a close and at the next open is flat then, and stays as
    /// it is.
    #[test]
    fn nothing_comes_of_nothing(scene in short_of_cash()) {
        let run = scene.run();
        let ruined = |row: &usize| {
            let account = &run.accounts[row - 1];
            account.equity() <= 0.0 && stands(&scene, account, *row, true).0 <= 0.0
        };
        let Some(row) = (1..ROWS).find(ruined) else { return Ok(()) };
        let after = &run.accounts[row];
        prop_assert!(after.positions().iter().all(|position| position.qty() == 0.0));
        prop_assert!(run.accounts[row..].iter().all(|account| account.equity() == after.equity()));
    }

    /// With all positions paid in full and no price below nothing, equity never is.
    #[test]
    fn what_is_paid_in_full_never_owes(mut scene in scenes(), cash in 500.0..5_000.0f64) {
        (scene.cash, scene.models["margin"]) = (cash, json!({"kind": "leverage", "max": 1.0, "maintenance": 0.0}));
        scene.models["commission"] = json!({"kind": "none"});
        // Shares that are bought first.
        for (_, order) in &mut scene.orders {
            order.instrument = InstrumentId(1);
            order.reduce_only |= order.qty < 0.0;
        }
        let run = scene.run();
        prop_assert!(run.accounts.iter().all(|account| account.equity() > 0.0));
        prop_assert!(run.accounts.iter().all(|account| account.cash() >= -1e-9 * cash || account.positions()[1].qty() > 0.0));
    }
}

#[test]
fn such_accounts_are_called_and_ruined() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut called, mut ruined) = (0, 0);
    for _ in 0..2000 {
        let run = short_of_cash().new_tree(&mut runner).unwrap().current().run();
        called += usize::from(run.events.iter().any(|(_, event)| matches!(event, AccountEvent::Liquidation { .. })));
        ruined += usize::from(run.accounts.iter().any(|account| account.equity() <= 0.0));
    }
    assert!(called > 100 && ruined > 10, "{called} called, {ruined} ruined");
}
