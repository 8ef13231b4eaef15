//! The rows of data as features see them.

use super::FeaturePipeline;
use crate::{
    Bar, MarketData,
    market::{Adjuster, Adjustment},
};

/// The rows one by one, from the first: bars moved by events, columns, quotes.
pub(super) struct Seen<'a> {
    data: &'a MarketData,
    /// Only where something has happened; else the bars are those of the data.
    moved: Option<(Adjuster, Vec<Bar>)>,
    columns: Vec<f32>,
    row: usize,
}

impl<'a> Seen<'a> {
    pub(super) fn new(data: &'a MarketData) -> Self {
        let still = data.events().is_empty() || data.adjustment() == Adjustment::None;
        let moved = (!still).then(|| {
            let bars = vec![Bar::default(); data.instruments().len()];
            (Adjuster::new(data.adjustment(), data.instruments()), bars)
        });
        Self { data, moved, columns: vec![0.0; data.columns().len()], row: 0 }
    }

    /// Feeds the next row, of which there must be one, to a pipeline, and gives its bars.
    pub(super) fn feed(&mut self, pipeline: &mut FeaturePipeline, numbers: &mut [f32]) -> &[Bar] {
        let (row, n) = (self.row, self.data.instruments().len());
        self.row += 1;
        let (raw, details) = (&self.data.bars()[row * n..(row + 1) * n], self.data.details(row));
        for (value, (_, column)) in self.columns.iter_mut().zip(self.data.columns()) {
            *value = column[row];
        }
        let bars = match &mut self.moved {
            None => raw,
            Some((adjuster, seen)) => {
                adjuster.update(raw, details.events, seen);
                seen
            }
        };
        pipeline.update_with(bars, &self.columns, details, numbers);
        bars
    }
}
