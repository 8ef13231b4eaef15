//! What an environment of a batch has of its own where its numbers or its market are drawn.

use std::sync::Arc;

use tradepit::{MarketData, features::Refill, venue::SimWorld};

use super::SimVecEnv;
use crate::{Result, SimSetup, randomise::Drawn};

/// A world with the models of this episode, and what they were drawn from.
#[derive(Clone, Debug)]
pub(super) struct Own {
    pub(super) world: SimWorld,
    pub(super) drawn: Drawn,
    /// The numbers of the last episode that ended.
    pub(super) ended: Box<[f64]>,
    /// Computes the features of its paths, from the first of them on.
    refill: Option<Refill>,
}

impl Own {
    /// Of the environments before the first reset; none where nothing is drawn.
    pub(super) fn nominal(setup: &SimSetup, num_envs: usize) -> Vec<Self> {
        let drawn = setup.rules().numbers.nominal();
        let own = Self { world: SimWorld::clone(setup.world()), ended: drawn.values.clone(), drawn, refill: None };
        if own.drawn.values.is_empty() && setup.paths().is_none() { Vec::new() } else { vec![own; num_envs] }
    }

    /// Draws for episode `episode` of `seed`.
    ///
    /// # Errors
    /// When the models refuse what was drawn.
    pub(super) fn draw(&mut self, setup: &SimSetup, seed: u64, episode: u64) -> Result<()> {
        self.take(setup, setup.rules().numbers.draw(seed, episode), seed, episode)
    }

    /// Goes on with numbers that were drawn, in the market of that episode.
    ///
    /// # Errors
    /// When the models refuse them.
    pub(super) fn take(&mut self, setup: &SimSetup, drawn: Drawn, seed: u64, episode: u64) -> Result<()> {
        if let Some(models) = setup.models(&drawn)? {
            self.world = self.world.with_models(models)?;
        }
        if let Some(paths) = setup.paths() {
            self.world.redraw(|data| paths.redraw(seed, episode, data, &mut self.refill))?;
        }
        self.drawn = drawn;
        Ok(())
    }
}

impl SimVecEnv {
    /// The market that environment `env` trades in: the shared one, or the path of its present episode.
    ///
    /// ```
    /// use tradepit_envs::{Autoreset, EnvSpec, SimSetup, VecEnv};
    /// # use tradepit::market::synth;
    /// let spec: EnvSpec = serde_json::from_str(r#"{"market": {"kind": "synthetic"}}"#).unwrap();
    /// let setup = SimSetup::new(spec, synth::es_1m(600, 0).unwrap()).unwrap();
    /// let mut envs = setup.vec_env(2, 1, Autoreset::SameStep).unwrap();
    /// envs.reset(0, &mut vec![0.0; 2 * envs.observation_space().len()]).unwrap();
    /// assert_ne!(envs.data(0).bars()[599], envs.data(1).bars()[599]);
    /// ```
    #[must_use]
    pub fn data(&self, env: usize) -> &Arc<MarketData> {
        self.own.get(env).map_or(&self.setup().world().data, |own| &own.world.data)
    }

    /// The numbers that environment `env` has drawn for its present episode, in the order of
    /// [`Rules::randomised`](crate::Rules::randomised); none where the spec has no ranges.
    ///
    /// ```
    /// use tradepit_envs::{Autoreset, EnvSpec, SimSetup, VecEnv};
    /// # use tradepit::market::synth;
    /// let spec: EnvSpec = serde_json::from_str(r#"{"slippage": {"kind": "fixed_ticks", "ticks": 1},
    ///     "randomise": {"ranges": {"slippage.ticks": [0.5, 1.5]}}}"#).unwrap();
    /// let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap()).unwrap();
    /// let mut envs = setup.vec_env(2, 1, Autoreset::SameStep).unwrap();
    /// assert_eq!(envs.randomised(0), [1.0]); // nominal before the first reset
    /// envs.reset(0, &mut vec![0.0; 2 * envs.observation_space().len()]).unwrap();
    /// assert!((0.5..1.5).contains(&envs.randomised(0)[0]));
    /// assert_ne!(envs.randomised(0), envs.randomised(1));
    /// ```
    #[must_use]
    pub fn randomised(&self, env: usize) -> &[f64] {
        self.own.get(env).map_or(&[], |own| &own.drawn.values)
    }

    /// As [`randomised`](Self::randomised), of the last episode that environment `env` ended.
    #[must_use]
    pub fn ended_randomised(&self, env: usize) -> &[f64] {
        self.own.get(env).map_or(&[], |own| &own.ended)
    }
}
