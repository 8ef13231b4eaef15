//! One environment.

use std::sync::{Arc, Mutex};

use numpy::PyArray1;
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict},
};
use serde::{Deserialize, Serialize};
use tradepit::venue::SimVenue;
use tradepit_envs::{EnvSnapshot, EpisodeRecord, Error, SimSetup, StepCounts, Transition};

use crate::{
    actions::{self, Given},
    buffers::fill_vector,
    data::PyMarketData,
    error::{busy, detached, fault, raise},
    gather,
    reward::PyReward,
    session::Session,
    space, spec,
};

/// A trading environment over simulated venue and shared data. `tradepit.TradingEnv` is the Gymnasium class around it.
#[pyclass(frozen, name = "Env", module = "tradepit._core")]
pub(crate) struct PyEnv {
    data: Py<PyMarketData>,
    setup: SimSetup,
    reward: Option<Py<PyAny>>,
    state: Mutex<Session<SimVenue>>,
}

/// The state as data.
#[derive(Serialize, Deserialize)]
struct Saved {
    env: EnvSnapshot,
    record: EpisodeRecord,
    counted: StepCounts,
}

impl PyEnv {
    fn lock(&self, call: &str) -> PyResult<std::sync::MutexGuard<'_, Session<SimVenue>>> {
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
        gather::register(&setup);
        let state = Mutex::new(Session::new(setup.env()));
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

    /// `("box", len, low, high, layout)`.
    #[getter]
    fn observation_space(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        space::describe_observation(py, self.setup.rules())
    }

    /// `("box", len, low, high)`, `("discrete", n)` or `("multi_discrete", nvec)`.
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
                own.count();
                own.env.reset(seed, obs)?;
                own.begin();
                Ok(())
            })?;
            reset.map_err(|error: Error| fault(error))
        })?;
        Ok((obs, state.reset_info(py)?))
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
        let (own, action) = (&mut *state, action.one());
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

    /// Which choices are open now, one entry for each value of each whole number of an action.
    fn action_masks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<bool>>> {
        let mut open = actions::masks(self.setup.rules(), 1)?;
        self.lock("action_masks()")?.env.action_masks(&mut open).map_err(fault)?;
        Ok(PyArray1::from_vec(py, open))
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

    /// The trades of the episode, the open one last, as arrays by column.
    fn trades<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.lock("trades()")?.trades(py)
    }

    /// The account after the reset and after every step of the episode, as arrays by column.
    fn equity_curve<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.lock("equity_curve()")?.equity_curve(py)
    }

    /// Every fill of the episode, as arrays by column.
    fn fills<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.lock("fills()")?.fills(py)
    }

    /// Steps and fills since the last call.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts = self.lock("stats()")?.drain_counts();
        let dict = PyDict::new(py);
        dict.set_item("steps", counts.steps)?;
        dict.set_item("fills", counts.fills)?;
        Ok(dict)
    }

    /// Statistics of the episode so far, as JSON.
    #[pyo3(signature = (periods_per_year=None))]
    fn performance(&self, periods_per_year: Option<f64>) -> PyResult<String> {
        let data = &self.setup.world().data;
        self.lock("performance()")?.performance(data.calendar().bars_per_year(data.period_ns()), periods_per_year)
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
        let saved = Saved { env: state.env.snapshot(), record: state.record.clone(), counted: state.counted };
        let bytes = serde_json::to_vec(&saved).map_err(|error| raise("StateError", error.to_string()))?;
        let reward = own.reward.as_ref().map(|reward| reward.clone_ref(py));
        let args = (own.data.clone_ref(py), own.spec_json()?, reward);
        Ok((this.get_type().into_any(), args, PyBytes::new(py, &bytes)))
    }

    fn __setstate__(&self, bytes: &[u8]) -> PyResult<()> {
        let saved: Saved = serde_json::from_slice(bytes).map_err(|error| raise("StateError", error.to_string()))?;
        let mut state = self.lock("unpickle")?;
        state.env.restore(saved.env).map_err(fault)?;
        (state.record, state.counted) = (saved.record, saved.counted);
        Ok(())
    }
}
