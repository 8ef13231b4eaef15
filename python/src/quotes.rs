//! Quotes as Python holds them: a mapping of columns.

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::{prelude::*, types::PyDict};
use tradepit::{MarketData, ingest::QuoteColumns, market::Quote};

use crate::error::raise;

/// A column of a quote.
type Column = (&'static str, fn(&Quote) -> f64);

const COLUMNS: [Column; 4] = [
    ("bid", |quote| quote.bid),
    ("ask", |quote| quote.ask),
    ("bid_size", |quote| quote.bid_size),
    ("ask_size", |quote| quote.ask_size),
];

/// Arrays that Python owns.
pub(crate) struct QuoteArrays<'py> {
    /// Those of [`COLUMNS`].
    numbers: [Option<PyReadonlyArray1<'py, f64>>; 4],
    times_ns: Option<PyReadonlyArray1<'py, i64>>,
}

impl<'py> QuoteArrays<'py> {
    pub(crate) fn read(quotes: &Bound<'py, PyDict>) -> PyResult<Self> {
        let mut numbers = [None, None, None, None];
        for ((name, _), kept) in COLUMNS.iter().zip(&mut numbers) {
            *kept = quotes.get_item(name)?.map(|values| values.extract()).transpose()?;
        }
        Ok(Self { numbers, times_ns: quotes.get_item("time_ns")?.map(|values| values.extract()).transpose()? })
    }

    pub(crate) fn columns(&self) -> PyResult<QuoteColumns<'_>> {
        let mut slices = [None; 4];
        for (slice, array) in slices.iter_mut().zip(&self.numbers) {
            *slice = array.as_ref().map(|array| array.as_slice()).transpose()?;
        }
        let [Some(bid), Some(ask), bid_size, ask_size] = slices else {
            return Err(raise("SpecError", "quotes: bid or ask is missing; give both"));
        };
        let times_ns = self.times_ns.as_ref().map(|array| array.as_slice()).transpose()?;
        Ok(QuoteColumns { bid, ask, bid_size, ask_size, times_ns })
    }
}

/// The quotes that stand at the opens of `data`, if it has any.
pub(crate) fn standing<'py>(py: Python<'py>, data: &MarketData) -> PyResult<Option<Bound<'py, PyDict>>> {
    if !data.has_quotes() {
        return Ok(None);
    }
    let stands = || (0..data.len()).map(|row| data.details(row).quotes[0]);
    let dict = PyDict::new(py);
    for (name, of) in COLUMNS {
        dict.set_item(name, PyArray1::from_iter(py, stands().map(|quote| quote.map_or(f64::NAN, |quote| of(&quote)))))?;
    }
    dict.set_item(
        "time_ns",
        PyArray1::from_iter(py, stands().map(|quote| quote.map_or(0, |quote| quote.time.nanos()))),
    )?;
    Ok(Some(dict))
}
