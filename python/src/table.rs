//! Rows of files and frames, before they are market data: read, checked, mended.

use std::{
    fs::File,
    io::BufWriter,
    sync::{Mutex, MutexGuard, TryLockError},
};

use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use pyo3::{prelude::*, types::PyCapsule};
use serde::Deserialize;
use tradepit::{
    Error,
    ingest::{BarSeries, BarTable, ReadOptions},
    market::{Calendar, check::CheckReport},
};

use crate::{
    data::{PyMarketData, finer, read_instrument, read_name},
    error::{busy, detached, fault, raise},
    events,
};

/// Rows of a file or a frame as they are, sound or not. `options` is JSON everywhere.
#[pyclass(frozen, name = "BarTable", module = "tradepit._core")]
pub(crate) struct PyBarTable(Mutex<Option<BarTable>>);

impl PyBarTable {
    fn open(&self) -> PyResult<MutexGuard<'_, Option<BarTable>>> {
        match self.0.try_lock() {
            Ok(table) => Ok(table),
            Err(TryLockError::WouldBlock) => Err(busy("BarTable")),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
        }
    }
}

fn gone() -> PyErr {
    raise("StateError", "the rows have become market data already; read them again")
}

#[pymethods]
impl PyBarTable {
    /// The rows of a text or Parquet file.
    #[staticmethod]
    fn read(py: Python<'_>, path: &str, options: &str) -> PyResult<Self> {
        let options: ReadOptions = from_json("options", options)?;
        let table = detached(py, || BarTable::read(path, &options))?.map_err(fault)?;
        Ok(Self(Mutex::new(Some(table))))
    }

    /// The rows of whatever has `__arrow_c_stream__`.
    #[staticmethod]
    fn from_arrow(py: Python<'_>, frame: &Bound<'_, PyAny>, options: &str) -> PyResult<Self> {
        let options: ReadOptions = from_json("options", options)?;
        let batches = stream(frame)?;
        let table = detached(py, move || BarTable::from_arrow(batches, None, &options))?.map_err(fault)?;
        Ok(Self(Mutex::new(Some(table))))
    }

    /// What is wrong with the rows and what is odd, as JSON.
    fn check(&self, instrument: Option<&str>, calendar: &str, options: &str) -> PyResult<String> {
        let (instrument, calendar) = (instrument.map(read_instrument).transpose()?, read_name("calendar", calendar)?);
        let (options, table) = (from_json("options", options)?, self.open()?);
        let table = table.as_ref().ok_or_else(gone)?;
        report(table.check(instrument.as_ref(), calendar, options))
    }

    /// Mends the rows and writes them to a new CSV file; gives each change as JSON.
    fn mend(&self, instrument: Option<&str>, path: &str) -> PyResult<String> {
        let instrument = instrument.map(read_instrument).transpose()?;
        let mut table = self.open()?;
        let table = table.as_mut().ok_or_else(gone)?;
        let changes = table.mend(instrument.as_ref());
        let file = File::create_new(path).map_err(|source| fault(Error::Io { path: path.to_owned(), source }))?;
        table.write_csv(BufWriter::new(file), path).map_err(fault)?;
        serde_json::to_string(&changes).map_err(|error| raise("InternalError", error.to_string()))
    }

    /// The rows as market data, which takes them; `sub_bars` is data of finer bars.
    #[pyo3(signature = (instrument, calendar, sub_bars=None, events="[]", adjust="ratio"))]
    fn market(
        &self,
        py: Python<'_>,
        instrument: &str,
        calendar: &str,
        sub_bars: Option<&Bound<'_, PyMarketData>>,
        events: &str,
        adjust: &str,
    ) -> PyResult<PyMarketData> {
        let (instrument, calendar) = (read_instrument(instrument)?, read_name::<Calendar>("calendar", calendar)?);
        let sub_bars = sub_bars.map(|fine| fine.get().market());
        let (events, adjust) = (events::read(events)?, read_name("adjust", adjust)?);
        let table = self.open()?.take().ok_or_else(gone)?;
        let data = detached(py, || {
            let series = BarSeries { sub_bars: finer(sub_bars.as_deref()), ..table.into_series()? };
            series.into_builder(instrument, calendar).events(events).adjust(adjust).build()
        })?;
        Ok(data.map_err(fault)?.into())
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(self.open()?.as_ref().map_or(0, BarTable::len))
    }
}

/// A report as JSON.
pub(crate) fn report(report: tradepit::Result<CheckReport>) -> PyResult<String> {
    serde_json::to_string(&report.map_err(fault)?).map_err(|error| raise("InternalError", error.to_string()))
}

/// Options by their names.
pub(crate) fn from_json<T: for<'de> Deserialize<'de>>(field: &str, json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|error| raise("SpecError", format!("{field}: {error}")))
}

/// The batches of an object with `__arrow_c_stream__`.
#[expect(unsafe_code, reason = "the C interface of Arrow hands over a pointer")]
pub(crate) fn stream(frame: &Bound<'_, PyAny>) -> PyResult<RecordBatchStreamReader> {
    let capsule = frame.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(c"arrow_array_stream"))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: a capsule of that name holds a valid stream (Arrow's PyCapsule interface), which lives as long as `capsule`.
    // It is moved out, and an empty one left behind, which the capsule's destructor then has nothing to release of.
    let reader = unsafe { RecordBatchStreamReader::from_raw(pointer.as_ptr()) };
    reader.map_err(|error| raise("DataError", format!("arrow: {error}")))
}
