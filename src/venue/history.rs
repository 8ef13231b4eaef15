//! The rows that a session begins with, as data.

use super::Opening;
use crate::{MarketData, Result, market::QuotesAt};

impl Opening {
    /// Its history as market data, without features.
    ///
    /// ```
    /// use tradepit::{market::synth, venue::Opening};
    /// let data = synth::es_1m(20, 0).unwrap();
    /// assert_eq!(Opening::of(&data, 9, 50_000.0).unwrap().market().unwrap().bars(), &data.bars()[..10]);
    /// ```
    ///
    /// # Errors
    /// Names the row that can't follow the one before it, and what else is unusable.
    pub fn market(&self) -> Result<MarketData> {
        let (rows, n) = (&self.history, self.instruments.len());
        let mut before = None;
        for row in rows {
            row.check(n, self.columns.len(), before)?;
            before = Some(row.time());
        }
        let mut data = MarketData::builder(self.instruments.clone())
            .bars(rows.iter().flat_map(|row| row.bars.iter().copied()).collect())
            .calendar(self.calendar)
            .period_ns(self.period_ns)
            .events(rows.iter().flat_map(|row| row.events.iter().copied()).collect())
            .adjust(self.adjust)
            .sub_bars(rows.iter().flat_map(|row| row.sub_bars.iter().copied()).collect());
        let quotes: Vec<_> = rows.iter().flat_map(|row| row.quotes.iter().copied()).collect();
        if !quotes.is_empty() {
            data = data.quotes(quotes, QuotesAt::Open);
        }
        let own = self.columns.iter().enumerate();
        own.fold(data, |data, (at, name)| data.column(name.clone(), rows.iter().map(|row| row.columns[at]).collect()))
            .build()
    }
}
