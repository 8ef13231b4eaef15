//! The tables of features that observations by index name.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use numpy::PyArray2;
use pyo3::prelude::*;
use tradepit::MarketData;
use tradepit_envs::{Gather as _, SimSetup, WindowGather};

use crate::{buffers, error::fault};

/// Of every environment by index that lives: who reads an observation has nothing else that names the table.
static KNOWN: Mutex<Vec<Weak<WindowGather>>> = Mutex::new(Vec::new());

/// Makes the table of a setup known for as long as it lives.
pub(crate) fn register(setup: &SimSetup) {
    if let Some(gather) = setup.rules().gather() {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|other| other.strong_count() > 0);
        known.push(Arc::downgrade(gather));
    }
}

fn find(fits: impl Fn(&WindowGather) -> bool) -> Option<Arc<WindowGather>> {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.iter().filter_map(Weak::upgrade).find(|gather| fits(gather))
}

/// Observations of `width` numbers each as a network of `inputs` reads them, if they are by index of a known table.
pub(crate) fn windows(obs: &[f32], width: usize, inputs: usize) -> PyResult<Option<Vec<f32>>> {
    let Some(table) = obs.first() else { return Ok(None) };
    let of_these = |gather: &WindowGather| {
        let shown = gather.window() * gather.data().width();
        gather.table() as f32 == *table && gather.space().len() == inputs && inputs + 2 == width + shown
    };
    let Some(gather) = find(of_these) else { return Ok(None) };
    let mut out = vec![0.0; obs.len() / width * inputs];
    gather.gather(obs, &mut out).map_err(fault)?;
    Ok(Some(out))
}

/// The features of all rows, as observations by index name them.
#[pyclass(frozen, name = "FeatureTable", module = "tradepit._core")]
pub(crate) struct PyFeatureTable {
    data: Arc<MarketData>,
    /// What observations name it by.
    #[pyo3(get)]
    number: u32,
}

#[pymethods]
impl PyFeatureTable {
    /// The features, float32 of shape `(rows, width)`: a view that can't be written, not a copy.
    fn numbers(this: Bound<'_, Self>) -> PyResult<Bound<'_, PyArray2<f32>>> {
        let data = Arc::clone(&this.get().data);
        buffers::lend_features(&data, this)
    }
}

/// The table of that number, of an environment by index that lives; `None` where there is none.
#[pyfunction]
pub(crate) fn feature_table(number: u32) -> Option<PyFeatureTable> {
    find(|gather| gather.table() == number).map(|gather| PyFeatureTable { data: Arc::clone(gather.data()), number })
}
