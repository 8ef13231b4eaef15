//! Positions at average cost.

use serde_json::Value;
use tradepit::{
    InstrumentId, Timestamp,
    account::{Account, AccountEvent, Fill},
    order::OrderId,
};

fn cases(model: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../golden/oracles.json")).unwrap();
    let found: Vec<Value> = all.as_array().unwrap().iter().filter(|c| c["model"] == model).cloned().collect();
    assert!(!found.is_empty(), "no case for {model}");
    found
}

fn near(got: f64, case: &Value, expected: &Value, tolerance: f64) {
    let expected = expected.as_f64().unwrap_or_else(|| panic!("{case}"));
    assert!((got - expected).abs() <= tolerance, "{}: {got}, expected {expected}", case["id"]);
}

fn f(case: &Value, name: &str) -> f64 {
    case["inputs"][name].as_f64().unwrap_or_else(|| panic!("{name} of {case}"))
}

#[test]
fn average_cost_positions() {
    for case in cases("position") {
        let fill = |qty, price| {
            let (instrument, order, time) = (InstrumentId(0), OrderId(0), Timestamp::default());
            let fill = Fill {
                qty,
                price,
                reference: price,
                fee: 0.0,
                multiplier: 1.0,
                time,
                order,
                instrument,
                futures: true,
            };
            AccountEvent::Fill(fill)
        };
        let mut account = Account::new(1);
        account.open(0.0);
        if f(&case, "start_qty") != 0.0 {
            account.apply(&fill(f(&case, "start_qty"), f(&case, "start_avg")));
        }
        account.apply(&fill(f(&case, "fill_qty"), f(&case, "fill_price")));
        near(account.realised(), &case, &case["expected"]["realized_pnl"], 1e-9);
        near(account.position(InstrumentId(0)).qty(), &case, &case["expected"]["new_qty"], 0.0);
        near(account.position(InstrumentId(0)).avg_price(), &case, &case["expected"]["new_avg"], 1e-9);
    }
}

#[test]
fn interleaved_fills_with_a_commission_in_basis_points() {
    for case in cases("interleaved") {
        let mut account = Account::new(1);
        account.open(0.0);
        let rate = f(&case, "commission_rate");
        for (i, fill) in case["inputs"]["fills"].as_array().unwrap().iter().enumerate() {
            let sign = if fill[0] == "B" { 1.0 } else { -1.0 };
            let (qty, price) = (sign * fill[1].as_f64().unwrap(), fill[2].as_f64().unwrap());
            let fee = rate * qty.abs() * price;
            let (instrument, order, time) = (InstrumentId(0), OrderId(0), Timestamp::default());
            let fill =
                Fill { qty, price, reference: price, fee, multiplier: 1.0, time, order, instrument, futures: true };
            account.apply(&AccountEvent::Fill(fill));
            near(account.position(InstrumentId(0)).avg_price(), &case, &case["expected"]["avg_open"][i], 1e-9);
            // The source counts fees as realised; it prints eight decimals.
            let after = &case["expected"]["realized_after"][i];
            if !after.is_null() {
                near(account.realised() - account.fees(), &case, after, 1e-8);
            }
        }
    }
}
