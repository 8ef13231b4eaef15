//! Data that grows by the row, with its features made on the way.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Opening;
use crate::{
    Bar, Error, InstrumentId, MarketData, MarketView, Result, Timestamp,
    features::FeaturePipeline,
    market::{Adjuster, FeatureTable, MarketEvent, Quote, RowDetails},
};

/// What became known with one close: a bar for each instrument, and the user's own columns.
///
/// ```
/// use tradepit::{Bar, venue::Row};
/// let row = Row { bars: vec![Bar { open: 2.0, high: 1.0, ..Bar::default() }], ..Row::default() };
/// assert!(row.check(1, 0, None).unwrap_err().to_string().contains("open 2 is outside"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// One bar for each instrument, all of the same time.
    pub bars: Vec<Bar>,
    /// One number for each of the user's columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<f32>,
    /// For each instrument the quote that stood when its bar opened, if one had come; nothing for data without quotes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotes: Vec<Option<Quote>>,
    /// Finer bars that make up the row, moment by moment, if there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_bars: Vec<Bar>,
    /// What took effect before the open of these bars, dated from the close of the row before to before theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<MarketEvent>,
}

impl Row {
    /// When it became known; the epoch for a row without bars, which no check lets through.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.bars.first().map(|bar| bar.time).unwrap_or_default()
    }

    /// What it holds beside its bars.
    #[must_use]
    pub fn details(&self) -> RowDetails<'_> {
        RowDetails { quotes: &self.quotes, sub_bars: &self.sub_bars, events: &self.events }
    }

    /// Whether it can follow a row of time `after` in data of so many instruments and columns.
    ///
    /// # Errors
    /// Names the column and the value: a wrong number of bars or columns, an unusable bar or quote, a number that is not
    /// finite, a time that does not go forward, an unusable event.
    pub fn check(&self, instruments: usize, columns: usize, after: Option<Timestamp>) -> Result<()> {
        if self.bars.len() != instruments || self.columns.len() != columns {
            let (bars, got) = (self.bars.len(), self.columns.len());
            return Err(Error::spec(
                "row",
                format!("{bars} bars and {got} columns; expected {instruments} and {columns}"),
            ));
        }
        let time = self.time();
        let refuse = |message: String| Err(Error::Venue(format!("row of {time}: {message}")));
        if let Some(after) = after.filter(|after| time <= *after) {
            return refuse(format!("its time is not after {after}, the last row's; serve each row once, in order"));
        }
        for (id, bar) in self.bars.iter().enumerate() {
            if let Err((_, message)) = bar.check() {
                return refuse(format!("instrument {id}: {message}"));
            }
            if bar.time != time {
                return refuse(format!("instrument {id} has time {}; align them on one clock", bar.time));
            }
        }
        if let Err((column, message)) = self.details().check() {
            return refuse(format!("{column}: {message}"));
        }
        if let Some(at) = self.columns.iter().position(|value| !value.is_finite()) {
            return refuse(format!("column {at} is {}; only finite numbers can be kept", self.columns[at]));
        }
        let mut last = after;
        for (at, event) in self.events.iter().enumerate() {
            if let Err((field, message)) = event.check(instruments) {
                return refuse(format!("event {at}: {field} {message}"));
            }
            if event.time >= time || last.is_some_and(|last| event.time < last) {
                let own = event.time;
                return refuse(format!("event {at} is of {own}; serve it, in order, with the bar that it falls into"));
            }
            last = Some(event.time);
        }
        Ok(())
    }
}

/// Makes a row of features out of each row of bars, as it comes.
///
/// It must give the same bits as the table that a simulation reads, and a feature pipeline does: it is the code that
/// filled the table.
///
/// ```
/// use tradepit::{Bar, Result, market::RowDetails, venue::RowMaker};
/// struct Move(Option<f64>);
/// impl RowMaker for Move {
///     fn names(&self) -> Vec<String> { vec!["move".into()] }
///     fn update(&mut self, bars: &[Bar], _: &[f32], _: RowDetails<'_>, row: &mut [f32]) -> Result<()> {
///         row[0] = (bars[0].close - self.0.unwrap_or(f64::NAN)) as f32;
///         self.0 = Some(bars[0].close);
///         Ok(())
///     }
/// }
/// let (mut maker, mut row) = (Move(None), [0.0]);
/// for close in [10.0, 10.5] {
///     maker.update(&[Bar { close, ..Bar::default() }], &[], RowDetails::default(), &mut row).unwrap();
/// }
/// assert_eq!(row, [0.5]);
/// ```
pub trait RowMaker: Send {
    /// Names of the features, in the order of a row.
    fn names(&self) -> Vec<String>;
    /// Takes the bars (those that features are made of: adjusted for what happened), user columns and further details of
    /// one row, and writes its features.
    ///
    /// # Errors
    /// When it can't make sense of them.
    fn update(&mut self, bars: &[Bar], columns: &[f32], details: RowDetails<'_>, row: &mut [f32]) -> Result<()>;
}

/// No features: for markets that are only traded by their bars.
///
/// ```
/// use tradepit::venue::{NoFeatures, RowMaker};
/// assert!(NoFeatures.names().is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFeatures;

impl RowMaker for NoFeatures {
    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn update(&mut self, _: &[Bar], _: &[f32], _: RowDetails<'_>, _: &mut [f32]) -> Result<()> {
        Ok(())
    }
}

impl RowMaker for FeaturePipeline {
    fn names(&self) -> Vec<String> {
        Self::names(self).to_vec()
    }

