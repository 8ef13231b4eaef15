//! Bid and ask of the rows of a file.

use csv::StringRecord;

use super::super::{QuoteColumns, header::QuotePlaces, when::parse_time};

/// Columns of quotes as they are read; NaN where a row has none.
#[derive(Debug, Default)]
pub(super) struct QuoteTable {
    sides: [Vec<f64>; 2],
    sizes: [Vec<f64>; 2],
    times_ns: Vec<i64>,
}

impl QuoteTable {
    pub(super) fn push(&mut self, at: &QuotePlaces, record: &StringRecord) -> Result<(), (&'static str, String)> {
        let field = |at: usize| record.get(at).unwrap_or_default();
        let none = at.sides.iter().all(|&at| field(at).is_empty());
        let number = |at: usize, column: &'static str| match field(at) {
            "" if none => Ok(f64::NAN),
            "" => Err((column, "is empty; fill it, or leave bid and ask empty where no quote came".to_owned())),
            text => text.parse::<f64>().map_err(|_| (column, format!("{text:?} is not a number such as 4512.25"))),
        };
        for (side, column) in ["bid", "ask"].into_iter().enumerate() {
            self.sides[side].push(number(at.sides[side], column)?);
        }
        for (side, column) in ["bid_size", "ask_size"].into_iter().enumerate() {
            self.sizes[side].push(at.sizes[side].filter(|_| !none).map_or(Ok(0.0), |at| number(at, column))?);
        }
        let time = at.time.filter(|_| !none).map(|at| parse_time(field(at))).transpose();
        self.times_ns.push(time.map_err(|message| ("quote_time", message))?.unwrap_or_default().nanos());
        let columns = self.columns(true);
        columns.row(self.times_ns.len() - 1).map_or(Ok(()), |quote| quote.check())
    }

    pub(super) fn columns(&self, timed: bool) -> QuoteColumns<'_> {
        let [bid, ask] = &self.sides;
        let [bid_size, ask_size] = &self.sizes;
        let times_ns = timed.then_some(self.times_ns.as_slice());
        QuoteColumns { bid, ask, bid_size: Some(bid_size), ask_size: Some(ask_size), times_ns }
    }
}
