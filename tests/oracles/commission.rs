//! Fees of fills.

use serde_json::Value;
use tradepit::{
    Bar, InstrumentId, MarketData,
    account::Account,
    models::{Commission, MarginRule, Matching, Models, Sizing},
};

use crate::case::{Row, cases, decided, instrument, near, number, numbers, trade};

#[test]
fn every_published_fee_is_reproduced_or_refused() {
    for case in cases(include_str!("../golden/commission.json"), 43, &[]) {
        let commission: Commission = serde_json::from_value(case["commission"].clone()).unwrap();
        commission.validate().unwrap();
        if case.get("keep").is_some() {
            largest(&case, commission);
            continue;
        }
        if case.get("decided").is_some() {
            let account = decided(&case, Models { commission, ..Models::default() });
            for (what, expected) in case["expected"].as_object().unwrap() {
                let got = if what == "commission_total" { account.fees() } else { account.equity() };
                near(&case, what, got, expected, 1.0);
            }
            continue;
        }
        let fills: Vec<(f64, f64)> = case["fills"].as_array().unwrap().iter().map(pair).collect();
        compare(&case, &run(&case, commission, &fills), fills[0].0.abs());
    }
}

/// The largest order that leaves a part of the equity free, and the largest that the venue takes.
fn largest(case: &Value, commission: Commission) {
    let margin: MarginRule = serde_json::from_value(case["margin"].clone()).unwrap();
    let models = Models { commission, margin, ..Models::default() };
    let (cash, price) = (number(case, "cash"), number(case, "price"));
    let mut account = Account::new(1);
    account.open(cash);
    let bar = Bar { open: price, high: price, low: price, close: price, ..Bar::default() };
    let data = MarketData::builder(vec![instrument(case)]).bars(vec![bar]).build().unwrap();
    let all = Sizing::new(&account, data.view(1), InstrumentId(0), true);
    let kept = models.largest_order(&Sizing { keep: number(case, "keep"), ..all }).unwrap();
    near(case, "max_qty", kept, &case["expected"]["max_qty"], 1.0);
    let most = models.largest_order(&all).unwrap();
    for (qty, filled) in [(kept, kept), (most, most), (most + 1.0, 0.0)] {
        let row = Row { price, volume: 1e6, orders: vec![qty] };
        let (account, _) = trade(case, models.clone(), cash, &[row]).pop().unwrap();
        assert_eq!(account.position(InstrumentId(0)).qty(), filled, "{case}");
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

/// One order that fills in those parts, each the whole volume of a bar; or an order for each.
fn run(case: &Value, commission: Commission, fills: &[(f64, f64)]) -> Run {
    let whole: f64 = fills.iter().map(|(qty, _)| qty).sum();
    let separate = case["separate_orders"] == true;
    let row = |(i, &(qty, price)): (usize, &(f64, f64))| {
        let orders = if separate { vec![qty] } else { [whole].into_iter().take(usize::from(i == 0)).collect() };
        Row { price, volume: qty.abs(), orders }
    };
    let rows: Vec<Row> = fills.iter().enumerate().map(row).collect();
    let matching = Matching { participation: Some(1.0), ..Matching::default() };
    let mut run = Run::default();
    let mut cash = 1e5;
    for ((account, made), (qty, price)) in
        trade(case, Models { commission, matching, ..Models::default() }, cash, &rows).iter().zip(fills)
    {
        assert_eq!(made.iter().map(|fill| (fill.qty, fill.price)).collect::<Vec<_>>(), [(*qty, *price)], "{case}");
        run.fees.push(made[0].fee);
        run.cash.push(account.cash() - cash);
        cash = account.cash();
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
            "capital_used" => near(case, what, sum(&run.cash), expected, 1.0),
            other => panic!("{other} of {case}"),
        }
    }
}
