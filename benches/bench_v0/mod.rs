//! Bench-v0: 350,000 synthetic one-minute bars, random starts, 1,000-step episodes, 16 features and the account in an
//! observation, volume-share slippage, a fee per contract, and targets of which a random half changes every step, so that
//! about half of the steps fill an order.

use rand::{RngExt as _, SeedableRng as _};
use tradepit::{
    Rng,
    market::synth,
    models::{Commission, PerContract, Slippage, VolumeShare},
};
use tradepit_envs::{
    Actions, Autoreset, EnvSpec, EpisodeSpec, Length, RandomStart, SimSetup, SimVecEnv, StartRule, StepOut,
    StepsLength, VecEnv as _,
};

/// Rounds of actions that are drawn beforehand.
const ROUNDS: usize = 64;

pub(crate) fn spec(window: usize) -> EnvSpec {
    EnvSpec {
        window,
        slippage: Slippage::VolumeShare(VolumeShare::default()),
        commission: Commission::PerContract(PerContract::new(2.1)),
        episode: EpisodeSpec {
            start: StartRule::Random(RandomStart {}),
            length: Length::Steps(StepsLength { steps: 1_000 }),
            ..EpisodeSpec::default()
        },
        ..EnvSpec::default()
    }
}

pub(crate) fn setup(spec: EnvSpec) -> SimSetup {
    SimSetup::new(spec, synth::es_1m(350_000, 0).expect("bars")).expect("a valid spec")
}

/// Targets of `ROUNDS` steps: a random half of the environments draws a new one each step.
fn targets(n: usize) -> Vec<f32> {
    let mut rng = Rng::seed_from_u64(1);
    let mut all = vec![0.0f32; n * ROUNDS];
    for t in 1..ROUNDS {
        for i in 0..n {
            all[t * n + i] = if rng.random::<bool>() { rng.random_range(-1.0..=1.0f32) } else { all[(t - 1) * n + i] };
        }
    }
    all
}

/// The richest models that a futures account can have, all at once.
#[allow(dead_code, reason = "not every bench has them")]
pub(crate) fn rich() -> EnvSpec {
    let models: EnvSpec = serde_json::from_str(include_str!("rich.json")).expect("a spec");
    EnvSpec { episode: spec(1).episode, window: 1, ..models }
}

/// Environments, with the memory of their steps and their actions.
pub(crate) struct Batch {
    pub(crate) envs: SimVecEnv,
    obs: Vec<f32>,
    reward: Vec<f32>,
    terminated: Vec<bool>,
    truncated: Vec<bool>,
    actions: Vec<f32>,
    t: usize,
}

impl Batch {
    pub(crate) fn new(setup: &SimSetup, n: usize, threads: usize) -> Self {
        let mut envs = setup.vec_env(n, threads, Autoreset::NextStep).expect("environments");
        let mut obs = vec![0.0; n * envs.observation_space().len()];
        envs.reset(0, &mut obs).expect("reset");
        let (terminated, truncated) = (vec![false; n], vec![false; n]);
        Self { envs, obs, reward: vec![0.0; n], terminated, truncated, actions: targets(n), t: 0 }
    }

    pub(crate) fn step(&mut self) {
        let n = self.reward.len();
        let out = StepOut {
            obs: &mut self.obs,
            reward: &mut self.reward,
            terminated: &mut self.terminated,
            truncated: &mut self.truncated,
            final_obs: None,
            facts: None,
        };
        self.envs.step(Actions::Box(&self.actions[self.t * n..(self.t + 1) * n]), out).expect("step");
        self.t = (self.t + 1) % ROUNDS;
    }
}
