//! Batches that are stepped while the caller does something else.

use std::ops::Range;

use super::{
    ActionBuffer, Actions, Autoreset, Background, SimVecEnv, StepBuffers, StepOut, VecEnv as _, background::Here,
    pool::panicked,
};
use crate::{Error, Result, SimSetup};

/// Environments of one spec in batches, each stepped by a thread of its own while the caller goes on: while a policy
/// looks at one batch, the other is stepped.
///
/// ```
/// use tradepit::market::synth;
/// use tradepit_envs::{Actions, AsyncVecEnv, Autoreset, EnvSpec, SimSetup};
/// let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let policy = |obs: &[f32]| obs.chunks_exact(517).map(|row| row[0].clamp(-1.0, 1.0)).collect::<Vec<f32>>();
/// let mut envs = AsyncVecEnv::new(&setup, 64, 2, 1, Autoreset::SameStep)?;
/// envs.reset(7)?;
/// for batch in 0..2 {
///     let actions = policy(&envs.last(batch)?.obs);
///     envs.send(batch, Actions::Box(&actions))?; // returns at once
/// }
/// for turn in 0..20 {
///     let batch = turn % 2;
///     let actions = policy(&envs.recv(batch)?.obs); // the other batch is under way meanwhile
///     envs.send(batch, Actions::Box(&actions))?;
/// }
/// # tradepit_envs::Result::Ok(())
/// ```
///
/// Environment `i` of all is that of one [`SimVecEnv`], to the bit, whatever the number of batches and threads: batch
/// `k` of size `m` has those from `k * m` on. (A reward normaliser, [`SimVecEnv::normalise_reward`], is each batch's
/// own.) What a step wrote can be read, with [`last`](Self::last), during the next one: two sets of memory take turns. It
/// has no facts: the batch would be slower with them. No step allocates.
///
/// Dropping it waits for the steps that are under way, and ends the threads.
#[derive(Debug)]
pub struct AsyncVecEnv {
    batches: Vec<Background<Batch>>,
    /// What the last step or reset of each batch wrote.
    last: Vec<StepBuffers>,
    size: usize,
}

#[derive(Debug)]
struct Batch {
    envs: SimVecEnv,
    actions: ActionBuffer,
    /// Written by the next step.
    next: StepBuffers,
    /// What came of the step; nothing where it panicked.
    stepped: Option<Result<()>>,
    failed: bool,
}

impl Batch {
    fn step(&mut self) {
        let out = StepOut { facts: None, ..self.next.out() };
        self.stepped = Some(self.envs.step(self.actions.actions(), out));
    }
}

/// Nanoseconds, by far, that another thread takes to begin a step and to give it back: measured, one to five thousand.
const HANDING_OVER: usize = 5_000;

impl SimVecEnv {
    /// Whether a step is over before another thread would have it: by the tens of nanoseconds that an environment takes,
    /// and the copy of its observation, two or three numbers a nanosecond.
    ///
    /// ```
    /// # use tradepit::market::synth;
    /// # use tradepit_envs::{Autoreset, EnvSpec, SimSetup};
    /// # let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
    /// let quick = [8, 512].map(|n| setup.vec_env(n, 1, Autoreset::SameStep).unwrap().is_quick());
    /// assert_eq!(quick, [true, false]);
    /// ```
    #[must_use]
    pub fn is_quick(&self) -> bool {
        self.num_envs() * (70 + self.observation_space().len() * 2 / 5) < HANDING_OVER
    }
}

impl AsyncVecEnv {
    /// `num_envs` environments in `batches` of one size, each of which `threads` threads step (0: as many as the machine
    /// has, divided among the batches).
    ///
    /// # Errors
    /// When `batches` does not divide `num_envs`, or either is 0.
    pub fn new(
        setup: &SimSetup,
        num_envs: usize,
        batches: usize,
        threads: usize,
        autoreset: Autoreset,
    ) -> Result<Self> {
        if batches == 0 || !num_envs.is_multiple_of(batches) {
            let message = format!("{batches} must be at least 1 and divide num_envs, {num_envs}");
            return Err(Error::spec("batches", message));
        }
        let cores = || std::thread::available_parallelism().map_or(1, Into::into);
        let threads = if threads == 0 { (cores() / batches).max(1) } else { threads };
        let size = num_envs / batches;
        let (mut all, mut last) = (Vec::new(), Vec::new());
        for _ in 0..batches {
            let envs = setup.vec_env(size, threads, autoreset)?;
            let next = StepBuffers { facts: Vec::new(), ..StepBuffers::new(&envs) };
            last.push(next.clone());
            let batch = Batch { envs, actions: ActionBuffer::default(), next, stepped: None, failed: false };
            all.push(Background::new(batch, Batch::step));
        }
        Ok(Self { batches: all, last, size })
    }

