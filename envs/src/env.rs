//! One environment over one venue.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tradepit::{
    Rng, Venue,
    features::Refill,
    venue::{SimState, SimVenue, Start},
};

use crate::{
    Action, EnvState, Error, Hooks, Result, Rules, SimSetup, StepFacts, Transition, check, facts, observe::observe,
    randomise::Drawn, step,
};

/// One environment over any venue: simulated, replayed or live. The transition is [`step::step`] for all of them.
///
/// ```
/// use std::sync::Arc;
/// use tradepit::{market::synth, venue::{SimVenue, Start}};
/// use tradepit_envs::{Action, Env, EnvSpec, SimSetup};
/// let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let mut env = Env::new(Arc::clone(setup.rules()), SimVenue::new(Arc::clone(setup.world()), 0));
/// let mut obs = vec![0.0; setup.rules().observation_space().len()];
/// env.open(Start::At(500), &mut obs).unwrap();
/// let transition = env.step(Action::Box(&[1.0]), &mut obs).unwrap();
/// // Profit by initial capital: the default reward.
/// assert_eq!(transition.reward, (env.facts().equity_change() / 100_000.0) as f32);
/// ```
///
/// See [`SimSetup`] for an example over the simulator.
#[derive(Clone, Debug)]
pub struct Env<V: Venue = SimVenue> {
    rules: Arc<Rules>,
    venue: V,
    state: EnvState,
    facts: StepFacts,
    drawn: Drawn,
    /// Computes the features of its paths, from the first of them on.
    refill: Option<Refill>,
    setup: Option<SimSetup>,
    seed: u64,
    episode: u64,
    begun: bool,
    running: bool,
}

impl<V: Venue> Env<V> {
    /// An environment that has not started yet.
    #[must_use]
    pub fn new(rules: Arc<Rules>, venue: V) -> Self {
        let (instruments, drawn) = (rules.grid.len(), rules.numbers.nominal());
        Self {
            rules,
            venue,
            drawn,
            state: EnvState::new(instruments),
            facts: StepFacts::default(),
            refill: None,
            setup: None,
            seed: 0,
            episode: 0,
            begun: false,
            running: false,
        }
    }

    /// Starts at `start` and writes the first observation. Nothing is drawn: the models are the venue's.
    ///
    /// # Errors
    /// When `obs` has the wrong length, or the venue can't start there.
    pub fn open(&mut self, start: Start, obs: &mut [f32]) -> Result<()> {
        Error::shape("obs", self.rules.observation_space().len(), obs.len())?;
        step::open(&self.rules, &mut self.venue, &mut self.state, start, self.drawn.show(obs))?;
        self.facts = facts::at_rest(&self.venue, &self.state);
        self.begun = true;
        self.running = true;
        Ok(())
    }

    /// Takes one action and writes the next observation.
    ///
    /// # Errors
    /// When the action or `obs` does not fit (nothing has moved then), when the episode has ended, or when the venue
    /// is broken.
    pub fn step(&mut self, action: Action<'_>, obs: &mut [f32]) -> Result<Transition> {
        self.step_with(action, obs, &mut ())
    }

