//! Many strategies over one market.

use std::{ops::Range, sync::Arc};

use rayon::prelude::*;

use super::Backtest;
use crate::{Error, Result, venue::SimWorld};

/// Many strategies over one market, at once.
///
/// ```
/// use std::sync::Arc;
/// use tradepit::{backtest::{Summary, Sweep}, market::synth, models::Models, venue::SimWorld};
/// let data = Arc::new(synth::es_1m(1_000, 0)?);
/// let world = Arc::new(SimWorld::new(data.clone(), Models::default(), 100_000.0)?);
/// // Strategy k is long where the last bar rose by more than k ticks.
/// let made = |k: usize, targets: &mut Vec<i8>| {
///     targets.extend(data.bars().iter().map(|bar| i8::from(bar.close - bar.open > 0.25 * k as f64)));
/// };
/// let summaries = Sweep::new(&world).each(5, made, Summary::of)?;
/// assert!(summaries[4].fills < summaries[0].fills);
/// # tradepit::Result::Ok(())
/// ```
///
/// Results come in the order of the strategies, and are the same bits whatever the number of threads. Each strategy draws
/// from the same stream of the models, as it would alone.
#[derive(Clone, Debug)]
pub struct Sweep {
    world: Arc<SimWorld>,
    threads: usize,
    seed: u64,
}

/// A strategy that has come to the end of the market.
///
/// ```
/// use std::sync::Arc;
/// use tradepit::{backtest::{Ran, Sweep}, market::synth, models::Models, venue::SimWorld};
/// let world = Arc::new(SimWorld::new(Arc::new(synth::es_1m(100, 0)?), Models::default(), 100_000.0)?);
/// let worst = |ran: &Ran<'_>| ran.equity.iter().copied().fold(f64::INFINITY, f64::min);
/// assert_eq!(Sweep::new(&world).table(&[0.0f32; 300], worst)?, [100_000.0; 3]);
/// # tradepit::Result::Ok(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ran<'a> {
    /// Which.
    pub strategy: usize,
    /// At its end.
    pub backtest: &'a Backtest,
    /// Equity at the close of each row, in account currency; of the first row, what the account opens with.
    pub equity: &'a [f64],
}

/// What one thread works with.
struct Worker<T> {
    backtest: Backtest,
    targets: Vec<T>,
    equity: Vec<f64>,
}

impl Sweep {
    /// Over `world`, on all threads of the machine, with seed 0.
    #[must_use]
    pub fn new(world: &Arc<SimWorld>) -> Self {
        Self { world: Arc::clone(world), threads: 0, seed: 0 }
    }

    /// On so many threads; 0 is as many as the machine has.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// With the models' random stream of another seed.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Runs `strategies` strategies, of which `make` puts the targets of one into an empty vector, in the order of
    /// [`Backtest::follow`]; `of` says what is to be kept of it.
    ///
    /// # Errors
    /// As there, for the first strategy that has one.
    pub fn each<T: Copy + Into<f64> + Send, R: Send>(
        &self,
        strategies: usize,
        make: impl Fn(usize, &mut Vec<T>) + Sync,
        of: impl Fn(&Ran<'_>) -> R + Sync,
    ) -> Result<Vec<R>> {
        let make = |strategies: Range<usize>, targets: &mut Vec<T>| strategies.for_each(|k| make(k, targets));
        self.run(strategies, 1, make, of)
    }

    /// Runs a table of targets: a row for each bar, with a column for each strategy, that has a number for each instrument.
    ///
    /// # Errors
    /// As [`Backtest::follow`], for the first strategy that has one; and when there are no whole rows.
    pub fn table<T: Copy + Into<f64> + Send + Sync, R: Send>(
        &self,
        targets: &[T],
        of: impl Fn(&Ran<'_>) -> R + Sync,
    ) -> Result<Vec<R>> {
        let (rows, n) = (self.world.data.len(), self.world.data.instruments().len());
        if !targets.len().is_multiple_of(rows * n) {
            let got = targets.len();
            let message = format!("{got} are no whole number of strategies over {rows} bars of {n} instruments");
            return Err(Error::spec("targets", message));
        }
        let strategies = targets.len() / (rows * n);
        let make = |group: Range<usize>, into: &mut Vec<T>| take_columns(targets, strategies * n, n, &group, into);
        // As many as share a cache line: a row of the table is read once for all of them.
        self.run(strategies, (64 / (n * size_of::<T>())).max(1), make, of)
    }

    /// Runs groups of strategies on the threads; `make` puts the targets of a group one behind the other.
    fn run<T: Copy + Into<f64> + Send, R: Send>(
        &self,
        strategies: usize,
        group: usize,
        make: impl Fn(Range<usize>, &mut Vec<T>) + Sync,
        of: impl Fn(&Ran<'_>) -> R + Sync,
    ) -> Result<Vec<R>> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.threads).build();
        let pool = pool.map_err(|error| Error::spec("threads", format!("{}: {error}", self.threads)))?;
        let worker = || Worker {
            backtest: Backtest::new(&self.world, self.seed),
            targets: Vec::new(),
            equity: Vec::with_capacity(self.world.data.len()),
        };
        let whole = |worker: &mut Worker<T>, first: usize| {
            let own = first..(first + group).min(strategies);
            worker.targets.clear();
            make(own.clone(), &mut worker.targets);
            let each = worker.targets.len() / own.len();
            own.enumerate().map(|(at, strategy)| worker.follow(at * each..(at + 1) * each, strategy, &of)).collect()
        };
        let starts: Vec<usize> = (0..strategies).step_by(group).collect();
        let groups: Vec<Vec<Result<R>>> =
            pool.install(|| starts.into_par_iter().map_init(worker, |worker, first| whole(worker, first)).collect());
        // In order, so that of several errors it is always the same one.
        groups.into_iter().flatten().collect()
    }
}

impl<T: Copy + Into<f64>> Worker<T> {
    fn follow<R>(&mut self, own: Range<usize>, strategy: usize, of: impl Fn(&Ran<'_>) -> R) -> Result<R> {
        let Self { backtest, targets, equity } = self;
        equity.clear();
        backtest.follow(&targets[own], |_| {}, |account| equity.push(account.equity())).map_err(
            |error| match error {
                Error::Spec { field, message } => Error::spec(format!("strategy {strategy}: {field}"), message),
                other => other,
            },
        )?;
        Ok(of(&Ran { strategy, backtest, equity }))
    }
}

/// Some columns of a table, one behind the other; a column is `n` numbers wide, and a row `width`.
fn take_columns<T: Copy>(table: &[T], width: usize, n: usize, columns: &Range<usize>, into: &mut Vec<T>) {
    /// So few that what was read for the first column is still near for the last.
    const ROWS: usize = 256;
    let Some(any) = table.first() else { return };
    let column = table.len() / width * n;
    into.resize(column * columns.len(), *any);
    for (block, rows) in table.chunks(ROWS * width).enumerate() {
        let to = block * ROWS * n;
        for (from, into) in columns.clone().zip(into.chunks_exact_mut(column)) {
            let rows = rows.chunks_exact(width).map(|row| &row[from * n..(from + 1) * n]);
            into[to..].chunks_exact_mut(n).zip(rows).for_each(|(into, row)| into.copy_from_slice(row));
        }
    }
}
