//! The native PPO, over a batch of environments of its own.

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard},
};

use numpy::{PyArray1, PyArray2, PyArrayMethods as _, PyReadonlyArrayDyn, PyUntypedArrayMethods as _};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict},
};
use tradepit_agents::{ActionsMut, Ppo, PpoConfig, Progress};
use tradepit_envs::{Actions, Autoreset, EpisodeStats, Gather, SimVecEnv, Space, StepOut, VecEnv};

use crate::{
    data::PyMarketData,
    error::{agent_fault, busy, detached, fault, raise},
    gather,
    reward::PyReward,
    space, spec,
};

/// Under this name a policy keeps what its observations are made of.
const LAYOUT: &str = "layout";

/// PPO and, for learning, the environments that it learns from. `tradepit.agents.PPO` is the class around it.
#[pyclass(frozen, name = "Ppo", module = "tradepit._core")]
pub(crate) struct PyPpo {
    data: Option<Py<PyMarketData>>,
    reward: Option<Py<PyAny>>,
    state: Mutex<State>,
}

struct State {
    ppo: Ppo,
    envs: Option<SimVecEnv>,
}

/// A batch whose rewards come from a callable, where there is one.
struct Rewarded<'a, 'b> {
    envs: &'a mut SimVecEnv,
    reward: Option<&'a mut PyReward<'b>>,
}

impl VecEnv for Rewarded<'_, '_> {
    fn num_envs(&self) -> usize {
        self.envs.num_envs()
    }

    fn autoreset(&self) -> Autoreset {
        self.envs.autoreset()
    }

    fn observation_space(&self) -> &Space {
        self.envs.observation_space()
    }

    fn action_space(&self) -> &Space {
        self.envs.action_space()
    }

    fn reset(&mut self, seed: u64, obs: &mut [f32]) -> tradepit_envs::Result<()> {
        self.envs.reset(seed, obs)
    }

    fn step(&mut self, actions: Actions<'_>, out: StepOut<'_>) -> tradepit_envs::Result<()> {
        match &mut self.reward {
            Some(reward) => self.envs.step_with(actions, out, *reward),
            None => self.envs.step(actions, out),
        }
    }

    fn gather(&self) -> Option<Arc<dyn Gather>> {
        self.envs.gather()
    }

    fn masks(&self) -> bool {
        self.envs.masks()
    }

    fn action_masks(&mut self, masks: &mut [bool]) -> tradepit_envs::Result<()> {
        self.envs.action_masks(masks)
    }

    fn drain_episodes(&mut self) -> EpisodeStats {
        self.envs.drain_episodes()
    }
}

fn batch(
    py: Python<'_>,
    data: &Py<PyMarketData>,
    spec_json: &str,
    num_envs: usize,
    threads: usize,
) -> PyResult<SimVecEnv> {
    let spec = spec::parse(spec_json)?;
    let market = data.get();
    detached(py, || market.setup(spec)?.vec_env(num_envs, threads, Autoreset::SameStep))?.map_err(fault)
}

fn config(json: &str) -> PyResult<PpoConfig> {
    let config: PpoConfig = serde_json::from_str(json).map_err(|e| raise("SpecError", format!("PPO: {e}")))?;
    config.validate().map_err(agent_fault)?;
    Ok(config)
}

impl PyPpo {
    fn lock(&self, call: &str) -> PyResult<MutexGuard<'_, State>> {
        self.state.try_lock().map_err(|_| busy(call))
    }
}

#[pymethods]
impl PyPpo {
    #[new]
    #[pyo3(signature = (data, spec_json, num_envs, threads, config_json, reward=None))]
    fn new(
        py: Python<'_>,
        data: Py<PyMarketData>,
        spec_json: &str,
        num_envs: usize,
        threads: usize,
        config_json: &str,
        reward: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let config = config(config_json)?;
        let envs = batch(py, &data, spec_json, num_envs, threads)?;
        let rules = envs.setup().rules();
        let mut ppo = Ppo::new(config, &envs).map_err(agent_fault)?;
        ppo.policy_mut().spec = Some(spec::to_json(rules.spec())?);
        ppo.policy_mut().extra.insert(LAYOUT.to_owned(), rules.layout());
        Ok(Self { data: Some(data), reward, state: Mutex::new(State { ppo, envs: Some(envs) }) })
    }

    /// From bytes that `to_bytes` gave, for predictions alone.
    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> PyResult<Self> {
        let ppo = Ppo::from_bytes(bytes).map_err(agent_fault)?;
        Ok(Self { data: None, reward: None, state: Mutex::new(State { ppo, envs: None }) })
    }