    /// As [`step`](Self::step), with the caller's own part in it: to record events, or to give the reward.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn step_with(&mut self, action: Action<'_>, obs: &mut [f32], hooks: &mut impl Hooks) -> Result<Transition> {
        if !self.running {
            return Err(Error::State("the episode has ended, or not begun: reset the environment first".into()));
        }
        Error::shape("obs", self.rules.observation_space().len(), obs.len())?;
        check::one(self.rules.action_space(), action)?;
        let (venue, state, facts) = (&mut self.venue, &mut self.state, Some(&mut self.facts));
        let obs = self.drawn.show(obs);
        let transition =
            step::step_with(&self.rules, venue, state, action, obs, facts, hooks).map_err(|error| *error)?;
        self.running = !(transition.terminated || transition.truncated);
        Ok(transition)
    }

    /// Spec and spaces.
    #[must_use]
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// Account, drawdown, steps.
    #[must_use]
    pub fn state(&self) -> &EnvState {
        &self.state
    }

    /// The facts of the last step.
    #[must_use]
    pub fn facts(&self) -> &StepFacts {
        &self.facts
    }

    /// Writes the present observation once more.
    ///
    /// # Errors
    /// When `obs` has the wrong length, or the environment has not begun.
    pub fn observe(&mut self, obs: &mut [f32]) -> Result<()> {
        Error::shape("obs", self.rules.observation_space().len(), obs.len())?;
        self.check_begun()?;
        let clipped = self.state.clipped;
        observe(&self.rules, &self.venue, &mut self.state, self.drawn.show(obs));
        self.state.clipped = clipped;
        Ok(())
    }

    /// Writes what the last action came to, one number an instrument: the position, with what orders at the market have yet
    /// to fill, in the unit of an action ([`Rules::exposure`]). It differs from what was asked for by rounding to lots, dead
    /// bands, limits, what the venue refused, and, where actions are weights, by how prices have moved.
    ///
    /// ```
    /// use tradepit_envs::{Action, EnvSpec, SimSetup};
    /// # use tradepit::market::synth;
    /// let spec: EnvSpec = serde_json::from_str(r#"{"action": {"kind": "target_position", "max_lots": 4}}"#).unwrap();
    /// let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap()).unwrap();
    /// # let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    /// env.reset(Some(0), &mut obs).unwrap();
    /// env.step(Action::Box(&[0.6]), &mut obs).unwrap();
    /// let mut executed = [0.0];
    /// env.executed_action(&mut executed).unwrap();
    /// assert_eq!(executed, [0.5]); // two lots of four
    /// ```
    ///
    /// # Errors
    /// When there is not one number for each instrument, or the environment has not begun.
    pub fn executed_action(&self, executed: &mut [f64]) -> Result<()> {
        Error::shape("executed", self.rules.grid.len(), executed.len())?;
        self.check_begun()?;
        step::executed(&self.rules, &self.venue, &self.state, executed);
        Ok(())
    }

    fn check_begun(&self) -> Result<()> {
        if self.begun {
            return Ok(());
        }
        Err(Error::State("the environment has not begun: reset it first".into()))
    }

    /// Writes which choices are open at the present decision: [`ActionScheme::mask`](crate::ActionScheme::mask).
    ///
    /// ```
    /// use tradepit_envs::{Action, EnvSpec, SimSetup};
    /// # use tradepit::market::synth;
    /// let spec: EnvSpec = serde_json::from_str(r#"{"action": {"kind": "enter_exit"}}"#).unwrap();
    /// let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap()).unwrap();
    /// # let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    /// env.reset(Some(0), &mut obs).unwrap();
    /// let mut open = [false; 5];
    /// env.action_masks(&mut open).unwrap();
    /// // Flat: there is nothing to exit.
    /// assert_eq!(open, [true, true, false, true, false]);
    /// ```
    ///
    /// # Errors
    /// When the length is not [`Rules::mask_len`], or the environment has not begun.
    pub fn action_masks(&self, mask: &mut [bool]) -> Result<()> {
        Error::shape("mask", self.rules.mask_len(), mask.len())?;
        self.check_begun()?;
        step::mask(&self.rules, &self.venue, &self.state, mask);
        Ok(())
    }

    /// The numbers that the models run with, where the spec has them drawn: in the order of [`Rules::randomised`].
    /// Before the first reset, and over a live venue, they are the nominal ones.
    #[must_use]
    pub fn randomised(&self) -> &[f64] {
        &self.drawn.values
    }

    /// The venue.
    #[must_use]
    pub fn venue(&self) -> &V {
        &self.venue
    }

    /// The venue, to be changed, as when a live session is shut down.
    pub fn venue_mut(&mut self) -> &mut V {
        &mut self.venue
    }
}

impl Env<SimVenue> {
    pub(crate) fn with_setup(mut self, setup: SimSetup) -> Self {
        self.setup = Some(setup);
        self
    }

