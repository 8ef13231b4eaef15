//! The same environment over a live venue: on paper, and as the replay of a journal.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use numpy::PyArray1;
use pyo3::{prelude::*, types::PyDict};
use tradepit::{
    MarketData, Venue,
    features::{self, FeaturePipeline},
    rng::{Purpose, stream},
    venue::{EventLog, ReplayVenue, Start},
};
use tradepit_envs::{Env, EnvSpec, Error, MarketSpec, Result, Rules, Transition};
use tradepit_live::{Feed, FeedServer, Journal, LiveOptions, LiveVenue, Pace, PaperBroker, StopHandle};

use crate::{
    actions::{self, Given},
    buffers::fill_vector,
    data::PyMarketData,
    error::{busy, detached, fault, raise},
    reward::PyReward,
    session::Session,
    space, spec,
};

/// Under this name a journal keeps the spec of its environment.
const SPEC: &str = "spec";

type Answer<'py> = (Bound<'py, PyArray1<f32>>, f64, bool, bool, Bound<'py, PyDict>);

/// What both environments here have: a session that is opened once.
struct Seat<V: Venue> {
    rules: Arc<Rules>,
    bars_per_year: f64,
    reward: Option<Py<PyAny>>,
    state: Mutex<Option<Session<V>>>,
}

impl<V: Venue + Send> Seat<V> {
    fn lock(&self, call: &str) -> PyResult<MutexGuard<'_, Option<Session<V>>>> {
        self.state.try_lock().map_err(|_| busy(call))
    }

    fn with<T>(&self, call: &str, read: impl FnOnce(&mut Session<V>) -> PyResult<T>) -> PyResult<T> {
        match &mut *self.lock(call)? {
            Some(session) => read(session),
            None => Err(raise("StateError", "the session is closed")),
        }
    }

    fn reset<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyArray1<f32>>, Bound<'py, PyDict>)> {
        self.with("reset()", |session| {
            let (obs, ()) = fill_vector(py, self.rules.observation_space().len(), |rows| {
                let opened = detached(py, || {
                    session.env.open(Start::Now, rows)?;
                    session.begin();
                    Ok(())
                })?;
                opened.map_err(|error: Error| fault(error))
            })?;
            Ok((obs, session.reset_info(py)?))
        })
    }

    fn action_masks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<bool>>> {
        let mut open = actions::masks(&self.rules, 1)?;
        self.with("action_masks()", |session| session.env.action_masks(&mut open).map_err(fault))?;
        Ok(PyArray1::from_vec(py, open))
    }

    fn step<'py>(&self, py: Python<'py>, action: &Bound<'py, PyAny>) -> PyResult<Answer<'py>> {
        let given = Given::read(action, self.rules.action_space(), None)?;
        self.with("step()", |session| {
            let action = given.one();
            let (obs, Transition { reward, terminated, truncated }) =
                fill_vector(py, self.rules.observation_space().len(), |rows| {
                    let mut reward = self.reward.as_ref().map(PyReward::new);
                    let stepped = detached(py, || session.step(action, rows, reward.as_mut()))?;
                    match reward.and_then(|mut reward| reward.take_raised()) {
                        Some(raised) => Err(raised),
                        None => stepped.map_err(fault),
                    }
                })?;
            Ok((obs, reward.into(), terminated, truncated, session.info().dict(py)?))
        })
    }
}

/// Trades on paper: a broker that executes by the simulator's own models, over a feed that is replayed.
#[pyclass(frozen, name = "PaperEnv", module = "tradepit._core")]
pub(crate) struct PyPaperEnv {
    data: Py<PyMarketData>,
    seat: Seat<LiveVenue>,
    stop: StopHandle,
}

