//! Market data: immutable, shared by every environment over it.

#![expect(clippy::needless_pass_by_value, reason = "arguments of Python calls are extracted by value")]

use std::sync::{Arc, Mutex, PoisonError};

use numpy::{PyArray1, PyArray2, PyReadonlyArray1, ndarray::Array2};
use pyo3::{
    exceptions::PyIndexError,
    prelude::*,
    types::{PyDict, PySlice, PyTuple},
};
use serde::{Serialize, de::DeserializeOwned};
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData,
    features::{self, FeaturePipelineSpec},
    ingest::{self, BarColumns, BarSeries, Stamp},
    market::{
        Calendar, QuotesAt,
        synth::{self, Leak},
    },
};
use tradepit_envs::{EnvSpec, SimSetup};

use crate::{
    combine,
    error::{detached, fault, raise},
    events,
    quotes::{self, QuoteArrays},
    spec, table,
};

/// Bars of one instrument or of several on one clock, with columns of the user's own. It never changes, and is shared, not copied.
#[pyclass(frozen, name = "MarketData", module = "tradepit._core")]
pub(crate) struct PyMarketData {
    data: Arc<MarketData>,
    /// Setups made over it: environments of the same features share one table.
    setups: Mutex<Vec<SimSetup>>,
}

impl From<MarketData> for PyMarketData {
    fn from(data: MarketData) -> Self {
        Self { data: Arc::new(data), setups: Mutex::default() }
    }
}

impl PyMarketData {
    /// A setup over this data; its feature table is that of an earlier one where the features are the same.
    pub(crate) fn setup(&self, mut spec: EnvSpec) -> tradepit_envs::Result<SimSetup> {
        spec.resolve_features(&self.data);
        let mut setups = self.setups.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |known: &EnvSpec| known.features == spec.features && known.market == spec.market;
        if let Some(known) = setups.iter().find(|setup| same(setup.rules().spec())) {
            return known.with_spec(spec);
        }
        let setup = SimSetup::new(spec, (*self.data).clone())?;
        setups.push(setup.clone());
        Ok(setup)
    }

    /// The data itself.
    pub(crate) fn market(&self) -> Arc<MarketData> {
        Arc::clone(&self.data)
    }

    pub(crate) fn bars_per_year(&self) -> f64 {
        self.data.calendar().bars_per_year(self.data.period_ns())
    }
}

