//! A feature and a way to normalise it.

use serde::{Deserialize, Serialize};

use super::NormaliseBy;
use crate::features::{
    FeatureSpec,
    describe::{Describe, Fault, Place, Work},
};

/// Another feature, normalised; a [`FeatureSpec`].
///
/// ```
/// use tradepit::features::FeatureSpec;
/// let spec: FeatureSpec = serde_json::from_str(
///     r#"{"kind": "normalised", "of": {"kind": "atr", "timeframe": 5}, "by": {"kind": "z_score", "window": 100}}"#,
/// ).unwrap();
/// assert_eq!(spec.names(), ["z_score_100(atr_14@5m)"]);
/// ```
///
/// It is that of the feature's own timeframe: a window counts completed bars of it. Features of several numbers, such as
/// the time of day, have a fixed range and are not normalised, and nothing is twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NormalisedSpec {
    /// Which; its scale must be 1, as it would be lost.
    pub of: Box<FeatureSpec>,
    /// How.
    pub by: NormaliseBy,
    /// Factor on the normalised value.
    #[serde(default = "one")]
    pub scale: f32,
}

fn one() -> f32 {
    1.0
}

impl Describe for NormalisedSpec {
    fn place(&self) -> Place {
        Place { scale: self.scale, ..self.of.place() }
    }

    fn names(&self) -> Vec<String> {
        self.of.names().iter().map(|name| format!("{}({name})", self.by.name())).collect()
    }

    fn counts(&self) -> Vec<(&'static str, u32)> {
        self.by.count().into_iter().collect()
    }

    fn check(&self) -> Result<(), Fault> {
        let refuse = |message: String| Err(("of", message));
        if matches!(*self.of, FeatureSpec::Normalised(_)) {
            return refuse("is normalised already; do it once".into());
        }
        let names = self.of.names();
        if names.len() > 1 {
            return refuse(format!("gives {names:?}; features of several numbers are not normalised"));
        }
        let Place { scale, .. } = self.of.place();
        if scale != 1.0 {
            return refuse(format!("has scale {scale}, which is lost; leave it out, and set that beside `of`"));
        }
        self.by.check()
    }

    fn work(&self) -> Work {
        Work::Normalised(Box::new(self.of.work()), self.by.normaliser())
    }

    fn needs_positive_prices(&self) -> bool {
        self.of.needs_positive_prices()
    }

    fn other(&self) -> Option<u32> {
        self.of.other()
    }
}