#[pymethods]
impl PyPaperEnv {
    /// Connects. The first decision is that of row `start`; `feed` is the address of a feed server, else the feed is the
    /// data itself; `journal` is a file: a new one records the session, one that holds a session resumes it.
    #[new]
    #[pyo3(signature = (data, spec_json, start, seed, journal=None, feed=None, speed=None, reward=None))]
    #[expect(clippy::too_many_arguments, reason = "what a session is made of, named by the class around it")]
    fn new(
        py: Python<'_>,
        data: Py<PyMarketData>,
        spec_json: &str,
        start: u32,
        seed: u64,
        journal: Option<&str>,
        feed: Option<&str>,
        speed: Option<f64>,
        reward: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let (spec, market) = (spec::parse(spec_json)?, data.get());
        let feed = match feed {
            None => None,
            Some(text) => Some(text.parse::<SocketAddr>().map_err(|error| {
                raise("SpecError", format!("feed: {text:?} is no address such as 127.0.0.1:4000 ({error})"))
            })?),
        };
        let (rules, venue) = detached(py, || -> Result<_> {
            // A session trades on what is fed, not on paths that training draws, and its rows become more: it shows windows.
            let setup = market.setup(EnvSpec { market: MarketSpec::default(), ..spec.with_windows() })?;
            let (rules, world) = (Arc::clone(setup.rules()), setup.world());
            let feed = feed.map_or_else(|| Feed::memory(Arc::clone(&world.data), start), Feed::socket);
            let rng = stream(seed, 0, Purpose::Models);
            let mut broker =
                PaperBroker::new(feed, world.models.clone(), world.cash, rng)?.holding(rules.spec().holding)?;
            if let Some(speed) = speed {
                broker = broker.speed(speed)?;
            }
            let journal = journal.map(|path| open_journal(path, rules.spec())).transpose()?;
            let pipeline = pipeline(rules.spec(), &world.data)?;
            Ok((rules, LiveVenue::connect(broker, pipeline, journal, LiveOptions::default())?))
        })?
        .map_err(fault)?;
        let (stop, bars_per_year) = (venue.stop_handle(), market.bars_per_year());
        let state = Mutex::new(Some(Session::new(Env::new(Arc::clone(&rules), venue))));
        Ok(Self { data, seat: Seat { rules, bars_per_year, reward, state }, stop })
    }

    /// The data whose rows are fed.
    #[getter]
    fn data(&self, py: Python<'_>) -> Py<PyMarketData> {
        self.data.clone_ref(py)
    }

    /// The whole spec as JSON, defaults written out.
    #[getter]
    fn spec_json(&self) -> PyResult<String> {
        spec::to_json(self.seat.rules.spec())
    }

    /// `("box", len, low, high, layout)`.
    #[getter]
    fn observation_space(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        space::describe_observation(py, &self.seat.rules)
    }

    /// `("box", len, low, high)`, `("discrete", n)` or `("multi_discrete", nvec)`.
    #[getter]
    fn action_space(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        space::describe(py, self.seat.rules.action_space())
    }

    /// Names of the numbers of an observation, in order.
    fn observation_names(&self) -> Vec<String> {
        self.seat.rules.observation_names()
    }

