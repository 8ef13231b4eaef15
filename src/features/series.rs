//! One feature over data at hand, in full precision.

use super::{Aggregator, FeatureSpec};
use crate::{Error, MarketData, Result};

/// What the indicator of a feature gives for each row: in f64, before `scale` and clipping, NaN while it warms up.
///
/// ```
/// use tradepit::{features::{self, FeatureSpec, RsiSpec}, market::synth};
/// let data = synth::es_1m(100, 0).unwrap();
/// let rsi = features::series(&data, &FeatureSpec::Rsi(RsiSpec::default())).unwrap();
/// assert!(rsi[..14].iter().all(|x| x.is_nan()) && rsi[14..].iter().all(|x| (-1.0..=1.0).contains(x)));
/// ```
///
/// The indicator that a pipeline runs, over the same [`feature_bars`](MarketData::feature_bars), to look at or to compare
/// with other programs. Of a higher timeframe, each row has that of the last completed bar.
///
/// # Errors
/// When the feature is not valid, has no indicator (the time of day, a column), or asks for an instrument that the data
/// does not have.
pub fn series(data: &MarketData, feature: &FeatureSpec) -> Result<Vec<f64>> {
    feature.validate()?;
    let mut indicator = feature
        .indicator()
        .ok_or_else(|| Error::spec(feature.kind(), "is not made from bars alone; ask for the feature table"))?;
    let (place, n) = (feature.place(), data.instruments().len());
    let instrument = place.instrument as usize;
    if instrument >= n {
        let field = format!("{}.instrument", feature.kind());
        return Err(Error::spec(field, format!("{instrument} is not in the data, which has {n}; count from 0")));
    }
    let mut aggregator = place.timeframe.map(|minutes| Aggregator::new(minutes, data.clock().clone()));
    let mut last = f64::NAN;
    let bars = data.feature_bars();
    let rows = bars.iter().skip(instrument).step_by(n).map(|bar| {
        match &mut aggregator {
            None => last = indicator.update(bar),
            Some(aggregator) => {
                for bar in aggregator.update(bar) {
                    last = indicator.update(bar);
                }
            }
        }
        last
    });
    Ok(rows.collect())
}
