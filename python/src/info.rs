//! What `info` says of an environment: one set of keys for single ones and for batches.

use numpy::PyArray1;
use pyo3::{
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyString},
};
use tradepit::{InstrumentId, MarketData, MarketView};
use tradepit_envs::{EnvState, EpisodeEnd, Rules, StepFacts};

/// The values of one environment after one step, or after a reset.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Info {
    time: i64,
    clipped: i64,
    fills: i64,
    /// In the order of `NUMBERS`.
    numbers: [f64; 7],
}

const NUMBERS: [&str; 7] = ["equity", "position", "executed_action", "price", "fees", "slippage", "drawdown"];

/// The keys, made once, and a dictionary that has them all.
struct Empty {
    keys: [Py<PyString>; NUMBERS.len() + 3],
    dict: Py<PyDict>,
}

impl Empty {
    fn get(py: Python<'_>) -> PyResult<&'static Self> {
        static EMPTY: PyOnceLock<Empty> = PyOnceLock::new();
        EMPTY.get_or_try_init(py, || {
            let [equity, position, executed, price, fees, slippage, drawdown] = NUMBERS;
            let names = ["time", equity, position, executed, price, fees, slippage, drawdown, "fills", "clipped"];
            let (keys, dict) = (names.map(|name| PyString::intern(py, name).unbind()), PyDict::new(py));
            keys.iter().try_for_each(|key| dict.set_item(key, py.None()))?;
            Ok(Self { keys, dict: dict.unbind() })
        })
    }
}

impl Info {
    /// Of the present state; `facts` are those of the step that led to it, or at rest.
    pub(crate) fn now(rules: &Rules, market: MarketView<'_>, state: &EnvState, facts: &StepFacts) -> Self {
        let last = market.last(InstrumentId(0));
        let (position, equity) = (state.account().position(InstrumentId(0)).qty(), state.account().equity());
        let numbers = [
            equity,
            position,
            rules.exposure(0, position, last.close, equity),
            last.close,
            facts.fees,
            facts.slippage,
            state.drawdown(),
        ];
        Self { time: last.time.nanos(), clipped: state.clipped().into(), fills: facts.fills as i64, numbers }
    }

    /// Of the last step of an episode, whose environment has begun another one.
    pub(crate) fn last(rules: &Rules, data: &MarketData, end: &EpisodeEnd, facts: &StepFacts) -> Self {
        let time = data.view(end.row as usize + 1).now().nanos();
        let numbers = [
            facts.equity,
            facts.position,
            rules.exposure(0, facts.position, facts.price, facts.equity),
            facts.price,
            facts.fees,
            facts.slippage,
            facts.drawdown,
        ];
        Self { time, clipped: end.clipped.into(), fills: facts.fills as i64, numbers }
    }

    /// As plain numbers by name.
    pub(crate) fn dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let Empty { keys: [time, numbers @ .., fills, clipped], dict } = Empty::get(py)?;
        // A copy has room for all keys: a new dictionary is made larger on the way.
        let dict = dict.bind(py).copy()?;
        dict.set_item(time, self.time)?;
        for (name, value) in numbers.iter().zip(self.numbers) {
            dict.set_item(name, value)?;
        }
        dict.set_item(fills, self.fills)?;
        dict.set_item(clipped, self.clipped)?;
        Ok(dict)
    }

    /// Of many environments, as arrays by name; those without values show 0.
    pub(crate) fn columns<'py>(py: Python<'py>, infos: &[Option<Self>]) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        let whole = |value: fn(&Self) -> i64| {
            PyArray1::from_iter(py, infos.iter().map(move |info| info.as_ref().map_or(0, value)))
        };
        dict.set_item("time", whole(|info| info.time))?;
        for (at, name) in NUMBERS.iter().enumerate() {
            let values = infos.iter().map(|info| info.as_ref().map_or(0.0, |info| info.numbers[at]));
            dict.set_item(name, PyArray1::from_iter(py, values))?;
        }
        dict.set_item("fills", whole(|info| info.fills))?;
        dict.set_item("clipped", whole(|info| info.clipped))?;
        Ok(dict)
    }
}
