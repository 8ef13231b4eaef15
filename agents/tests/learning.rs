//! PPO learns what anybody could, and truncation is bootstrapped.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::ops::ControlFlow;

use tradepit_agents::toy::Toy;
use tradepit_agents::{Constant, Ppo, PpoConfig, Random, evaluate};
use tradepit_envs::{Actions, Autoreset, EpisodeStats, Result, Space, StepOut, VecEnv};

fn config() -> PpoConfig {
    PpoConfig {
        learning_rate: 3e-3,
        n_steps: 32,
        batch_size: 512,
        n_epochs: 6,
        gamma: 0.0,
        gae_lambda: 0.0,
        hidden: vec![32, 32],
        anneal_lr: true,
        ..PpoConfig::default()
    }
}

#[test]
fn follows_a_number() {
    let mut env = Toy::follow(64, 2);
    let mut ppo = Ppo::new(PpoConfig { log_std_init: -0.5, ..config() }, &env).unwrap();
    let (mut last, mut episodes) = (None, 0);
    ppo.learn(&mut env, 120_000, |progress| {
        episodes += progress.episodes.episodes;
        last = Some(*progress);
        ControlFlow::Continue(())
    })
    .unwrap();
    let last = last.unwrap();
    assert!((0.0..0.1).contains(&last.approx_kl), "{last:?}");
    assert_eq!(episodes, ppo.steps() / 64 / Toy::LENGTH * 64);
    let trained = evaluate(ppo.policy_mut(), &mut env, 128, 1).unwrap().mean_reward().unwrap();
    let still = evaluate(&mut Constant::new(vec![0.0]), &mut env, 128, 1).unwrap().mean_reward().unwrap();
    // Standing still costs E[u^2] = 1/3 a step; the best is 0.
    assert!((still + 50.0 / 3.0).abs() < 1.0, "{still}");
    assert!(trained > 0.02 * still, "{trained} against {still}");
}

#[test]
fn chooses_the_largest() {
    let mut env = Toy::choose(64, 4);
    let mut ppo = Ppo::new(config(), &env).unwrap();
    ppo.learn(&mut env, 150_000, |_| ControlFlow::Continue(())).unwrap();
    let trained = evaluate(ppo.policy_mut(), &mut env, 128, 1).unwrap().mean_reward().unwrap();
    let mut random = Random::new(env.action_space(), 0).unwrap();
    let random = evaluate(&mut random, &mut env, 128, 1).unwrap().mean_reward().unwrap();
    assert!((random - 12.5).abs() < 1.5, "{random}");
    assert!(trained > 47.0, "{trained} of 50");
}

#[test]
fn stops_when_the_callback_breaks_and_when_kl_is_reached() {
    let mut env = Toy::follow(64, 2);
    let strict = PpoConfig { target_kl: Some(1e-9), ..config() };
    let mut ppo = Ppo::new(strict, &env).unwrap();
    let mut calls = 0;
    ppo.learn(&mut env, 1_000_000, |progress| {
        calls += 1;
        assert!(progress.minibatches <= 2, "{}", progress.minibatches);
        if calls == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert_eq!((calls, ppo.steps()), (3, 3 * 64 * 32));
}

/// Reward 1 a step, for ever; every episode ends after 5 steps, one way or the other.
struct Endless {
    truncates: bool,
    age: Vec<u32>,
    spaces: Space,
}

impl VecEnv for Endless {
    fn num_envs(&self) -> usize {
        self.age.len()
    }
    fn autoreset(&self) -> Autoreset {
        Autoreset::SameStep
    }
    fn observation_space(&self) -> &Space {
        &self.spaces
    }
    fn action_space(&self) -> &Space {
        &self.spaces
    }
    fn reset(&mut self, _seed: u64, obs: &mut [f32]) -> Result<()> {
        self.age.iter_mut().zip(0..).for_each(|(age, env)| *age = env % 5);
        obs.fill(0.5);
        Ok(())
    }
    fn step(&mut self, _actions: Actions<'_>, out: StepOut<'_>) -> Result<()> {
        out.obs.fill(0.5);
        out.reward.fill(1.0);
        out.final_obs.unwrap().fill(0.5);
        for (env, age) in self.age.iter_mut().enumerate() {
            *age = (*age + 1) % 5;
            out.terminated[env] = *age == 0 && !self.truncates;
            out.truncated[env] = *age == 0 && self.truncates;
        }
        Ok(())
    }
    fn drain_episodes(&mut self) -> EpisodeStats {
        EpisodeStats::default()
    }
}

#[test]
fn truncation_is_worth_what_follows_and_termination_nothing() {
    // The observation never changes, so the critic learns one number: 1 / (1 - gamma) = 10 if the end is a cut,
    // about 2.7 (the mean of 1, 1.9, 2.71, 3.44, 4.10 is 2.63) if it is an end.
    for (truncates, low, high) in [(true, 9.0, 10.5), (false, 2.3, 3.0)] {
        let mut env = Endless { truncates, age: vec![0; 20], spaces: Space::Box { len: 1, low: -1.0, high: 1.0 } };
        let config = PpoConfig {
            gamma: 0.9,
            gae_lambda: 0.95,
            learning_rate: 1e-2,
            n_steps: 20,
            batch_size: 400,
            hidden: vec![8],
            normalize_obs: false,
            normalize_reward: false,
            max_grad_norm: 1e9,
            ..PpoConfig::default()
        };
        let mut ppo = Ppo::new(config, &env).unwrap();
        let mut loss = 0.0;
        ppo.learn(&mut env, 200 * 400, |progress| {
            loss = progress.value_loss;
            ControlFlow::Continue(())
        })
        .unwrap();
        let value = ppo.value(&[0.5]).unwrap()[0];
        assert!((low..high).contains(&value), "truncates {truncates}: value {value}, loss {loss}");
    }
}
