//! Actions from Python: checked for shape and kind, converted where that loses nothing.

use numpy::{PyArrayDyn, PyArrayMethods as _, PyUntypedArrayMethods as _};
use pyo3::{prelude::*, types::PyDict};
use tradepit_envs::{Action, Actions, Rules, Space};

use crate::error::raise;

/// Actions, copied out of their array: that costs less than to have it guarded, and whoever writes to it while a step runs
/// on another thread, or gives an array that the step writes, changes nothing.
pub(crate) enum Given {
    Box(Vec<f32>),
    Discrete(Vec<i64>),
    /// A whole number by itself, of a single environment.
    One(i64),
    /// Several whole numbers, of a single environment.
    Several(Vec<i64>),
}

impl Given {
    /// The actions of `n` environments, or of a single one where `n` is `None`.
    pub(crate) fn read(object: &Bound<'_, PyAny>, space: &Space, n: Option<usize>) -> PyResult<Self> {
        match space {
            Space::Discrete { .. } => {
                if n.is_none()
                    && let Ok(value) = object.extract::<i64>()
                {
                    return Ok(Self::One(value));
                }
                let array: Bound<'_, PyArrayDyn<i64>> = as_array(object, "int64", "iu", "whole numbers")?;
                check_shape(array.shape(), n, None)?;
                Ok(Self::Discrete(array.to_vec()?))
            }
            Space::MultiDiscrete { nvec } => {
                let array: Bound<'_, PyArrayDyn<i64>> = as_array(object, "int64", "iu", "whole numbers")?;
                check_shape(array.shape(), n, Some(nvec.len()))?;
                let array = array.to_vec()?;
                Ok(if n.is_none() { Self::Several(array) } else { Self::Discrete(array) })
            }
            space => {
                let array: Bound<'_, PyArrayDyn<f32>> = as_array(object, "float32", "fiu", "numbers")?;
                check_shape(array.shape(), n, Some(space.len()))?;
                Ok(Self::Box(array.to_vec()?))
            }
        }
    }

    pub(crate) fn batch(&self) -> Actions<'_> {
        match self {
            Self::Box(values) => Actions::Box(values),
            Self::Discrete(values) | Self::Several(values) => Actions::Discrete(values),
            Self::One(value) => Actions::Discrete(std::slice::from_ref(value)),
        }
    }

    pub(crate) fn one(&self) -> Action<'_> {
        match self {
            Self::Box(values) => Action::Box(values),
            Self::Discrete(values) => Action::Discrete(values[0]),
            Self::One(value) => Action::Discrete(*value),
            Self::Several(values) => Action::MultiDiscrete(values),
        }
    }
}

/// Room for the masks of `n` environments.
pub(crate) fn masks(rules: &Rules, n: usize) -> PyResult<Vec<bool>> {
    match rules.mask_len() {
        0 => Err(raise("ActionError", "the action space is a box; only whole numbers have masks")),
        len => Ok(vec![false; n * len]),
    }
}

/// Of `n` environments, or of one, with `len` numbers each, or a number by itself.
fn check_shape(got: &[usize], n: Option<usize>, len: Option<usize>) -> PyResult<()> {
    let expected = || n.into_iter().chain(len);
    if got.iter().copied().eq(expected()) {
        return Ok(());
    }
    let expected: Vec<usize> = expected().collect();
    let show = |shape: &[usize]| match shape {
        [n] => format!("({n},)"),
        shape => format!("({})", shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    };
    Err(raise("ShapeError", format!("actions: expected shape {}, got {}", show(&expected), show(got))))
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
