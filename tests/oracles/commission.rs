//! Fees of fills.

use serde_json::Value;
use tradepit::{
    InstrumentId, Timestamp,
    account::{Account, AccountEvent, Fill},
    models::{Commission, CommissionModel as _, FeeContext, Models},
    order::OrderId,
};

use crate::case::{cases, instrument, near, number, numbers, trade};

#[test]
fn every_published_fee_is_reproduced_or_refused() {
    for case in cases(include_str!("../golden/commission.json"), 43, &[], &["D104", "D105"]) {
        let commission: Commission = serde_json::from_value(case["commission"].clone()).unwrap();
        commission.validate().unwrap();
        if case.get("orders").is_some() {
            let models = Models { commission, ..Models::default() };
            let (prices, orders) = (numbers(&case["prices"]), numbers(&case["orders"]));
            let (account, _) = trade(&case, models, number(&case, "cash"), &prices, 1e6, &orders);
            for (what, got) in [
                ("final_value", account.equity()),
                ("equity_final", account.equity()),
                ("commission_total", account.fees()),
            ] {
                if let Some(expected) = case["expected"].get(what) {
                    near(&case, what, got, expected, 1.0);
                }
            }
            continue;
        }
        let fills: Vec<(f64, f64)> = case["fills"].as_array().unwrap().iter().map(pair).collect();
        let run = if let [(qty, price)] = fills[..] {
            let models = Models { commission, ..Models::default() };
            let (account, made) = trade(&case, models, 1e9, &[price], 1e6, &[qty]);
            let cash = account.cash() - 1e9;
            Run { fees: vec![made[0].fee], cash: vec![cash], ..Run::default() }
        } else {
            parts(&case, &commission, &fills)
        };
        compare(&case, &run, fills[0].0.abs());
    }
}

fn pair(value: &Value) -> (f64, f64) {
    let both = numbers(value);
    (both[0], both[1])
}

/// What each fill did.
#[derive(Default)]
struct Run {
    fees: Vec<f64>,
    cash: Vec<f64>,
    realised: Vec<f64>,
    qty: Vec<f64>,
    average: Vec<f64>,
}

/// The fills of one order, or of an order each, folded into an account.
fn parts(case: &Value, commission: &Commission, fills: &[(f64, f64)]) -> Run {
    let instrument = instrument(case);
    let mut account = Account::new(1);
    account.open(1e9);
    let (mut filled_before, mut value_before) = (0.0, 0.0);
    let mut run = Run::default();
    for &(qty, price) in fills {
        let ctx = FeeContext { filled_before, value_before, ..FeeContext::new(&instrument, qty, price) };
        let fee = commission.fee(&ctx);
        if case["separate_orders"] != true {
            filled_before += qty.abs();
            value_before += ctx.value();
        }
        let cash = account.cash();
        account.apply(&AccountEvent::Fill(Fill {
            qty,
            price,
            reference: price,
            fee,
            multiplier: instrument.multiplier,
            time: Timestamp::default(),
            order: OrderId(0),
            instrument: InstrumentId(0),
            futures: instrument.is_futures(),
        }));
        run.fees.push(fee);
        run.cash.push(account.cash() - cash);
        run.realised.push(account.realised() - account.fees());
        run.qty.push(account.position(InstrumentId(0)).qty());
        run.average.push(account.position(InstrumentId(0)).avg_price());
    }
    run
}

fn compare(case: &Value, run: &Run, units: f64) {
    let sum = |fees: &[f64]| fees.iter().sum::<f64>();
    let total = sum(&run.fees);
    for (what, expected) in case["expected"].as_object().unwrap() {
        let list = |got: &[f64]| {
            let expected = expected.as_array().unwrap();
            assert_eq!(got.len(), expected.len());
            for (got, expected) in got.iter().zip(expected).filter(|(_, expected)| !expected.is_null()) {
                near(case, what, *got, expected, 1.0);
            }
        };
        match what.as_str() {
            "cumulative_commission" => {
                let so_far: Vec<f64> = (1..=run.fees.len()).map(|n| sum(&run.fees[..n])).collect();
                list(&so_far);
            }
            "commissions" => list(&run.fees),
            "capital_used_per_day" => list(&run.cash),
            "realized_after" => list(&run.realised),
            "qty" => list(&run.qty),
            "avg_open" => list(&run.average),
            "commission" | "fee" | "total_fee" => near(case, what, total, expected, 1.0),
            "per_contract" => near(case, what, total / units, expected, 1.0),
            "capital_used" => near(case, what, sum(&run.cash), expected, 1e3),
            other => panic!("{other} of {case}"),
        }
    }
}
