//! Market data made of market data: instruments on one clock, contracts behind each other, points with their time.

#![expect(clippy::needless_pass_by_value, reason = "arguments of Python calls are extracted by value")]

use std::sync::Arc;

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::{
    prelude::*,
    types::{PyDict, PyString, PyTuple},
};
use serde::de::DeserializeOwned;
use tradepit::{
    Bar, InstrumentId, MarketData, Timestamp,
    ingest::{ReadOptions, quotes_from_arrow, read_quotes},
    market::{self, Calendar, Continuous, Contract, ContractSeries, Missing, Publishing, RollRule},
};

use crate::{
    data::{PyMarketData, column_arrays, read_columns, read_instrument, read_name},
    error::{detached, fault, raise},
    table::{from_json, stream},
};

/// A column of a bar.
type Column = (&'static str, fn(&Bar) -> f64);

const COLUMNS: [Column; 5] = [
    ("open", |bar| bar.open),
    ("high", |bar| bar.high),
    ("low", |bar| bar.low),
    ("close", |bar| bar.close),
    ("volume", |bar| bar.volume),
];

/// Columns of the bars by name; those of instruments behind the first are called as in `NQ.close`.
pub(crate) fn bar_columns<'py>(py: Python<'py>, data: &MarketData, bars: &[Bar]) -> PyResult<Bound<'py, PyDict>> {
    let (dict, n) = (PyDict::new(py), data.instruments().len());
    for (id, instrument) in data.instruments().iter().enumerate() {
        for (name, of) in COLUMNS {
            let values = PyArray1::from_iter(py, bars.iter().skip(id).step_by(n).map(of));
            let name = if id == 0 { name.to_owned() } else { format!("{}.{name}", instrument.name) };
            dict.set_item(name, values)?;
        }
    }
    Ok(dict)
}

/// What makes aligned data again: each instrument alone, and the columns.
pub(crate) fn parts<'py>(py: Python<'py>, data: &MarketData) -> PyResult<Bound<'py, PyTuple>> {
    if data.has_sub_bars() {
        let message = "data of several instruments with finer bars can't be pickled; resample it where it is used";
        return Err(raise("SpecError", message));
    }
    let only = |id: usize| Ok(PyMarketData::from(data.only(InstrumentId(id as u32)).build().map_err(fault)?));
    let parts: Vec<PyMarketData> = (0..data.instruments().len()).map(only).collect::<PyResult<_>>()?;
    (parts, "refuse", column_arrays(py, data)?).into_pyobject(py)
}

fn kind<T: DeserializeOwned>(field: &str, json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|error| raise("SpecError", format!("{field}: {error}")))
}

/// Several data on one clock; `missing` is refuse, drop or carry; `columns` are further ones, of whole rows.
#[pyfunction]
#[pyo3(signature = (data, missing, columns=None))]
pub(crate) fn align(
    py: Python<'_>,
    data: Vec<PyRef<'_, PyMarketData>>,
    missing: &str,
    columns: Option<&Bound<'_, PyDict>>,
) -> PyResult<PyMarketData> {
    let missing: Missing = kind("missing", &serde_json::json!({ "kind": missing }).to_string())?;
    let markets: Vec<Arc<MarketData>> = data.iter().map(|data| data.market()).collect();
    let own = columns.map(read_columns).transpose()?.unwrap_or_default();
    let made = detached(py, || {
        let markets: Vec<&MarketData> = markets.iter().map(AsRef::as_ref).collect();
        let builder = market::align(&markets, missing)?;
        own.into_iter().fold(builder, |builder, (name, values)| builder.column(name, values)).build()
    })?;
    Ok(made.map_err(fault)?.into())
}

/// One future out of contracts: `expires_ns` is when each expires (by its name where there is none), `rule` JSON; an open
/// interest is the contract's column of that name. Gives the data, and (row, time_ns, from, to, from_price, to_price) of each
/// roll, contracts counted in the order given.
#[pyfunction]
#[pyo3(signature = (names, expires_ns, data, instrument, calendar, rule, adjust, period_ns=None))]
#[expect(clippy::too_many_arguments, reason = "the contracts and what describes their series")]
#[expect(clippy::type_complexity, reason = "a tuple for Python")]
pub(crate) fn continuous(
    py: Python<'_>,
    names: Vec<String>,
    expires_ns: Vec<Option<i64>>,
    data: Vec<PyRef<'_, PyMarketData>>,
    instrument: &str,
    calendar: &str,
    rule: &str,
    adjust: &str,
    period_ns: Option<i64>,
) -> PyResult<(PyMarketData, Vec<(usize, i64, usize, usize, f64, f64)>)> {
    let (instrument, calendar) = (read_instrument(instrument)?, read_name::<Calendar>("calendar", calendar)?);
    let (rule, adjust) = (kind::<RollRule>("roll", rule)?, read_name("adjust", adjust)?);
    let markets: Vec<Arc<MarketData>> = data.iter().map(|data| data.market()).collect();
    let made = detached(py, || {
        let series = names.into_iter().zip(expires_ns).zip(&markets).map(|((name, expires), market)| {
            let contract = match expires {
                Some(expires) => Contract { name, expires: Timestamp::from_nanos(expires) },
                None => Contract::parse(&name)?,
            };
            let interest = market.columns().iter().find(|(name, _)| name == "open_interest");
            let open_interest =
                interest.map_or_else(Vec::new, |(_, values)| values.iter().copied().map(f64::from).collect());
            Ok(ContractSeries { contract, bars: market.bars().to_vec(), open_interest })
        });
        let made = Continuous::new(&series.collect::<tradepit::Result<Vec<_>>>()?, rule, calendar)?;
        let rolls = made.rolls.clone();
        let period_ns = period_ns.or_else(|| markets.iter().map(|market| market.period_ns()).min());
        let builder = made.into_builder(instrument, calendar).adjust(adjust);
        let builder = match period_ns {
            Some(period_ns) => builder.period_ns(period_ns),
            None => builder,
        };
        Ok::<_, tradepit::Error>((builder.build()?, rolls))
    })?;
    let (data, rolls) = made.map_err(fault)?;
    let roll = |roll: market::Roll| (roll.row, roll.time.nanos(), roll.from, roll.to, roll.from_price, roll.to_price);
    Ok((data.into(), rolls.into_iter().map(roll).collect()))
}

