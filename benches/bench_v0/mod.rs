//! Bench-v0: 350,000 synthetic one-minute bars, random starts, 1,000-step episodes, 16 features and the account in an
//! observation, volume-share slippage, a fee per contract, and targets of which a random half changes every step, so that
//! about half of the steps fill an order.

use rand::{RngExt as _, SeedableRng as _};
use tradepit::{
    Rng,
    market::synth,
    models::{Commission, PerContract, Slippage, VolumeShare},
};
use tradepit_envs::{EnvSpec, EpisodeSpec, Length, RandomStart, SimSetup, StartRule, StepsLength};

/// Rounds of actions that are drawn beforehand.
pub(crate) const ROUNDS: usize = 64;

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
pub(crate) fn targets(n: usize) -> Vec<f32> {
    let mut rng = Rng::seed_from_u64(1);
    let mut all = vec![0.0f32; n * ROUNDS];
    for t in 1..ROUNDS {
        for i in 0..n {
            all[t * n + i] = if rng.random::<bool>() { rng.random_range(-1.0..=1.0f32) } else { all[(t - 1) * n + i] };
        }
    }
    all
}
