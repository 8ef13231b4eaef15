//! The features of all rows.

use super::MarketData;
use crate::{Error, Result, market::pages::advise_large};

/// Floats of one cache line.
const LINE: usize = 16;

/// Rows of f32, the first on a cache line: what a [`MarketData`] keeps of its features.
///
/// ```
/// use tradepit::market::{FeatureTable, synth};
/// let mut data = synth::es_1m(3, 0).unwrap();
/// let mut table = FeatureTable::new(3, 2);
/// table.row_mut(2).copy_from_slice(&[0.5, 1.5]);
/// data.set_table(vec!["a".into(), "b".into()], 0, table).unwrap();
/// assert_eq!(data.view(3).window(2), [0.0, 0.0, 0.5, 1.5]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct FeatureTable {
    numbers: Vec<f32>,
    /// Floats to pass over so that the first row stands on a cache line.
    skip: usize,
    width: usize,
}

impl FeatureTable {
    /// Zeros: so many rows of so many numbers.
    #[must_use]
    pub fn new(rows: usize, width: usize) -> Self {
        let numbers = vec![0.0f32; rows * width + LINE];
        advise_large(&numbers);
        let skip = numbers.as_ptr().align_offset(64).min(LINE);
        let mut table = Self { numbers, skip, width };
        table.numbers.truncate(skip + rows * width);
        table
    }

    /// All numbers, row by row.
    #[must_use]
    pub fn numbers(&self) -> &[f32] {
        &self.numbers[self.skip..]
    }

    /// A row, to be written.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        let start = self.skip + row * self.width;
        &mut self.numbers[start..start + self.width]
    }

    /// All numbers, row by row, as a vector.
    #[must_use]
    pub fn into_numbers(mut self) -> Vec<f32> {
        self.numbers.drain(..self.skip);
        self.numbers
    }

    /// Whether every number behind the first `warm_up` rows is finite.
    ///
    /// # Errors
    /// Names the first that is not, by its row and the name of its column.
    pub fn check(&self, names: &[String], warm_up: usize) -> Result<()> {
        let behind = self.numbers().iter().skip(warm_up * self.width);
        let Some((at, value)) = behind.enumerate().find(|(_, value)| !value.is_finite()) else { return Ok(()) };
        Err(Error::Data {
            source_name: None,
            row: at / self.width + warm_up,
            column: names.get(at % self.width).cloned().unwrap_or_default(),
            message: format!("{value} after the warm-up of {warm_up} rows; features must be finite"),
        })
    }

    #[inline]
    pub(super) fn width(&self) -> usize {
        self.width
    }

    #[inline]
    pub(super) fn rows(&self, from: usize, to: usize) -> &[f32] {
        &self.numbers[self.skip + from * self.width..self.skip + to * self.width]
    }

    /// The buffer, and where in it a row is.
    #[inline]
    pub(super) fn place(&self, row: usize) -> (&[f32], usize) {
        (&self.numbers, self.skip + row * self.width)
    }

    pub(super) fn push(&mut self, row: &[f32]) {
        self.numbers.extend_from_slice(row);
    }
}

impl MarketData {
    /// Sets the feature table, unknown only in the first `warm_up` rows.
    ///
    /// # Errors
    /// When the table's size does not fit, or a number after the warm-up is not finite.
    pub fn set_table(&mut self, names: Vec<String>, warm_up: usize, table: FeatureTable) -> Result<()> {
        let (width, numbers) = (names.len(), table.numbers());
        if (table.width, numbers.len()) != (width, self.len * width) {
            return Err(Error::spec(
                "features",
                format!(
                    "{} numbers, {} a row, for {} rows of {width}; expected {}",
                    numbers.len(),
                    table.width,
                    self.len,
                    self.len * width
                ),
            ));
        }
        table.check(&names, warm_up)?;
        (self.features, self.names, self.warm_up) = (table, names, warm_up);
        Ok(())
    }
}