    /// From a file, for predictions alone.
    #[staticmethod]
    fn load(py: Python<'_>, path: &str) -> PyResult<Self> {
        let ppo = detached(py, || Ppo::load(path))?.map_err(agent_fault)?;
        Ok(Self { data: None, reward: None, state: Mutex::new(State { ppo, envs: None }) })
    }

    /// The same agent over an environment, to learn on; without a spec, over that of the agent.
    #[pyo3(signature = (data, spec_json, num_envs, threads, reward=None))]
    fn attach(
        &self,
        py: Python<'_>,
        data: Py<PyMarketData>,
        spec_json: Option<&str>,
        num_envs: usize,
        threads: usize,
        reward: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let state = self.lock("attach()")?;
        let own = state.ppo.policy().spec.clone();
        let Some(spec_json) = spec_json.or(own.as_deref()) else {
            return Err(raise("SpecError", "spec: the file holds none; name the environment's fields"));
        };
        let envs = batch(py, &data, spec_json, num_envs, threads)?;
        check_layout(&state.ppo, &envs.setup().rules().layout())?;
        state.ppo.policy().check(&envs).map_err(agent_fault)?;
        let bytes = state.ppo.to_bytes().map_err(agent_fault)?;
        let ppo = Ppo::from_bytes(&bytes).map_err(agent_fault)?;
        Ok(Self { data: Some(data), reward, state: Mutex::new(State { ppo, envs: Some(envs) }) })
    }

    /// Refuses an environment whose observations are not those that the policy was made for.
    fn check(&self, py: Python<'_>, data: &Bound<'_, PyMarketData>, spec_json: &str) -> PyResult<()> {
        let spec = spec::parse(spec_json)?;
        let market = data.get();
        let setup = detached(py, || market.setup(spec))?.map_err(fault)?;
        check_layout(&self.lock("check()")?.ppo, &setup.rules().layout())
    }

    /// Learns for `total_steps` steps of single environments. Calls `on` with the progress after each iteration; it ends
    /// learning by returning `False`. A signal, as of Ctrl-C, ends it too, and the agent stays usable.
    #[pyo3(signature = (total_steps, on=None))]
    #[expect(clippy::needless_pass_by_value, reason = "Python hands it over; a borrow could not leave the lock")]
    fn learn(&self, py: Python<'_>, total_steps: u64, on: Option<Py<PyAny>>) -> PyResult<()> {
        let mut state = self.lock("learn()")?;
        let State { ppo, envs } = &mut *state;
        let Some(envs) = envs else {
            return Err(raise("StateError", "this agent was loaded for predictions: give load() the data to learn on"));
        };
        let mut reward = self.reward.as_ref().map(PyReward::new);
        let mut stopped: Option<PyErr> = None;
        let learned = detached(py, || {
            let mut envs = Rewarded { envs, reward: reward.as_mut() };
            ppo.learn(&mut envs, total_steps, |progress| match report(progress, on.as_ref()) {
                Ok(true) => ControlFlow::Continue(()),
                Ok(false) => ControlFlow::Break(()),
                Err(error) => {
                    stopped = Some(error);
                    ControlFlow::Break(())
                }
            })
        })?;
        if let Some(raised) = reward.and_then(|mut reward| reward.take_raised()).or(stopped) {
            return Err(raised);
        }
        learned.map_err(agent_fault)
    }