/// (name, expires_ns) of the quarterly contracts of an index future that expire after `from_ns` and up to `to_ns`.
#[pyfunction]
pub(crate) fn index_contracts(root: &str, from_ns: i64, to_ns: i64) -> PyResult<Vec<(String, i64)>> {
    let contracts = Contract::quarterly(root, Timestamp::from_nanos(from_ns), Timestamp::from_nanos(to_ns));
    let named = |contract: Contract| (contract.name, contract.expires.nanos());
    Ok(contracts.map_err(fault)?.into_iter().map(named).collect())
}

/// The data with a column of points, of which each row knows those published by its close.
#[pyfunction]
#[pyo3(signature = (data, name, published_ns, values, max_age_ns=None, fill=None, age=false))]
#[expect(clippy::too_many_arguments, reason = "a column of points and what describes it")]
pub(crate) fn with_published(
    py: Python<'_>,
    data: &Bound<'_, PyMarketData>,
    name: &str,
    published_ns: PyReadonlyArray1<'_, i64>,
    values: PyReadonlyArray1<'_, f32>,
    max_age_ns: Option<i64>,
    fill: Option<f32>,
    age: bool,
) -> PyResult<PyMarketData> {
    let (published, values) = (published_ns.as_slice()?, values.as_slice()?);
    if published.len() != values.len() {
        let (times, values) = (published.len(), values.len());
        return Err(raise("SpecError", format!("{name}: {values} values for {times} times; give one a time")));
    }
    let market = data.get().market();
    let how = Publishing { max_age_ns, fill, age };
    let made = detached(py, || {
        let points = published.iter().map(|time| Timestamp::from_nanos(*time)).zip(values.iter().copied());
        market.part(0..market.len()).published(name, points, how)?.build()
    })?;
    Ok(made.map_err(fault)?.into())
}

/// Sessions with a moment after `from_ns` and up to `to_ns`: columns date_ns (midnight UTC of the trading date), opens_ns,
/// closes_ns, int64.
#[pyfunction]
pub(crate) fn sessions<'py>(py: Python<'py>, calendar: &str, from_ns: i64, to_ns: i64) -> PyResult<Bound<'py, PyDict>> {
    let clock = read_name::<Calendar>("calendar", calendar)?.clock().map_err(fault)?;
    let (from, to) = (Timestamp::from_nanos(from_ns), Timestamp::from_nanos(to_ns));
    let found: Vec<market::Session> = clock.sessions(from, to).collect();
    let dict = PyDict::new(py);
    let dates = found.iter().map(|session| clock.session_date(session.closes).nanos());
    dict.set_item("date_ns", PyArray1::from_iter(py, dates))?;
    dict.set_item("opens_ns", PyArray1::from_iter(py, found.iter().map(|session| session.opens.nanos())))?;
    dict.set_item("closes_ns", PyArray1::from_iter(py, found.iter().map(|session| session.closes.nanos())))?;
    Ok(dict)
}

/// The data with the quotes of one instrument, out of a file, or of whatever has `__arrow_c_stream__`.
#[pyfunction]
pub(crate) fn with_quotes(
    py: Python<'_>,
    data: &Bound<'_, PyMarketData>,
    quotes: &Bound<'_, PyAny>,
    instrument: &str,
    options: &str,
) -> PyResult<PyMarketData> {
    let (data, options): (_, ReadOptions) = (data.get().market(), from_json("options", options)?);
    let Some(id) = data.instruments().iter().position(|known| known.name == instrument) else {
        let names: Vec<&str> = data.instruments().iter().map(|known| known.name.as_str()).collect();
        return Err(raise("SpecError", format!("instrument: {instrument:?} is not in the data, which has {names:?}")));
    };
    let quotes = if let Ok(path) = quotes.cast::<PyString>() {
        let path = path.to_str()?.to_owned();
        detached(py, || read_quotes(path, &options))?
    } else {
        let batches = stream(quotes)?;
        detached(py, || quotes_from_arrow(batches, None, &options))?
    };
    let quotes = quotes.map_err(fault)?;
    Ok(detached(py, || data.with_quotes(InstrumentId(id as u32), &quotes))?.map_err(fault)?.into())
}
