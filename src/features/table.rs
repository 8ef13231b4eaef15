//! The features of data at hand.

use super::{FeaturePipeline, FeaturePipelineSpec, FeatureSpec, seen::Seen};
use crate::{Bar, Error, MarketData, Result, market::FeatureTable};

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
    let (table, warm_up, pipeline) = table(&data, spec)?;
    data.set_table(pipeline.names().to_vec(), warm_up, table)?;
    Ok((data, pipeline))
}

/// The feature table of `data`, its rows of warm-up, and the pipeline as it stands behind the last row. Beside the table
/// itself, no memory is taken that grows with the data.
///
/// ```
/// use tradepit::{features::{self, FeaturePipelineSpec}, market::synth};
/// let data = synth::es_1m(300, 0).unwrap();
/// let (table, warm_up, pipeline) = features::table(&data, &FeaturePipelineSpec::default()).unwrap();
/// assert_eq!((table.numbers().len(), warm_up, pipeline.width()), (300 * 16, 224, 16));
/// ```
///
/// # Errors
/// As [`attach`].
pub fn table(data: &MarketData, spec: &FeaturePipelineSpec) -> Result<(FeatureTable, usize, FeaturePipeline)> {
    let mut pipeline = FeaturePipeline::for_data(spec, data)?;
    let len = data.len();
    let mut table = FeatureTable::new(len, pipeline.width());
    let (mut seen, mut warm_up) = (Seen::new(data), None);
    let positive = positive(spec);
    for t in 0..len {
        let row = table.row_mut(t);
        let bars = seen.feed(&mut pipeline, row);
        for (instrument, feature) in &positive {
            check_price(t, &bars[*instrument], feature)?;
        }
        if warm_up.is_none() && row.iter().all(|x| x.is_finite()) {
            warm_up = Some(t);
        }
    }
    match warm_up {
        Some(warm_up) => {
            table.check(pipeline.names(), warm_up)?;
            Ok((table, warm_up, pipeline))
        }
        None => Err(never_warm(&pipeline, len, table.row_mut(len - 1))),
    }
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

/// The instruments whose prices must be above 0, each with the first feature that asks for it.
fn positive(spec: &FeaturePipelineSpec) -> Vec<(usize, &FeatureSpec)> {
    let mut positive: Vec<(usize, &FeatureSpec)> = Vec::new();
    for feature in spec.features.iter().filter(|feature| feature.needs_positive_prices()) {
        for instrument in [Some(feature.place().instrument), feature.other()].into_iter().flatten() {
            if positive.iter().all(|(known, _)| *known != instrument as usize) {
                positive.push((instrument as usize, feature));
            }
        }
    }
    positive
}

/// A ratio or a logarithm of such prices would be 0 by rule, without a word.
fn check_price(row: usize, bar: &Bar, feature: &FeatureSpec) -> Result<()> {
    if bar.close > 0.0 {
        return Ok(());
    }
    let (close, names) = (bar.close, feature.names());
    Err(Error::Data {
        source_name: None,
        row,
        column: "close".into(),
        message: format!("{close} is not above 0, and {names:?} divides by it; drop the feature"),
    })
}
