//! Numbers published by other systems that our models reproduce. `golden/oracles.json` holds them with their sources.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use tradepit::{
    Bar, Instrument, InstrumentId, Timestamp,
    account::{Account, AccountEvent, Fill},
    models::{
        Commission, CommissionModel as _, FeeContext, FillContext, FixedBps, PerContract, PerShare, Slippage,
        SlippageModel as _, VolumeShare,
    },
    order::OrderId,
    rng::{Purpose, stream},
};

fn cases(model: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("golden/oracles.json")).unwrap();
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

#[test]
fn slippage() {
    for case in cases("slippage") {
        let kind = case["inputs"]["kind"].as_str().unwrap();
        let model = match kind {
            "volume_share" => {
                Slippage::VolumeShare(VolumeShare { impact: f(&case, "price_impact"), limit: f(&case, "volume_limit") })
            }
            "fixed_bps" => Slippage::FixedBps(FixedBps { bps: f(&case, "basis_points") }),
            other => panic!("{other}"),
        };
        let instrument = Instrument::equity("XYZ");
        // Other systems use the volume of the bar on which they fill; ours is the last bar known at the fill.
        let known = Bar { volume: f(&case, "bar_volume"), ..Bar::default() };
        let ctx = FillContext {
            instrument: &instrument,
            qty: f(&case, "order_qty"),
            reference: f(&case, "price"),
            known: &known,
        };
        let price = model.price(&ctx, &mut stream(0, 0, Purpose::Models));
        near(price, &case, &case["expected"]["fill_price"], 1e-12 * f(&case, "price"));
    }
}

#[test]
fn commission_across_partial_fills() {
    for case in cases("commission") {
        let fee = f(&case, "cost_per_unit");
        let model = match case["inputs"]["kind"].as_str().unwrap() {
            "per_share" => Commission::PerShare(PerShare {
                fee,
                minimum: case["inputs"]["min_trade_cost"].as_f64().unwrap_or(0.0),
            }),
            "per_contract" => Commission::PerContract(PerContract { fee }),
            other => panic!("{other}"),
        };
        let instrument = Instrument::equity("XYZ");
        let (mut filled_before, mut total) = (0.0, 0.0);
        let fills = case["inputs"]["fills"].as_array().unwrap();
        for (fill, expected) in fills.iter().zip(case["expected"]["cumulative_commission"].as_array().unwrap()) {
            let qty = fill.as_f64().unwrap();
            total += model.fee(&FeeContext { instrument: &instrument, qty, price: 10.0, filled_before });
            filled_before += qty.abs();
            near(total, &case, expected, 1e-9);
        }
    }
}
