//! How fast the batch is from Rust, without Python in between: for the table of `tradepit bench`.

#![expect(clippy::disallowed_methods, reason = "a measurement reads a clock; nothing that it reads goes into a market")]

use std::{sync::Mutex, time::Instant};

use pyo3::prelude::*;
use tradepit_envs::bench::{BenchBatch, BenchCopies};

use crate::{
    data::PyMarketData,
    error::{busy, detached, fault},
    spec,
};

/// A batch with actions of its own: random targets, of which a random half changes every step.
#[pyclass(frozen, name = "BenchBatch", module = "tradepit._core")]
pub(crate) struct PyBenchBatch(Mutex<BenchBatch>);

#[pymethods]
impl PyBenchBatch {
    #[new]
    fn new(
        py: Python<'_>,
        data: &Bound<'_, PyMarketData>,
        spec_json: &str,
        num_envs: usize,
        threads: usize,
    ) -> PyResult<Self> {
        let (spec, market) = (spec::parse(spec_json)?, data.get());
        let made = detached(py, || BenchBatch::new(&market.setup(spec)?, num_envs, threads))?;
        Ok(Self(Mutex::new(made.map_err(fault)?)))
    }

    /// Steps all of them so many times. Gives the seconds that it took.
    fn run(&self, py: Python<'_>, steps: usize) -> PyResult<f64> {
        let mut batch = self.0.try_lock().map_err(|_| busy("run()"))?;
        let own = &mut *batch;
        detached(py, || {
            let began = Instant::now();
            (0..steps).try_for_each(|_| own.step()).map(|()| began.elapsed().as_secs_f64())
        })?
        .map_err(fault)
    }

    /// Steps and fills of single environments since the last call.
    fn counts(&self) -> PyResult<(i64, i64)> {
        let counts = self.0.try_lock().map_err(|_| busy("counts()"))?.envs().drain_counts();
        Ok((counts.steps, counts.fills))
    }
}

/// Copies of windows from random places of a table, one behind the other.
#[pyclass(frozen, name = "BenchCopies", module = "tradepit._core")]
pub(crate) struct PyBenchCopies(Mutex<BenchCopies>);

#[pymethods]
impl PyBenchCopies {
    #[new]
    fn new(rows: usize, width: usize, window: usize, num: usize) -> PyResult<Self> {
        Ok(Self(Mutex::new(BenchCopies::new(rows, width, window, num).map_err(fault)?)))
    }

    /// Bytes that a turn writes.
    #[getter]
    fn bytes(&self) -> PyResult<usize> {
        Ok(self.0.try_lock().map_err(|_| busy("bytes"))?.bytes())
    }

    /// Takes so many turns. Gives the seconds that they took.
    fn run(&self, py: Python<'_>, turns: usize) -> PyResult<f64> {
        let mut copies = self.0.try_lock().map_err(|_| busy("run()"))?;
        let own = &mut *copies;
        detached(py, || {
            let began = Instant::now();
            (0..turns).for_each(|_| own.copy());
            began.elapsed().as_secs_f64()
        })
    }
}
