//! One environment over one venue.

use std::sync::Arc;

use tradepit::{
    Venue,
    venue::{SimVenue, Start},
};

use crate::{Action, EnvState, Error, Result, Rules, SimSetup, StepFacts, Transition, check, step};

/// One environment over any venue: simulated, replayed or live. The transition is [`step::step`] for all of them.
///
/// See [`SimSetup`] for an example over the simulator.
#[derive(Clone, Debug)]
pub struct Env<V: Venue = SimVenue> {
    rules: Arc<Rules>,
    venue: V,
    state: EnvState,
    facts: StepFacts,
    setup: Option<SimSetup>,
    seed: u64,
    episode: u64,
    running: bool,
}

impl<V: Venue> Env<V> {
    /// An environment that has not started yet.
    #[must_use]
    pub fn new(rules: Arc<Rules>, venue: V) -> Self {
        let instruments = rules.lots.len();
        Self {
            rules,
            venue,
            state: EnvState::new(instruments),
            facts: StepFacts::default(),
            setup: None,
            seed: 0,
            episode: 0,
            running: false,
        }
    }

    /// Starts at `start` and writes the first observation.
    ///
    /// # Errors
    /// When `obs` has the wrong length, or the venue can't start there.
    pub fn open(&mut self, start: Start, obs: &mut [f32]) -> Result<()> {
        Error::shape("obs", self.rules.observation_space().len(), obs.len())?;
        step::open(&self.rules, &mut self.venue, &mut self.state, start, obs)?;
        self.facts = StepFacts::default();
        self.running = true;
        Ok(())
    }

    /// Takes one action and writes the next observation.
    ///
    /// # Errors
    /// When the action or `obs` does not fit (nothing has moved then), when the episode has ended, or when the venue
    /// is broken.
    pub fn step(&mut self, action: Action<'_>, obs: &mut [f32]) -> Result<Transition> {
        if !self.running {
            return Err(Error::State("the episode has ended, or not begun: reset the environment first".into()));
        }
        Error::shape("obs", self.rules.observation_space().len(), obs.len())?;
        check::one(self.rules.action_space(), action)?;
        let transition = step::step(&self.rules, &mut self.venue, &mut self.state, action, obs, Some(&mut self.facts))
            .map_err(|e| *e)?;
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

    /// Starts a new episode; with a seed, the first one of that seed, else the next one of the present seed.
    ///
    /// # Errors
    /// When `obs` has the wrong length.
    pub fn reset(&mut self, seed: Option<u64>, obs: &mut [f32]) -> Result<()> {
        match seed {
            Some(seed) => (self.seed, self.episode) = (seed, 0),
            None => self.episode += 1,
        }
        let Some(setup) = &self.setup else {
            return Err(Error::State("this environment was made without a SimSetup: use open".into()));
        };
        let (row, rng) = setup.begin(self.seed, self.episode);
        self.venue.set_rng(rng);
        self.open(Start::At(row), obs)
    }
}
