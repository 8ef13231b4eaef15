//! From an observation by index to the one that a network reads.

use std::{fmt::Debug, sync::Arc};

use tradepit::MarketData;

use crate::{Error, Result, Space};

/// Turns observations as environments write them into those that a network reads, where the two differ.
///
/// ```
/// use tradepit_envs::{Error, Gather, Result, Space};
/// /// Environments write a whole number; a network reads a one at its place.
/// #[derive(Debug)]
/// struct OneHot(Space);
/// impl Gather for OneHot {
///     fn space(&self) -> &Space {
///         &self.0
///     }
///     fn gather(&self, written: &[f32], out: &mut [f32]) -> Result<()> {
///         out.fill(0.0);
///         for (row, value) in out.chunks_exact_mut(self.0.len()).zip(written) {
///             *row.get_mut(*value as usize).ok_or(Error::State(format!("{value} is too large")))? = 1.0;
///         }
///         Ok(())
///     }
/// }
/// let (seen, mut out) = (OneHot(Space::Box { len: 3, low: 0.0, high: 1.0 }), [9.0; 6]);
/// seen.gather(&[2.0, 0.0], &mut out).unwrap();
/// assert_eq!(out, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
/// ```
///
/// A learner keeps what is written, which is short, and gathers a minibatch when it reads it.
pub trait Gather: Debug + Send + Sync {
    /// Of one observation as a network reads it.
    fn space(&self) -> &Space;
    /// Writes, for each observation of `written`, the one that a network reads.
    ///
    /// # Errors
    /// When a length does not fit, or an observation is not one that the environments write.
    fn gather(&self, written: &[f32], out: &mut [f32]) -> Result<()>;
}

/// Whole numbers of an observation are exact below this: 2^24.
const EXACT: u32 = 1 << 24;

/// Gathers windows out of the features that environments share: what [`Observe::Index`](crate::Observe) leaves to be done.
///
/// ```
/// use tradepit_envs::{EnvSpec, Gather, SimSetup};
/// # use tradepit::market::synth;
/// let spec: EnvSpec = serde_json::from_str(r#"{"window": 32, "observe": {"kind": "index"}}"#).unwrap();
/// let by_index = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let by_window = by_index.with_windows().unwrap();
/// let of = |setup: &SimSetup| {
///     let mut obs = vec![0.0; setup.rules().observation_space().len()];
///     setup.env().reset(Some(7), &mut obs).unwrap();
///     obs
/// };
/// let (short, long) = (of(&by_index), of(&by_window));
/// assert_eq!((short.len(), long.len()), (2 + 5, 32 * 16 + 5));
/// let gather = by_index.rules().gather().unwrap();
/// let mut seen = vec![0.0; gather.space().len()];
/// gather.gather(&short, &mut seen).unwrap();
/// assert_eq!(seen, long); // the same bits
/// ```
///
/// An observation says which table its row is of ([`table`](Self::table)): that of other data is refused, as are numbers that
/// were scaled on the way.
#[derive(Clone, Debug)]
pub struct WindowGather {
    data: Arc<MarketData>,
    window: usize,
    table: u32,
    space: Space,
}

impl WindowGather {
    /// Windows of `window` rows out of `data`, for observations that are of `space` once they are gathered.
    ///
    /// # Errors
    /// When there are too many rows, or nothing is saved.
    pub(crate) fn new(data: &Arc<MarketData>, window: usize, space: Space) -> Result<Self> {
        check(data.len(), window * data.width())?;
        Ok(Self { table: number(data), data: Arc::clone(data), window, space })
    }

    /// The number by which an observation names the features that it indexes: from their values, so that other data have
    /// another one (but for one case in 16 million). It is above 65,535, as no number of an account is, and below 2^24.
    #[must_use]
    pub fn table(&self) -> u32 {
        self.table
    }

    /// The data with the features.
    #[must_use]
    pub fn data(&self) -> &Arc<MarketData> {
        &self.data
    }

    /// Rows of a window.
    #[must_use]
    pub fn window(&self) -> usize {
        self.window
    }