    /// Actions for observations of shape `(n, d)`: `(n, k)` float32 for a box, `(n,)` int64 for discrete ones, `(n, k)` for several.
    /// With masks, among those that are open. Observations by index are gathered first, while environments of theirs live.
    #[pyo3(signature = (obs, deterministic, masks=None))]
    #[expect(clippy::needless_pass_by_value, reason = "arguments of Python calls are extracted by value")]
    fn predict<'py>(
        &self,
        py: Python<'py>,
        obs: &Bound<'py, PyArray2<f32>>,
        deterministic: bool,
        masks: Option<PyReadonlyArrayDyn<'py, bool>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (mut state, obs) = (self.lock("predict()")?, obs.try_readonly()?);
        let d = state.ppo.policy().observation_space().len();
        let (n, width, given) = (obs.shape()[0], obs.shape()[1], obs.as_slice()?);
        let gathered = if width == d { None } else { gather::windows(given, width, d)? };
        let values = match &gathered {
            Some(windows) => &windows[..],
            None if width == d => given,
            None => {
                let message = format!("observations: expected shape (n, {d}), got ({n}, {width})");
                return Err(raise("ShapeError", message));
            }
        };
        let masks = masks.as_ref().map(|masks| masks.as_slice()).transpose()?;
        match state.ppo.policy().action_space().clone() {
            space @ (Space::Discrete { .. } | Space::MultiDiscrete { .. }) => {
                let mut out = vec![0; n * space.len()];
                state.ppo.predict(values, masks, deterministic, ActionsMut::Discrete(&mut out)).map_err(agent_fault)?;
                let out = PyArray1::from_vec(py, out);
                if let Space::Discrete { .. } = space {
                    return Ok(out.into_any());
                }
                Ok(out.reshape([n, space.len()])?.into_any())
            }
            actions => {
                let mut out = vec![0.0; n * actions.len()];
                state.ppo.predict(values, masks, deterministic, ActionsMut::Box(&mut out)).map_err(agent_fault)?;
                Ok(PyArray1::from_vec(py, out).reshape([n, actions.len()])?.into_any())
            }
        }
    }

    /// Writes weights, spec, normaliser and what learning needs to go on, as one file.
    fn save(&self, py: Python<'_>, path: &str) -> PyResult<()> {
        let state = self.lock("save()")?;
        let ppo = &state.ppo;
        detached(py, || ppo.save(path))?.map_err(agent_fault)
    }

    /// What `save` writes.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.lock("to_bytes()")?.ppo.to_bytes().map_err(agent_fault)?))
    }

    /// The whole spec of the environment that it learned from, as JSON.
    #[getter]
    fn spec_json(&self) -> PyResult<Option<String>> {
        Ok(self.lock("spec_json")?.ppo.policy().spec.clone())
    }

    /// Its settings as JSON.
    #[getter]
    fn config_json(&self) -> PyResult<String> {
        serde_json::to_string(self.lock("config_json")?.ppo.config()).map_err(|e| raise("SpecError", e.to_string()))
    }

    /// What its observations are made of, in words.
    #[getter]
    fn layout(&self) -> PyResult<Option<String>> {
        Ok(self.lock("layout")?.ppo.policy().extra.get(LAYOUT).cloned())
    }

    /// Steps of single environments that it has learned from.
    #[getter]
    fn steps(&self) -> PyResult<u64> {
        Ok(self.lock("steps")?.ppo.steps())
    }

    /// `("box", len, low, high)`.
    #[getter]
    fn observation_space(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        space::describe(py, self.lock("observation_space")?.ppo.policy().observation_space())
    }

    /// `("box", len, low, high)`, `("discrete", n)` or `("multi_discrete", nvec)`.
    #[getter]
    fn action_space(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        space::describe(py, self.lock("action_space")?.ppo.policy().action_space())
    }

    /// The data that it learns on, if it does.
    #[getter]
    fn data(&self, py: Python<'_>) -> Option<Py<PyMarketData>> {
        self.data.as_ref().map(|data| data.clone_ref(py))
    }
}

fn check_layout(ppo: &Ppo, yours: &str) -> PyResult<()> {
    match ppo.policy().extra.get(LAYOUT) {
        Some(mine) if mine != yours => {
            let message = format!(
                "the policy was made for another observation layout\n  policy:      {mine}\n  environment: {yours}\n\
                 use the spec saved with the policy"
            );
            Err(raise("LayoutError", message))
        }
        _ => Ok(()),
    }
}

/// Whether to go on.
fn report(progress: &Progress, on: Option<&Py<PyAny>>) -> PyResult<bool> {
    Python::attach(|py| {
        py.check_signals()?;
        let Some(on) = on else { return Ok(true) };
        let go_on = on.bind(py).call1((describe(py, progress)?,))?;
        Ok(!go_on.is(pyo3::types::PyBool::new(py, false).as_any()))
    })
}

fn describe<'py>(py: Python<'py>, progress: &Progress) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in
        [("steps", progress.steps), ("total_steps", progress.total_steps), ("iterations", progress.iterations)]
    {
        dict.set_item(name, value)?;
    }
    let episodes = &progress.episodes;
    dict.set_item("episodes", episodes.episodes)?;
    dict.set_item("ep_rew_mean", episodes.mean_reward())?;
    dict.set_item("ep_len_mean", episodes.mean_length())?;
    for (name, value) in [
        ("policy_loss", progress.policy_loss),
        ("value_loss", progress.value_loss),
        ("entropy", progress.entropy),
        ("approx_kl", progress.approx_kl),
        ("clip_fraction", progress.clip_fraction),
        ("grad_norm", progress.grad_norm),
        ("learning_rate", progress.learning_rate),
    ] {
        dict.set_item(name, value)?;
    }
    dict.set_item("explained_variance", progress.explained_variance)?;
    Ok(dict)
}
