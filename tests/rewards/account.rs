//! Which numbers of the account are observed.

use serde_json::{Value, json};
use tradepit_envs::{AccountNumber, SimSetup};

use crate::{begun, changes, market, spec, step};

const ALL: [&str; 7] =
    ["price_since_start", "drawdown", "position", "time_left", "equity", "time_in_position", "unrealised"];

#[test]
fn every_number_stands_where_the_list_says_and_has_the_same_bits_there() {
    let reward = json!({"kind": "differential_sharpe", "eta": 0.3});
    let account = json!(ALL.into_iter().chain(["reward_memory"]).collect::<Vec<_>>());
    let (mut usual, mut a) = begun(&json!({"reward": reward}), market(&changes(40)));
    let (mut listed, mut b) = begun(&json!({"reward": reward, "account": account}), market(&changes(40)));
    let names = listed.rules().observation_names();
    let own =
        ["price_since_start", "drawdown", "position_0", "time_left", "equity", "time_in_position_0", "unrealised_0"];
    let moments = ["reward_memory.mean", "reward_memory.deviation", "reward_memory.warm"];
    assert_eq!(names[1..], [&own[..], &moments[..]].concat());
    for n in 0..20_u8 {
        let find = |name: &str| names.iter().position(|known| known == name).unwrap();
        for (at, name) in usual.rules().observation_names().iter().enumerate() {
            assert_eq!(a[at].to_bits(), b[find(name)].to_bits(), "{name}");
        }
        assert_eq!(b[find("time_left")], f32::from(20 - n) / 20.0);
        let (since, price) = (b[find("price_since_start")], listed.venue().state().row() as usize);
        let close = listed.venue().world().data.bars()[price].close;
        assert!((f64::from(since) - (close - 100.5) / 100.5 * 10.0).abs() < 1e-6);
        assert_eq!(b[find("reward_memory.warm")], (0.3 * f64::from(n)).min(1.0) as f32);
        let target = f32::from(n % 3) - 1.0;
        let (one, other) = (step(&mut usual, target, &mut a).0, step(&mut listed, target, &mut b).0);
        assert_eq!(one, other);
        assert_eq!(usual.state().clipped(), listed.state().clipped());
    }
}

#[test]
fn features_alone_are_an_observation() {
    let (mut env, mut obs) = begun(&json!({"account": []}), market(&changes(40)));
    assert_eq!(env.rules().observation_names(), ["log_return_1[-0]"]);
    assert_eq!(env.rules().account_len(), 0);
    step(&mut env, 1.0, &mut obs);
    assert_eq!(obs.len(), 1);
    assert!(env.rules().layout().ends_with(", account [] of 1 instrument"), "{}", env.rules().layout());
    let setup = |account: Value| SimSetup::new(spec(&json!({"account": account})), market(&changes(40))).unwrap();
    let layout = |account| setup(account).rules().layout();
    assert!(layout(json!(AccountNumber::USUAL)).ends_with(", account of 1 instrument"));
    assert_ne!(layout(json!(["equity", "position"])), layout(json!(["position", "equity"])));
}

#[test]
fn two_states_that_differ_only_in_the_moments_of_the_reward_are_told_apart() {
    for kind in ["differential_sharpe", "differential_downside"] {
        let reward = json!({"kind": kind, "eta": 0.3});
        for (account, told_apart) in [(json!(AccountNumber::USUAL), false), (json!(["equity", "reward_memory"]), true)]
        {
            let (mut one, mut obs) = begun(&json!({"reward": reward, "account": account}), market(&changes(40)));
            for n in 0..6_u8 {
                step(&mut one, f32::from(n % 2), &mut obs);
            }
            let mut snapshot = serde_json::to_value(one.snapshot()).unwrap();
            snapshot["state"]["memory"][0] = json!(-0.003);
            let mut other = one.clone();
            other.restore(serde_json::from_value(snapshot).unwrap()).unwrap();
            let mut same = obs.clone();
            other.observe(&mut same).unwrap();
            assert_eq!(same != obs, told_apart, "{kind}");
            let rewards = [&mut one, &mut other].map(|env| step(env, 1.0, &mut obs).0.reward);
            assert_ne!(rewards[0], rewards[1], "{kind}");
        }
    }
}

#[test]
fn what_has_no_meaning_is_refused() {
    let refused = |more: Value| SimSetup::new(spec(&more), market(&changes(40))).unwrap_err().to_string();
    let session = json!({"start": {"kind": "first"}, "length": {"kind": "data"}});
    assert_eq!(
        refused(json!({"account": ["position", "time_left"], "episode": session})),
        "account.1: time_left needs an episode.length of kind steps"
    );
    assert_eq!(
        refused(json!({"account": ["position", "position"]})),
        "account.1: position is named twice; name it once"
    );
    assert_eq!(
        refused(json!({"account": ["reward_memory"]})),
        "account.0: reward_memory needs a reward that shows its memory, as differential_sharpe; leave it out"
    );
    for kind in ["hedged_option", "exercise"] {
        assert_eq!(
            refused(json!({"reward": {"kind": kind}, "episode": session})),
            "episode.length: must be of kind steps: the reward reads how much time is left"
        );
    }
    assert_eq!(
        refused(json!({"reward": {"kind": "expected_profit"}})),
        "reward: needs the column expected_change, which only synthetic markets have: nobody knows it of a real one"
    );
}
