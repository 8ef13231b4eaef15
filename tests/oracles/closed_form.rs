//! Values of problems with a known answer, and of formulas.

use serde_json::Value;
use tradepit::{
    Instrument,
    market::Bar,
    models::{FillContext, Liquidity, SlippageModel as _, SquareRoot},
    rng,
};
use tradepit_envs::{
    DifferentialDownside, DifferentialSharpe,
    anchors::{AlmgrenChrissSale, AvellanedaStoikov, CarteaJaimungal, GarleanuPedersen, Kelly, Liquidation, Merton},
};

use crate::case::{cases, number, numbers};

/// Relative to what is expected, and to 1 where that is small.
fn near(case: &Value, what: &str, got: f64, expected: f64) {
    let tolerance = number(case, "tolerance") * expected.abs().max(1e-3);
    assert!((got - expected).abs() <= tolerance, "{} {what}: {got}, expected {expected}", case["id"]);
}

#[test]
fn every_closed_form_is_reproduced_or_refused() {
    let refused = ["D194", "D195", "D198", "D200", "D204", "D205", "D206", "D208"];
    for case in cases(include_str!("../golden/closed_form.json"), 32, &refused) {
        let (inputs, expected) = (&case["inputs"], &case["expected"]);
        let model = case["model"].as_str().unwrap();
        let of = |name: &str| number(expected, name);
        match case["id"].as_str().unwrap() {
            "D176" | "D177" | "D178" | "D179" | "D180" => avellaneda_stoikov(&case, model),
            "D181" | "D183" | "D184" => {
                let problem = AvellanedaStoikov { gamma: number(inputs, "gamma"), ..AvellanedaStoikov::default() };
                let left = number(inputs, "T") - number(inputs, "t");
                let (bid, ask) = problem.distances(number(inputs, "q"), left);
                near(&case, "bid", number(inputs, "s") - bid, of("bid"));
                near(&case, "ask", number(inputs, "s") + ask, of("ask"));
            }
            "D185" | "D186" | "D187" | "D188" => {
                let sale = AlmgrenChrissSale { lambda: number(inputs, "risk_lambda"), ..AlmgrenChrissSale::default() };
                let held = sale.optimum();
                let cost = sale.cost(&held);
                // Printed to so many digits.
                assert!((sale.kappa() - of("kappa")).abs() < 5e-7);
                for (held, expected) in held.iter().zip(&numbers(&expected["holdings"])[1..]) {
                    assert!((held - expected).abs() < 0.5, "{held} for {expected}");
                }
                assert!(
                    (cost.mean - of("E_shortfall")).abs() < 0.5
                        && (cost.variance.sqrt() - of("std_shortfall")).abs() < 0.06
                );
            }
            "D189" => {
                let sale = AlmgrenChrissSale::default();
                let cost = sale.cost(&[0.0; 5]);
                near(&case, "E", cost.mean, of("E"));
                near(&case, "V", cost.variance, of("V"));
            }
            "D190" | "D191" | "D192" => {
                let problem = CarteaJaimungal {
                    lambda: number(inputs, "lam"),
                    kappa: number(inputs, "kappa"),
                    phi: number(inputs, "phi"),
                    alpha: number(inputs, "alpha"),
                    most: number(inputs, "qmax") as u32,
                    ..CarteaJaimungal::default()
                };
                near(&case, "h", problem.continuous(), of("h"));
            }
            "D193" => {
                let known = Liquidation::default();
                for (name, time) in [("Q025", 0.25), ("Q05", 0.5), ("Q075", 0.75), ("QT", 1.0)] {
                    near(&case, name, known.held(time), of(name));
                }
            }
            "D196" => {
                let problem = Merton { gamma: number(inputs, "gamma"), ..Merton::default() };
                near(&case, "pi", problem.fraction(), of("pi"));
                let log = Merton { gamma: 1.0, ..problem };
                near(&case, "kelly", log.fraction(), of("kelly"));
                near(&case, "kelly_growth", log.certainty_equivalent(), of("kelly_growth"));
                // Half of it loses half of sigma^2 0.75^2.
                let half = log.certainty_equivalent() - 0.5 * (log.sigma * 0.5 * log.fraction()).powi(2);
                near(&case, "half_kelly_growth", half, of("half_kelly_growth"));
            }
            "D197" => {
                let coin = Kelly { p: number(inputs, "p") };
                near(&case, "f", coin.fraction(), of("f"));
                near(&case, "growth", coin.growth(coin.fraction()), of("growth"));
            }
            "D199" => {
                let one = GarleanuPedersen {
                    phi: vec![0.1],
                    sd: vec![0.1],
                    gamma: number(inputs, "gamma"),
                    lambda: number(inputs, "lam"),
                };
                near(&case, "rate", one.optimum().rate, of("rate"));
            }
            "D203" => {
                let (a, dd) = (number(inputs, "A"), number(inputs, "DD"));
                for (r, expected) in numbers(&inputs["R"]).into_iter().zip(numbers(&expected["D"])) {
                    near(&case, "D", DifferentialDownside::default().derivative(a, dd * dd, r), expected);
                }
            }
            "D201" | "D202" => {
                let (a, b, r) = (number(inputs, "A"), number(inputs, "B"), number(inputs, "R"));
                near(&case, "D", DifferentialSharpe::default().derivative(a, b, r), of("D"));
            }
            "D207" => {
                let share = Instrument::equity("XYZ");
                let liquidity =
                    Liquidity { sigma: number(inputs, "sigma"), adv: number(inputs, "V"), ..Liquidity::default() };
                let known = Bar::default();
                let ctx = FillContext { liquidity, ..FillContext::new(&share, number(inputs, "Q"), 1.0, &known) };
                let price = SquareRoot::default().price(&ctx, &mut rng::stream(0, 0, rng::Purpose::Models));
                near(&case, "impact", price - 1.0, of("impact"));
            }
            id => panic!("{id} is neither run nor refused"),
        }
    }
}

/// Inventory quotes, symmetric ones, or both.
fn avellaneda_stoikov(case: &Value, model: &str) {
    let problem = AvellanedaStoikov { gamma: number(&case["inputs"], "gamma"), ..AvellanedaStoikov::default() };
    let half = 0.5 * problem.average_spread();
    let own = || problem.result(|inventory, left| problem.distances(inventory, left));
    let even = || problem.result(|_, _| (half, half));
    let expected = &case["expected"];
    let of = |expected: &Value, result: tradepit_envs::anchors::QuotesResult| {
        near(case, "profit", result.mean, number(expected, "profit"));
        near(case, "std", result.sd, number(expected, "std"));
        near(case, "std_q", result.inventory_sd, number(expected, "std_q"));
    };
    if model.ends_with("inventory") {
        of(&expected["large_N_recomputed"], own());
    } else if model.ends_with("symmetric") {
        of(&expected["large_N_recomputed"], even());
    } else {
        // Its inventory quotes go through the price in most steps: see the case.
        of(&expected["symmetric"], even());
        assert!((problem.average_spread() - number(&expected["inventory"], "spread")).abs() < 5e-4);
    }
}