    /// Starts a new episode; with a seed, the first one of that seed, else the next one of the present seed (of seed 0,
    /// if there was none).
    ///
    /// # Errors
    /// When `obs` has the wrong length.
    pub fn reset(&mut self, seed: Option<u64>, obs: &mut [f32]) -> Result<()> {
        match seed {
            Some(seed) => (self.seed, self.episode) = (seed, 0),
            None => self.episode += u64::from(self.begun),
        }
        let Some(setup) = &self.setup else {
            return Err(Error::State("this environment was made without a SimSetup: use open".into()));
        };
        let (row, rng) = setup.begin(self.seed, self.episode);
        let drawn = self.rules.numbers.draw(self.seed, self.episode);
        if let Some(models) = setup.models(&drawn)? {
            self.venue.set_models(models)?;
        }
        if let Some(paths) = setup.paths() {
            self.venue.redraw(|data| paths.redraw(self.seed, self.episode, data, &mut self.refill))?;
        }
        self.drawn = drawn;
        self.venue.set_rng(rng);
        self.open(Start::At(row), obs)
    }

    /// Everything that it remembers, as data; see [`restore`](Self::restore).
    #[must_use]
    pub fn snapshot(&self) -> EnvSnapshot {
        EnvSnapshot {
            sim: self.venue.state().clone(),
            rng: self.venue.rng().clone(),
            state: self.state.clone(),
            facts: self.facts,
            randomised: self.drawn.values.to_vec(),
            seed: self.seed,
            episode: self.episode,
            begun: self.begun,
            running: self.running,
        }
    }

    /// Goes back to a snapshot, of this or of another environment of the same setup, and continues to the same bits.
    ///
    /// ```
    /// use tradepit::market::synth;
    /// use tradepit_envs::{Action, EnvSpec, SimSetup};
    /// let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
    /// let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    /// env.reset(Some(7), &mut obs).unwrap();
    /// let json = serde_json::to_string(&env.snapshot()).unwrap();
    /// let mut other = setup.env();
    /// other.restore(serde_json::from_str(&json).unwrap()).unwrap();
    /// let step = |env: &mut tradepit_envs::Env, obs: &mut [f32]| env.step(Action::Box(&[1.0]), obs).unwrap();
    /// assert_eq!(step(&mut env, &mut obs), step(&mut other, &mut obs));
    /// ```
    ///
    /// # Errors
    /// When the snapshot is of another market or of other ranges.
    pub fn restore(&mut self, snapshot: EnvSnapshot) -> Result<()> {
        same_market(&snapshot.state, self.rules.grid.len())?;
        Error::shape("snapshot.randomised", self.drawn.values.len(), snapshot.randomised.len())?;
        let drawn = self.rules.numbers.drawn(snapshot.randomised.into());
        let models = self.setup.as_ref().map_or(Ok(None), |setup| setup.models(&drawn))?;
        self.venue.restore(snapshot.sim, snapshot.rng)?;
        models.map_or(Ok(()), |models| self.venue.set_models(models))?;
        if let Some(paths) = self.setup.as_ref().and_then(SimSetup::paths) {
            self.venue.redraw(|data| paths.redraw(snapshot.seed, snapshot.episode, data, &mut self.refill))?;
        }
        self.drawn = drawn;
        self.state = snapshot.state;
        self.facts = snapshot.facts;
        (self.seed, self.episode) = (snapshot.seed, snapshot.episode);
        (self.begun, self.running) = (snapshot.begun, snapshot.running);
        Ok(())
    }
}

/// What one simulated environment remembers, as data.
///
/// ```
/// use tradepit_envs::{Action, EnvSnapshot};
/// # use tradepit::market::synth;
/// # use tradepit_envs::{EnvSpec, SimSetup};
/// # let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// # let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// env.reset(Some(7), &mut obs).unwrap();
/// let before: EnvSnapshot = env.snapshot();
/// // Long and short from the same moment.
/// let long = env.step(Action::Box(&[1.0]), &mut obs).unwrap();
/// env.restore(before).unwrap();
/// let short = env.step(Action::Box(&[-1.0]), &mut obs).unwrap();
/// assert_eq!(long.reward, -short.reward);
/// ```
///
/// The market is not in it; see [`Env::restore`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvSnapshot {
    sim: SimState,
    rng: Rng,
    state: EnvState,
    facts: StepFacts,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    randomised: Vec<f64>,
    seed: u64,
    episode: u64,
    begun: bool,
    running: bool,
}

/// # Errors
/// When the state is of another number of instruments.
pub(crate) fn same_market(state: &EnvState, instruments: usize) -> Result<()> {
    let got = state.account.positions().len();
    if got == instruments {
        return Ok(());
    }
    Err(Error::State(format!("the snapshot has {got} instruments, the data {instruments}; use the same data")))
}
