//! What theory says, the engine does.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tradepit_agents::{AnchorScore, Constant, RuleAgent, anchor_scores, anchor_table};
use tradepit_envs::{
    EnvSpec,
    anchors::{Anchor, Merton, Problem, Reference},
};

#[test]
fn simulated_optima_are_those_of_theory_and_naive_policies_are_worse() {
    let table = anchor_table(&Problem::table(), 0.1, 0).unwrap();
    for score in &table {
        let AnchorScore { name, params, objective, value, se, theory, off, naive_regret, .. } = score;
        assert!(off.abs() <= 3.0, "{name} {params} {objective}: {value} +- {se} for {theory}");
        let worse = naive_regret.is_none_or(|regret| regret.value > 0.0 && regret.low > -0.1);
        assert!(worse, "{name} {params} {objective}: {naive_regret:?}");
        assert!(score.value == score.optimal);
    }
    let rows: BTreeMap<&str, usize> = table.iter().fold(BTreeMap::new(), |mut rows, score| {
        *rows.entry(score.name).or_default() += 1;
        rows
    });
    assert_eq!(rows.len(), Problem::NAMES.len());
    assert_eq!((rows["merton"], rows["avellaneda-stoikov"], rows["hedge"]), (3, 8, 2));
}

#[test]
fn scores_are_those_of_the_seed_whatever_the_threads() {
    let anchor = Anchor::new(Problem::named("cartea-jaimungal").unwrap()).unwrap();
    let scores = |seed, threads| anchor_scores(&anchor, None, 0.05, seed, threads).unwrap();
    assert_eq!(scores(3, 1), scores(3, 2));
    assert_ne!(scores(3, 1), scores(4, 1));
}

#[test]
fn an_agent_is_judged_on_the_episodes_of_the_others() {
    let anchor = Anchor::new(Problem::named("garleanu-pedersen").unwrap()).unwrap();
    let inputs = anchor.setup().rules().observation_space().len();
    let mut naive = RuleAgent::new(anchor.naive(), inputs);
    let score = anchor_scores(&anchor, Some(&mut naive), 0.05, 0, 1).unwrap().remove(0);
    assert_eq!((score.value, score.regret), (score.naive, score.naive_regret));
    // About 19.8%, and known far better than either of the two values.
    let regret = score.regret.unwrap();
    assert!(regret.low < 0.198 && 0.198 < regret.high && regret.high - regret.low < 0.05, "{regret:?}");
    assert!(score.se > 0.03 * score.value);
    assert_eq!(anchor.reference(), Reference::Nothing);
}

#[test]
fn cash_earns_its_interest_to_the_last_day() {
    let problem = Merton { gamma: 2.0, ..Merton::default() };
    let expected = problem.growth(0.0);
    let anchor = Anchor::new(Problem::Merton(problem)).unwrap();
    let cash = anchor_scores(&anchor, Some(&mut Constant::new(vec![0.0])), 0.001, 0, 1).unwrap().remove(0);
    assert!((cash.value - expected).abs() < 1e-9, "{} for {expected}", cash.value);
}

#[test]
fn every_environment_is_plain_data() {
    for problem in Problem::table() {
        let (rows, spec) = problem.environment().unwrap();
        let json = serde_json::to_string(&spec).unwrap();
        let again: EnvSpec = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), json);
        assert_eq!(rows.instruments().len(), 1);
        let text = serde_json::to_string(&problem).unwrap();
        assert_eq!(serde_json::from_str::<Problem>(&text).unwrap(), problem);
    }
}

#[test]
fn parameters_that_make_no_sense_are_refused_by_name() {
    // What may be below 0.
    let free = [("merton", "mu"), ("merton", "r")];
    for name in Problem::NAMES {
        let problem = Problem::named(name).unwrap();
        let Value::Object(params) = problem.params() else { panic!("{name} has no parameters") };
        for (key, value) in params {
            let wrong = if value.is_array() { json!([-1.0, -1.0]) } else { json!(-1.0) };
            let refused = problem.with(&key, json!("text")).unwrap_err().to_string();
            assert!(refused.starts_with(&format!("anchor.{name}: ")), "{refused}");
            if free.contains(&(name, key.as_str())) {
                continue;
            }
            // Whole numbers are refused when they are read, others when the problem is made.
            let refused = problem.with(&key, wrong).and_then(|problem| problem.environment()).unwrap_err().to_string();
            let by_name =
                refused.starts_with(&format!("params.{key}")) || refused.starts_with(&format!("anchor.{name}"));
            assert!(by_name, "{name}.{key}: {refused}");
        }
        assert!(problem.with("nothing", json!(1.0)).unwrap_err().to_string().contains("unknown field `nothing`"));
    }
    assert!(Problem::named("levak").unwrap_err().to_string().starts_with("anchor: levak is none of leak, null, "));
}
