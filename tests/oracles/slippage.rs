//! Prices of fills.

use serde_json::Value;
use tradepit::{
    Bar,
    models::{
        FillContext, FillModel as _, FillRule, Liquidity, Models, NextClose, Slippage, SlippageModel as _,
        VolatilityVolumeShare,
    },
    rng::{Purpose, stream},
};

use crate::case::{cases, instrument, near, number, numbers, trade};

#[test]
fn every_published_price_is_reproduced_or_refused() {
    let waiting = ["D011", "D012", "D021", "D022"];
    for case in cases(include_str!("../golden/slippage.json"), 29, &["D137"], &waiting) {
        let slippage = slippage(&case);
        if case.get("orders").is_some() {
            let models = Models { slippage, ..Models::default() };
            let (prices, orders) = (numbers(&case["prices"]), numbers(&case["orders"]));
            let (account, _) = trade(&case, models, number(&case, "cash"), &prices, 1e6, &orders);
            near(&case, "final value", account.equity(), &case["expected"]["final_value"], 1.0);
            continue;
        }
        let reference = number(&case, "price");
        let price = price(&case, slippage);
        match &case["expected"] {
            expected if expected.get("fill_price").is_some() => {
                near(&case, "price", price, &expected["fill_price"], reference);
            }
            expected if expected.get("slippage").is_some() => {
                near(&case, "slippage", price - reference, &expected["slippage"], reference);
            }
            expected => {
                let impact = &expected["impact"];
                near(&case, "impact", price - reference, impact, impact.as_f64().unwrap());
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

/// The price of one order: of the simulated venue, or of the model alone where a fact must be given by hand.
fn price(case: &Value, slippage: Slippage) -> f64 {
    let (price, volume, qty) = (number(case, "price"), number(case, "volume"), number(case, "qty"));
    let facts = slippage.needs();
    if case.get("filled_in_bar").is_some() || facts != tradepit::models::Facts::NONE {
        let bar = Bar { open: price, high: price, low: price, close: price, volume, ..Bar::default() };
        let filled_in_bar = case["filled_in_bar"].as_f64().unwrap_or(0.0);
        let liquidity = Liquidity { filled_in_bar, ..Liquidity::default() };
        let (instrument, reference) = (instrument(case), NextClose {}.market(&bar).price);
        let ctx = FillContext { liquidity, ..FillContext::new(&instrument, qty, reference, &bar) };
        return slippage.price(&ctx, &mut stream(0, 0, Purpose::Models));
    }
    let models = Models { slippage, fill: FillRule::NextClose(NextClose {}), ..Models::default() };
    let (_, fills) = trade(case, models, 1e9, &[price], volume, &[qty]);
    assert_eq!(fills[0].reference, price);
    fills[0].price
}
