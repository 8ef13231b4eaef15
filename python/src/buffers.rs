//! The memory that steps write: NumPy arrays that are fresh, or lent from memory that Rust owns.
//!
//! An array that owns its memory can be resized under a pointer into it; a lent one can't, and keeps its owner alive.

#![expect(unsafe_code, reason = "NumPy arrays are lent from Rust's memory, and filled before anybody sees them")]

use std::{ptr::NonNull, sync::Arc};

use numpy::{
    Element, PyArray, PyArray1, PyArray2, PyArrayMethods as _, PyUntypedArrayMethods as _,
    ndarray::{ArrayView1, ArrayView2, Dimension},
};
use pyo3::prelude::*;
use tradepit::MarketData;

use crate::{error::raise, gather::PyFeatureTable};

/// Memory that Rust owns and lends to arrays; zero at the beginning.
#[pyclass(frozen, module = "tradepit._core")]
pub(crate) struct Buffer {
    start: NonNull<u64>,
    words: usize,
}

// SAFETY: the pointer is to memory of its own. Who writes it is said at `Rows`.
unsafe impl Send for Buffer {}
// SAFETY: as above; `Buffer` itself never reads or writes through a shared reference.
unsafe impl Sync for Buffer {}

impl Buffer {
    fn new(bytes: usize) -> Self {
        let words = bytes.div_ceil(8).max(1);
        let memory = Box::leak(vec![0u64; words].into_boxed_slice());
        Self { start: NonNull::from(memory).cast(), words }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let memory = std::ptr::slice_from_raw_parts_mut(self.start.as_ptr(), self.words);
        // SAFETY: pointer and length are those of the box that `new` leaked; no array is left, each kept this alive.
        drop(unsafe { Box::from_raw(memory) });
    }
}

/// Numbers of which every pattern of zero bits is a value.
pub(crate) trait Plain: Element + Copy {}
impl Plain for f32 {}
impl Plain for f64 {}
impl Plain for bool {}

fn lend_vector<T: Plain>(py: Python<'_>, n: usize) -> PyResult<Py<PyArray1<T>>> {
    let owner = Bound::new(py, Buffer::new(n * size_of::<T>()))?;
    let start = owner.get().start.as_ptr().cast::<T>();
    // SAFETY: the buffer holds n values of T, aligned to 8 bytes and zero, and lives as long as the array.
    unsafe {
        let view = ArrayView1::from_shape_ptr(n, start);
        Ok(PyArray1::borrow_from_array(&view, owner.into_any()).unbind())
    }
}

fn lend_matrix<T: Plain>(py: Python<'_>, n: usize, d: usize) -> PyResult<Py<PyArray2<T>>> {
    let owner = Bound::new(py, Buffer::new(n * d * size_of::<T>()))?;
    let start = owner.get().start.as_ptr().cast::<T>();
    // SAFETY: as above, with n * d values.
    unsafe {
        let view = ArrayView2::from_shape_ptr((n, d), start);
        Ok(PyArray2::borrow_from_array(&view, owner.into_any()).unbind())
    }
}

/// The features of all rows of `data`, `(rows, width)`, for reading; `owner` is kept alive by the array, and `data` by it.
pub(crate) fn lend_features<'py>(
    data: &Arc<MarketData>,
    owner: Bound<'py, PyFeatureTable>,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let numbers = data.view(data.len()).window(data.len());
    let view = ArrayView2::from_shape((data.len(), data.width()), numbers)
        .map_err(|error| raise("InternalError", error.to_string()))?;
    // SAFETY: the owner holds the data, which never change while they are shared, for as long as the array lives; and no
    // array can write to them: see the next line.
    let array = unsafe { PyArray2::borrow_from_array(&view, owner.into_any()) };
    array.try_readwrite()?.make_nonwriteable();
    Ok(array)
}

/// An array of f32 whose memory NumPy has just made, filled by `fill` before it is handed out.
pub(crate) fn fill_vector<'py, T: Send>(
    py: Python<'py>,
    n: usize,
    fill: impl FnOnce(&mut [f32]) -> PyResult<T>,
) -> PyResult<(Bound<'py, PyArray1<f32>>, T)> {
    // SAFETY: every pattern of bits is an f32, and `fill` writes them all before the array is handed out; when it
    // fails, nobody sees them. Nobody else has the array yet.
    let (array, values) = unsafe {
        let array = PyArray1::<f32>::new(py, n, false);
        let values = std::slice::from_raw_parts_mut(array.data(), n);
        (array, values)
    };
    let result = fill(values)?;
    Ok((array, result))
}

