//! Observations by index are those by window, once they are gathered: bit for bit, wherever windows are.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod road;

use std::{ops::ControlFlow, sync::Arc};

use proptest::prelude::*;
use road::{Actor, actions, bits, draw_all, es};
use serde_json::{Value, json};
use tradepit::{
    Bar, Instrument, MarketData, Venue as _,
    venue::{SimVenue, Start},
};
use tradepit_agents::{Ppo, PpoConfig, Progress, evaluate};
use tradepit_envs::{
    Action, Autoreset, Doctor, Env, EnvSpec, Gather as _, LeakCheck, Rules, SimSetup, SimVecEnv, Space, StepBuffers,
    VecEnv,
};

fn spec(value: &Value) -> EnvSpec {
    let mut whole = json!({"observe": {"kind": "index"}, "commission": {"kind": "per_contract", "fee": 2.1},
        "episode": {"start": {"kind": "random"}, "length": {"kind": "steps", "steps": 40}}});
    whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn setup(value: &Value, data: MarketData) -> SimSetup {
    SimSetup::new(spec(value), data).unwrap()
}

/// Two instruments on one clock.
fn two(rows: usize) -> MarketData {
    let (a, b) = (tradepit::market::synth::es_1m(rows, 1).unwrap(), tradepit::market::synth::es_1m(rows, 2).unwrap());
    let bars: Vec<Bar> = a.bars().iter().zip(b.bars()).flat_map(|(a, b)| [*a, Bar { time: a.time, ..*b }]).collect();
    let instruments = vec![Instrument::es(), Instrument { name: "ES2".into(), ..Instrument::es() }];
    MarketData::builder(instruments).bars(bars).build().unwrap()
}

/// Steps both batches by the same actions; every number that they write must be the same.
fn same(by_index: &SimSetup, n: usize, threads: [usize; 2], mode: Autoreset, steps: usize) -> u64 {
    let by_window = by_index.with_windows().unwrap();
    let gather = by_index.rules().gather().unwrap();
    assert_eq!(gather.space(), by_window.rules().observation_space());
    let mut short = by_index.vec_env(n, threads[0], mode).unwrap();
    let mut long = by_window.vec_env(n, threads[1], mode).unwrap();
    let (mut a, mut b) = (StepBuffers::new(&short), StepBuffers::new(&long));
    let space = short.action_space().clone();
    let mut actors: Vec<Actor> = (0..n as u64).map(|i| Actor::new(i, &space)).collect();
    short.reset(11, &mut a.obs).unwrap();
    long.reset(11, &mut b.obs).unwrap();
    let mut seen = b.obs.clone();
    let mut ended = 0;
    for _ in 0..steps {
        gather.gather(&a.obs, &mut seen).unwrap();
        assert_eq!(bits(&seen), bits(&b.obs));
        let drawn = draw_all(&mut actors);
        short.step(actions(&space, &drawn), a.out()).unwrap();
        long.step(actions(&space, &drawn), b.out()).unwrap();
        assert_eq!((bits(&a.reward), &a.facts), (bits(&b.reward), &b.facts));
        assert_eq!((&a.terminated, &a.truncated), (&b.terminated, &b.truncated));
        let d = [short.observation_space().len(), long.observation_space().len()];
        for env in (0..n).filter(|env| mode == Autoreset::SameStep && (a.terminated[*env] || a.truncated[*env])) {
            let [last, shown] = [&a.final_obs[env * d[0]..][..d[0]], &b.final_obs[env * d[1]..][..d[1]]];
            let mut seen = vec![0.0; d[1]];
            gather.gather(last, &mut seen).unwrap();
            assert_eq!(bits(&seen), bits(shown));
            ended += 1;
        }
    }
    assert_eq!(short.drain_episodes(), long.drain_episodes());
    ended
}

#[test]
fn a_batch_by_index_is_the_batch_by_window_for_any_number_of_threads() {
    let all = json!([
        "time_left",
        "drawdown",
        "position",
        "weight",
        "unrealised",
        "time_in_position",
        "equity",
        "price_since_start",
        "reward_memory"
    ]);
    let drawn = json!({"observe": true, "ranges": {"commission.fee": [0, 4]}});
    let wide = json!({"window": 24, "account": all, "reward": {"kind": "differential_sharpe"}, "randomise": drawn});
    for value in [json!({}), json!({"window": 1}), wide] {
        let setup = setup(&value, es(3_000));
        for threads in [[1, 1], [2, 1], [7, 2]] {
            assert!(same(&setup, 300, threads, Autoreset::SameStep, 50) > 0, "no episode ended");
        }
        same(&setup, 70, [2, 1], Autoreset::NextStep, 50);
    }
    assert!(same(&setup(&json!({}), two(1_500)), 5, [1, 1], Autoreset::SameStep, 50) > 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_window_and_the_features(window in 1_usize..70, periods in prop::collection::btree_set(2_u32..30, 3..6), seed in 0_u64..99) {
        let features: Vec<Value> = periods.iter().map(|period| json!({"kind": "rsi", "period": period})).collect();
        let value = json!({"window": window, "features": {"features": features}});
        let setup = setup(&value, tradepit::market::synth::es_1m(600, seed).unwrap());
        prop_assert!(same(&setup, 3, [1, 1], Autoreset::SameStep, 90) > 0);
    }
}

#[test]
fn spaces_names_and_layout_say_it() {
    let by_index = setup(&json!({"window": 8}), es(2_000));
    let by_window = by_index.with_windows().unwrap();
    let (short, long) = (by_index.rules(), by_window.rules());
    assert_eq!(*short.observation_space(), Space::Indexed { numbers: 5, low: -10.0, high: 10.0 });
    assert_eq!(short.observation_names()[..2], ["table", "row"]);
    assert_eq!(short.observation_names()[2..], long.observation_names()[8 * 16..]);
    // A network reads the same, so a policy of the one is a policy of the other.
    assert_eq!(short.layout(), long.layout());
    assert!(Arc::ptr_eq(&by_index.world().data, &by_window.world().data), "one table");
    let json = serde_json::to_string(short.spec()).unwrap();
    assert!(json.contains(r#""observe":{"kind":"index"}"#));
}

#[test]
fn what_is_no_observation_of_this_data_is_refused() {
    let by_index = setup(&json!({"window": 8}), es(2_000));
    let (mut env, mut obs) = (by_index.env(), vec![0.0; 7]);
    env.reset(Some(3), &mut obs).unwrap();
    let gather = by_index.rules().gather().unwrap();
    let mut seen = vec![0.0; 8 * 16 + 5];
    let mut refused = |obs: &[f32]| gather.gather(obs, &mut seen).map_err(|error| error.to_string());
    assert!(refused(&obs).is_ok());
    let other = setup(&json!({"window": 8}), es(2_001));
    let mut elsewhere = obs.clone();
    other.env().reset(Some(3), &mut elsewhere).unwrap();
    let table = gather.table();
    assert_eq!(
        refused(&elsewhere).unwrap_err(),
        format!(
            "observation 0 names row {} of table {}, and there are rows {}..2000 of table {table}; gather it with the data \
             that wrote it, and do not scale it",
            elsewhere[1],
            other.rules().gather().unwrap().table(),
            by_index.world().data.warm_up() + 7,
        )
    );
    let earliest = (by_index.world().data.warm_up() + 7) as f32;
    for row in [earliest - 1.0, 2_000.0, -1.0, obs[1] + 0.5, f32::NAN, f32::INFINITY] {
        assert!(refused(&[&[obs[0], row], &obs[2..]].concat()).is_err(), "row {row}");
    }
    assert!(refused(&[&[obs[0], earliest], &obs[2..]].concat()).is_ok());
    assert!(refused(&[&[obs[0], 1_999.0], &obs[2..]].concat()).is_ok());
    // As a running normaliser leaves it.
    assert!(refused(&[10.0; 7]).is_err());
    assert!(refused(&obs[..6]).is_err());
    assert!(refused(&[&obs[..], &obs[..]].concat()).is_err());
}

#[test]
fn markets_that_differ_between_environments_are_refused() {
    let refused = |made: tradepit_envs::Result<SimSetup>| made.unwrap_err().to_string();
    for market in [json!({"kind": "synthetic"}), json!({"kind": "bootstrap"})] {
        let error = refused(SimSetup::new(spec(&json!({"market": market})), es(900)));
        assert!(
            error.starts_with("observe: index: a market is drawn for every episode; it needs features that"),
            "{error}"
        );
    }
    let by_index = setup(&json!({}), es(2_000));
    let data = &by_index.world().data;
    // As a live session makes its rules: its data will grow.
    let error = Rules::new(by_index.rules().spec().clone(), data).unwrap_err().to_string();
    assert!(error.starts_with("observe: index: needs features that stay as they are"), "{error}");
    assert!(
        error.ends_with("observe windows here (kind window), which a policy that was trained by index reads as well")
    );
    // Rules of a simulation over another venue.
    let other = setup(&json!({}), es(2_000));
    let mut env = Env::new(Arc::clone(by_index.rules()), SimVenue::new(Arc::clone(other.world()), 0));
    let error = env.open(Start::At(900), &mut [0.0; 7]).unwrap_err().to_string();
    assert!(error.starts_with("observe: index: the venue has another market"), "{error}");
    let mut env = Env::new(Arc::clone(by_index.rules()), SimVenue::new(Arc::clone(by_index.world()), 0));
    env.open(Start::At(900), &mut [0.0; 7]).unwrap();
    assert!(env.venue().market().is_of(data));
    assert_eq!(refused(SimSetup::new(spec(&json!({"window": 0})), es(900))), "window: 0 must be in 1..=10000 rows");
}

#[test]
fn what_looks_at_features_looks_at_windows() {
    let by_index = setup(&json!({"window": 4}), es(2_000));
    let doctor = Doctor { steps: 50, envs: 2, seed: 0 };
    let (a, b) = (doctor.examine(&by_index, None), doctor.examine(&by_index.with_windows().unwrap(), None));
    assert_eq!(a.unwrap().to_string(), b.unwrap().to_string());
    let report = LeakCheck { cuts: 2, ..LeakCheck::default() }.run(by_index.rules().spec(), &es(1_200), Ok).unwrap();
    assert!(report.leaks.is_empty() && report.numbers > 0, "{report}");
}

#[test]
fn a_restored_environment_goes_on_by_index() {
    let by_index = setup(&json!({"window": 4}), es(2_000));
    let (mut env, mut obs) = (by_index.env(), vec![0.0; 7]);
    env.reset(Some(3), &mut obs).unwrap();
    env.step(Action::Box(&[1.0]), &mut obs).unwrap();
    let mut other = by_index.env();
    other.restore(env.snapshot()).unwrap();
    let mut again = vec![0.0; 7];
    other.observe(&mut again).unwrap();
    assert_eq!(bits(&again), bits(&obs));
    let (a, b) = (env.step(Action::Box(&[-1.0]), &mut obs), other.step(Action::Box(&[-1.0]), &mut again));
    assert_eq!((a.unwrap(), bits(&obs)), (b.unwrap(), bits(&again)));
}

/// What an agent is after training, and what it said of each iteration.
fn trained(setup: &SimSetup, config: &PpoConfig) -> (Ppo, Vec<Progress>) {
    let mut envs = setup.vec_env(12, 1, Autoreset::SameStep).unwrap();
    let (mut ppo, mut said) = (Ppo::new(config.clone(), &envs).unwrap(), Vec::new());
    for _ in 0..2 {
        let on = |progress: &Progress| {
            said.push(*progress);
            ControlFlow::Continue(())
        };
        ppo.learn(&mut envs, 2 * 12 * 30, on).unwrap();
    }
    (ppo, said)
}

#[test]
fn training_by_index_is_training_by_window_to_the_bit() {
    // Episodes are cut within a rollout; the last minibatch is smaller, with a shard that is smaller still.
    let config = PpoConfig { n_steps: 30, batch_size: 300, n_epochs: 2, hidden: vec![16], ..PpoConfig::default() };
    let value = json!({"window": 6, "reward": {"kind": "log_return", "scale": 1000.0}});
    for (action, threads, normalize_obs) in
        [("target_position", 1, true), ("target_position", 2, false), ("enter_exit", 2, true)]
    {
        let by_index = spec(&value);
        let by_index = EnvSpec { action: serde_json::from_value(json!({"kind": action})).unwrap(), ..by_index };
        let by_index = SimSetup::new(by_index, es(2_000)).unwrap();
        let by_window = by_index.with_windows().unwrap();
        let config = PpoConfig { threads, normalize_obs, ..config.clone() };
        let ((short, said), (long, as_well)) = (trained(&by_index, &config), trained(&by_window, &config));
        assert_eq!(said, as_well);
        assert!(said.iter().any(|progress| progress.episodes.episodes > 0));
        // Weights, normaliser and spaces: one file.
        assert!(short.policy().to_bytes().unwrap() == long.policy().to_bytes().unwrap());
        let windows: Vec<f32> = (0..4 * (6 * 16 + 5)).map(|i| (i as f32).sin()).collect();
        assert_eq!(bits(&short.value(&windows).unwrap()), bits(&long.value(&windows).unwrap()));
        assert!(short.policy().check(&by_window.vec_env(1, 1, Autoreset::SameStep).unwrap()).is_ok());

        // Table, row and account in place of the features and account; and, where observations are normalised, of each step
        // the means and scales of what is gathered.
        let (steps, envs, seen) = (30, 12, 6 * 16 + 5);
        let scales = if normalize_obs { steps * 2 * seen } else { 0 };
        assert_eq!(short.observation_bytes(), (steps * envs * (2 + 5) + scales) * 4);
        assert_eq!(long.observation_bytes(), steps * envs * seen * 4);
    }
}

#[test]
fn a_policy_acts_the_same_by_index_and_by_window_and_goes_on_learning_in_either() {
    let by_index = setup(&json!({"window": 6}), es(2_000));
    let by_window = by_index.with_windows().unwrap();
    let config = PpoConfig { n_steps: 30, batch_size: 300, hidden: vec![16], ..PpoConfig::default() };
    let (mut ppo, _) = trained(&by_index, &config);
    let of = |setup: &SimSetup| setup.vec_env(5, 1, Autoreset::NextStep).unwrap();
    let mut score = |envs: &mut SimVecEnv| evaluate(ppo.policy_mut(), envs, 11, 3).unwrap();
    assert_eq!(score(&mut of(&by_index)), score(&mut of(&by_window)));
    // Saved by index, loaded to go on by window; other data have another table, and are gathered from it.
    let elsewhere = setup(&json!({"window": 6}), es(1_700));
    let bytes = ppo.to_bytes().unwrap();
    let further = |setup: &SimSetup| {
        let mut loaded = Ppo::from_bytes(&bytes).unwrap();
        loaded
            .learn(&mut setup.vec_env(12, 1, Autoreset::SameStep).unwrap(), 1, |_| ControlFlow::Continue(()))
            .unwrap();
        loaded.policy().to_bytes().unwrap()
    };
    assert!(further(&by_index) == further(&by_window));
    assert!(further(&elsewhere) == further(&elsewhere.with_windows().unwrap()));
    let wider = setup(&json!({"window": 7}), es(2_000));
    let refused = ppo.policy().check(&of(&wider)).unwrap_err().to_string();
    assert!(
        refused.starts_with("the policy was made for observations of 101 numbers, the environment gives 117"),
        "{refused}"
    );
}
