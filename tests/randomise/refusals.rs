//! What can't be drawn, and what can beside it.

use std::sync::Arc;

use serde_json::{Value, json};
use tradepit::{
    Rng,
    models::{FillContext, Models, Slippage, SlippageModel},
};
use tradepit_envs::{EnvSpec, NumberRange, SimSetup, UniformRange};

use crate::{drawing, episode, obs_of, road::es, setup, spec};

#[derive(Debug)]
struct Own;

impl SlippageModel for Own {
    fn price(&self, ctx: &FillContext<'_>, _: &mut Rng) -> f64 {
        ctx.reference + ctx.qty.signum()
    }
}

#[test]
fn beside_a_model_of_your_own_the_others_can_be_drawn() {
    let with = |path: &str| EnvSpec {
        slippage: Slippage::Custom(Arc::new(Own)),
        ..spec(&json!({"slippage": {"kind": "none"}, "randomise": drawing(path, &json!([0, 1]))}))
    };
    let setup = SimSetup::new(with("commission.fee"), es(4_000)).unwrap();
    let mut env = setup.env();
    let seen = episode(&mut env, Some(1));
    let fee = env.randomised()[0];
    assert!(seen.fills.iter().all(|fill| fill.price == fill.reference + fill.qty.signum()));
    assert!(seen.fills.iter().all(|fill| fill.fee == fee * fill.qty.abs()));
    let refused = SimSetup::new(with("slippage.ticks"), es(4_000)).unwrap_err().to_string();
    assert_eq!(
        refused,
        "randomise.ranges.slippage.ticks: is in a model of your own; only the numbers of built-in models have a path"
    );
}

