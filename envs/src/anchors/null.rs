//! Nothing to be known.

use serde::{Deserialize, Serialize};

/// Independent returns and a cost for each unit traded: never trade.
///
/// ```
/// use tradepit_envs::anchors::Null;
/// assert_eq!(Null::default().value(), 0.0);
/// ```
///
/// Whoever trades sees a pattern that is not there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Null {
    /// Standard deviation of a step's price change.
    pub sd: f64,
    /// Cost of a unit traded.
    pub cost: f64,
}

impl Default for Null {
    fn default() -> Self {
        Self { sd: 0.3, cost: 0.02 }
    }
}

impl Null {
    /// The optimum, a step.
    #[must_use]
    pub fn value(&self) -> f64 {
        0.0
    }
}