    /// How many environments there are in all.
    #[must_use]
    pub fn num_envs(&self) -> usize {
        self.size * self.batches.len()
    }

    /// How many batches there are.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.batches.len()
    }

    /// Which environments are those of a batch.
    #[must_use]
    pub fn envs(&self, batch: usize) -> Range<usize> {
        batch * self.size..(batch + 1) * self.size
    }

    /// Starts a new episode everywhere; environment `i` of all draws from seed `seed + i`. [`last`](Self::last) has the
    /// observations.
    ///
    /// # Errors
    /// When a batch is under way; none is reset then.
    pub fn reset(&mut self, seed: u64) -> Result<()> {
        let all = self.batches.iter().enumerate().map(|(at, batch)| of(at, batch.here()));
        let all: Vec<Here<'_, Batch>> = all.collect::<Result<_>>()?;
        for (at, (mut batch, last)) in all.into_iter().zip(&mut self.last).enumerate() {
            batch.envs.reset(seed.wrapping_add((at * self.size) as u64), &mut last.obs)?;
            last.reward.fill(0.0);
            last.terminated.fill(false);
            last.truncated.fill(false);
            batch.failed = false;
        }
        Ok(())
    }

    /// Copies the actions of a batch, has it stepped with them, and returns at once.
    ///
    /// # Errors
    /// Those of [`VecEnv::step`](super::VecEnv::step) for actions that it refuses; when the batch is under way already,
    /// or its last step failed and nothing was reset since. Nothing is sent then.
    pub fn send(&mut self, batch: usize, actions: Actions<'_>) -> Result<()> {
        let sent = self.at(batch)?.send(|batch| {
            if batch.failed {
                return Err(Error::State("its last step failed; reset the environments".into()));
            }
            batch.envs.check(actions, &StepOut { facts: None, ..batch.next.out() })?;
            batch.actions.copy_from(actions);
            batch.stepped = None;
            Ok(())
        });
        of(batch, sent)
    }

    /// Whether the step of a batch is done, and [`recv`](Self::recv) does not wait.
    ///
    /// # Errors
    /// When there is no such batch.
    pub fn is_done(&self, batch: usize) -> Result<bool> {
        Ok(self.at(batch)?.is_done())
    }

    /// Waits for the step of a batch, and lends what it wrote.
    ///
    /// # Errors
    /// That of the step, or of a model that panicked in it; when nothing was sent.
    pub fn recv(&mut self, batch: usize) -> Result<&StepBuffers> {
        self.at(batch)?;
        let Self { batches, last, .. } = self;
        let mut stepped = of(batch, batches[batch].recv())?;
        let result = stepped.stepped.take().unwrap_or_else(|| Err(panicked()));
        stepped.failed = result.is_err();
        result?;
        std::mem::swap(&mut stepped.next, &mut last[batch]);
        Ok(&last[batch])
    }

    /// What the last step that was received, or the last reset, of a batch wrote.
    ///
    /// # Errors
    /// When there is no such batch.
    pub fn last(&self, batch: usize) -> Result<&StepBuffers> {
        self.at(batch)?;
        Ok(&self.last[batch])
    }

    /// Shows the environments of a batch between two steps: their ended episodes, their accounts, a reset of some.
    ///
    /// # Errors
    /// When the batch is under way.
    pub fn with<R>(&mut self, batch: usize, look: impl FnOnce(&mut SimVecEnv) -> R) -> Result<R> {
        Ok(look(&mut of(batch, self.at(batch)?.here())?.envs))
    }

    fn at(&self, batch: usize) -> Result<&Background<Batch>> {
        let all = self.batches.len();
        self.batches.get(batch).ok_or_else(|| Error::spec("batch", format!("{batch} must be in 0..{all}")))
    }
}

/// Says of which batch a refusal is.
fn of<T>(batch: usize, result: Result<T>) -> Result<T> {
    result.map_err(|error| match error {
        Error::State(message) => Error::State(format!("batch {batch}: {message}")),
        error => error,
    })
}
