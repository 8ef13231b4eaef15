//! What is refused, and in which words.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::ops::ControlFlow;

use tradepit_agents::toy::Toy;
use tradepit_agents::{ActionsMut, Policy, Ppo, PpoConfig};
use tradepit_envs::{Actions, Autoreset, EpisodeStats, Result, Space, StepOut, VecEnv};

fn small() -> PpoConfig {
    PpoConfig { n_steps: 4, batch_size: 16, hidden: vec![8], ..PpoConfig::default() }
}

fn learn(ppo: &mut Ppo, env: &mut impl VecEnv) -> String {
    ppo.learn(env, 64, |_| ControlFlow::Continue(())).unwrap_err().to_string()
}

#[test]
fn a_config_names_its_field_and_range() {
    let cases = [
        (PpoConfig { learning_rate: 0.0, ..small() }, "learning_rate: expected a number above 0, got 0"),
        (PpoConfig { learning_rate: f64::INFINITY, ..small() }, "learning_rate: expected a number above 0, got inf"),
        (PpoConfig { gae_lambda: f64::NAN, ..small() }, "gae_lambda: expected a number in [0, 1], got NaN"),
        (PpoConfig { n_epochs: 0, ..small() }, "n_epochs: expected a whole number in 1..=16777215, got 0"),
        (PpoConfig { hidden: vec![8, 0], ..small() }, "hidden: expected a whole number in 1..=16777215, got 0"),
        (PpoConfig { target_kl: Some(-1.0), ..small() }, "target_kl: expected a number above 0, got -1"),
        (PpoConfig { threads: 0, ..small() }, "threads: expected a whole number in 1..=1024, got 0"),
    ];
    for (config, message) in cases {
        assert_eq!(config.validate().unwrap_err().to_string(), message);
        assert!(Ppo::new(config, &Toy::follow(2, 2)).is_err());
    }
    let unknown = serde_json::from_str::<PpoConfig>(r#"{"lr": 1.0}"#).unwrap_err().to_string();
    assert!(unknown.starts_with("unknown field `lr`"), "{unknown}");
    let alias: PpoConfig = serde_json::from_str(r#"{"net_arch": [32], "gamma": 0.5}"#).unwrap();
    assert_eq!((alias.hidden, alias.gamma, alias.n_epochs), (vec![32], 0.5, 4));
}

#[test]
fn only_same_step_environments_are_learned_from() {
    let env = Toy::follow(2, 2).declaring(Autoreset::NextStep);
    let message = Ppo::new(small(), &env).unwrap_err().to_string();
    assert!(message.starts_with("autoreset: PPO needs SameStep, the environment has NextStep; "), "{message}");
}

#[test]
fn another_layout_is_refused_with_both_shown() {
    let mut ppo = Ppo::new(small(), &Toy::follow(2, 2)).unwrap();
    let message = learn(&mut ppo, &mut Toy::follow(2, 3));
    assert!(message.contains("observations of 2 numbers, the environment gives 3"), "{message}");
    let message = learn(&mut ppo, &mut Toy::choose(2, 2));
    assert!(
        message.contains("Box { len: 1, low: -1.0, high: 1.0 }, the environment has Discrete { n: 2 }"),
        "{message}"
    );

    let policy = ppo.policy_mut();
    let message = policy.act(&[0.0; 3], None, ActionsMut::Box(&mut [0.0])).unwrap_err().to_string();
    assert_eq!(message, "observations: expected 4 values, got 3");
    let message = policy.act(&[0.0; 4], None, ActionsMut::Box(&mut [0.0])).unwrap_err().to_string();
    assert_eq!(message, "actions: expected 2 values, got 1");
    let message = policy.act(&[0.0; 4], None, ActionsMut::Discrete(&mut [0; 2])).unwrap_err().to_string();
    assert!(message.contains("do not go into whole numbers"), "{message}");
    let message = policy.act(&[0.0, 0.0, 0.0, f32::NAN], None, ActionsMut::Box(&mut [0.0; 2])).unwrap_err();
    assert!(message.to_string().starts_with("observation [1] of environment 1 is NaN"), "{message}");
    let blind = Policy::new(&Space::Discrete { n: 2 }, &Space::Discrete { n: 2 }, &[8], 0).unwrap_err();
    assert!(blind.to_string().contains("cannot see the observation space Discrete { n: 2 }"), "{blind}");
}

#[test]
fn other_bytes_are_not_a_policy() {
    for bytes in [&b""[..], b"hello", &[0xff; 64]] {
        let message = Policy::from_bytes(bytes).unwrap_err().to_string();
        assert!(message.starts_with("not a saved policy: "), "{message}");
    }
    let policy = Policy::new(&Space::Box { len: 1, low: 0.0, high: 1.0 }, &Space::Discrete { n: 2 }, &[8], 0).unwrap();
    let bytes = policy.to_bytes().unwrap();
    let at = bytes.windows(13).position(|part| part == br#"\"format\":1,"#).unwrap();
    let mut later = bytes.clone();
    later[at + 11] = b'9';
    let message = Policy::from_bytes(&later).unwrap_err().to_string();
    assert_eq!(message, "not a saved policy: format 9, this version reads 1");
    let mut broken = bytes;
    let end = broken.len();
    broken[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    assert!(Policy::from_bytes(&broken).unwrap_err().to_string().contains("holds NaN"));
}

/// Breaks one number of a sound environment.
struct Broken {
    inner: Toy,
    after: u32,
    damage: fn(&mut StepOut<'_>),
}

impl VecEnv for Broken {
    fn num_envs(&self) -> usize {
        self.inner.num_envs()
    }
    fn autoreset(&self) -> Autoreset {
        self.inner.autoreset()
    }
    fn observation_space(&self) -> &Space {
        self.inner.observation_space()
    }
    fn action_space(&self) -> &Space {
        self.inner.action_space()
    }
    fn reset(&mut self, seed: u64, obs: &mut [f32]) -> Result<()> {
        self.inner.reset(seed, obs)
    }
    fn step(&mut self, actions: Actions<'_>, mut out: StepOut<'_>) -> Result<()> {
        let lent = StepOut {
            obs: &mut *out.obs,
            reward: &mut *out.reward,
            terminated: &mut *out.terminated,
            truncated: &mut *out.truncated,
            final_obs: out.final_obs.as_deref_mut(),
            facts: None,
        };
        self.inner.step(actions, lent)?;
        if self.after == 0 {
            (self.damage)(&mut out);
        }
        self.after = self.after.wrapping_sub(1);
        Ok(())
    }
    fn drain_episodes(&mut self) -> EpisodeStats {
        self.inner.drain_episodes()
    }
}

#[test]
fn numbers_that_are_not_finite_are_refused_by_name() {
    type Damage = fn(&mut StepOut<'_>);
    let cases: [(Damage, &str); 4] = [
        (
            |out| out.reward[2] = f32::NAN,
            "reward of environment 2 is NaN; nothing was learned from it, fix the environment",
        ),
        (|out| out.obs[3] = f32::INFINITY, "observation [1] of environment 1 is inf; "),
        (
            |out| {
                out.truncated[3] = true;
                if let Some(obs) = &mut out.final_obs {
                    obs[6] = f32::NEG_INFINITY;
                }
            },
            "final observation [0] of environment 3 is -inf; ",
        ),
        (|out| out.obs[0] = f32::NAN, "observation [0] of environment 0 is NaN; "),
    ];
    for (damage, message) in cases {
        // In the last step of a rollout too, whose observation only the critic reads.
        for after in [1, 3] {
            let mut env = Broken { inner: Toy::follow(4, 2), after, damage };
            let mut ppo = Ppo::new(small(), &env).unwrap();
            let got = learn(&mut ppo, &mut env);
            assert!(got.starts_with(message), "{got}");
            assert_eq!(ppo.steps(), 0);
            // The agent is sound: it starts anew in a sound environment.
            ppo.learn(&mut Toy::follow(4, 2), 64, |_| ControlFlow::Continue(())).unwrap();
            assert_eq!(ppo.steps(), 64);
        }
    }
}

#[test]
fn an_update_that_diverges_is_an_error() {
    let mut env = Toy::follow(4, 2);
    let config = PpoConfig { learning_rate: 1e30, max_grad_norm: 1e30, ..small() };
    let mut ppo = Ppo::new(config, &env).unwrap();
    let message = learn(&mut ppo, &mut env);
    assert!(message.starts_with("the norm of the gradient became "), "{message}");
}
