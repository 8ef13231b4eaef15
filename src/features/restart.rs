//! From the beginning, in the same memory.

use super::{FeaturePipeline, node::Source, normalise::Normaliser, pipeline::shown};
use crate::{Error, MarketData, Result};

/// A pipeline that fills the feature table of one market after another, in the memory of the first.
///
/// ```
/// use tradepit::{features::{self, FeaturePipelineSpec, Refill}, market::synth};
/// let spec = FeaturePipelineSpec::default();
/// let rows = features::attach(synth::es_1m(500, 0).unwrap(), &spec).unwrap();
/// let generator = synth::Generator::new(&synth::SynthSpec::default(), &rows).unwrap();
/// let (mut refill, mut data) = (Refill::new(&spec, &rows).unwrap(), rows.clone());
/// generator.redraw(7, 3, &mut data).unwrap();
/// refill.run(&mut data).unwrap();
/// // As if it had been the first.
/// let fresh = features::attach(data.part(0..500).build().unwrap(), &spec).unwrap();
/// assert_eq!(data.view(500).window(200), fresh.view(500).window(200));
/// ```
#[derive(Clone, Debug)]
pub struct Refill {
    pipeline: FeaturePipeline,
    /// Of each node, the state in which it begins.
    cold: Vec<Vec<u8>>,
    normalisers: Vec<Option<Vec<u8>>>,
    /// Of the row.
    columns: Vec<f32>,
    warm_up: usize,
    /// Whether a price at or below 0 would be divided by.
    positive: bool,
}

impl Refill {
    /// For markets such as `data`, to which the features of `spec` must be attached.
    ///
    /// # Errors
    /// When the specification does not fit the data, or a user's indicator can't be saved.
    pub fn new(spec: &super::FeaturePipelineSpec, data: &MarketData) -> Result<Self> {
        let pipeline = FeaturePipeline::for_data(spec, data)?;
        let cold = pipeline.nodes.iter().map(|node| node.source.save());
        let normalisers = pipeline.nodes.iter().map(|node| node.normaliser.as_ref().map(Normaliser::save).transpose());
        Ok(Self {
            cold: cold.collect::<Result<_>>()?,
            normalisers: normalisers.collect::<Result<_>>()?,
            columns: vec![0.0; data.columns().len()],
            warm_up: data.warm_up(),
            positive: spec.features.iter().any(super::FeatureSpec::needs_positive_prices),
            pipeline,
        })
    }

    /// Writes the features of `data` anew, from its present bars and columns; names and warm-up stay. It allocates nothing after the
    /// first time, but for indicators of the user's whose own state does.
    ///
    /// # Errors
    /// When a number after the warm-up is not finite, or a price is not above 0 under a feature that divides by it.
    pub fn run(&mut self, data: &mut MarketData) -> Result<()> {
        self.restart()?;
        if self.pipeline.nodes.iter().all(|node| node.normaliser.is_none() && matches!(node.source, Source::Column(_)))
        {
            return self.copy(data);
        }
        let Self { pipeline, columns, warm_up, positive, .. } = self;
        let (bars, known, table) = data.rows_and_table();
        for (t, bar) in bars.iter().enumerate() {
            if *positive && bar.close <= 0.0 {
                return Err(refuse(t, "close", bar.close));
            }
            for (value, (_, column)) in columns.iter_mut().zip(known) {
                *value = column[t];
            }
            let row = table.row_mut(t);
            pipeline.update(std::slice::from_ref(bar), columns, row);
            if let Some(at) = row.iter().position(|x| !x.is_finite()).filter(|_| t >= *warm_up) {
                return Err(refuse(t, &pipeline.names()[at], row[at].into()));
            }
        }
        Ok(())
    }

    /// As a run of the pipeline over the rows, where each feature is a column.
    fn copy(&mut self, data: &mut MarketData) -> Result<()> {
        let Self { pipeline, warm_up, .. } = self;
        let (_, columns, table) = data.rows_and_table();
        for (at, node) in pipeline.nodes.iter().enumerate() {
            let Source::Column(column) = node.source else { continue };
            for (t, value) in columns[column].1.iter().enumerate() {
                let number = shown(f64::from(*value) * node.scale, pipeline.clip, &mut pipeline.clipped);
                if !number.is_finite() && t >= *warm_up {
                    return Err(refuse(t, &pipeline.names()[at], number.into()));
                }
                table.row_mut(t)[at] = number;
            }
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<()> {
        let states = self.cold.iter().zip(&self.normalisers);
        for (node, (cold, normaliser)) in self.pipeline.nodes.iter_mut().zip(states) {
            node.value = f64::NAN;
            node.source.restore(cold)?;
            if let (Some(own), Some(cold)) = (&mut node.normaliser, normaliser) {
                own.restore(cold)?;
            }
        }
        for timeframe in &mut self.pipeline.timeframes {
            timeframe.restart();
        }
        self.pipeline.clipped = 0;
        Ok(())
    }
}

fn refuse(row: usize, column: &str, value: f64) -> Error {
    let message = format!("{value} in a market that was drawn; features must be finite, and prices above 0");
    Error::Data { source_name: None, row, column: column.to_owned(), message }
}