#[test]
fn what_can_not_be_drawn_is_refused_with_what_can() {
    let known = "commission.fee, commission.minimum, commission.per_order, matching.limit.ticks, slippage.ticks";
    let missing =
        format!("is no number of the models, as the spec has them ({known}); one that is not set has no path: set it");
    let quantiles = json!({"kind": "empirical", "unit": "ticks", "quantiles": [0, 1, 2]});
    let ticks = |range: Value| drawing("slippage.ticks", &range);
    let funding = json!({"kind": "funding", "rate": 1e-4});
    for (more, path, message) in [
        (json!({"randomise": drawing("slippage.tiks", &json!([0, 1]))}), "slippage.tiks", &*missing),
        (json!({"randomise": drawing("slippage.kind", &json!([0, 1]))}), "slippage.kind", &missing),
        (json!({"randomise": drawing("matching.participation", &json!([0, 1]))}), "matching.participation", &missing),
        (json!({"randomise": drawing("cash", &json!([1, 2]))}), "cash", &missing),
        (
            json!({"slippage": {"kind": "none"}, "commission": {"kind": "none"}, "randomise": ticks(json!([0, 1]))}),
            "slippage.ticks",
            "is no number of the models, as the spec has them (matching.limit.ticks); one that is not set has no path: set it",
        ),
        (json!({"randomise": ticks(json!([2, 1]))}), "slippage.ticks", "low 2 is above high 1; exchange them"),
        (
            json!({"randomise": ticks(json!([-1, 1]))}),
            "slippage.ticks",
            "-1 can't be drawn: slippage.ticks: -1 must be a finite number of at least 0",
        ),
        (
            json!({"slippage": {"kind": "fixed_bps", "bps": 1}, "randomise": drawing("slippage.bps", &json!([0, 10001]))}),
            "slippage.bps",
            "10001 can't be drawn: slippage.bps: 10001 must be a finite number in [0, 10000]",
        ),
        (
            json!({"randomise": ticks(json!({"kind": "choice", "values": []}))}),
            "slippage.ticks",
            "values is empty; give at least one number",
        ),
        (
            json!({"randomise": ticks(json!({"kind": "log_uniform", "low": 0, "high": 1}))}),
            "slippage.ticks",
            "low 0 must be above 0 for a log_uniform range",
        ),
        (
            json!({"randomise": ticks(json!([-1.7e308, 1.7e308]))}),
            "slippage.ticks",
            &format!("{} to {} is wider than a number can say", -1.7e308, 1.7e308),
        ),
        // What only some of the whole numbers break, and what only two numbers together do.
        (
            json!({"financing": funding, "randomise": drawing("financing.hours", &json!([1, 8]))}),
            "financing.hours",
            "5 can't be drawn: financing.hours: 5 must be one of 1, 2, 3, 4, 6, 8, 12 and 24",
        ),
        (
            json!({"financing": funding, "randomise": drawing("financing.hours", &json!([1.5, 3]))}),
            "financing.hours",
            "low 1.5 must be a whole number, as the model's own is",
        ),
        (
            json!({"financing": funding, "randomise": drawing("financing.hours", &json!([-1, 1]))}),
            "financing.hours",
            "-1 can't be drawn: invalid value: integer `-1`, expected u32",
        ),
        (
            json!({"slippage": quantiles, "randomise": {"ranges":
                {"slippage.quantiles.1": [0, 1.5], "slippage.quantiles.2": [1, 3]}}}),
            "slippage.quantiles.2",
            "1 can't be drawn: slippage.quantiles[2]: 1 must be a finite number of at least 1.5: sort them",
        ),
    ] {
        let refused = SimSetup::new(spec(&more), es(600)).unwrap_err().to_string();
        assert_eq!(refused, format!("randomise.ranges.{path}: {message}"));
    }
    // Python and JSON have no NaN; Rust has.
    let mut nan = spec(&json!({"randomise": ticks(json!([0, 1]))}));
    for range in nan.randomise.ranges.values_mut() {
        *range = NumberRange::Uniform(UniformRange { low: 0.0, high: f64::NAN });
    }
    let refused = nan.validate(1).unwrap_err().to_string();
    assert_eq!(refused, "randomise.ranges.slippage.ticks: high NaN must be a finite number");
    for (text, message) in [
        ("[0, 1, 2]", "invalid length 3, expected a range: [low, high] or"),
        ("\"uniform\"", "invalid type: string \"uniform\", expected a range: [low, high] or"),
        ("1.5", "invalid type: floating point `1.5`, expected a range: [low, high] or"),
        (r#"{"kind": "normal"}"#, "unknown variant `normal`, expected one of `uniform`, `log_uniform`, `choice`"),
        (r#"{"kind": "choice", "values": [1], "weights": [1]}"#, "unknown field `weights`, expected `values`"),
    ] {
        let refused = serde_json::from_str::<NumberRange>(text).unwrap_err().to_string();
        assert!(refused.starts_with(message), "{refused}");
    }
}

#[test]
fn many_numbers_of_one_model_are_tried_without_trying_everything() {
    let tiers: Vec<Value> = (0..40).map(|i| json!({"kind": "per_order", "fee": i})).collect();
    let ranges: serde_json::Map<String, Value> =
        (0..40).map(|i| (format!("commission.parts.{i}.fee"), json!([0, i]))).collect();
    let more = json!({"commission": {"kind": "sum", "parts": tiers}, "randomise": {"ranges": ranges}});
    let setup = setup(&more);
    let mut env = setup.env();
    env.reset(Some(0), &mut obs_of(&setup)).unwrap();
    assert_eq!(env.randomised().len(), 40);
    let mut broken = more.clone();
    broken["randomise"]["ranges"]["commission.parts.7.fee"] = json!([-1, 7]);
    let refused = SimSetup::new(spec(&broken), es(600)).unwrap_err().to_string();
    assert!(refused.starts_with("randomise.ranges.commission.parts.7.fee: -1 can't be drawn: "), "{refused}");
    // Nothing of this is in the models of the spec.
    let models: Models = spec(&more).models();
    assert_eq!(serde_json::to_value(models.commission).unwrap(), serde_json::to_value(spec(&more).commission).unwrap());
}
