//! Several fees together.

use serde::{Deserialize, Serialize};

use super::{Commission, CommissionModel, FeeContext};
use crate::{Error, Result};

/// The sum of other fees.
///
/// ```
/// use tradepit::{Instrument, models::{Commission, CommissionModel as _, FeeContext}};
/// let both: Commission = serde_json::from_str(r#"{"kind": "sum", "parts": [
///     {"kind": "per_order", "fee": 10}, {"kind": "bps", "bps": 100}]}"#).unwrap();
/// let share = Instrument::equity("XYZ");
/// assert_eq!(both.fee(&FeeContext::new(&share, 100.0, 4.0)), 14.0);
/// ```
///
/// Minimums are those of the parts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// The parts, at least one.
    pub parts: Vec<Commission>,
}

impl Sum {
    pub(super) fn validate(&self, path: &str) -> Result<()> {
        if self.parts.is_empty() {
            return Err(Error::spec(format!("{path}.parts"), "is empty; use none for no fee"));
        }
        let checks = self.parts.iter().enumerate().map(|(i, part)| part.check(&format!("{path}.parts[{i}]")));
        checks.collect()
    }
}

impl CommissionModel for Sum {
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        self.parts.iter().map(|part| part.fee(ctx)).sum()
    }
}
