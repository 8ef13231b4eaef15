//! The features of data at hand.

use super::{FeaturePipeline, FeaturePipelineSpec};
use crate::{Bar, Error, MarketData, Result};

/// Gives `data` its feature table: a [`FeaturePipeline`] run over its [`feature_bars`](MarketData::feature_bars) from the
/// first one.
///
/// ```
/// use tradepit::{features::{self, FeaturePipelineSpec}, market::synth};
/// let data = features::attach(synth::es_1m(500, 0).unwrap(), &FeaturePipelineSpec::default()).unwrap();
/// assert_eq!((data.width(), data.warm_up()), (16, 224));
/// assert!(data.view(300).window(32).iter().all(|x| x.is_finite()));
/// ```
///
/// The warm-up is counted on the data: rows before the first one in which every number is known.
///
/// # Errors
/// When the specification does not fit the data, the data is shorter than the warm-up, a price is not above 0 under a
/// feature that divides by it, or a number after the warm-up is not finite.
pub fn attach(data: MarketData, spec: &FeaturePipelineSpec) -> Result<MarketData> {
    backfill(data, spec).map(|(data, _)| data)
}

/// As [`attach`], and gives the pipeline as it stands behind the last bar, for a session that goes on from here; where
/// there are events, [`GrowingMarket`](crate::venue::GrowingMarket) also keeps the adjustment.
///
/// ```
/// use tradepit::{features::{self, FeaturePipelineSpec}, market::synth};
/// let all = synth::es_1m(400, 0).unwrap();
/// let history = synth::es_1m(399, 0).unwrap();
/// let spec = FeaturePipelineSpec::default();
/// let (mut live, mut pipeline) = features::backfill(history, &spec).unwrap();
/// let mut row = vec![0.0; pipeline.width()];
/// pipeline.update(&all.bars()[399..], &[], &mut row);
/// live.push(&all.bars()[399..], &row).unwrap();
/// let trained = features::attach(all, &spec).unwrap();
/// assert_eq!(live.view(400).window(1), trained.view(400).window(1));
/// ```
///
/// # Errors
/// As [`attach`].
pub fn backfill(mut data: MarketData, spec: &FeaturePipelineSpec) -> Result<(MarketData, FeaturePipeline)> {
    let mut pipeline = FeaturePipeline::for_data(spec, &data)?;
    let (n, width, len) = (data.instruments().len(), pipeline.width(), data.len());
    let mut columns = vec![0.0f32; data.columns().len()];
    let mut table = vec![0.0f32; len * width];
    let mut warm_up = None;
    let seen = data.feature_bars();
    check_prices(&seen, n, spec)?;
    for (t, (bars, row)) in seen.chunks_exact(n).zip(table.chunks_exact_mut(width)).enumerate() {
        for (value, (_, column)) in columns.iter_mut().zip(data.columns()) {
            *value = column[t];
        }
        pipeline.update(bars, &columns, row);
        if warm_up.is_none() && row.iter().all(|x| x.is_finite()) {
            warm_up = Some(t);
        }
    }
    drop(seen);
    let Some(warm_up) = warm_up else {
        return Err(never_warm(&pipeline, len, &table[(len - 1) * width..]));
    };
    data.set_features(pipeline.names().to_vec(), warm_up, &table)?;
    Ok((data, pipeline))
}

fn never_warm(pipeline: &FeaturePipeline, len: usize, last: &[f32]) -> Error {
    // No row is known in full, so the last one is not.
    let at = last.iter().position(|x| !x.is_finite()).unwrap_or_default();
    let name = &pipeline.names()[at];
    let needed = pipeline.max_warm_up() + 1;
    if len < needed {
        return Error::TooLittleData(format!(
            "{len} rows, and the features need up to {needed} ({name} is still unknown in the last row); \
             bring more data or shorten periods and timeframes"
        ));
    }
    Error::Data {
        source_name: None,
        row: len - 1,
        column: name.clone(),
        message: format!("{} at the end of the data, and no row is known in full; features must be finite", last[at]),
    }
}

/// A ratio or a logarithm of such prices would be 0 by rule, without a word.
fn check_prices(bars: &[Bar], n: usize, spec: &FeaturePipelineSpec) -> Result<()> {
    for feature in spec.features.iter().filter(|feature| feature.needs_positive_prices()) {
        let instrument = feature.place().instrument as usize;
        let closes = bars.iter().skip(instrument).step_by(n).map(|bar| bar.close);
        if let Some((row, close)) = closes.enumerate().find(|(_, close)| *close <= 0.0) {
            return Err(Error::Data {
                source_name: None,
                row,
                column: "close".into(),
                message: format!("{close} is not above 0, and {:?} divides by it; drop the feature", feature.names()),
            });
        }
    }
    Ok(())
}
