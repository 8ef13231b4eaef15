//! One environment.

use std::sync::{Arc, Mutex};

use numpy::PyArray1;
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict},
};
use serde::{Deserialize, Serialize};
use tradepit::{Venue as _, account::AccountEvent, venue::SimVenue};
use tradepit_envs::{
    BatchReward as _, Env, EnvSnapshot, EpisodeRecord, Error, Hooks, Moment, Reward as _, RewardMemory, RoundTrip,
    Rules, SimSetup, StepFacts, Transition,
};

use crate::{
    actions::Given,
    buffers::fill_vector,
    data::PyMarketData,
    error::{busy, detached, fault, raise},
    info::Info,
    reward::PyReward,
    space, spec,
};

/// A trading environment over simulated venue and shared data. `tradepit.TradingEnv` is the Gymnasium class around it.
#[pyclass(frozen, name = "Env", module = "tradepit._core")]
pub(crate) struct PyEnv {
    data: Py<PyMarketData>,
    setup: SimSetup,
    reward: Option<Py<PyAny>>,
    state: Mutex<State>,
}

#[derive(Clone)]
struct State {
    env: Env<SimVenue>,
    record: EpisodeRecord,
}

/// A column of a frame: its name, and what it holds of a row.
type Column<T> = (&'static str, fn(&T) -> f64);

/// The state as data.
#[derive(Serialize, Deserialize)]
struct Saved {
    env: EnvSnapshot,
    record: EpisodeRecord,
}

/// Records fills, and asks the callable for the reward.
struct Watch<'a, 'b> {
    record: &'a mut EpisodeRecord,
    reward: Option<&'a mut PyReward<'b>>,
    error: Option<Error>,
}

impl Hooks for Watch<'_, '_> {
    fn event(&mut self, event: &AccountEvent) {
        self.record.event(event);
    }

    fn reward(&mut self, rules: &Rules, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
        let Some(reward) = &mut self.reward else { return rules.spec().reward.reward(facts, memory) };
        let mut out = [0.0];
        match reward.rewards(std::slice::from_ref(facts), &mut out) {
            Ok(()) if out[0].is_finite() => out[0],
            Ok(()) => {
                let message = format!("{} must be a finite number; the step counts as 0", out[0]);
                self.error = Some(Error::Reward { env: 0, message });
                0.0
            }
            Err(error) => {
                self.error = Some(error);
                0.0
            }
        }
    }
}

impl State {
    fn new(setup: &SimSetup) -> Self {
        Self { env: setup.env(), record: EpisodeRecord::default() }
    }

    fn info(&self) -> Info {
        let data = &self.env.venue().world().data;
        Info::now(self.env.rules(), data, self.env.venue().state().row(), self.env.state(), self.env.facts())
    }

    fn moment(&mut self, reward: f32) {
        let (env, facts) = (&self.env, self.env.facts());
        let (time, equity) = (env.venue().market().now(), env.state().account().equity());
        self.record.moment(Moment {
            time,
            equity,
            position: facts.position,
            price: facts.price,
            reward: reward.into(),
        });
    }

    fn step(
        &mut self,
        action: tradepit_envs::Action<'_>,
        obs: &mut [f32],
        reward: Option<&mut PyReward<'_>>,
    ) -> tradepit_envs::Result<Transition> {
        let mut watch = Watch { record: &mut self.record, reward, error: None };
        let transition = self.env.step_with(action, obs, &mut watch)?;
        let error = watch.error;
        self.moment(transition.reward);
        error.map_or(Ok(transition), Err)
    }
}

impl PyEnv {
    fn lock(&self, call: &str) -> PyResult<std::sync::MutexGuard<'_, State>> {
        self.state.try_lock().map_err(|_| busy(call))
    }
}

#[pymethods]
impl PyEnv {
    #[new]
    #[pyo3(signature = (data, spec_json, reward=None))]
    fn new(py: Python<'_>, data: Py<PyMarketData>, spec_json: &str, reward: Option<Py<PyAny>>) -> PyResult<Self> {
        let spec = spec::parse(spec_json)?;
        let market = data.get();
        let setup = detached(py, || market.setup(spec))?.map_err(fault)?;
        let state = Mutex::new(State::new(&setup));
        Ok(Self { data, setup, reward, state })
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

    /// `("box", len, low, high)`.
    #[getter]
    fn observation_space(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        space::describe(py, self.setup.rules().observation_space())
    }

    /// `("box", len, low, high)` or `("discrete", n)`.
    #[getter]
    fn action_space(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        space::describe(py, self.setup.rules().action_space())
    }

    /// Names of the numbers of an observation, in order.
    fn observation_names(&self) -> Vec<String> {
        self.setup.rules().observation_names()
    }

    /// Starts an episode: with a seed the first one of that seed, else the next one. Gives observation and info.
    #[pyo3(signature = (seed=None))]
    fn reset<'py>(
        &self,
        py: Python<'py>,
        seed: Option<u64>,
    ) -> PyResult<(Bound<'py, PyArray1<f32>>, Bound<'py, PyDict>)> {
        let mut state = self.lock("reset()")?;
        let own = &mut *state;
        let (obs, ()) = fill_vector(py, self.setup.rules().observation_space().len(), |obs| {
            let reset = detached(py, || {
                own.env.reset(seed, obs)?;
                own.record.clear();
                own.moment(0.0);
                Ok(())
            })?;
            reset.map_err(|error: Error| fault(error))
        })?;
        Ok((obs, state.info().dict(py)?))
    }

