//! The user's own columns.

use serde::{Deserialize, Serialize};

use super::describe::{Describe, Place, Work};

/// A column of the data as it is, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{FeatureSpec, ColumnSpec};
/// let spec: FeatureSpec = serde_json::from_str(r#"{"kind": "column", "name": "signal"}"#).unwrap();
/// assert_eq!(spec, FeatureSpec::Column(ColumnSpec { name: "signal".into(), scale: 1.0 }));
/// ```
///
/// The value of a row must have been known when the row's bar closed; nothing here can check that. It may be NaN at the
/// beginning of the data, which lengthens the warm-up, and not after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    /// Name of the column.
    pub name: String,
    /// Factor on the value.
    #[serde(default = "one")]
    pub scale: f32,
}

fn one() -> f32 {
    1.0
}

impl Describe for ColumnSpec {
    fn place(&self) -> Place {
        Place { instrument: 0, timeframe: None, scale: self.scale }
    }

    fn names(&self) -> Vec<String> {
        vec![self.name.clone()]
    }

    fn work(&self) -> Work {
        Work::Column(self.name.clone())
    }
}
