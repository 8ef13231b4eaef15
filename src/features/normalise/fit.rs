//! Statistics that are fitted once.

use std::ops::Range;

use super::{Frozen, NormaliseBy, expanding::ExpandingMoments};
use crate::{
    Error, MarketData, Result,
    features::{FeaturePipeline, FeaturePipelineSpec, FeatureSpec, seen::Seen},
};

impl FeaturePipelineSpec {
    /// The specification with the statistics of every [`Frozen`] normalisation filled in, from those of `rows` in which
    /// the feature is known. Nothing behind them is read; what is before them only warms the feature up.
    ///
    /// ```
    /// use tradepit::{features::FeaturePipelineSpec, market::synth};
    /// let data = synth::es_1m(1_000, 0).unwrap();
    /// let json = r#"{"features": [{"kind": "normalised", "of": {"kind": "rsi"}, "by": {"kind": "frozen"}}]}"#;
    /// let spec: FeaturePipelineSpec = serde_json::from_str(json).unwrap();
    /// let fitted = spec.fit(&data, 0..800).unwrap();
    /// assert_eq!(fitted, spec.fit(&data.part(0..800).build().unwrap(), 0..800).unwrap());
    /// assert_ne!(fitted.hash(), spec.fit(&data, 0..700).unwrap().hash());
    /// ```
    ///
    /// # Errors
    /// When there are no such rows, nothing is to be fitted, a feature is known in fewer than two of the rows, or is the
    /// same in all of them; and as [`FeaturePipeline::new`].
    pub fn fit(&self, data: &MarketData, rows: Range<usize>) -> Result<Self> {
        let len = data.len();
        if rows.is_empty() || rows.end > len {
            return Err(Error::spec("rows", format!("{rows:?} must be a range of some of the {len} rows of the data")));
        }
        let mut fitted = self.clone();
        let (mut frozen, mut of) = (Vec::new(), Vec::new());
        for feature in &mut fitted.features {
            let FeatureSpec::Normalised(spec) = feature else { continue };
            let NormaliseBy::Frozen(by) = &mut spec.by else { continue };
            frozen.push(by);
            of.push((*spec.of).clone());
        }
        if of.is_empty() {
            return Err(Error::spec("features", "none is normalised by frozen statistics; there is nothing to fit"));
        }
        let raw = Self { clip: f32::MAX, features: of, ..*self };
        let mut pipeline = FeaturePipeline::for_data(&raw, data)?;
        let mut moments = vec![ExpandingMoments::new(2); frozen.len()];
        let mut known = vec![(f64::NAN, f64::NAN); frozen.len()];
        let mut row = vec![0.0; frozen.len()];
        let mut seen = Seen::new(data);
        for t in 0..rows.end {
            seen.feed(&mut pipeline, &mut row);
            if t < rows.start {
                continue;
            }
            for ((moments, known), value) in moments.iter_mut().zip(&mut known).zip(&row) {
                if value.is_finite() {
                    *known = moments.update(f64::from(*value));
                }
            }
        }
        let until = data.bars()[(rows.end - 1) * data.instruments().len()].time;
        for ((by, known), name) in frozen.into_iter().zip(known).zip(pipeline.names()) {
            let (mean, deviation) = known;
            if mean.is_nan() {
                let message = format!("{name} is known in fewer than 2 of the rows {rows:?}; fit it on more of them");
                return Err(Error::TooLittleData(message));
            }
            if deviation <= 0.0 {
                return Err(Error::spec(
                    "features",
                    format!("{name} is {mean} in all of the rows {rows:?}; it can't be divided by its deviation"),
                ));
            }
            *by = Frozen { mean: Some(mean), deviation: Some(deviation), until: Some(until) };
        }
        Ok(fitted)
    }
}