    /// Opens the account at the present row.
    #[pyo3(signature = (seed=None))]
    fn reset<'py>(
        &self,
        py: Python<'py>,
        seed: Option<u64>,
    ) -> PyResult<(Bound<'py, PyArray1<f32>>, Bound<'py, PyDict>)> {
        let _ = seed;
        self.seat.reset(py)
    }

    /// Takes one action, and waits for the next row to close.
    fn step<'py>(&self, py: Python<'py>, action: &Bound<'py, PyAny>) -> PyResult<Answer<'py>> {
        self.seat.step(py, action)
    }

    /// Which choices are open now, one entry for each value of each whole number of an action.
    fn action_masks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<bool>>> {
        self.seat.action_masks(py)
    }

    /// Info of the present state.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.seat.with("info()", |session| session.info().dict(py))
    }

    /// The trades of the session, the open one last, as arrays by column.
    fn trades<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.seat.with("trades()", |session| session.trades(py))
    }

    /// The account after the reset and after every step, as arrays by column.
    fn equity_curve<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.seat.with("equity_curve()", |session| session.equity_curve(py))
    }

    /// Every fill of the session, as arrays by column.
    fn fills<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.seat.with("fills()", |session| session.fills(py))
    }

    /// Statistics of the session so far, as JSON.
    #[pyo3(signature = (periods_per_year=None))]
    fn performance(&self, periods_per_year: Option<f64>) -> PyResult<String> {
        self.seat.with("performance()", |session| session.performance(self.seat.bars_per_year, periods_per_year))
    }

    /// Why the venue stopped, if it did.
    #[getter]
    fn note(&self) -> PyResult<String> {
        self.seat.with("note", |session| Ok(session.env.venue().note().to_owned()))
    }

    /// Whether it still serves what the journal held when it was opened.
    #[getter]
    fn is_resuming(&self) -> PyResult<bool> {
        self.seat.with("is_resuming", |session| Ok(session.env.venue().is_resuming()))
    }

    /// Ends a step that waits, from another thread: the episode is truncated.
    fn stop(&self) {
        self.stop.stop();
    }

    /// Disconnects; the journal is complete then.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let session = self.seat.lock("close()")?.take();
        detached(py, || drop(session))
    }
}

/// The replay of a journal: the recorded facts for the recorded orders, and a refusal of any other.
#[pyclass(frozen, name = "ReplayEnv", module = "tradepit._core")]
pub(crate) struct PyReplayEnv {
    seat: Seat<ReplayVenue>,
}

#[pymethods]
impl PyReplayEnv {
    /// Reads a journal; the spec is the one that it holds unless another is given.
    #[new]
    #[pyo3(signature = (journal, spec_json=None, reward=None))]
    fn new(py: Python<'_>, journal: &str, spec_json: Option<&str>, reward: Option<Py<PyAny>>) -> PyResult<Self> {
        let (log, kept) = detached(py, || -> Result<_> {
            let file = Journal::open(journal)?;
            Ok((file.log()?, file.meta(SPEC)?))
        })?
        .map_err(fault)?;
        let Some(log) = log else {
            return Err(raise("StateError", format!("{journal}: holds no session; record one first")));
        };
        let Some(json) = spec_json.or(kept.as_deref()) else {
            return Err(raise("SpecError", format!("{journal}: holds no spec; name the environment's fields")));
        };
        let spec = spec::parse(json)?.with_windows();
        let (rules, venue, bars_per_year) = detached(py, || replay(log, spec))?.map_err(fault)?;
        let state = Mutex::new(Some(Session::new(Env::new(Arc::clone(&rules), venue))));
        Ok(Self { seat: Seat { rules, bars_per_year, reward, state } })
    }

    /// The whole spec as JSON, defaults written out.
    #[getter]
    fn spec_json(&self) -> PyResult<String> {
        spec::to_json(self.seat.rules.spec())
    }

    /// `("box", len, low, high, layout)`.
    #[getter]
    fn observation_space(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        space::describe_observation(py, &self.seat.rules)
    }

    /// `("box", len, low, high)`, `("discrete", n)` or `("multi_discrete", nvec)`.
    #[getter]
    fn action_space(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        space::describe(py, self.seat.rules.action_space())
    }

    /// Names of the numbers of an observation, in order.
    fn observation_names(&self) -> Vec<String> {
        self.seat.rules.observation_names()
    }

