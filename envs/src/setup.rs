//! What all environments of one spec over one market share.

use std::sync::Arc;

use tradepit::{
    MarketData, Rng,
    models::Models,
    rng::{Purpose, stream},
    venue::{SimVenue, SimWorld},
};

use crate::{Autoreset, Env, EnvSpec, Result, Rules, SimVecEnv, episode::Starts, market::Paths, randomise::Drawn};

/// A spec made ready over a market: feature table, rules, starts. Immutable and shared; a clone is a pointer.
///
/// ```
/// use tradepit::market::synth;
/// use tradepit_envs::{Action, EnvSpec, SimSetup};
/// let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let mut env = setup.env();
/// let mut obs = vec![0.0; setup.rules().observation_space().len()];
/// env.reset(Some(7), &mut obs).unwrap();
/// let transition = env.step(Action::Box(&[1.0]), &mut obs).unwrap();
/// assert!(!transition.terminated);
/// ```
#[derive(Clone, Debug)]
pub struct SimSetup {
    rules: Arc<Rules>,
    world: Arc<SimWorld>,
    starts: Arc<Starts>,
    paths: Option<Arc<Paths>>,
}

impl SimSetup {
    /// Computes the features of `spec` over `data` (the default ones for its bars if none are named), and checks all.
    ///
    /// # Errors
    /// Names the field that does not fit; or the data is too short for the warm-up, the window and one step.
    pub fn new(mut spec: EnvSpec, data: MarketData) -> Result<Self> {
        let pipeline = spec.resolve_features(&data).clone();
        spec.validate(data.instruments().len())?;
        let (data, paths) = Paths::new(&spec.market, data, &pipeline)?;
        let starts = Starts::new(&spec.episode, &data, spec.window)?;
        let world = SimWorld::new(Arc::new(data), spec.models(), spec.cash)?.with_holding(spec.holding)?;
        let rules = Rules::over(spec, &world.data)?;
        Ok(Self { rules: Arc::new(rules), world: Arc::new(world), starts: Arc::new(starts), paths })
    }

    /// The same data and features under another spec, as for an evaluation; the features must be the same.
    ///
    /// # Errors
    /// Names the field that does not fit.
    pub fn with_spec(&self, mut spec: EnvSpec) -> Result<Self> {
        let EnvSpec { features: own, market, .. } = self.rules.spec();
        if spec.features.is_some() && spec.features != *own || spec.market != *market {
            let origin = self.paths.as_ref().map_or(&self.world.data, |paths| &paths.origin);
            return Self::new(spec, (**origin).clone());
        }
        spec.features.clone_from(own);
        spec.validate(self.world.data.instruments().len())?;
        let starts = Starts::new(&spec.episode, &self.world.data, spec.window)?;
        let world =
            SimWorld::new(Arc::clone(&self.world.data), spec.models(), spec.cash)?.with_holding(spec.holding)?;
        let rules = Rules::over(spec, &world.data)?;
        let paths = self.paths.clone();
        Ok(Self { rules: Arc::new(rules), world: Arc::new(world), starts: Arc::new(starts), paths })
    }

    /// The same where observations are windows ([`Observe`](crate::Observe)): for a policy that reads them, whatever it was trained on.
    ///
    /// # Errors
    /// As [`with_spec`](Self::with_spec).
    pub fn with_windows(&self) -> Result<Self> {
        self.with_spec(self.rules.spec().with_windows())
    }

    /// Spec and spaces.
    #[must_use]
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// Data, models and cash. Where every episode draws a path of its own, the data are path 0 of seed 0.
    #[must_use]
    pub fn world(&self) -> &Arc<SimWorld> {
        &self.world
    }

    /// One environment.
    #[must_use]
    pub fn env(&self) -> Env<SimVenue> {
        Env::new(Arc::clone(&self.rules), SimVenue::new(Arc::clone(&self.world), 0)).with_setup(self.clone())
    }

    /// `num_envs` environments that step together on `threads` threads (0: as many as the machine has).
    ///
    /// # Errors
    /// When `num_envs` is 0.
    pub fn vec_env(&self, num_envs: usize, threads: usize, autoreset: Autoreset) -> Result<SimVecEnv> {
        SimVecEnv::new(self.clone(), num_envs, threads, autoreset)
    }

    /// Where episode `episode` of `seed` starts, and the models' stream of that episode.
    #[inline]
    pub(crate) fn begin(&self, seed: u64, episode: u64) -> (u32, Rng) {
        let start = self.starts.draw(&mut stream(seed, episode, Purpose::Episode));
        (start, stream(seed, episode, Purpose::Models))
    }

    /// What draws a path for every episode, where one is drawn.
    pub(crate) fn paths(&self) -> Option<&Paths> {
        self.paths.as_deref()
    }

    /// The models with the numbers that were drawn; none where nothing is.
    pub(crate) fn models(&self, drawn: &Drawn) -> Result<Option<Models>> {
        if drawn.values.is_empty() {
            return Ok(None);
        }
        self.rules.numbers.models(&self.world.models, &drawn.values).map(Some)
    }
}
