//! Ranges of the numbers of a slippage model.

use crate::{Error, Result};

/// An error that names `slippage.field`, the value and the range, unless the value is finite and `ok`.
pub(super) fn check(field: &str, value: f64, ok: bool, range: &str) -> Result<()> {
    if ok && value.is_finite() {
        return Ok(());
    }
    Err(Error::spec(format!("slippage.{field}"), format!("{value} must be a finite number {range}")))
}

/// A number that may be left out, above 0.
pub(super) fn check_positive(field: &str, value: Option<f64>) -> Result<()> {
    value.map_or(Ok(()), |value| check(field, value, value > 0.0, "above 0"))
}

/// Basis points of the price against the order.
pub(super) fn check_bps(field: &str, value: f64) -> Result<()> {
    check(field, value, (0.0..=10_000.0).contains(&value), "in [0, 10000]")
}

/// A number of days that may be left out.
pub(super) fn check_days(days: Option<u32>) -> Result<()> {
    check("days", f64::from(days.unwrap_or(1)), days.is_none_or(|days| (1..=10_000).contains(&days)), "in [1, 10000]")
}
