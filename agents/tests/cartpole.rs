//! PPO balances a pole as well as published implementations do with the same settings.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::ops::ControlFlow;

use tradepit_agents::{Ppo, PpoConfig, Rng, evaluate};
use tradepit_envs::{Actions, Autoreset, EpisodeStats, Result, Space, StepOut, VecEnv};

/// A pole on a cart (Barto, Sutton and Anderson 1983) with the constants of Gymnasium's CartPole-v1.
struct CartPole {
    states: Vec<[f64; 4]>,
    ages: Vec<u32>,
    rng: Rng,
    observation: Space,
    action: Space,
}

impl CartPole {
    fn new(envs: usize) -> Self {
        Self {
            states: vec![[0.0; 4]; envs],
            ages: vec![0; envs],
            rng: Rng::new(0, 99),
            observation: Space::Box { len: 4, low: f32::MIN, high: f32::MAX },
            action: Space::Discrete { n: 2 },
        }
    }

    fn fresh(rng: &mut Rng) -> [f64; 4] {
        std::array::from_fn(|_| 0.1 * rng.uniform() - 0.05)
    }

    fn advance([x, speed, angle, spin]: [f64; 4], push: f64) -> [f64; 4] {
        let (gravity, cart, pole, half_length, tau) = (9.8, 1.0, 0.1, 0.5, 0.02);
        let (mass, moment) = (cart + pole, pole * half_length);
        let (sine, cosine) = angle.sin_cos();
        let part = (push + moment * spin * spin * sine) / mass;
        let turn = (gravity * sine - cosine * part) / (half_length * (4.0 / 3.0 - pole * cosine * cosine / mass));
        let pull = part - moment * turn * cosine / mass;
        [x + tau * speed, speed + tau * pull, angle + tau * spin, spin + tau * turn]
    }
}

fn show(state: &[f64; 4], obs: &mut [f32]) {
    obs.iter_mut().zip(state).for_each(|(out, &value)| *out = value as f32);
}

impl VecEnv for CartPole {
    fn num_envs(&self) -> usize {
        self.ages.len()
    }
    fn autoreset(&self) -> Autoreset {
        Autoreset::SameStep
    }
    fn observation_space(&self) -> &Space {
        &self.observation
    }
    fn action_space(&self) -> &Space {
        &self.action
    }
    fn reset(&mut self, seed: u64, obs: &mut [f32]) -> Result<()> {
        self.rng = Rng::new(seed, 99);
        self.ages.fill(0);
        for (state, obs) in self.states.iter_mut().zip(obs.chunks_exact_mut(4)) {
            *state = Self::fresh(&mut self.rng);
            show(state, obs);
        }
        Ok(())
    }
    fn step(&mut self, actions: Actions<'_>, out: StepOut<'_>) -> Result<()> {
        let Actions::Discrete(actions) = actions else { panic!("{actions:?}") };
        let final_obs = out.final_obs.unwrap();
        for (env, state) in self.states.iter_mut().enumerate() {
            *state = Self::advance(*state, if actions[env] == 1 { 10.0 } else { -10.0 });
            self.ages[env] += 1;
            let row = env * 4..env * 4 + 4;
            out.reward[env] = 1.0;
            out.terminated[env] = state[0].abs() > 2.4 || state[2].abs() > 12f64.to_radians();
            out.truncated[env] = self.ages[env] == 500;
            if out.terminated[env] || out.truncated[env] {
                show(state, &mut final_obs[row.clone()]);
                *state = Self::fresh(&mut self.rng);
                self.ages[env] = 0;
            }
            show(state, &mut out.obs[row]);
        }
        Ok(())
    }
    fn drain_episodes(&mut self) -> EpisodeStats {
        EpisodeStats::default()
    }
}

#[test]
fn balances_the_pole_after_50_000_steps() {
    // The settings of rl-baselines3-zoo, which reach the 500 that are possible after 100,000 steps, without the
    // annealing of the clip range.
    let mut env = CartPole::new(8);
    let config = PpoConfig {
        n_steps: 32,
        batch_size: 256,
        n_epochs: 20,
        gae_lambda: 0.8,
        gamma: 0.98,
        learning_rate: 1e-3,
        anneal_lr: true,
        normalize_obs: false,
        normalize_reward: false,
        ..PpoConfig::default()
    };
    let mut ppo = Ppo::new(config, &env).unwrap();
    ppo.learn(&mut env, 50_000, |_| ControlFlow::Continue(())).unwrap();
    let reward = evaluate(ppo.policy_mut(), &mut env, 100, 1_000).unwrap().mean_reward().unwrap();
    assert!(reward >= 400.0, "{reward}");
}
