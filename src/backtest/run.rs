//! One strategy over one market.

use std::sync::Arc;

use crate::{
    Error, InstrumentId, MarketView, Result, Venue as _,
    account::{Account, AccountEvent},
    market::grid::{is_whole, nearest},
    order::OrderRequest,
    rng::{Purpose, stream},
    venue::{Advance, Sim, SimVenue, SimWorld, Start},
};

/// A strategy that holds targets, from the first row of a market to the last.
///
/// ```
/// use std::sync::Arc;
/// use tradepit::{backtest::Backtest, market::synth, models::Models, venue::SimWorld};
/// let data = Arc::new(synth::es_1m(4, 0)?);
/// let world = Arc::new(SimWorld::new(data.clone(), Models::default(), 100_000.0)?);
/// let (mut backtest, mut equity) = (Backtest::new(&world, 0), Vec::new());
/// backtest.follow(&[0, 2, 0, 0], |_| {}, |account| equity.push(account.equity()))?;
/// // Bought at the open of bar 2, sold at the open of bar 3.
/// assert_eq!((backtest.orders(), backtest.account().fills()), (2, 2));
/// assert_eq!(equity[3], 100_000.0 + 2.0 * 50.0 * (data.bars()[3].open - data.bars()[2].open));
/// # tradepit::Result::Ok(())
/// ```
///
/// What is held is compared with the target once a bar, after it has closed, with what orders under way will have filled:
/// where a model fills in part, late or not at all, or closes a position, the rest is ordered again. The models draw from the
/// first stream of the seed. Nothing is allocated when it runs again.
#[derive(Clone, Debug)]
pub struct Backtest {
    venue: SimVenue,
    account: Account,
    /// Units of a lot, and one over it, of each instrument.
    grid: Vec<[f64; 2]>,
    seed: u64,
    orders: u64,
}

impl Backtest {
    /// Over `world`, with the models' random stream of `seed`.
    #[must_use]
    pub fn new(world: &Arc<SimWorld>, seed: u64) -> Self {
        let instruments = world.data.instruments();
        Self {
            venue: SimVenue::new(Arc::clone(world), seed),
            account: Account::new(instruments.len()),
            grid: instruments.iter().map(|thing| [thing.lot, 1.0 / thing.lot]).collect(),
            seed,
            orders: 0,
        }
    }

    /// Holds `targets`: of each row one whole number of lots for each instrument, row by row. What the last row asks for can't
    /// fill any more. Every event is shown to `on`; the account, as it opens and as it is after each further row, to `marked`.
    ///
    /// # Errors
    /// [`Error::Spec`] for another number of targets than of rows and instruments, and one that is no whole number of lots,
    /// by its row: nothing has moved then. Otherwise what the venue says.
    pub fn follow<T: Copy + Into<f64>>(
        &mut self,
        targets: &[T],
        on: impl FnMut(&AccountEvent),
        marked: impl FnMut(&Account),
    ) -> Result<()> {
        let (rows, n) = (self.venue.world().data.len(), self.grid.len());
        if targets.len() != rows * n {
            let got = targets.len();
            return Err(Error::spec(
                "targets",
                format!("{got} for {rows} bars of {n} instruments; give one for each, row by row"),
            ));
        }
        if let Some(at) = targets.iter().position(|target| !is_whole((*target).into())) {
            return Err(refuse(at / n, at % n, n, targets[at].into()));
        }
        self.run(|sim, _, id| Ok(targets[sim.state.row() as usize * n + id].into()), on, marked)
    }

    /// As [`follow`](Self::follow), with targets that a function gives: from the market up to the row that has just closed,
    /// the account, and the instrument that it is for.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tradepit::{InstrumentId, backtest::Backtest, market::synth, models::Models, venue::SimWorld};
    /// let data = Arc::new(synth::es_1m(1_000, 0)?);
    /// let mut backtest = Backtest::new(&Arc::new(SimWorld::new(data, Models::default(), 100_000.0)?), 0);
    /// // Long above the close of ten bars ago.
    /// let rising = |market: tradepit::MarketView<'_>, _: &_, id: InstrumentId| {
    ///     let before = market.ago(id, 10).map_or(f64::INFINITY, |bar| bar.close);
    ///     if market.last(id).close > before { 1.0 } else { 0.0 }
    /// };
    /// backtest.steer(rising, |_| {}, |_| {})?;
    /// assert!(backtest.account().fills() > 50);
    /// # tradepit::Result::Ok(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Spec`] for a target that is no whole number of lots, by its row; otherwise what the venue says.
    pub fn steer(
        &mut self,
        mut strategy: impl FnMut(MarketView<'_>, &Account, InstrumentId) -> f64,
        on: impl FnMut(&AccountEvent),
        marked: impl FnMut(&Account),
    ) -> Result<()> {
        let n = self.grid.len();
        let target = |sim: &Sim<'_>, account: &Account, id: usize| {
            let target = strategy(sim.market(), account, InstrumentId(id as u32));
            if is_whole(target) { Ok(target) } else { Err(refuse(sim.state.row() as usize, id, n, target)) }
        };
        self.run(target, on, marked)
    }

    fn run(
        &mut self,
        mut target: impl FnMut(&Sim<'_>, &Account, usize) -> Result<f64>,
        mut on: impl FnMut(&AccountEvent),
        mut marked: impl FnMut(&Account),
    ) -> Result<()> {
        let Self { venue, account, grid, seed, orders } = self;
        venue.set_rng(stream(*seed, 0, Purpose::Models));
        venue.open(Start::At(0), account)?;
        *orders = 0;
        marked(account);
        let rows = venue.world().data.len();
        let mut sim = venue.sim();
        for _ in 1..rows {
            for (id, [lot, inv_lot]) in grid.iter().enumerate() {
                let target = target(&sim, account, id)?;
                let instrument = InstrumentId(id as u32);
                let held = account.position(instrument).qty() + sim.at_market(instrument);
                // As on almost every bar.
                if held == target * lot {
                    continue;
                }
                let lots = target - nearest(held * inv_lot);
                if lots != 0.0 {
                    sim.submit(OrderRequest::market(instrument, lots * lot))?;
                    *orders += 1;
                }
            }
            match sim.advance(account, &mut on)? {
                Advance::Decision(_) => marked(account),
                Advance::EndOfData | Advance::Halted(_) => break,
            }
        }
        Ok(())
    }

    /// The account as it is now.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Orders sent.
    #[must_use]
    pub fn orders(&self) -> u64 {
        self.orders
    }

    /// The venue as it is now.
    #[must_use]
    pub fn venue(&self) -> &SimVenue {
        &self.venue
    }
}

#[cold]
fn refuse(row: usize, id: usize, instruments: usize, target: f64) -> Error {
    let of = if instruments > 1 { format!(" of instrument {id}") } else { String::new() };
    Error::spec(format!("targets[{row}]"), format!("{target}{of} must be a whole number of lots"))
}
