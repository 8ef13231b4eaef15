//! What the environments of a batch and the memory of their steps have in common.

use pyo3::{IntoPyObjectExt as _, prelude::*};
use tradepit_envs::{ActionBuffer, Actions, Autoreset, Error, SimVecEnv, StepFacts, StepOut, VecEnv as _};

use crate::{
    buffers::{Rows, Writing},
    info::Info,
    reward::PyReward,
};

/// Observations, rewards, terminated, truncated, and how many episodes ended.
pub(crate) type Stepped = (Py<PyAny>, Py<PyAny>, Py<PyAny>, Py<PyAny>, usize);

/// How a batch gives its results; all of it is fixed for its life.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// New arrays in every step, else two sets in turn.
    pub(crate) copy: bool,
    /// Rewards as f64, else f32.
    pub(crate) double: bool,
    /// Whether `infos` can be asked for.
    pub(crate) infos: bool,
}

/// What a batch is, between two steps: here, or with the thread that steps it.
pub(crate) struct State {
    pub(crate) envs: SimVecEnv,
    /// Rewards as the environments write them.
    reward: Vec<f32>,
    /// Last observations of ended episodes, under SAME_STEP.
    pub(crate) final_obs: Option<Vec<f32>>,
    pub(crate) facts: Option<Vec<StepFacts>>,
    /// Environments whose episode ended in the last step.
    pub(crate) ended: Vec<bool>,
    /// The two sets of arrays, where they take turns.
    sets: Option<[Rows; 2]>,
    pub(crate) turn: usize,
    /// The step that is under way.
    pub(crate) sent: Option<Sent>,
    /// Its actions.
    pub(crate) actions: ActionBuffer,
}

/// A step that was sent, until it is received.
pub(crate) struct Sent {
    pub(crate) writing: Writing,
    /// How many episodes ended in it; nothing before it is done.
    pub(crate) stepped: Option<Result<usize, Error>>,
}

impl State {
    /// Before the first reset.
    pub(crate) fn new(envs: SimVecEnv, layout: Layout) -> Self {
        let (n, d) = (envs.num_envs(), envs.observation_space().len());
        Self {
            reward: vec![0.0; n],
            final_obs: (envs.autoreset() == Autoreset::SameStep).then(|| vec![0.0; n * d]),
            facts: layout.infos.then(|| vec![StepFacts::default(); n]),
            ended: vec![false; n],
            sets: None,
            turn: 0,
            sent: None,
            actions: ActionBuffer::default(),
            envs,
        }
    }

    /// Another one that goes on with the same bits.
    pub(crate) fn twin(&self, layout: Layout) -> Self {
        Self {
            final_obs: self.final_obs.clone(),
            facts: self.facts.clone(),
            ended: self.ended.clone(),
            ..Self::new(self.envs.clone(), layout)
        }
    }

    /// The arrays of the next step; the turn ends when they are handed out: a refused action
    /// must not cost the caller the observations that he holds.
    pub(crate) fn rows(&mut self, py: Python<'_>, layout: Layout) -> PyResult<Writing> {
        let (n, d) = (self.envs.num_envs(), self.envs.observation_space().len());
        if layout.copy {
            return Writing::new(py, Rows::fresh(py, n, d, layout.double));
        }
        let sets = match &mut self.sets {
            Some(sets) => sets,
            none => none.insert([Rows::lent(py, n, d, layout.double)?, Rows::lent(py, n, d, layout.double)?]),
        };
        Writing::new(py, sets[self.turn ^ 1].clone_ref(py))
    }

    /// The arrays of the step that was just done, for the caller.
    pub(crate) fn hand_out(&mut self, py: Python<'_>, rows: Rows, ended: usize) -> PyResult<Stepped> {
        self.turn ^= 1;
        rows.write_reward(py, &self.reward)?;
        Ok((
            rows.obs.into_py_any(py)?,
            rows.reward,
            rows.terminated.into_py_any(py)?,
            rows.truncated.into_py_any(py)?,
            ended,
        ))
    }

    /// Does the step that was sent, where no reward needs the interpreter.
    pub(crate) fn step_sent(&mut self) {
        self.step_sent_with(None);
    }

    /// Does it, with a reward that does.
    pub(crate) fn step_sent_with(&mut self, reward: Option<&mut PyReward<'_>>) {
        let Some(mut sent) = self.sent.take() else { return };
        let actions = std::mem::take(&mut self.actions);
        let (obs, terminated, truncated) = sent.writing.slices();
        let stepped = self.step(actions.actions(), obs, terminated, truncated, reward);
        (self.actions, self.sent) = (actions, Some(Sent { stepped: Some(stepped), ..sent }));
    }

    /// The environments, and the memory that their next step writes.
    pub(crate) fn lend<'a>(
        &'a mut self,
        obs: &'a mut [f32],
        terminated: &'a mut [bool],
        truncated: &'a mut [bool],
    ) -> (&'a mut SimVecEnv, StepOut<'a>) {
        let (final_obs, facts) = (self.final_obs.as_deref_mut(), self.facts.as_deref_mut());
        let out = StepOut { obs, reward: &mut self.reward, terminated, truncated, final_obs, facts };
        (&mut self.envs, out)
    }

    /// Steps all, and tells how many episodes ended.
    pub(crate) fn step(
        &mut self,
        actions: Actions<'_>,
        obs: &mut [f32],
        terminated: &mut [bool],
        truncated: &mut [bool],
        reward: Option<&mut PyReward<'_>>,
    ) -> Result<usize, Error> {
        let (envs, out) = self.lend(obs, terminated, truncated);
        match reward {
            None => envs.step(actions, out)?,
            Some(reward) => envs.step_with(actions, out, reward)?,
        }
        for (ended, (terminated, truncated)) in self.ended.iter_mut().zip(terminated.iter().zip(truncated.iter())) {
            *ended = *terminated | *truncated;
        }
        Ok(self.ended.iter().filter(|ended| **ended).count())
    }

    /// Infos of the environments for which `only` is true, as they stand now.
    pub(crate) fn infos(&self, only: impl Fn(usize) -> bool) -> Vec<Option<Info>> {
        let rules = self.envs.setup().rules();
        let info = |i: usize| {
            let lane = self.envs.lane(i);
            // After a reset, in place of a step or by one, no fees were paid yet.
            let stepped = self.facts.as_ref().filter(|_| lane.env().steps() > 0);
            let facts = stepped.map_or_else(StepFacts::default, |facts| facts[i]);
            let market = self.envs.data(i).view(lane.row() as usize + 1);
            Info::now(rules, market, lane.env(), &facts)
        };
        (0..self.envs.num_envs()).map(|i| only(i).then(|| info(i))).collect()
    }
}