/// The arrays of one step: observations, rewards (f64 for Gymnasium, f32 for Stable-Baselines3), terminated, truncated.
pub(crate) struct Rows {
    pub(crate) obs: Py<PyArray2<f32>>,
    pub(crate) reward: Py<PyAny>,
    pub(crate) terminated: Py<PyArray1<bool>>,
    pub(crate) truncated: Py<PyArray1<bool>>,
}

impl Rows {
    /// Memory lent by Rust, to be used again.
    pub(crate) fn lent(py: Python<'_>, n: usize, d: usize, double: bool) -> PyResult<Self> {
        let reward = if double { lend_vector::<f64>(py, n)?.into_any() } else { lend_vector::<f32>(py, n)?.into_any() };
        let (terminated, truncated) = (lend_vector(py, n)?, lend_vector(py, n)?);
        Ok(Self { obs: lend_matrix(py, n, d)?, reward, terminated, truncated })
    }

    /// New arrays; the observations are not written yet.
    pub(crate) fn fresh(py: Python<'_>, n: usize, d: usize, double: bool) -> Self {
        let reward = if double {
            PyArray1::<f64>::zeros(py, n, false).into_any()
        } else {
            PyArray1::<f32>::zeros(py, n, false).into_any()
        };
        // SAFETY: every pattern of bits is an f32. A step or a reset writes every row before the array is handed out;
        // when it fails, nobody sees it.
        let obs = unsafe { PyArray2::new(py, [n, d], false) }.unbind();
        let flags = || PyArray1::zeros(py, n, false).unbind();
        Self { obs, reward: reward.unbind(), terminated: flags(), truncated: flags() }
    }

    pub(crate) fn clone_ref(&self, py: Python<'_>) -> Self {
        Self {
            obs: self.obs.clone_ref(py),
            reward: self.reward.clone_ref(py),
            terminated: self.terminated.clone_ref(py),
            truncated: self.truncated.clone_ref(py),
        }
    }

    /// Writes the rewards in the array's own precision.
    pub(crate) fn write_reward(&self, py: Python<'_>, rewards: &[f32]) -> PyResult<()> {
        let array = self.reward.bind(py);
        // SAFETY: the array is fresh or lent, hence contiguous, and no other Rust slice of it exists: it is written here
        // alone, with the interpreter's lock held.
        unsafe {
            match array.cast::<PyArray1<f64>>() {
                Ok(array) => array.as_slice_mut()?.iter_mut().zip(rewards).for_each(|(to, from)| *to = (*from).into()),
                Err(_) => array.cast::<PyArray1<f32>>()?.as_slice_mut()?.copy_from_slice(rewards),
            }
        }
        Ok(())
    }
}

/// The arrays of a step that may run on another thread, while nobody but the step has them or writes to them.
pub(crate) struct Writing {
    pub(crate) rows: Rows,
    obs: NonNull<[f32]>,
    terminated: NonNull<[bool]>,
    truncated: NonNull<[bool]>,
}

// SAFETY: the arrays may be held by any thread, and the pointers are into them. Who writes is said at `slices`.
unsafe impl Send for Writing {}

impl Writing {
    pub(crate) fn new(py: Python<'_>, rows: Rows) -> PyResult<Self> {
        fn memory<T: Element, D: Dimension>(array: &Bound<'_, PyArray<T, D>>) -> PyResult<NonNull<[T]>> {
            let start = NonNull::new(array.data()).ok_or_else(|| raise("InternalError", "an array without memory"))?;
            Ok(NonNull::slice_from_raw_parts(start, array.len()))
        }
        let (obs, terminated, truncated) =
            (memory(rows.obs.bind(py))?, memory(rows.terminated.bind(py))?, memory(rows.truncated.bind(py))?);
        Ok(Self { rows, obs, terminated, truncated })
    }

    /// Observations, terminated and truncated, to be written.
    pub(crate) fn slices(&mut self) -> (&mut [f32], &mut [bool], &mut [bool]) {
        // SAFETY: the arrays are fresh or lent, hence contiguous, aligned and of their type, and `rows` keeps them
        // alive. No other Rust slice of them exists: an environment takes the rows of one step at a time, and these
        // borrow `self`. Python code that writes an array which it got under `copy=False`, or puts other memory in its
        // place, while a step runs on another thread breaks the documented contract, as with any NumPy function that
        // releases the interpreter's lock.
        unsafe { (self.obs.as_mut(), self.terminated.as_mut(), self.truncated.as_mut()) }
    }
}
