//! Many environments in one step.

#![expect(clippy::needless_pass_by_value, reason = "arguments of Python calls are extracted by value")]

use std::sync::Arc;

use numpy::{PyArray1, PyArray2, PyArrayMethods as _, PyReadonlyArray1};
use pyo3::{
    IntoPyObjectExt as _,
    prelude::*,
    types::{PyBytes, PyDict},
};
use tradepit_envs::{Autoreset, Background, Error, Here, RewardNormaliser, SimSetup, SimVecEnv, VecEnv, VecSnapshot};

use crate::{
    actions::{self, Given},
    batch::{Layout, Sent, State, Stepped},
    buffers::fill_vector,
    data::PyMarketData,
    error::{busy, detached, fault, raise, under_way},
    gather,
    info::Info,
    reward::PyReward,
    space, spec,
};

type Vector<'py, T> = Bound<'py, PyArray1<T>>;

/// A batch of trading environments over shared data, stepped on a pool of threads without the interpreter's lock.
#[pyclass(frozen, name = "VecEnv", module = "tradepit._core")]
pub(crate) struct PyVecEnv {
    data: Py<PyMarketData>,
    setup: SimSetup,
    reward: Option<Py<PyAny>>,
    layout: Layout,
    state: Background<State>,
}

impl PyVecEnv {
    /// What the batch is, between two steps.
    fn lock(&self, call: &str) -> PyResult<Here<'_, State>> {
        let state = self.enter(call)?;
        if state.sent.is_some() { Err(under_way(call)) } else { Ok(state) }
    }

    /// As [`lock`](Self::lock), also where a step waits for a reward that is written in Python.
    fn enter(&self, call: &str) -> PyResult<Here<'_, State>> {
        self.state.here().map_err(|_| if self.state.is_away() { under_way(call) } else { busy(call) })
    }
}

#[pymethods]
impl PyVecEnv {
    #[new]
    #[pyo3(signature = (data, spec_json, num_envs, threads, autoreset, copy, double, infos, reward=None, normalize_reward=None))]
    #[expect(clippy::too_many_arguments, reason = "what a batch is, flat, for the package's own classes")]
    fn new(
        py: Python<'_>,
        data: Py<PyMarketData>,
        spec_json: &str,
        num_envs: usize,
        threads: usize,
        autoreset: &str,
        copy: bool,
        double: bool,
        infos: bool,
        reward: Option<Py<PyAny>>,
        normalize_reward: Option<(f64, f32)>,
    ) -> PyResult<Self> {
        let spec = spec::parse(spec_json)?;
        let mode: Autoreset = serde_json::from_value(autoreset.into())
            .map_err(|error| raise("SpecError", format!("autoreset_mode: {error}")))?;
        let market = data.get();
        let setup = detached(py, || market.setup(spec))?.map_err(fault)?;
        gather::register(&setup);
        let layout = Layout { copy, double, infos };
        let mut envs = setup.vec_env(num_envs, threads, mode).map_err(fault)?;
        if let Some((gamma, clip)) = normalize_reward {
            let normaliser = RewardNormaliser::new(gamma, num_envs).and_then(|made| made.with_clip(clip));
            envs.normalise_reward(Some(normaliser.map_err(fault)?)).map_err(fault)?;
        }
        Ok(Self { data, setup, reward, layout, state: Background::new(State::new(envs, layout), State::step_sent) })
    }

    /// The data that it was made from.
    #[getter]
    fn data(&self, py: Python<'_>) -> Py<PyMarketData> {
        self.data.clone_ref(py)
    }

    /// The whole spec as JSON, defaults written out.
    #[getter]
    fn spec_json(&self) -> PyResult<String> {
        spec::to_json(self.setup.rules().spec())
    }

    /// `("box", len, low, high)`, of one environment.
    #[getter]
    fn observation_space(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        space::describe_observation(py, self.setup.rules())
    }

    /// `("box", len, low, high)`, `("discrete", n)` or `("multi_discrete", nvec)`, of one environment.
    #[getter]
    fn action_space(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        space::describe(py, self.setup.rules().action_space())
    }

    /// Threads that step the batch.
    #[getter]
    fn threads(&self) -> PyResult<usize> {
        Ok(self.lock("threads")?.envs.threads())
    }

    /// Names of the numbers of an observation, in order.
    fn observation_names(&self) -> Vec<String> {
        self.setup.rules().observation_names()
    }

