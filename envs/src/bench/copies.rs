//! How fast the machine copies windows, whatever else a step does.

use rand::RngExt as _;
use tradepit::rng::{Purpose, stream};

use crate::{Error, Result};

/// Copies of windows out of a table, as a step of environments makes them: each has a random row, goes on by one row a turn,
/// and has its window written behind that of the one before.
///
/// ```
/// use tradepit_envs::bench::BenchCopies;
/// let mut copies = BenchCopies::new(1_000, 16, 32, 64)?;
/// copies.copy();
/// assert_eq!(copies.bytes(), 64 * 32 * 16 * 4); // a turn
/// # tradepit_envs::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct BenchCopies {
    table: Vec<f32>,
    /// Where the windows begin, in numbers.
    at: Vec<usize>,
    windows: Vec<f32>,
    width: usize,
    len: usize,
}

impl BenchCopies {
    /// `num` windows of so many rows of a table of `width` numbers a row.
    ///
    /// # Errors
    /// When the table is no longer than a window, or anything is 0.
    pub fn new(rows: usize, width: usize, window: usize, num: usize) -> Result<Self> {
        if width == 0 || num == 0 || !(1..rows).contains(&window) {
            let sizes = format!("{num} windows of {window} rows of {rows} of {width} numbers");
            return Err(Error::spec("window", format!("{sizes}: none may be 0, and a window must be less than all")));
        }
        let mut rng = stream(1, 0, Purpose::Episode);
        let at = (0..num).map(|_| rng.random_range(0..rows - window) * width).collect();
        // Not zeros: pages of zeros can be one and the same page of memory.
        let table = (0..rows * width).map(|i| i as f32).collect();
        Ok(Self { table, at, windows: vec![1.0; num * window * width], width, len: window * width })
    }

    /// One turn.
    #[inline]
    pub fn copy(&mut self) {
        let last = self.table.len() - self.len;
        for (window, at) in self.windows.chunks_exact_mut(self.len).zip(&mut self.at) {
            window.copy_from_slice(&self.table[*at..][..self.len]);
            *at = if *at == last { 0 } else { *at + self.width };
        }
        std::hint::black_box(&mut self.windows);
    }

    /// How many bytes a turn writes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(self.windows.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_rows_of_the_table_and_go_on_by_one() {
        let mut copies = BenchCopies::new(5, 2, 3, 20).unwrap();
        for _ in 0..7 {
            let from = copies.at.clone();
            copies.copy();
            for (at, window) in from.iter().zip(copies.windows.chunks_exact(6)) {
                assert_eq!(window, &copies.table[*at..*at + 6]);
            }
            assert!(from.iter().zip(&copies.at).all(|(from, to)| *to == (from + 2) % 6), "{from:?} {:?}", copies.at);
        }
        let refused = BenchCopies::new(3, 16, 3, 1).unwrap_err().to_string();
        assert!(refused.contains("1 windows of 3 rows of 3 of 16 numbers"), "{refused}");
    }
}