    fn rows_of(&self, table: f32, row: f32) -> Option<&[f32]> {
        // A cast brings what is no row to one that is not the same number.
        let at = row as usize;
        let known = self.data.warm_up() + self.window - 1..self.data.len();
        let fits = table == self.table as f32 && row == at as f32 && known.contains(&at);
        fits.then(|| self.data.view(at + 1).window(self.window))
    }

    #[cold]
    fn refuse(&self, index: usize, table: f32, row: f32) -> Error {
        let rows = format!("{}..{}", self.data.warm_up() + self.window - 1, self.data.len());
        Error::State(format!(
            "observation {index} names row {row} of table {table}, and there are rows {rows} of table {}; gather it with \
             the data that wrote it, and do not scale it",
            self.table
        ))
    }
}

impl Gather for WindowGather {
    fn space(&self) -> &Space {
        &self.space
    }

    fn gather(&self, written: &[f32], out: &mut [f32]) -> Result<()> {
        let (seen, shown) = (self.space.len(), self.window * self.data.width());
        let width = seen - shown + 2;
        let rows = written.len() / width;
        Error::shape("observations", rows * width, written.len())?;
        Error::shape("out", rows * seen, out.len())?;
        for (index, (from, to)) in written.chunks_exact(width).zip(out.chunks_exact_mut(seen)).enumerate() {
            let (window, own) = to.split_at_mut(shown);
            let Some(rows) = self.rows_of(from[0], from[1]) else { return Err(self.refuse(index, from[0], from[1])) };
            window.copy_from_slice(rows);
            own.copy_from_slice(&from[2..]);
        }
        Ok(())
    }
}

/// Whether so many rows have each a number, and a window of so many numbers is longer than what stands for it.
fn check(rows: usize, shown: usize) -> Result<()> {
    let refuse = |message: String| Err(Error::spec("observe", message + "; use kind window"));
    if rows > EXACT as usize {
        return refuse(format!("index: {rows} rows are more than an f32 counts, {EXACT}"));
    }
    // The two kinds of observations then differ in length: nobody takes the one for the other.
    if shown <= 2 {
        return refuse(format!("index: takes 2 numbers in place of a window of {shown}"));
    }
    Ok(())
}

/// From the bits of all features that an observation may show (FNV-1a, a word at a time).
fn number(data: &MarketData) -> u32 {
    const LEAST: u64 = 1 << 16;
    let shown = data.view(data.len()).window(data.len().saturating_sub(data.warm_up()));
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3);
    let start = mix(mix(0xcbf2_9ce4_8422_2325, data.width() as u64), data.warm_up() as u64);
    let hash = shown.iter().fold(start, |hash, value| mix(hash, value.to_bits().into()));
    (LEAST + (hash >> 32) % (u64::from(EXACT) - LEAST)) as u32
}

#[cfg(test)]
mod tests {
    use tradepit::market::synth;

    use super::*;
    use crate::{EnvSpec, SimSetup};

    #[test]
    fn more_rows_than_an_f32_counts_are_refused_and_windows_that_are_shorter_than_their_index() {
        assert!(check(EXACT as usize, 3).is_ok());
        let last = (EXACT - 1) as f32;
        assert_eq!(
            (last as u32, (EXACT as f32 + 1.0) as u32),
            (EXACT - 1, EXACT),
            "the first number that is not exact"
        );
        let rows = check(EXACT as usize + 1, 3).unwrap_err().to_string();
        assert_eq!(rows, "observe: index: 16777217 rows are more than an f32 counts, 16777216; use kind window");
        let shown = check(10, 2).unwrap_err().to_string();
        assert_eq!(shown, "observe: index: takes 2 numbers in place of a window of 2; use kind window");
    }

    #[test]
    fn a_table_is_named_by_its_values() {
        let table = |seed, bars| {
            let spec: EnvSpec = serde_json::from_str(r#"{"observe": {"kind": "index"}}"#).unwrap();
            let setup = SimSetup::new(spec, synth::es_1m(bars, seed).unwrap()).unwrap();
            setup.rules().gather().unwrap().table()
        };
        assert_eq!(table(0, 2_000), table(0, 2_000), "other memory, the same values");
        assert_ne!(table(0, 2_000), table(1, 2_000));
        assert_ne!(table(0, 2_000), table(0, 2_001));
        assert!((1 << 16..EXACT).contains(&table(0, 2_000)));
    }
}
