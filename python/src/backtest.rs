//! Backtests of target positions: one series with all that happened, or a table with a line for each column.

use std::sync::Arc;

use numpy::{Element, PyArray1, PyArrayDyn, PyArrayMethods as _, PyReadonlyArrayDyn};
use pyo3::{prelude::*, types::PyDict};
use tradepit::{
    Result,
    backtest::{Record, Summary, Sweep},
    venue::SimWorld,
};

use crate::{
    columns,
    data::PyMarketData,
    error::{detached, fault, raise},
    spec,
};

/// What a backtest of one series did.
#[pyclass(frozen, name = "Backtest", module = "tradepit._core")]
pub(crate) struct PyBacktest {
    record: Record,
    bars_per_year: f64,
}

#[pymethods]
impl PyBacktest {
    /// Orders sent.
    #[getter]
    fn orders(&self) -> u64 {
        self.record.orders
    }

    /// Equity at the close of each bar, float64 of shape `(bars,)`.
    fn equity<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, &self.record.equity)
    }

    /// Units held at the close of each bar, float64: bar by bar, a number for each instrument.
    fn positions<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, &self.record.positions)
    }

    /// Fills as arrays by column.
    fn fills<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        columns::fills(py, &self.record.fills().collect::<Vec<_>>())
    }

    /// Trades as arrays by column, those that are still open last.
    fn trades<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        columns::trades(py, &self.record.closed(), &self.record.open())
    }

    /// Statistics as JSON; without a number of periods, a year is that of calendar and bars.
    #[pyo3(signature = (periods_per_year=None))]
    fn performance(&self, py: Python<'_>, periods_per_year: Option<f64>) -> PyResult<String> {
        let periods = periods_per_year.unwrap_or(self.bars_per_year);
        let performance = detached(py, || self.record.performance(periods))?.map_err(fault)?;
        serde_json::to_string(&performance).map_err(|error| raise("InternalError", error.to_string()))
    }
}

/// Targets that hold on to their array.
enum Targets<'py> {
    I8(PyReadonlyArrayDyn<'py, i8>),
    I32(PyReadonlyArrayDyn<'py, i32>),
    F32(PyReadonlyArrayDyn<'py, f32>),
    F64(PyReadonlyArrayDyn<'py, f64>),
}

impl<'py> Targets<'py> {
    fn read(object: &Bound<'py, PyAny>) -> PyResult<Self> {
        fn array<'py, T: Element>(object: &Bound<'py, PyAny>) -> Option<PyReadonlyArrayDyn<'py, T>> {
            object.cast::<PyArrayDyn<T>>().ok()?.try_readonly().ok()
        }
        let known = array(object).map(Self::I8).or_else(|| array(object).map(Self::I32));
        let known = known.or_else(|| array(object).map(Self::F32)).or_else(|| array(object).map(Self::F64));
        known.ok_or_else(|| raise("SpecError", "targets: must be an array of int8, int32, float32 or float64"))
    }
}

/// With the numbers of `$targets` as a slice.
macro_rules! with_numbers {
    ($targets:expr, |$numbers:ident| $work:expr) => {
        match &$targets {
            Targets::I8(array) => {
                let $numbers = array.as_slice()?;
                $work
            }
            Targets::I32(array) => {
                let $numbers = array.as_slice()?;
                $work
            }
            Targets::F32(array) => {
                let $numbers = array.as_slice()?;
                $work
            }
            Targets::F64(array) => {
                let $numbers = array.as_slice()?;
                $work
            }
        }
    };
}

/// The world of the spec's market part; what else a spec has is passed over.
fn world(data: &PyMarketData, spec_json: &str) -> PyResult<impl FnOnce() -> Result<Arc<SimWorld>> + Send + use<>> {
    let (spec, data) = (spec::parse(spec_json)?, data.market());
    Ok(move || Ok(Arc::new(SimWorld::new(data, spec.models(), spec.cash)?.with_holding(spec.holding)?)))
}

/// Lets the account hold targets, one whole number of lots for each bar and instrument; `spec` is JSON.
#[pyfunction]
#[pyo3(signature = (data, spec_json, targets, seed=0))]
pub(crate) fn backtest(
    py: Python<'_>,
    data: &Bound<'_, PyMarketData>,
    spec_json: &str,
    targets: &Bound<'_, PyAny>,
    seed: u64,
) -> PyResult<PyBacktest> {
    let (world, targets) = (world(data.get(), spec_json)?, Targets::read(targets)?);
    let record = with_numbers!(targets, |numbers| detached(py, || Record::of(&world()?, numbers, seed))?);
    Ok(PyBacktest { record: record.map_err(fault)?, bars_per_year: data.get().bars_per_year() })
}

/// Runs each strategy of a table of targets: bars by strategies by instruments, or, `by_strategy`, strategies by bars by
/// instruments. Gives arrays by name, a number for each strategy; NaN where a ratio does not exist.
#[pyfunction]
#[pyo3(signature = (data, spec_json, targets, by_strategy=false, seed=0, threads=0, periods_per_year=None))]
#[expect(clippy::too_many_arguments, reason = "keywords of a function of the package")]
pub(crate) fn backtests<'py>(
    py: Python<'py>,
    data: &Bound<'py, PyMarketData>,
    spec_json: &str,
    targets: &Bound<'py, PyAny>,
    by_strategy: bool,
    seed: u64,
    threads: usize,
    periods_per_year: Option<f64>,
) -> PyResult<Bound<'py, PyDict>> {
    let (world, targets) = (world(data.get(), spec_json)?, Targets::read(targets)?);
    let summaries = with_numbers!(targets, |numbers| {
        let run = || {
            let world = world()?;
            let sweep = Sweep::new(&world).threads(threads).seed(seed);
            if !by_strategy {
                return sweep.table(numbers, Summary::of);
            }
            let each = world.data.len() * world.data.instruments().len();
            let own = |k: usize, into: &mut Vec<_>| into.extend_from_slice(&numbers[k * each..(k + 1) * each]);
            sweep.each(numbers.len() / each, own, Summary::of)
        };
        detached(py, run)?
    });
    let summaries = summaries.map_err(fault)?;
    let year = periods_per_year.unwrap_or_else(|| data.get().bars_per_year());
    let dict = PyDict::new(py);
    type Count = (&'static str, fn(&Summary) -> i64);
    let whole: [Count; 3] = [
        ("orders", |summary| summary.orders as i64),
        ("fills", |summary| summary.fills.into()),
        ("trades", |summary| summary.trades.into()),
    ];
    let numbers: [columns::Column<Summary>; 4] = [
        ("final_equity", |summary| summary.final_equity),
        ("fees", |summary| summary.fees),
        ("slippage", |summary| summary.slippage),
        ("max_drawdown", |summary| summary.max_drawdown),
    ];
    for (name, of) in numbers {
        dict.set_item(name, PyArray1::from_iter(py, summaries.iter().map(of)))?;
    }
    for (name, of) in whole {
        dict.set_item(name, PyArray1::from_iter(py, summaries.iter().map(of)))?;
    }
    let sharpe = summaries.iter().map(|summary| summary.sharpe(year).unwrap_or(f64::NAN));
    dict.set_item("sharpe", PyArray1::from_iter(py, sharpe))?;
    Ok(dict)
}