    /// What scales the rewards, as JSON; none where nothing does.
    #[getter]
    fn reward_normalizer(&self) -> PyResult<Option<String>> {
        let state = self.lock("reward_normalizer")?;
        let json = state.envs.normaliser().map(serde_json::to_string).transpose();
        json.map_err(|error| raise("StateError", error.to_string()))
    }

    /// Scales the rewards with these statistics from here on, or leaves them as they are.
    #[pyo3(signature = (json=None))]
    fn set_reward_normalizer(&self, json: Option<&str>) -> PyResult<()> {
        let read = |json| serde_json::from_str(json);
        let normaliser: Option<RewardNormaliser> =
            json.map(read).transpose().map_err(|error| raise("SpecError", format!("reward_normalizer: {error}")))?;
        self.lock("reward_normalizer")?.envs.normalise_reward(normaliser).map_err(fault)
    }

    /// Resets the environments for which `mask` is true (all without it): those with a seed to the first episode of
    /// that seed, the others to their next one. Gives the observations of all.
    #[pyo3(signature = (seeds=None, mask=None))]
    fn reset(
        &self,
        py: Python<'_>,
        seeds: Option<Vec<Option<u64>>>,
        mask: Option<PyReadonlyArray1<'_, bool>>,
    ) -> PyResult<Py<PyAny>> {
        let mut state = self.lock("reset()")?;
        let n = state.envs.num_envs();
        let seeds = seeds.unwrap_or_else(|| vec![None; n]);
        let mask = mask.map_or_else(|| Ok(vec![true; n]), |mask| mask.as_slice().map(<[bool]>::to_vec))?;
        let mut rows = state.rows(py, self.layout)?;
        let (own, (obs, ..)) = (&mut *state, rows.slices());
        detached(py, || {
            if !mask.iter().all(|reset| *reset) {
                own.envs.observe(obs)?;
            }
            own.envs.reset_lanes(&seeds, &mask, obs)?;
            own.ended.fill(false);
            Ok(())
        })?
        .map_err(|error: Error| fault(error))?;
        state.turn ^= 1;
        rows.rows.obs.into_py_any(py)
    }

