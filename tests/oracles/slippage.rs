//! Prices of fills.

use serde_json::Value;
use tradepit::models::{FillRule, Matching, Models, NextClose, Slippage, VolatilityVolumeShare};

use crate::case::{Row, cases, decided, near, number, numbers, trade};

#[test]
fn every_published_price_is_reproduced_or_refused() {
    for case in cases(include_str!("../golden/slippage.json"), 29, &["D012", "D137"]) {
        let slippage = slippage(&case);
        if case.get("decided").is_some() {
            let account = decided(&case, Models { slippage, ..Models::default() });
            near(&case, "final value", account.equity(), &case["expected"]["final_value"], 1.0);
            continue;
        }
        let (reference, orders) = (number(&case, "price"), numbers(&case["orders"]));
        let fills = fills(&case, slippage, reference, &orders);
        let price = fills.last().map_or(reference, |fill| fill.1);
        for (what, expected) in case["expected"].as_object().unwrap() {
            match what.as_str() {
                "fill_price" => near(&case, what, price, expected, reference),
                "slippage" => near(&case, what, price - reference, expected, reference),
                "impact" => near(&case, what, price - reference, expected, expected.as_f64().unwrap()),
                // Of the last order: nothing when the others have used up the cap.
                "fill_qty" => {
                    let filled = fills.get(orders.len() - 1).map_or(0.0, |fill| fill.0);
                    near(&case, what, filled, expected, 0.0);
                }
                "fills" => assert_eq!(fills.iter().map(|fill| fill.0).collect::<Vec<_>>(), numbers(expected)),
                other => panic!("{other} of {case}"),
            }
        }
    }
}

fn slippage(case: &Value) -> Slippage {
    let slippage: Slippage = serde_json::from_value(case["slippage"].clone()).unwrap();
    slippage.validate().unwrap();
    match (slippage, case["annual_sigma"].as_f64()) {
        (Slippage::VolatilityVolumeShare(model), Some(annual)) => {
            Slippage::VolatilityVolumeShare(VolatilityVolumeShare { sigma: Some(annual / 252_f64.sqrt()), ..model })
        }
        (slippage, _) => slippage,
    }
}

/// Quantity and price of each fill on the bar.
fn fills(case: &Value, slippage: Slippage, price: f64, orders: &[f64]) -> Vec<(f64, f64)> {
    let volume = number(case, "volume");
    let matching = Matching { participation: case["participation"].as_f64(), ..Matching::default() };
    let models = Models { slippage, matching, fill: FillRule::NextClose(NextClose {}), ..Models::default() };
    let (_, fills) = trade(case, models, 1e9, &[Row { price, volume, orders: orders.to_vec() }]).remove(0);
    assert!(fills.iter().all(|fill| fill.reference == price));
    fills.iter().map(|fill| (fill.qty, fill.price)).collect()
}