    /// Takes one action. Gives observation, reward, terminated, truncated and info.
    #[expect(clippy::type_complexity, reason = "Gymnasium's tuple")]
    fn step<'py>(
        &self,
        py: Python<'py>,
        action: &Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyArray1<f32>>, f64, bool, bool, Bound<'py, PyDict>)> {
        let mut state = self.lock("step()")?;
        let action = Given::read(action, self.setup.rules().action_space(), None)?;
        let (own, action) = (&mut *state, action.one()?);
        let (obs, Transition { reward, terminated, truncated }) =
            fill_vector(py, self.setup.rules().observation_space().len(), |obs| {
                let mut reward = self.reward.as_ref().map(PyReward::new);
                let stepped = detached(py, || own.step(action, obs, reward.as_mut()))?;
                match reward.and_then(|mut reward| reward.take_raised()) {
                    Some(raised) => Err(raised),
                    None => stepped.map_err(fault),
                }
            })?;
        Ok((obs, reward.into(), terminated, truncated, state.info().dict(py)?))
    }

    /// The present observation once more.
    fn observe<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let mut state = self.lock("observe()")?;
        let d = self.setup.rules().observation_space().len();
        Ok(fill_vector(py, d, |obs| state.env.observe(obs).map_err(fault))?.0)
    }

    /// Info of the present state.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.lock("info()")?.info().dict(py)
    }

    /// The round trips of the episode, the open one last, as arrays by column.
    fn trades<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let state = self.lock("trades()")?;
        let (closed, open) = (state.record.closed(), state.record.open());
        let all = || closed.iter().chain(&open);
        let dict = PyDict::new(py);
        dict.set_item("entry_time", PyArray1::from_iter(py, all().map(|trip| trip.entry_time.nanos())))?;
        dict.set_item("exit_time", PyArray1::from_iter(py, all().map(|trip| trip.exit_time.nanos())))?;
        let numbers: [Column<RoundTrip>; 5] = [
            ("qty", |trip| trip.qty),
            ("entry_price", |trip| trip.entry_price),
            ("exit_price", |trip| trip.exit_price),
            ("pnl", |trip| trip.pnl),
            ("fees", |trip| trip.fees),
        ];
        for (name, of) in numbers {
            dict.set_item(name, PyArray1::from_iter(py, all().map(of)))?;
        }
        let is_open = closed.iter().map(|_| false).chain(open.iter().map(|_| true));
        dict.set_item("open", PyArray1::from_iter(py, is_open))?;
        Ok(dict)
    }

    /// The account after the reset and after every step of the episode, as arrays by column.
    fn equity_curve<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let state = self.lock("equity_curve()")?;
        let moments = state.record.moments();
        let dict = PyDict::new(py);
        dict.set_item("time", PyArray1::from_iter(py, moments.iter().map(|moment| moment.time.nanos())))?;
        let numbers: [Column<Moment>; 4] = [
            ("equity", |moment| moment.equity),
            ("position", |moment| moment.position),
            ("price", |moment| moment.price),
            ("reward", |moment| moment.reward),
        ];
        for (name, of) in numbers {
            dict.set_item(name, PyArray1::from_iter(py, moments.iter().map(of)))?;
        }
        Ok(dict)
    }

    /// Whether both step over the same data and features in memory.
    fn shares_data(&self, other: &Bound<'_, Self>) -> bool {
        Arc::ptr_eq(&self.setup.world().data, &other.get().setup.world().data)
    }

    fn __deepcopy__(&self, py: Python<'_>, memo: &Bound<'_, PyAny>) -> PyResult<Self> {
        let _ = memo;
        Ok(Self {
            data: self.data.clone_ref(py),
            setup: self.setup.clone(),
            reward: self.reward.as_ref().map(|reward| reward.clone_ref(py)),
            state: Mutex::new(self.lock("copy.deepcopy()")?.clone()),
        })
    }

    #[expect(clippy::type_complexity, reason = "the tuple of the pickle protocol")]
    fn __reduce__<'py>(
        this: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Py<PyMarketData>, String, Option<Py<PyAny>>), Bound<'py, PyBytes>)> {
        let (py, own) = (this.py(), this.get());
        let state = own.lock("pickle")?;
        let saved = Saved { env: state.env.snapshot(), record: state.record.clone() };
        let bytes = serde_json::to_vec(&saved).map_err(|error| raise("StateError", error.to_string()))?;
        let reward = own.reward.as_ref().map(|reward| reward.clone_ref(py));
        let args = (own.data.clone_ref(py), own.spec_json()?, reward);
        Ok((this.get_type().into_any(), args, PyBytes::new(py, &bytes)))
    }

    fn __setstate__(&self, bytes: &[u8]) -> PyResult<()> {
        let saved: Saved = serde_json::from_slice(bytes).map_err(|error| raise("StateError", error.to_string()))?;
        let mut state = self.lock("unpickle")?;
        state.env.restore(saved.env).map_err(fault)?;
        state.record = saved.record;
        Ok(())
    }
}