#[pymethods]
impl PyMarketData {
    /// From columns of one length; `instrument` is JSON, `calendar` and `stamp` are names, NaN is refused by row. `quotes`
    /// has the columns bid and ask, and bid_size, ask_size and time_ns if they are known, `quotes_at` "open" or "close";
    /// `sub_bars` is data of finer bars.
    #[new]
    #[pyo3(signature = (time_ns, open, high, low, close, volume, columns, instrument, calendar, stamp, period_ns=None,
        quotes=None, quotes_at="open", sub_bars=None, events="[]", adjust="ratio"))]
    #[expect(clippy::too_many_arguments, reason = "the columns of a bar and what describes them")]
    fn new(
        py: Python<'_>,
        time_ns: PyReadonlyArray1<'_, i64>,
        open: PyReadonlyArray1<'_, f64>,
        high: PyReadonlyArray1<'_, f64>,
        low: PyReadonlyArray1<'_, f64>,
        close: PyReadonlyArray1<'_, f64>,
        volume: Option<PyReadonlyArray1<'_, f64>>,
        columns: &Bound<'_, PyDict>,
        instrument: &str,
        calendar: &str,
        stamp: &str,
        period_ns: Option<i64>,
        quotes: Option<&Bound<'_, PyDict>>,
        quotes_at: &str,
        sub_bars: Option<&Bound<'_, Self>>,
        events: &str,
        adjust: &str,
    ) -> PyResult<Self> {
        let own = read_columns(columns)?;
        let bars = BarColumns {
            times_ns: time_ns.as_slice()?,
            open: open.as_slice()?,
            high: high.as_slice()?,
            low: low.as_slice()?,
            close: close.as_slice()?,
            volume: volume.as_ref().map(|volume| volume.as_slice()).transpose()?,
        };
        let (instrument, calendar) = (read_instrument(instrument)?, read_name::<Calendar>("calendar", calendar)?);
        let stamp = read_name::<Stamp>("stamp", stamp)?;
        let (events, adjust) = (events::read(events)?, read_name("adjust", adjust)?);
        let quotes = quotes.map(QuoteArrays::read).transpose()?;
        let (at, sub_bars) = (read_name::<QuotesAt>("quotes_at", quotes_at)?, sub_bars.map(|fine| fine.get().market()));
        let quotes = quotes.as_ref().map(QuoteArrays::columns).transpose()?;
        let data = detached(py, || {
            let series = ingest::bars_from_columns(&bars, stamp, period_ns)?;
            let series = BarSeries { columns: own, sub_bars: finer(sub_bars.as_deref()), ..series };
            let series = match quotes {
                Some(quotes) => series.with_quotes(&quotes, at)?,
                None => series,
            };
            series.into_builder(instrument, calendar).events(events).adjust(adjust).build()
        })?;
        Ok(data.map_err(fault)?.into())
    }

    /// Names of the instruments.
    #[getter]
    fn instruments(&self) -> Vec<&str> {
        self.data.instruments().iter().map(|instrument| instrument.name.as_str()).collect()
    }

    /// Name of the instrument; of several, the first.
    #[getter]
    fn instrument_name(&self) -> &str {
        &self.data.instruments()[0].name
    }

    /// The instrument as JSON: name, tick, lot, multiplier, currency, settlement, margins.
    #[getter]
    fn instrument_json(&self) -> PyResult<String> {
        serde_json::to_string(&self.data.instruments()[0]).map_err(|e| raise("SpecError", e.to_string()))
    }

    /// Name of the rule that cuts the data into sessions: cme, nyse, forex, utc or none.
    #[getter]
    fn calendar(&self) -> PyResult<String> {
        name(self.data.calendar())
    }

    /// How the bars that features are made of pass over events: ratio, difference or none.
    #[getter]
    fn adjust(&self) -> PyResult<String> {
        name(self.data.adjustment())
    }

    /// What happens beside the prices: a dictionary for each event, in order, with its `time` (nanoseconds), its `kind`
    /// and what that needs.
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        events::to_dicts(py, self.data.events())
    }

    /// The bars that features are made of, moved by the events: columns by name, each of shape `(len,)`, float64.
    fn feature_bars<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        combine::bar_columns(py, &self.data, &self.data.feature_bars())
    }

    /// Length of a bar in nanoseconds.
    #[getter]
    fn period_ns(&self) -> i64 {
        self.data.period_ns()
    }

    /// Times at which bars close, in nanoseconds since 1970 UTC, shape `(len,)`, int64.
    fn time_ns<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        let rows = self.data.bars().iter().step_by(self.data.instruments().len());
        PyArray1::from_iter(py, rows.map(|bar| bar.time.nanos()))
    }

    /// Columns by name: open, high, low, close, volume (float64), then the user's own (float32), each of shape `(len,)`.
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = combine::bar_columns(py, &self.data, self.data.bars())?;
        dict.update(column_arrays(py, &self.data)?.as_mapping())?;
        Ok(dict)
    }

    /// The quotes that stand when bars open: bid, ask, bid_size, ask_size (float64, NaN where none has come) and time_ns
    /// (int64, 0 there), each of shape `(len,)`; `None` for data without quotes.
    fn quotes<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        quotes::standing(py, &self.data)
    }

    /// The finer bars of all rows as data of their own, or `None`.
    fn sub_bars(&self) -> PyResult<Option<Self>> {
        if !self.data.has_sub_bars() {
            return Ok(None);
        }
        let bars = (0..self.data.len()).flat_map(|row| self.data.details(row).sub_bars).copied().collect();
        let builder = MarketData::builder(self.data.instruments().to_vec()).calendar(self.data.calendar()).bars(bars);
        Ok(Some(builder.build().map_err(fault)?.into()))
    }

    /// Bars of `period_ns` out of these, which stay as the finer bars of theirs.
    fn resample(&self, period_ns: i64) -> PyResult<Self> {
        Ok(self.data.resample(period_ns).map_err(fault)?.into())
    }

    /// What is odd about the bars, as JSON; `options` is JSON.
    #[pyo3(signature = (options="{}"))]
    fn check(&self, py: Python<'_>, options: &str) -> PyResult<String> {
        let options = table::from_json("options", options)?;
        table::report(detached(py, || self.data.check(InstrumentId(0), options))?)
    }

    /// Rows with which a session begins, uint32.
    fn session_starts<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        PyArray1::from_slice(py, self.data.session_starts())
    }

    /// The feature table: names, rows of warm-up (unknown numbers are NaN there), numbers that were clipped, table of
    /// shape `(len, width)`, float32. Without a spec (JSON), of the default features for the bars.
    #[pyo3(signature = (features=None))]
    #[expect(clippy::type_complexity, reason = "a tuple for Python")]
    fn features<'py>(
        &self,
        py: Python<'py>,
        features: Option<&str>,
    ) -> PyResult<(Vec<String>, usize, u64, Bound<'py, PyArray2<f32>>)> {
        let json = features.map_or_else(|| "{}".to_owned(), |features| format!("{{\"features\": {features}}}"));
        let mut spec = spec::parse(&json)?;
        let spec: FeaturePipelineSpec = spec.resolve_features(&self.data).clone();
        let made = detached(py, || features::table(&self.data, &spec))?;
        let (table, warm_up, pipeline) = made.map_err(fault)?;
        let table = Array2::from_shape_vec((self.data.len(), pipeline.width()), table.into_numbers())
            .map_err(|error| raise("InternalError", error.to_string()))?;
        Ok((pipeline.names().to_vec(), warm_up, pipeline.clipped(), PyArray2::from_owned_array(py, table)))
    }

    /// The features (JSON) with the statistics of every `frozen` normalisation fitted on rows `start..stop`, as JSON.
    fn fit_features(&self, py: Python<'_>, features: &str, start: usize, stop: usize) -> PyResult<String> {
        let spec = spec::parse_features(features)?;
        let fitted = detached(py, || spec.fit(&self.data, start..stop))?.map_err(fault)?;
        serde_json::to_string(&fitted).map_err(|error| raise("SpecError", error.to_string()))
    }

    /// The same data with one more column, float32 of shape `(len,)`, in place of one of the same name.
    fn with_column(&self, py: Python<'_>, name: String, values: PyReadonlyArray1<'_, f32>) -> PyResult<Self> {
        let values = values.as_slice()?.to_vec();
        let data = detached(py, || self.data.with_column(name, values))?;
        Ok(data.map_err(fault)?.into())
    }

    /// What the indicator of one feature (JSON) gives for each row, in full precision: float64 of shape `(len,)`, before
    /// `scale` and clipping, NaN while it warms up.
    fn indicator<'py>(&self, py: Python<'py>, feature: &str) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let spec = spec::parse(&format!("{{\"features\": [{feature}]}}"))?;
        let Some(feature) = spec.features.and_then(|spec| spec.features.into_iter().next()) else {
            return Err(raise("SpecError", format!("{feature:?} is no feature")));
        };
        let data = Arc::clone(&self.data);
        let series = detached(py, move || features::series(&data, &feature))?;
        Ok(PyArray1::from_vec(py, series.map_err(fault)?))
    }

    /// Whether both are the same data in memory.
    fn shares(&self, other: &Bound<'_, Self>) -> bool {
        Arc::ptr_eq(&self.data, &other.get().data)
    }

    fn __len__(&self) -> usize {
        self.data.len()
    }

    /// Rows `start..stop` as data of their own: their features begin anew, with a warm-up.
    fn __getitem__(&self, rows: &Bound<'_, PySlice>) -> PyResult<Self> {
        let rows = rows.indices(self.data.len() as isize)?;
        if rows.step != 1 {
            return Err(PyIndexError::new_err(format!("rows are taken one by one, got step {}", rows.step)));
        }
        let rows = rows.start as usize..(rows.stop.max(rows.start) as usize);
        Ok(self.data.part(rows).build().map_err(fault)?.into())
    }

    fn __copy__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __deepcopy__(this: Py<Self>, memo: &Bound<'_, PyAny>) -> Py<Self> {
        let _ = memo;
        this
    }

    fn __reduce__<'py>(this: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let (py, own) = (this.py(), this.get());
        if own.data.instruments().len() > 1 {
            return Ok((py.import("tradepit._core")?.getattr("align")?, combine::parts(py, &own.data)?));
        }
        let bars = combine::bar_columns(py, &own.data, own.data.bars())?;
        let bar = |name: &str| bars.as_any().get_item(name);
        let args = (
            own.time_ns(py),
            bar("open")?,
            bar("high")?,
            bar("low")?,
            bar("close")?,
            bar("volume")?,
            column_arrays(py, &own.data)?,
            own.instrument_json()?,
            own.calendar()?,
            "close",
            own.period_ns(),
        );
        let (events, adjust) = (events::to_json(own.data.events()), own.adjust()?);
        let details = (own.quotes(py)?, "open", own.sub_bars()?, events, adjust);
        let args = args.into_pyobject(py)?.as_sequence().concat(details.into_pyobject(py)?.as_sequence())?;
        Ok((this.get_type().into_any(), args.to_tuple()?))
    }

    fn __repr__(&self) -> String {
        let (bars, name) = (self.data.bars(), self.instrument_name());
        let (first, last) = (bars[0].time, bars[bars.len() - 1].time);
        let seconds = self.data.period_ns() as f64 / tradepit::time::SECOND_NS as f64;
        format!("MarketData({name}, {} bars of {seconds} s, {first} to {last})", self.data.len())
    }
}