    /// Opens the recorded account.
    #[pyo3(signature = (seed=None))]
    fn reset<'py>(
        &self,
        py: Python<'py>,
        seed: Option<u64>,
    ) -> PyResult<(Bound<'py, PyArray1<f32>>, Bound<'py, PyDict>)> {
        let _ = seed;
        self.seat.reset(py)
    }

    /// Takes one action; its orders must be those of the journal.
    fn step<'py>(&self, py: Python<'py>, action: &Bound<'py, PyAny>) -> PyResult<Answer<'py>> {
        self.seat.step(py, action)
    }

    /// Which choices are open now, one entry for each value of each whole number of an action.
    fn action_masks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<bool>>> {
        self.seat.action_masks(py)
    }

    /// Info of the present state.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.seat.with("info()", |session| session.info().dict(py))
    }

    /// The trades of the session, the open one last, as arrays by column.
    fn trades<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.seat.with("trades()", |session| session.trades(py))
    }

    /// The account after the reset and after every step, as arrays by column.
    fn equity_curve<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.seat.with("equity_curve()", |session| session.equity_curve(py))
    }

    /// Every fill of the session, as arrays by column.
    fn fills<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.seat.with("fills()", |session| session.fills(py))
    }

    /// Statistics of the session so far, as JSON.
    #[pyo3(signature = (periods_per_year=None))]
    fn performance(&self, periods_per_year: Option<f64>) -> PyResult<String> {
        self.seat.with("performance()", |session| session.performance(self.seat.bars_per_year, periods_per_year))
    }

    /// Nothing is connected.
    fn close(&self) {}
}

/// Serves the rows of data to one paper broker over a socket of this machine.
#[pyclass(frozen, name = "FeedServer", module = "tradepit._core")]
pub(crate) struct PyFeedServer(FeedServer);

#[pymethods]
impl PyFeedServer {
    /// Listens on `port` of the loopback (0: any that is free). Rows up to `start` are history; the others go out `batch`
    /// at a time, `delay` seconds apart.
    #[new]
    #[pyo3(signature = (data, start, port=0, batch=1, delay=0.0))]
    fn new(data: &Bound<'_, PyMarketData>, start: u32, port: u16, batch: u32, delay: f64) -> PyResult<Self> {
        let delay = Duration::try_from_secs_f64(delay).map_err(|_| {
            raise("SpecError", format!("delay: {delay} must be a finite number of seconds, at least 0"))
        })?;
        let server = FeedServer::bind(data.get().market(), start, Pace { batch, delay }, port);
        Ok(Self(server.map_err(fault)?))
    }

    /// Where a broker connects: `host:port`.
    #[getter]
    fn address(&self) -> String {
        self.0.addr().to_string()
    }

    /// Waits for one broker and serves it to the end.
    fn serve_one(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || self.0.serve_one())?.map_err(fault)
    }
}

fn open_journal(path: &str, spec: &EnvSpec) -> Result<Journal> {
    let mut journal = if std::path::Path::new(path).exists() { Journal::open(path)? } else { Journal::create(path)? };
    let json = serde_json::to_string(spec).map_err(|error| Error::State(error.to_string()))?;
    match journal.meta(SPEC)? {
        Some(kept) if kept != json => {
            let how = "resume a session with the spec that it began with, or name a new file";
            return Err(Error::State(format!("{path}: the journal holds a session of another spec; {how}")));
        }
        Some(_) => {}
        None => journal.set_meta(SPEC, &json)?,
    }
    Ok(journal)
}

fn pipeline(spec: &EnvSpec, data: &MarketData) -> Result<FeaturePipeline> {
    let Some(features) = &spec.features else { return Err(Error::State("features are not named".into())) };
    Ok(FeaturePipeline::for_data(features, data)?)
}

/// Rules and venue of a log: its history is the data by which the spec is checked.
fn replay(log: EventLog, mut spec: EnvSpec) -> Result<(Arc<Rules>, ReplayVenue, f64)> {
    let data = log.opening().market()?;
    let resolved = spec.resolve_features(&data).clone();
    let data = features::attach(data, &resolved)?;
    let pipeline = pipeline(&spec, &data)?;
    let bars_per_year = data.calendar().bars_per_year(data.period_ns());
    Ok((Arc::new(Rules::new(spec, &data)?), ReplayVenue::new(log, pipeline)?, bars_per_year))
}
