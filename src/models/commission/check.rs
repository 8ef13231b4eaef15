//! Ranges of the numbers of a commission model.

use crate::{Error, Result};

/// An error that names the first field that is negative or not finite.
pub(super) fn check_fees(path: &str, fields: &[(&str, f64)]) -> Result<()> {
    match fields.iter().find(|(_, value)| !(value.is_finite() && *value >= 0.0)) {
        Some((field, value)) => {
            Err(Error::spec(format!("{path}.{field}"), format!("{value} must be a finite number, at least 0")))
        }
        None => Ok(()),
    }
}

/// An error that names the field, its value and its range unless `ok`.
pub(super) fn check(path: &str, field: &str, value: f64, ok: bool, range: &str) -> Result<()> {
    if ok && value.is_finite() {
        return Ok(());
    }
    Err(Error::spec(format!("{path}.{field}"), format!("{value} must be a finite number {range}")))
}