pub(crate) fn finer(data: Option<&MarketData>) -> Vec<Bar> {
    data.map_or_else(Vec::new, |data| data.bars().to_vec())
}

/// The user's columns by name, as they come from Python.
pub(crate) fn read_columns(columns: &Bound<'_, PyDict>) -> PyResult<Vec<(String, Vec<f32>)>> {
    let read = |(name, values): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
        let values: PyReadonlyArray1<'_, f32> = values.extract()?;
        Ok((name.extract::<String>()?, values.as_slice()?.to_vec()))
    };
    columns.iter().map(read).collect()
}

/// The user's columns by name.
pub(crate) fn column_arrays<'py>(py: Python<'py>, data: &MarketData) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, values) in data.columns() {
        dict.set_item(name, PyArray1::from_slice(py, values))?;
    }
    Ok(dict)
}

pub(crate) fn read_instrument(json: &str) -> PyResult<Instrument> {
    serde_json::from_str(json).map_err(|error| raise("SpecError", format!("instrument: {error}")))
}

fn name(value: impl Serialize) -> PyResult<String> {
    let name = serde_json::to_value(value).ok();
    name.as_ref().and_then(|name| name.as_str()).map(str::to_owned).ok_or_else(|| raise("InternalError", "no name"))
}

pub(crate) fn read_name<T: DeserializeOwned>(field: &str, name: &str) -> PyResult<T> {
    let value = serde_json::Value::String(name.to_owned());
    serde_json::from_value(value).map_err(|error| raise("SpecError", format!("{field}: {error}")))
}

