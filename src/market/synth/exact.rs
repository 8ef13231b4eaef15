//! Markets that are known to the last digit: for problems whose best answer can be computed.

use super::{check::at_least_zero, generator::Generator};
use crate::{Bar, Error, MarketData, Result, Rng};

/// Most factors of a process, and most numbers that it publishes: those, and the change to expect.
pub(super) const MOST: usize = 8;
/// What is published at a close; a process uses the first ones.
pub(super) type Published = [f32; MOST + 1];

/// The last column of every exact process: the mean of the next close less this one, given what is published and nothing else.
pub(super) const EXPECTED: &str = "expected_change";

/// A process that moves from close to close, and of which nothing is drawn in between: a bar opens at the close before, and
/// its high and low are the larger and the smaller of open and close.
pub(super) trait Exact {
    /// What a path remembers from bar to bar.
    type State: Copy;

    /// Whether every number makes sense, but for the volume.
    fn validate_process(&self) -> Result<()>;

    /// Units traded a bar.
    fn volume(&self) -> f64;

    /// Names of what is published at every close.
    fn columns(&self) -> Vec<String>;

    /// What is remembered before the first bar, and the price at which that opens.
    fn begin(&self, first: f64, rng: &mut Rng) -> (Self::State, f64);

    /// The price at the next close, from that at the last one; neither is rounded.
    fn next(&self, state: &mut Self::State, price: f64, rng: &mut Rng) -> f64;

    /// What is published at a close of that price, in the order of the columns.
    fn publish(&self, state: &Self::State, price: f64, out: &mut Published);

    /// Whether every number makes sense.
    fn validate(&self) -> Result<()> {
        at_least_zero("volume", self.volume())?;
        self.validate_process()
    }
}

/// Names of columns.
pub(super) fn named<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

impl Generator {
    pub(super) fn run_exact<P: Exact>(&self, process: &P, data: &mut MarketData, rng: &mut Rng) -> Result<()> {
        let (bars, columns) = data.bars_and_columns_mut();
        let volume = self.instrument.round_qty(process.volume());
        let (mut state, mut price) = process.begin(self.first, rng);
        let mut open = self.instrument.round_price(price);
        let mut published = [0.0; MOST + 1];
        for (row, bar) in bars.iter_mut().enumerate() {
            price = process.next(&mut state, price, rng);
            let close = self.instrument.round_price(price);
            *bar = Bar { time: bar.time, open, high: open.max(close), low: open.min(close), close, volume };
            process.publish(&state, price, &mut published);
            for ((_, column), value) in columns.iter_mut().zip(published) {
                column[row] = value;
            }
            open = close;
        }
        // Not a number anywhere is not a number ever after; what is published is no larger than a price.
        if price.is_finite() && price.abs() < f64::from(f32::MAX) {
            return Ok(());
        }
        Err(Error::spec("synthetic", format!("gave a price of {price}; its numbers are too large")))
    }
}