    fn update(&mut self, bars: &[Bar], columns: &[f32], details: RowDetails<'_>, row: &mut [f32]) -> Result<()> {
        self.update_with(bars, columns, details, row);
        Ok(())
    }
}

/// Market data that starts with a history and grows by each row that closes.
///
/// ```
/// use tradepit::{market::synth, venue::{GrowingMarket, NoFeatures, Opening}};
/// let data = synth::es_1m(20, 0).unwrap();
/// let opening = Opening::of(&data, 9, 50_000.0).unwrap();
/// let mut market = GrowingMarket::new(&opening, NoFeatures).unwrap();
/// assert_eq!(market.view().now(), data.bars()[9].time);
/// market.push(&Opening::row(&data, 10)).unwrap();
/// assert_eq!(market.view().now(), data.bars()[10].time);
/// ```
pub struct GrowingMarket {
    data: MarketData,
    maker: Box<dyn RowMaker>,
    adjuster: Adjuster,
    /// The bars that features are made of, and the features, of the last row.
    seen: Vec<Bar>,
    features: Vec<f32>,
    /// The quotes that stand.
    quotes: Vec<Option<Quote>>,
}

impl GrowingMarket {
    /// Runs the row maker over the history of `opening`.
    ///
    /// # Errors
    /// When the history is unusable, or does not reach past the warm-up of the features.
    pub fn new(opening: &Opening, maker: impl RowMaker + 'static) -> Result<Self> {
        let mut maker: Box<dyn RowMaker> = Box::new(maker);
        let (names, rows) = (maker.names(), opening.history.len());
        let (width, n) = (names.len(), opening.instruments.len());
        let mut data = opening.market()?;
        let (mut adjuster, mut seen) = (Adjuster::new(opening.adjust, &opening.instruments), vec![Bar::default(); n]);
        let mut table = FeatureTable::new(rows, width);
        let mut features = vec![0.0; width];
        for (t, row) in opening.history.iter().enumerate() {
            adjuster.update(&row.bars, &row.events, &mut seen);
            maker.update(&seen, &row.columns, data.details(t), &mut features)?;
            table.row_mut(t).copy_from_slice(&features);
        }
        let quotes = data.details(rows - 1).quotes.to_vec();
        // What is warm is read off the rows themselves, as for the table of a simulation.
        let known = |row: &[f32]| row.iter().all(|value| value.is_finite());
        let warm_up =
            if width == 0 { 0 } else { table.numbers().chunks_exact(width).take_while(|row| !known(row)).count() };
        if warm_up == rows {
            let at = features.iter().position(|value| !value.is_finite()).unwrap_or_default();
            return Err(Error::TooLittleData(format!(
                "a history of {rows} rows, and feature {} is still unknown in the last one; serve a longer history",
                names[at]
            )));
        }
        data.set_table(names, warm_up, table)?;
        Ok(Self { data, maker, adjuster, seen, quotes, features })
    }

    /// All of it: there is nothing that has not happened yet.
    #[must_use]
    pub fn view(&self) -> MarketView<'_> {
        self.data.view(self.data.len())
    }

    /// The data so far.
    #[must_use]
    pub fn data(&self) -> &MarketData {
        &self.data
    }

    /// Takes the row that has just closed.
    ///
    /// # Errors
    /// When it can't follow the last one (nothing has changed then), or its features can't be made.
    pub fn push(&mut self, row: &Row) -> Result<()> {
        let now = self.view().last(InstrumentId(0)).time;
        row.check(self.data.instruments().len(), self.data.columns().len(), Some(now))?;
        self.data.check_details(&row.bars, row.details())?;
        self.adjuster.update(&row.bars, &row.events, &mut self.seen);
        row.details().stand_on(&mut self.quotes, self.data.instruments());
        let details = RowDetails { quotes: &self.quotes, ..row.details() };
        self.maker.update(&self.seen, &row.columns, details, &mut self.features)?;
        if let Some(at) = self.features.iter().position(|value| !value.is_finite()) {
            let (name, value) = (&self.data.feature_names()[at], self.features[at]);
            return Err(Error::Venue(format!("row of {}: feature {name} is {value} after the warm-up", row.time())));
        }
        self.data.push_with(&row.bars, &row.columns, row.details(), &self.features)
    }
}

impl fmt::Debug for GrowingMarket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrowingMarket")
            .field("rows", &self.data.len())
            .field("now", &self.view().now())
            .finish_non_exhaustive()
    }
}
