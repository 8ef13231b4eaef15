//! What a backtest has done, kept.

use std::sync::Arc;

use super::Backtest;
use crate::{
    InstrumentId, MarketView, Result, Venue as _,
    account::{
        Account, AccountEvent, AccountSnapshot, Fill, Position, Trade,
        metrics::{Performance, Run},
        open_trades, trades_from_fills,
    },
    venue::{SimVenue, SimWorld, Start},
};

/// One run of a strategy with its curve, fills and trades.
///
/// ```
/// use std::sync::Arc;
/// use tradepit::{backtest::Record, market::synth, models::Models, venue::SimWorld};
/// let world = Arc::new(SimWorld::new(Arc::new(synth::es_1m(5, 0)?), Models::default(), 100_000.0)?);
/// let record = Record::of(&world, &[1.0, 1.0, -1.0, -1.0, 0.0], 0)?;
/// assert_eq!((record.orders, record.fills().count(), record.closed().len(), record.open().len()), (2, 2, 1, 1));
/// assert_eq!(record.positions, [0.0, 1.0, 1.0, -1.0, -1.0]);
/// # tradepit::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Record {
    world: Arc<SimWorld>,
    /// The account at the end.
    pub account: Account,
    /// Orders sent.
    pub orders: u64,
    /// Equity at the close of each row, in account currency; of the first row, what the account opens with.
    pub equity: Vec<f64>,
    /// Units held at the close of each row: a number for each instrument, row by row.
    pub positions: Vec<f64>,
    /// Fills that stand for what the account held at the beginning, then every event.
    events: Vec<AccountEvent>,
    /// How many of the events stand for that.
    held: usize,
}

impl Record {
    /// Lets a backtest follow `targets`: [`Backtest::follow`].
    ///
    /// # Errors
    /// As there.
    pub fn of<T: Copy + Into<f64>>(world: &Arc<SimWorld>, targets: &[T], seed: u64) -> Result<Self> {
        let (mut backtest, mut kept) = (Backtest::new(world, seed), Self::new(world)?);
        let Self { equity, positions, events, .. } = &mut kept;
        backtest.follow(targets, |event| events.push(*event), |account| mark(account, equity, positions))?;
        Ok(kept.end(&backtest))
    }

    /// Lets a function say the targets: [`Backtest::steer`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tradepit::{backtest::Record, market::synth, models::Models, venue::SimWorld};
    /// let world = Arc::new(SimWorld::new(Arc::new(synth::es_1m(50, 0)?), Models::default(), 100_000.0)?);
    /// let record = Record::steer(&world, |market, _, id| if market.last(id).close > 5000.0 { 1.0 } else { 0.0 }, 0)?;
    /// assert_eq!(record.positions.len(), 50);
    /// # tradepit::Result::Ok(())
    /// ```
    ///
    /// # Errors
    /// As there.
    pub fn steer(
        world: &Arc<SimWorld>,
        strategy: impl FnMut(MarketView<'_>, &Account, InstrumentId) -> f64,
        seed: u64,
    ) -> Result<Self> {
        let (mut backtest, mut kept) = (Backtest::new(world, seed), Self::new(world)?);
        let Self { equity, positions, events, .. } = &mut kept;
        backtest.steer(strategy, |event| events.push(*event), |account| mark(account, equity, positions))?;
        Ok(kept.end(&backtest))
    }

    /// With room for the curve.
    fn new(world: &Arc<SimWorld>) -> Result<Self> {
        let (rows, instruments) = (world.data.len(), world.data.instruments());
        let mut account = Account::new(instruments.len());
        let mut venue = SimVenue::new(Arc::clone(world), 0);
        venue.open(Start::At(0), &mut account)?;
        let held = AccountSnapshot::of(&account, instruments, venue.market().now()).positions;
        Ok(Self {
            world: Arc::clone(world),
            account,
            orders: 0,
            equity: Vec::with_capacity(rows),
            positions: Vec::with_capacity(rows * instruments.len()),
            events: held.iter().map(AccountEvent::from).collect(),
            held: held.len(),
        })
    }

    fn end(self, backtest: &Backtest) -> Self {
        Self { account: backtest.account().clone(), orders: backtest.orders(), ..self }
    }

    /// Every event of the account, oldest first.
    #[must_use]
    pub fn events(&self) -> &[AccountEvent] {
        &self.events[self.held..]
    }

    /// Fills, oldest first.
    pub fn fills(&self) -> impl Iterator<Item = Fill> {
        self.events().iter().filter_map(|event| if let AccountEvent::Fill(fill) = event { Some(*fill) } else { None })
    }

    /// Trades that came to their end, oldest first.
    #[must_use]
    pub fn closed(&self) -> Vec<Trade> {
        trades_from_fills(&self.events)
    }

    /// Positions that are held at the end, as if closed at the last prices without a fee.
    #[must_use]
    pub fn open(&self) -> Vec<Trade> {
        let market = self.world.data.view(self.world.data.len());
        open_trades(&self.events, market.now(), |id| market.last(id).close)
    }

    /// Statistics, with annual numbers for so many rows a year.
    ///
    /// # Errors
    /// When a number of periods is not above 0, or equity is not finite.
    pub fn performance(&self, periods_per_year: f64) -> Result<Performance> {
        let n = self.account.positions().len();
        // Of several instruments together, units say no more than whether there are any.
        let together: Vec<f64> =
            self.positions.chunks_exact(n).map(|row| row.iter().map(|qty| qty.abs()).sum()).collect();
        let (positions, trades) = (&together[..], &self.closed()[..]);
        Run { positions, trades, ..Run::of(&self.account, &self.equity, periods_per_year) }.performance()
    }
}

#[inline]
fn mark(account: &Account, equity: &mut Vec<f64>, positions: &mut Vec<f64>) {
    equity.push(account.equity());
    positions.extend(account.positions().iter().map(Position::qty));
}