    /// Steps all environments once. Gives observations, rewards, terminated, truncated, and how many episodes ended.
    fn step<'py>(&self, py: Python<'py>, actions: &Bound<'py, PyAny>) -> PyResult<Stepped> {
        let mut state = self.lock("step()")?;
        let given = Given::read(actions, self.setup.rules().action_space(), Some(state.envs.num_envs()))?;
        let mut writing = state.rows(py, self.layout)?;
        let mut reward = self.reward.as_ref().map(PyReward::new);
        let (actions, own) = (given.batch(), &mut *state);
        let (obs, terminated, truncated) = writing.slices();
        let stepped = detached(py, || own.step(actions, obs, terminated, truncated, reward.as_mut()))?;
        if let Some(raised) = reward.and_then(|mut reward| reward.take_raised()) {
            return Err(raised);
        }
        state.hand_out(py, writing.rows, stepped.map_err(fault)?)
    }

    /// Copies the actions, has all environments stepped with them on another thread, and returns at once. A reward that
    /// is written in Python needs the interpreter's lock in the middle of a step: with one, [`step_wait`](Self::step_wait)
    /// steps, and so it does where that takes less than handing the batch over.
    fn step_async(&self, py: Python<'_>, actions: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut state = self.lock("step_async()")?;
        let given = Given::read(actions, self.setup.rules().action_space(), Some(state.envs.num_envs()))?;
        let (actions, mut writing) = (given.batch(), state.rows(py, self.layout)?);
        let (obs, terminated, truncated) = writing.slices();
        let (envs, out) = state.lend(obs, terminated, truncated);
        envs.check(actions, &out).map_err(fault)?;
        state.actions.copy_from(actions);
        state.sent = Some(Sent { writing, stepped: None });
        let quick = state.envs.is_quick();
        drop(state);
        match &self.reward {
            Some(_) => Ok(()),
            None if quick => self.state.keep(|_| Ok(())).map_err(fault),
            None => self.state.send(|_| Ok(())).map_err(fault),
        }
    }

    /// Waits for the step of [`step_async`](Self::step_async), and gives what [`step`](Self::step) gives.
    fn step_wait(&self, py: Python<'_>) -> PyResult<Stepped> {
        let mut state = match &self.reward {
            None => {
                detached(py, || self.state.wait())?.map_err(fault)?;
                self.state.recv().map_err(fault)?
            }
            Some(reward) => {
                let (mut state, mut reward) = (self.enter("step_wait()")?, PyReward::new(reward));
                if state.sent.is_none() {
                    return Err(fault(Error::State(Background::<State>::NOTHING_SENT.into())));
                }
                let own = &mut *state;
                detached(py, || own.step_sent_with(Some(&mut reward)))?;
                if let Some(raised) = reward.take_raised() {
                    state.sent = None;
                    return Err(raised);
                }
                state
            }
        };
        match state.sent.take() {
            Some(Sent { writing, stepped: Some(stepped) }) => state.hand_out(py, writing.rows, stepped.map_err(fault)?),
            _ => Err(raise("InternalError", "a model panicked while environments were stepped; reset them")),
        }
    }

    /// Forgets the step that is under way, once it is done, and ends its thread.
    fn rest(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || self.state.rest())?;
        if let Ok(mut state) = self.state.here() {
            state.sent = None;
        }
        Ok(())
    }

    /// Which choices are open now, one row an environment, one entry for each value of each whole number of an action.
    fn action_masks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<bool>>> {
        let mut state = self.lock("action_masks()")?;
        let n = state.envs.num_envs();
        let mut open = actions::masks(self.setup.rules(), n)?;
        let own = &mut *state;
        detached(py, || own.envs.action_masks(&mut open))?.map_err(fault)?;
        PyArray1::from_vec(py, open).reshape([n, self.setup.rules().mask_len()])
    }

    /// What the last action of each environment came to, in the unit of an action, one row an environment, one number an
    /// instrument; under SAME_STEP that of an environment that ended is what its new episode began with.
    fn executed_actions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let mut state = self.lock("executed_actions()")?;
        let (n, instruments) = (state.envs.num_envs(), self.setup.world().data.instruments().len());
        let mut executed = vec![0.0; n * instruments];
        let own = &mut *state;
        detached(py, || own.envs.executed_actions(&mut executed))?.map_err(fault)?;
        PyArray1::from_vec(py, executed).reshape([n, instruments])
    }

    /// The last observation of the episode that environment `index` ended in the last step, under SAME_STEP.
    fn final_obs<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let state = self.lock("final_obs()")?;
        let d = self.setup.rules().observation_space().len();
        let rows = state.final_obs.as_ref().filter(|_| state.ended.get(index) == Some(&true));
        let Some(rows) = rows else {
            let message =
                format!("environment {index} ended no episode in the last step, or autoreset is not SAME_STEP");
            return Err(raise("StateError", message));
        };
        let row = &rows[index * d..(index + 1) * d];
        Ok(fill_vector(py, d, |obs| {
            obs.copy_from_slice(row);
            Ok(())
        })?
        .0)
    }

    /// Of every environment the last episode that it ended: sums of rewards (float64) and lengths (int64).
    fn episode_ends<'py>(&self, py: Python<'py>) -> PyResult<(Vector<'py, f64>, Vector<'py, i64>)> {
        let state = self.lock("episode_ends()")?;
        let ends = state.envs.episode_ends();
        let rewards = PyArray1::from_iter(py, ends.iter().map(|end| end.reward));
        Ok((rewards, PyArray1::from_iter(py, ends.iter().map(|end| end.length.into()))))
    }

    /// Of one environment the sum of rewards and the length of the last episode that it ended.
    fn episode_end(&self, index: usize) -> PyResult<(f64, u32)> {
        let state = self.lock("episode_end()")?;
        let end = state.envs.episode_ends().get(index);
        let n = state.envs.num_envs();
        let end = end.ok_or_else(|| raise("ShapeError", format!("index: {index} must be in 0..{n}")))?;
        Ok((end.reward, end.length))
    }

    /// Steps and fills since the last call, and sums over the episodes that ended since then, by name.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let mut state = self.lock("stats()")?;
        let (counts, stats) = (state.envs.drain_counts(), state.envs.drain_episodes());
        let dict = PyDict::new(py);
        dict.set_item("steps", counts.steps)?;
        dict.set_item("fills", counts.fills)?;
        dict.set_item("episodes", stats.episodes)?;
        dict.set_item("reward", stats.reward)?;
        dict.set_item("length", stats.length)?;
        dict.set_item("profit", stats.profit)?;
        dict.set_item("fees", stats.fees)?;
        dict.set_item("trades", stats.trades)?;
        dict.set_item("terminated", stats.terminated)?;
        Ok(dict)
    }

    /// Bytes that the batch holds for its environments.
    #[getter]
    fn state_bytes(&self) -> PyResult<usize> {
        Ok(self.lock("state_bytes")?.envs.state_bytes())
    }

    /// The present info of the environments, as arrays by key; with a mask, of those for which it is true.
    #[pyo3(signature = (mask=None))]
    fn infos<'py>(&self, py: Python<'py>, mask: Option<PyReadonlyArray1<'py, bool>>) -> PyResult<Bound<'py, PyDict>> {
        let state = self.lock("infos()")?;
        let mask = mask.as_ref().map(|mask| mask.as_slice()).transpose()?;
        Info::columns(py, &state.infos(|i| mask.is_none_or(|mask| mask.get(i) == Some(&true))))
    }

    /// The info of the last step of the environments that ended an episode in it, under SAME_STEP.
    fn final_infos<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let state = self.lock("final_infos()")?;
        let Some(facts) = &state.facts else { return Ok(PyDict::new(py)) };
        let (rules, data) = (self.setup.rules(), &self.setup.world().data);
        let rows = state.ended.iter().zip(state.envs.episode_ends().iter().zip(facts));
        let infos: Vec<_> =
            rows.map(|(ended, (end, facts))| ended.then(|| Info::last(rules, data, end, facts))).collect();
        Info::columns(py, &infos)
    }

    /// The numbers that every environment has drawn for its present episode, or for the last one that it ended, as arrays
    /// by path; empty where the spec has no ranges.
    #[pyo3(signature = (ended=false))]
    fn randomised<'py>(&self, py: Python<'py>, ended: bool) -> PyResult<Bound<'py, PyDict>> {
        let state = self.lock("randomised()")?;
        let of = if ended { SimVecEnv::ended_randomised } else { SimVecEnv::randomised };
        let dict = PyDict::new(py);
        for (at, path) in self.setup.rules().randomised().enumerate() {
            let values = (0..state.envs.num_envs()).map(|env| of(&state.envs, env)[at]);
            dict.set_item(path, PyArray1::from_iter(py, values))?;
        }
        Ok(dict)
    }

    /// Whether both step over the same data and features in memory.
    fn shares_data(&self, other: &Bound<'_, Self>) -> bool {
        Arc::ptr_eq(&self.setup.world().data, &other.get().setup.world().data)
    }

    fn __deepcopy__(&self, py: Python<'_>, memo: &Bound<'_, PyAny>) -> PyResult<Self> {
        let _ = memo;
        let state = self.lock("copy.deepcopy()")?;
        let copy = state.twin(self.layout);
        Ok(Self {
            data: self.data.clone_ref(py),
            setup: self.setup.clone(),
            reward: self.reward.as_ref().map(|reward| reward.clone_ref(py)),
            layout: self.layout,
            state: Background::new(copy, State::step_sent),
        })
    }

    fn __reduce__<'py>(this: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Py<PyAny>, Bound<'py, PyBytes>)> {
        let (py, own) = (this.py(), this.get());
        let state = own.lock("pickle")?;
        let bytes =
            serde_json::to_vec(&state.envs.snapshot()).map_err(|error| raise("StateError", error.to_string()))?;
        let mode = serde_json::to_value(state.envs.autoreset()).ok();
        let mode = mode.as_ref().and_then(|mode| mode.as_str()).unwrap_or_default().to_owned();
        let Layout { copy, double, infos } = own.layout;
        let args = (
            own.data.clone_ref(py),
            own.spec_json()?,
            state.envs.num_envs(),
            state.envs.threads(),
            mode,
            copy,
            double,
            infos,
            own.reward.as_ref().map(|reward| reward.clone_ref(py)),
        );
        Ok((this.get_type().into_any(), args.into_py_any(py)?, PyBytes::new(py, &bytes)))
    }

    fn __setstate__(&self, bytes: &[u8]) -> PyResult<()> {
        let saved: VecSnapshot = serde_json::from_slice(bytes).map_err(|e| raise("StateError", e.to_string()))?;
        self.lock("unpickle")?.envs.restore(saved).map_err(fault)
    }
}