/// The preset of that name as JSON, or `None`.
#[pyfunction]
pub(crate) fn instrument_preset(name: &str) -> Option<String> {
    Instrument::preset(name).and_then(|instrument| serde_json::to_string(&instrument).ok())
}

/// A US share of that name as JSON: tick 0.01, lot 1.
#[pyfunction]
pub(crate) fn instrument_equity(name: &str) -> PyResult<String> {
    serde_json::to_string(&Instrument::equity(name)).map_err(|error| raise("SpecError", error.to_string()))
}

/// ES-like one-minute bars: a random walk on the tick grid.
#[pyfunction]
pub(crate) fn synthetic_es(py: Python<'_>, bars: usize, seed: u64) -> PyResult<PyMarketData> {
    Ok(detached(py, || synth::es_1m(bars, seed))?.map_err(fault)?.into())
}

/// ES-like one-minute bars with a planted edge in the column "signal"; `leak` is "open_to_open" or "close_to_open".
#[pyfunction]
pub(crate) fn planted_es(
    py: Python<'_>,
    bars: usize,
    seed: u64,
    leak: &str,
    edge_ticks: f64,
    noise_ticks: f64,
) -> PyResult<PyMarketData> {
    let leak = match leak {
        "open_to_open" => Leak::OpenToOpen,
        "close_to_open" => Leak::CloseToOpen,
        other => {
            let message = format!("leak: {other:?} must be \"open_to_open\" or \"close_to_open\"");
            return Err(raise("SpecError", message));
        }
    };
    Ok(detached(py, || synth::planted(bars, seed, leak, edge_ticks, noise_ticks))?.map_err(fault)?.into())
}
