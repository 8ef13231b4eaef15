//! Fills and trades as arrays by column: of an environment's record and of a backtest's.

use numpy::PyArray1;
use pyo3::{prelude::*, types::PyDict};
use tradepit::account::{Fill, Trade, TradeSide};

/// A column: its name, and its value of an entry.
pub(crate) type Column<T> = (&'static str, fn(&T) -> f64);

/// Fills, oldest first.
pub(crate) fn fills<'py>(py: Python<'py>, fills: &[Fill]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("time", PyArray1::from_iter(py, fills.iter().map(|fill| fill.time.nanos())))?;
    dict.set_item("order", PyArray1::from_iter(py, fills.iter().map(|fill| fill.order.0)))?;
    let numbers: [Column<Fill>; 4] = [
        ("qty", |fill| fill.qty),
        ("price", |fill| fill.price),
        ("reference", |fill| fill.reference),
        ("fee", |fill| fill.fee),
    ];
    for (name, of) in numbers {
        dict.set_item(name, PyArray1::from_iter(py, fills.iter().map(of)))?;
    }
    Ok(dict)
}

/// Trades, those that are still open last.
pub(crate) fn trades<'py>(py: Python<'py>, closed: &[Trade], open: &[Trade]) -> PyResult<Bound<'py, PyDict>> {
    let all = || closed.iter().chain(open);
    let dict = PyDict::new(py);
    dict.set_item("entry_time", PyArray1::from_iter(py, all().map(|trade| trade.entry_time.nanos())))?;
    dict.set_item("exit_time", PyArray1::from_iter(py, all().map(|trade| trade.exit_time.nanos())))?;
    let numbers: [Column<Trade>; 5] = [
        ("qty", |trade| if trade.side == TradeSide::Long { trade.qty } else { -trade.qty }),
        ("entry_price", |trade| trade.entry_price),
        ("exit_price", |trade| trade.exit_price),
        ("pnl", |trade| trade.net),
        ("fees", |trade| trade.fees),
    ];
    for (name, of) in numbers {
        dict.set_item(name, PyArray1::from_iter(py, all().map(of)))?;
    }
    let is_open = closed.iter().map(|_| false).chain(open.iter().map(|_| true));
    dict.set_item("open", PyArray1::from_iter(py, is_open))?;
    Ok(dict)
}
