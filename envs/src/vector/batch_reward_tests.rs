//! Rewards that are computed once for a whole batch.

use crate::{
    Actions, Autoreset, BatchReward, EnvSpec, Error, LogReturn, Result, Reward, RewardMemory, SimSetup, SimVecEnv,
    StepFacts, StepOut, VecEnv,
};
use tradepit::market::synth;

const N: usize = 130;
const STEPS: usize = 60;

/// The log return, computed from the outside.
struct Outside {
    calls: usize,
}

impl BatchReward for Outside {
    fn rewards(&mut self, facts: &[StepFacts], out: &mut [f32]) -> Result<()> {
        self.calls += 1;
        for (out, facts) in out.iter_mut().zip(facts) {
            *out = LogReturn::default().reward(facts, &mut RewardMemory::default());
        }
        Ok(())
    }
}

/// Refuses in its `at`th call.
struct Breaks {
    at: usize,
    with: Option<f32>,
}

impl BatchReward for Breaks {
    fn rewards(&mut self, facts: &[StepFacts], out: &mut [f32]) -> Result<()> {
        out.fill(1.0);
        match (self.at.checked_sub(1), self.with) {
            (Some(left), _) => self.at = left,
            (None, Some(value)) => out[facts.len() - 1] = value,
            (None, None) => return Err(Error::State("no".into())),
        }
        Ok(())
    }
}

#[derive(Debug, PartialEq)]
struct Rows {
    obs: Vec<f32>,
    final_obs: Vec<f32>,
    reward: Vec<f32>,
    terminated: Vec<bool>,
    truncated: Vec<bool>,
}

impl Rows {
    fn new(d: usize) -> Self {
        Self {
            obs: vec![0.0; N * d],
            final_obs: vec![0.0; N * d],
            reward: vec![0.0; N],
            terminated: vec![false; N],
            truncated: vec![false; N],
        }
    }

    fn out(&mut self) -> StepOut<'_> {
        StepOut {
            obs: &mut self.obs,
            reward: &mut self.reward,
            terminated: &mut self.terminated,
            truncated: &mut self.truncated,
            final_obs: Some(&mut self.final_obs),
            facts: None,
        }
    }
}

fn batch(threads: usize, autoreset: Autoreset) -> (SimVecEnv, Rows) {
    let spec: EnvSpec = serde_json::from_str(
        r#"{"window": 2, "reward": {"kind": "log_return"}, "slippage": {"kind": "fixed_ticks", "ticks": 1},
            "episode": {"start": {"kind": "random"}, "length": {"kind": "steps", "steps": 7}}}"#,
    )
    .unwrap();
    let setup = SimSetup::new(spec, synth::es_1m(2_000, 0).unwrap()).unwrap();
    let mut envs = setup.vec_env(N, threads, autoreset).unwrap();
    let mut rows = Rows::new(envs.observation_space().len());
    envs.reset(3, &mut rows.obs).unwrap();
    (envs, rows)
}

fn actions(step: usize) -> Vec<f32> {
    (0..N).map(|i| ((i * 7 + step * 5) % 3) as f32 - 1.0).collect()
}

#[test]
fn a_reward_from_the_outside_gives_the_bits_of_the_same_reward_inside() {
    for autoreset in [Autoreset::SameStep, Autoreset::NextStep] {
        for threads in [1, 2] {
            let (mut inside, mut a) = batch(1, autoreset);
            let (mut outside, mut b) = batch(threads, autoreset);
            let mut reward = Outside { calls: 0 };
            for step in 0..STEPS {
                let actions = actions(step);
                inside.step(Actions::Box(&actions), a.out()).unwrap();
                outside.step_with(Actions::Box(&actions), b.out(), &mut reward).unwrap();
                assert_eq!(a, b, "{autoreset:?} step {step}");
                assert_eq!(inside.episode_ends(), outside.episode_ends());
            }
            assert_eq!(reward.calls, STEPS);
            let (a, b) = (inside.drain_episodes(), outside.drain_episodes());
            assert_eq!(a, b);
            assert!(a.episodes > N as u64 && a.reward != 0.0, "{a:?}");
        }
    }
}

#[test]
fn a_reward_that_fails_counts_as_nothing_and_the_batch_goes_on() {
    for with in [None, Some(f32::NAN), Some(f32::INFINITY)] {
        let (mut envs, mut rows) = batch(1, Autoreset::SameStep);
        let mut reward = Breaks { at: 4, with };
        let mut twin = batch(1, Autoreset::SameStep);
        for step in 0..7 {
            let actions = actions(step);
            twin.0.step(Actions::Box(&actions), twin.1.out()).unwrap();
            let result = envs.step_with(Actions::Box(&actions), rows.out(), &mut reward);
            assert_eq!(result.is_err(), step >= 4, "{result:?}");
            assert_eq!(rows.obs, twin.1.obs);
            let expected = if step < 4 { 1.0 } else { 0.0 };
            assert!(rows.reward.iter().all(|r| *r == expected));
            if let (Err(error), Some(value)) = (result, with) {
                let name = if value.is_nan() { "NaN" } else { "inf" };
                assert!(
                    error.to_string().starts_with(&format!("reward of environment 129: {name} must be")),
                    "{error}"
                );
            }
        }
        assert!(envs.episode_ends().iter().all(|end| (end.reward, end.length) == (4.0, 7)));
    }
}

#[test]
fn an_environment_that_only_resets_shows_facts_at_rest() {
    struct Look(usize);
    impl BatchReward for Look {
        fn rewards(&mut self, facts: &[StepFacts], out: &mut [f32]) -> Result<()> {
            out.fill(2.0);
            for f in facts.iter().filter(|f| f.step == 0.0) {
                assert_eq!((f.equity, f.initial_capital, f.position, f.fills), (100_000.0, 100_000.0, 0.0, 0.0));
                self.0 += 1;
            }
            Ok(())
        }
    }
    let (mut envs, mut rows) = batch(1, Autoreset::NextStep);
    let mut look = Look(0);
    for step in 0..8 {
        envs.step_with(Actions::Box(&actions(step)), rows.out(), &mut look).unwrap();
    }
    assert_eq!(look.0, N);
    assert!(rows.reward.iter().all(|r| *r == 0.0));
    assert!((0..envs.num_envs()).all(|i| envs.lane(i).env().reward() == 0.0));
    assert!(envs.episode_ends().iter().all(|end| end.reward == 14.0));
}
