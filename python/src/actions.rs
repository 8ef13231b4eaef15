//! Actions from Python: checked for shape and kind, converted where that loses nothing.

use numpy::{PyArrayDyn, PyArrayMethods as _, PyReadonlyArrayDyn, PyUntypedArrayMethods as _};
use pyo3::{prelude::*, types::PyDict};
use tradepit_envs::{Action, Actions, Rules, Space};

use crate::error::raise;

/// Actions that hold on to their array.
pub(crate) enum Given<'py> {
    Box(PyReadonlyArrayDyn<'py, f32>),
    Discrete(PyReadonlyArrayDyn<'py, i64>),
    /// A whole number by itself, of a single environment.
    One(i64),
    /// Several whole numbers, of a single environment.
    Several(PyReadonlyArrayDyn<'py, i64>),
}

impl<'py> Given<'py> {
    /// The actions of `n` environments, or of a single one where `n` is `None`.
    pub(crate) fn read(object: &Bound<'py, PyAny>, space: &Space, n: Option<usize>) -> PyResult<Self> {
        match space {
            Space::Discrete { .. } => {
                if n.is_none()
                    && let Ok(value) = object.extract::<i64>()
                {
                    return Ok(Self::One(value));
                }
                let array: Bound<'py, PyArrayDyn<i64>> = as_array(object, "int64", "iu", "whole numbers")?;
                check_shape(array.shape(), &n.map_or_else(Vec::new, |n| vec![n]))?;
                Ok(Self::Discrete(array.try_readonly()?))
            }
            Space::MultiDiscrete { nvec } => {
                let array: Bound<'py, PyArrayDyn<i64>> = as_array(object, "int64", "iu", "whole numbers")?;
                let shape: Vec<usize> = n.into_iter().chain([nvec.len()]).collect();
                check_shape(array.shape(), &shape)?;
                let array = array.try_readonly()?;
                Ok(if n.is_none() { Self::Several(array) } else { Self::Discrete(array) })
            }
            space => {
                let array: Bound<'py, PyArrayDyn<f32>> = as_array(object, "float32", "fiu", "numbers")?;
                let shape: Vec<usize> = n.into_iter().chain([space.len()]).collect();
                check_shape(array.shape(), &shape)?;
                Ok(Self::Box(array.try_readonly()?))
            }
        }
    }

    pub(crate) fn batch(&self) -> PyResult<Actions<'_>> {
        Ok(match self {
            Self::Box(array) => Actions::Box(array.as_slice()?),
            Self::Discrete(array) | Self::Several(array) => Actions::Discrete(array.as_slice()?),
            Self::One(value) => Actions::Discrete(std::slice::from_ref(value)),
        })
    }

    pub(crate) fn one(&self) -> PyResult<Action<'_>> {
        Ok(match self {
            Self::Box(array) => Action::Box(array.as_slice()?),
            Self::Discrete(array) => Action::Discrete(array.as_slice()?[0]),
            Self::One(value) => Action::Discrete(*value),
            Self::Several(array) => Action::MultiDiscrete(array.as_slice()?),
        })
    }
}

/// Room for the masks of `n` environments.
pub(crate) fn masks(rules: &Rules, n: usize) -> PyResult<Vec<bool>> {
    match rules.mask_len() {
        0 => Err(raise("ActionError", "the action space is a box; only whole numbers have masks")),
        len => Ok(vec![false; n * len]),
    }
}

fn check_shape(got: &[usize], expected: &[usize]) -> PyResult<()> {
    if got == expected {
        return Ok(());
    }
    let show = |shape: &[usize]| match shape {
        [n] => format!("({n},)"),
        shape => format!("({})", shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    };
    Err(raise("ShapeError", format!("actions: expected shape {}, got {}", show(expected), show(got))))
}

/// The object as a contiguous array of `T`; itself where it is one.
fn as_array<'py, T: numpy::Element>(
    object: &Bound<'py, PyAny>,
    dtype: &str,
    kinds: &str,
    wanted: &str,
) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
    if let Ok(array) = object.cast::<PyArrayDyn<T>>()
        && array.is_c_contiguous()
    {
        return Ok(array.clone());
    }
    let numpy = object.py().import("numpy")?;
    let array = numpy.call_method1("asarray", (object,))?;
    let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
    if !kinds.contains(&kind) {
        let got = array.getattr("dtype")?.str()?;
        return Err(raise("ActionError", format!("actions of dtype {got}; the action space takes {wanted}")));
    }
    let options = PyDict::new(object.py());
    options.set_item("order", "C")?;
    Ok(array.getattr("astype")?.call((dtype,), Some(&options))?.cast_into::<PyArrayDyn<T>>()?)
}
