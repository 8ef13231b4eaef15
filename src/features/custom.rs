//! Features that a user writes in Rust.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    FeaturePipelineSpec, FeatureSpec, Indicator,
    describe::{Describe, Fault, Place, Work},
};
use crate::{Error, Result};

/// An indicator of the user's own, a [`FeatureSpec`].
///
/// ```
/// use tradepit::features::{self, CustomSpec, FeaturePipelineSpec, FeatureSpec, Stream};
/// use tradepit::market::synth;
/// // The range of the bar in points: no state, no warm-up.
/// let range = || Stream::boxed((), 0, |(), bar| bar.high - bar.low);
/// let spec = FeaturePipelineSpec {
///     features: vec![FeatureSpec::Custom(CustomSpec::new("range", 1, range))], ..FeaturePipelineSpec::default() };
/// let data = features::attach(synth::es_1m(50, 0).unwrap(), &spec).unwrap();
/// assert_eq!(data.feature_names(), ["range_v1"]);
///
/// // A file knows its name and version, and nothing of the code.
/// let saved: FeaturePipelineSpec = serde_json::from_str(&serde_json::to_string(&spec).unwrap()).unwrap();
/// assert!(saved.validate().unwrap_err().to_string().contains("is not registered"));
/// let loaded = saved.register("range", 1, range).unwrap();
/// assert_eq!(loaded.hash(), spec.hash());
/// ```
///
/// Name and version are in the hash of the pipeline: give another version whenever the code gives other numbers. That it
/// looks at nothing but the bars it was given is in the hands of its [`Indicator`]; all that it remembers must be in the
/// state.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomSpec {
    /// Its name.
    pub name: String,
    /// The version of its code.
    pub version: u32,
    /// Bar size in minutes; that of the data without it.
    #[serde(default)]
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    #[serde(default)]
    pub instrument: u32,
    /// Factor on the value.
    #[serde(default = "one")]
    pub scale: f32,
    #[serde(skip)]
    make: Option<Arc<dyn Fn() -> Box<dyn Indicator> + Send + Sync>>,
}

fn one() -> f32 {
    1.0
}

impl CustomSpec {
    /// Of this name and version; `make` gives a cold indicator.
    pub fn new(
        name: impl Into<String>,
        version: u32,
        make: impl Fn() -> Box<dyn Indicator> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), version, timeframe: None, instrument: 0, scale: 1.0, make: Some(Arc::new(make)) }
    }
}

impl PartialEq for CustomSpec {
    /// Code can't be compared: the name and the version stand for it.
    fn eq(&self, other: &Self) -> bool {
        let parts = |spec: &Self| (spec.name.clone(), spec.version, spec.timeframe, spec.instrument, spec.scale);
        parts(self) == parts(other)
    }
}

impl fmt::Debug for CustomSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomSpec")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("timeframe", &self.timeframe)
            .field("instrument", &self.instrument)
            .field("scale", &self.scale)
            .finish_non_exhaustive()
    }
}

impl Describe for CustomSpec {
    fn place(&self) -> Place {
        Place { instrument: self.instrument, timeframe: self.timeframe, scale: self.scale }
    }

    fn names(&self) -> Vec<String> {
        vec![format!("{}_v{}", self.name, self.version)]
    }

    fn check(&self) -> std::result::Result<(), Fault> {
        if self.name.is_empty() {
            return Err(("name", "is empty; name the indicator".into()));
        }
        if self.make.is_none() {
            let (name, version) = (&self.name, self.version);
            return Err(("name", format!("{name:?} version {version} is not registered; a file can't hold its code")));
        }
        Ok(())
    }

    fn work(&self) -> Work {
        match &self.make {
            Some(make) => Work::Bars(make()),
            // `check` refuses it.
            None => Work::Column(self.name.clone()),
        }
    }
}

impl FeaturePipelineSpec {
    /// Gives every [`CustomSpec`] of this name and version its code, inside of a normalisation too.
    ///
    /// # Errors
    /// When there is none.
    pub fn register(
        mut self,
        name: &str,
        version: u32,
        make: impl Fn() -> Box<dyn Indicator> + Send + Sync + 'static,
    ) -> Result<Self> {
        let make: Arc<dyn Fn() -> Box<dyn Indicator> + Send + Sync> = Arc::new(make);
        let mut found = false;
        for feature in &mut self.features {
            let feature = match feature {
                FeatureSpec::Normalised(outer) => &mut *outer.of,
                other => other,
            };
            if let FeatureSpec::Custom(spec) = feature
                && (spec.name.as_str(), spec.version) == (name, version)
            {
                spec.make = Some(Arc::clone(&make));
                found = true;
            }
        }
        if found {
            return Ok(self);
        }
        let known = self.names();
        Err(Error::spec("features", format!("no feature is {name:?} version {version}; there are {known:?}")))
    }
}
