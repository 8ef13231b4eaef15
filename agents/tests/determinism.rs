//! The same bits for any number of threads, and across saving in the middle.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::ops::ControlFlow;

use tradepit_agents::toy::Toy;
use tradepit_agents::{ActionsMut, Policy, Ppo, PpoConfig};
use tradepit_envs::VecEnv;

const ROLLOUT: u64 = 40 * 24;

fn config(threads: usize) -> PpoConfig {
    // A last minibatch that is smaller, with a shard that is smaller still.
    PpoConfig {
        n_steps: 24,
        batch_size: 700,
        n_epochs: 3,
        hidden: vec![24, 16],
        ent_coef: 0.01,
        threads,
        seed: 5,
        ..PpoConfig::default()
    }
}

fn train(ppo: &mut Ppo, env: &mut Toy, rollouts: u64) {
    ppo.learn(env, rollouts * ROLLOUT, |_| ControlFlow::Continue(())).unwrap();
}

/// Everything that training leaves behind, but for the number of threads.
fn trace(ppo: &mut Ppo) -> Vec<u8> {
    ppo.set_threads(1).unwrap();
    ppo.to_bytes().unwrap()
}

#[test]
fn threads_do_not_change_a_bit() {
    for env in [Toy::follow(40, 3), Toy::choose(40, 3)] {
        let runs: Vec<Vec<u8>> = [1, 2, 7]
            .map(|threads| {
                let mut env = env.clone();
                let mut ppo = Ppo::new(config(threads), &env).unwrap();
                train(&mut ppo, &mut env, 4);
                trace(&mut ppo)
            })
            .into();
        assert!(runs[0] == runs[1], "2 threads");
        assert!(runs[0] == runs[2], "7 threads");
        let mut other = Ppo::new(PpoConfig { seed: 6, ..config(1) }, &env).unwrap();
        train(&mut other, &mut env.clone(), 4);
        assert!(runs[0] != trace(&mut other), "another seed");
    }
}

#[test]
fn saving_in_the_middle_changes_nothing() {
    let mut env = Toy::follow(40, 3);
    let mut through = Ppo::new(config(1), &env).unwrap();
    train(&mut through, &mut env, 2);
    let (mut half, mut env_half) = (through.to_bytes().unwrap(), env.clone());
    train(&mut through, &mut env, 2);

    let mut resumed = Ppo::from_bytes(&half).unwrap();
    resumed.continue_episodes();
    assert!(resumed.to_bytes().unwrap() == half, "a loaded agent saves as the same bytes");
    train(&mut resumed, &mut env_half, 2);
    assert!(through.to_bytes().unwrap() == resumed.to_bytes().unwrap());

    // Without `continue_episodes` it starts anew: it works, and is another run.
    let mut fresh = Ppo::from_bytes(&half).unwrap();
    train(&mut fresh, &mut Toy::follow(40, 3), 2);
    assert!(through.to_bytes().unwrap() != fresh.to_bytes().unwrap());

    // Another number of environments is fine too.
    train(&mut Ppo::from_bytes(&half).unwrap(), &mut Toy::follow(8, 3), 1);
    half.truncate(half.len() - 4);
    assert!(Ppo::from_bytes(&half).unwrap_err().to_string().starts_with("not a saved policy: "));
}

#[test]
fn a_saved_policy_acts_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.safetensors");
    let mut env = Toy::choose(40, 3);
    let mut ppo = Ppo::new(config(1), &env).unwrap();
    train(&mut ppo, &mut env, 1);
    ppo.policy_mut().spec = Some(r#"{"window": 3, "text": "ü\"\\"}"#.to_owned());
    ppo.policy_mut().extra.insert("data".into(), "es_1m".into());
    ppo.save(&path).unwrap();
    ppo.save(&path).unwrap(); // replaces it
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");

    let mut policy = Policy::load(&path).unwrap();
    assert_eq!(policy.spec, ppo.policy().spec);
    assert_eq!(policy.extra["data"], "es_1m");
    let obs: Vec<f32> = (0..900).map(|i| (i as f32 * 0.77).sin()).collect();
    let (mut a, mut b) = (vec![0; 300], vec![0; 300]);
    ppo.predict(&obs, None, true, ActionsMut::Discrete(&mut a)).unwrap();
    policy.act(&obs, None, ActionsMut::Discrete(&mut b)).unwrap();
    assert_eq!(a, b);
    assert!((0..3).all(|choice| a.contains(&choice)));
    let again = Policy::from_bytes(&policy.to_bytes().unwrap()).unwrap();
    assert!(again.to_bytes().unwrap() == policy.to_bytes().unwrap());
    assert_eq!(env.num_envs(), 40);

    let missing = Policy::load(folder.path().join("absent")).unwrap_err().to_string();
    assert!(missing.contains("absent: "), "{missing}");
    let error = Ppo::from_bytes(&policy.to_bytes().unwrap()).unwrap_err().to_string();
    assert!(error.contains("a policy without its trainer"), "{error}");
}

#[test]
fn looking_at_actions_leaves_training_as_it_is() {
    let mut env = Toy::follow(40, 3);
    let run = |look: bool, env: &mut Toy| {
        let mut ppo = Ppo::new(config(1), env).unwrap();
        train(&mut ppo, env, 1);
        if look {
            ppo.predict(&[0.0; 9], None, false, ActionsMut::Box(&mut [0.0; 3])).unwrap();
        }
        train(&mut ppo, env, 1);
        trace(&mut ppo)
    };
    assert!(run(false, &mut env.clone()) == run(true, &mut env));
}
