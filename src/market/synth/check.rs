//! What a number of a synthetic market must be.

use crate::{Error, Result};

/// # Errors
/// Names the field, the value and the range, when `ok` does not hold or the value is not finite.
pub(super) fn need(field: &str, value: f64, ok: bool, range: &str) -> Result<()> {
    if ok && value.is_finite() {
        return Ok(());
    }
    Err(Error::spec(format!("synthetic.{field}"), format!("{value} must be {range}")))
}

pub(super) fn at_least_zero(field: &str, value: f64) -> Result<()> {
    need(field, value, value >= 0.0, "a finite number of at least 0")
}

pub(super) fn above_zero(field: &str, value: f64) -> Result<()> {
    need(field, value, value > 0.0, "a finite number above 0")
}

pub(super) fn finite(field: &str, value: f64) -> Result<()> {
    need(field, value, true, "a finite number")
}
