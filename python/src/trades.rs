//! Bars out of trades.

use std::sync::{Mutex, PoisonError};

use pyo3::{prelude::*, types::PyString};
use tradepit::{
    Bar, Timestamp,
    ingest::{ReadOptions, bars_from_trades, read_trades, trades_from_arrow},
    market::{Aggressor, BarBuilder, BarRule, Calendar, Trade},
};

use crate::{
    data::{PyMarketData, read_instrument, read_name},
    error::{detached, fault},
    table::{from_json, stream},
};

/// A bar: the time of its close in nanoseconds, open, high, low, close, volume.
type Row = (i64, f64, f64, f64, f64, f64);

fn row(bar: Bar) -> Row {
    (bar.time.nanos(), bar.open, bar.high, bar.low, bar.close, bar.volume)
}

/// Makes bars of trades as they come; `rule` is JSON.
#[pyclass(frozen, name = "BarBuilder", module = "tradepit._core")]
// Boxed, because a bar inside it is aligned to a cache line, and Python aligns its objects to less.
pub(crate) struct PyBarBuilder(Mutex<Box<BarBuilder>>);

#[pymethods]
impl PyBarBuilder {
    #[new]
    fn new(rule: &str) -> PyResult<Self> {
        Ok(Self(Mutex::new(Box::new(BarBuilder::new(from_json("rule", rule)?).map_err(fault)?))))
    }

    /// Takes the next trade (`side` is above 0 for a buyer, below for a seller, 0 if unknown), gives the bar that is complete.
    #[pyo3(signature = (time_ns, price, size, side=0))]
    fn push(&self, time_ns: i64, price: f64, size: f64, side: i32) -> PyResult<Option<Row>> {
        let aggressor = match side {
            1.. => Aggressor::Buyer,
            0 => Aggressor::Unknown,
            ..0 => Aggressor::Seller,
        };
        let trade = Trade { time: Timestamp::from_nanos(time_ns), price, size, aggressor };
        let mut builder = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(builder.push(&trade).map_err(fault)?.map(row))
    }

    /// Says that no trade before `time_ns` is to come, and gives the bar of time that is complete by that.
    fn advance(&self, time_ns: i64) -> Option<Row> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).advance(Timestamp::from_nanos(time_ns)).map(row)
    }

    /// The bar that is being made, if there is one; its time is that of its last trade.
    fn unfinished(&self) -> Option<Row> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).unfinished().map(row)
    }
}

/// Market data of bars out of the trades of a file, or of whatever has `__arrow_c_stream__`.
#[pyfunction]
pub(crate) fn market_from_trades(
    py: Python<'_>,
    trades: &Bound<'_, PyAny>,
    rule: &str,
    instrument: &str,
    calendar: &str,
    options: &str,
) -> PyResult<PyMarketData> {
    let (rule, options): (BarRule, ReadOptions) = (from_json("rule", rule)?, from_json("options", options)?);
    let (instrument, calendar) = (read_instrument(instrument)?, read_name::<Calendar>("calendar", calendar)?);
    let trades = if let Ok(path) = trades.cast::<PyString>() {
        let path = path.to_str()?.to_owned();
        detached(py, || read_trades(path, &options))?
    } else {
        let batches = stream(trades)?;
        detached(py, || trades_from_arrow(batches, None, &options))?
    };
    let trades = trades.map_err(fault)?;
    let data = detached(py, || bars_from_trades(&trades, &rule)?.into_data(instrument, calendar))?;
    Ok(data.map_err(fault)?.into())
}
