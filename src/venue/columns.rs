//! Copies of a simulation side by side.

use multiversion::multiversion;

use super::{SimState, SimWorld};
use crate::{
    MarketData, MarketView, Rng,
    account::{Account, AccountColumns, Column, FillColumns, LANES, Terms},
    models::{FillRule, Known, Spot},
};

/// The bars on which [`SimColumns`] go on.
///
/// ```
/// use std::sync::Arc;
/// use tradepit::{account::Account, market::synth, models::Models};
/// use tradepit::venue::{NextBars, SimColumns, SimState, SimWorld};
/// let world = SimWorld::new(Arc::new(synth::es_1m(100, 0).unwrap()), Models::default(), 50_000.0).unwrap();
/// let mut columns = SimColumns::default();
/// (0..8).for_each(|lane| columns.set(lane, &SimState::default(), &Account::new(1)));
/// let mut next = NextBars::new(&world);
/// next.read(&columns, &world);
/// assert_eq!(next.times()[0], world.data.bars()[1].time.nanos());
/// ```
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct NextBars<'a> {
    fills: FillColumns,
    closes: Column,
    times: Column<i64>,
    known: Known<'a>,
}

impl<'a> NextBars<'a> {
    /// Room for them.
    #[must_use]
    #[inline(always)]
    pub fn new(world: &'a SimWorld) -> Self {
        let known = Known { bars: [&world.data.bars()[0]; LANES], volumes: [0.0; LANES] };
        let fills = FillColumns::default();
        Self { fills, closes: [0.0; LANES], times: [0; LANES], known }
    }

    /// Reads those of some copies. It is a call of its own, so that it can be made some time before
    /// [`advance`](SimColumns::advance): numbers that are written one by one and read several at once right away stall the
    /// processor. For a copy at the last row there are none, and what is read is that row's.
    #[inline(always)]
    pub fn read(&mut self, columns: &SimColumns, world: &'a SimWorld) {
        let data = &*world.data;
        macro_rules! each {
            ($rule:expr) => {
                for i in 0..LANES {
                    let [before, bar] = data.two_bars(columns.rows[i] as usize);
                    let spot = Spot::by($rule, before, bar, data.period_ns());
                    self.fills.reference[i] = spot.price;
                    self.fills.time[i] = spot.time.nanos();
                    (self.closes[i], self.times[i]) = (bar.close, bar.time.nanos());
                    (self.known.bars[i], self.known.volumes[i]) = (spot.known, spot.known.volume);
                }
            };
        }
        match &world.models.fill {
            FillRule::NextOpen(rule) => each!(rule),
            rule => each!(rule),
        }
    }

    /// Units that each copy orders, to fill on these bars; 0 for none.
    #[inline(always)]
    pub fn orders(&mut self) -> &mut Column {
        &mut self.fills.qty
    }

    /// What one copy has traded on these bars, in account currency, without a sign.
    ///
    /// # Panics
    /// When there is no such place.
    #[must_use]
    pub fn traded(&self, lane: usize, world: &SimWorld) -> f64 {
        let (qty, price) = (self.fills.qty[lane], self.fills.price[lane]);
        if qty == 0.0 { 0.0 } else { (qty * price * world.data.instruments()[0].multiplier).abs() }
    }

    /// When the bars close, in nanoseconds.
    #[must_use]
    #[inline(always)]
    pub fn times(&self) -> &Column<i64> {
        &self.times
    }
}

/// [`LANES`] copies of a simulation of one instrument that send nothing but orders at the market, with their accounts, in
/// columns.
///
/// ```
/// use std::sync::Arc;
/// use tradepit::{Venue, InstrumentId, account::{Account, LANES}, market::synth, models::Models, order::OrderRequest, rng};
/// use tradepit::venue::{NextBars, Sim, SimColumns, SimState, SimWorld, Start};
/// let world = SimWorld::new(Arc::new(synth::es_1m(100, 0).unwrap()), Models::default(), 50_000.0).unwrap();
/// let mut rngs: [_; LANES] = std::array::from_fn(|i| rng::stream(i as u64, 0, rng::Purpose::Models));
/// let (mut state, mut account, mut columns) = (SimState::default(), Account::new(1), SimColumns::default());
/// Sim { world: &world, state: &mut state, rng: &mut rngs[2].clone() }.open(Start::At(10), &mut account).unwrap();
/// assert!(SimColumns::can_step(&world));
/// (0..LANES).for_each(|lane| columns.set(lane, &state, &account));
/// let mut next = NextBars::new(&world);
/// next.read(&columns, &world);
/// next.orders()[2] = 3.0;
/// columns.advance(&world, &mut next, &mut rngs, &mut [0.0; LANES]);
/// // The same order, sent by itself.
/// let (mut sent, mut alone) = (state.clone(), account.clone());
/// let mut venue = Sim { world: &world, state: &mut sent, rng: &mut rngs[2] };
/// venue.submit(OrderRequest::market(InstrumentId(0), 3.0)).unwrap();
/// venue.advance(&mut alone, |_| {}).unwrap();
/// columns.get(2, &world, &mut state, &mut account);
/// assert_eq!((state.row(), account), (sent.row(), alone));
/// ```
///
/// It does what [`Sim`](super::Sim) does of such orders, through the same models and the same settling: the same bits.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub struct SimColumns {
    rows: Column<u32>,
    next_ids: Column<u32>,
    accounts: AccountColumns,
}

impl SimColumns {
    /// Whether a world is one of theirs: one instrument, orders at the market fill on the next bar in whole, and nothing
    /// happens to an account but its own orders.
    #[must_use]
    pub fn can_step(world: &SimWorld) -> bool {
        world.plain && world.data.instruments().len() == 1
    }

    /// Puts a copy that has no order waiting into its place.
    ///
    /// # Panics
    /// When there is no such place, or the account is over no instrument.
    pub fn set(&mut self, lane: usize, state: &SimState, account: &Account) {
        debug_assert!(state.working.is_empty() && state.working.book().is_empty());
        (self.rows[lane], self.next_ids[lane]) = (state.t, state.next_id);
        self.accounts.set(lane, account);
    }

    /// Writes the copy of a place.
    ///
    /// # Panics
    /// When there is no such place, or the account is over no instrument.
    pub fn get(&self, lane: usize, world: &SimWorld, state: &mut SimState, account: &mut Account) {
        state.working.clear();
        (state.t, state.next_id) = (self.rows[lane], self.next_ids[lane]);
        self.accounts.get(lane, &world.data.instruments()[0], account);
    }

    /// The present row of each copy.
    #[must_use]
    #[inline(always)]
    pub fn rows(&self) -> &Column<u32> {
        &self.rows
    }

    /// Asks for the next rows of all copies before they are needed.
    #[inline(always)]
    pub fn prefetch(&self, world: &SimWorld) {
        for row in &self.rows {
            world.data.prefetch(*row as usize + 1);
        }
    }

    /// Writes the last `window` rows of features of each copy, `stride` numbers apart.
    ///
    /// # Panics
    /// When they don't fit into `out`.
    #[inline(always)]
    pub fn write_windows(&self, world: &SimWorld, window: usize, out: &mut [f32], stride: usize) {
        write_windows(&self.rows, &world.data, window, out, stride);
    }

    /// The accounts.
    #[must_use]
    #[inline(always)]
    pub fn accounts(&self) -> &AccountColumns {
        &self.accounts
    }

    /// What is known of the past of one copy.
    ///
    /// # Panics
    /// When there is no such place.
    #[must_use]
    #[inline(always)]
    pub fn market<'a>(&self, lane: usize, world: &'a SimWorld) -> MarketView<'a> {
        world.data.past(self.rows[lane] as usize + 1)
    }

    /// Goes on to the bars `next`, on which its orders fill; `before` is what the equity was.
    // Columns are written in place, where they are read next: what is copied in pieces and read whole right away stalls.
    #[inline(always)]
    pub fn advance<'a>(
        &mut self,
        world: &'a SimWorld,
        next: &mut NextBars<'a>,
        rngs: &mut [Rng; LANES],
        before: &mut Column,
    ) {
        let instrument = &world.data.instruments()[0];
        world.models.execute_columns(&mut next.fills, instrument, &next.known, rngs);
        self.accounts.settle(&next.fills, &next.closes, Terms::of(instrument), before);
        for i in 0..LANES {
            self.rows[i] += 1;
            self.next_ids[i] += u32::from(next.fills.qty[i] != 0.0);
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn write_windows(rows: &Column<u32>, data: &MarketData, window: usize, out: &mut [f32], stride: usize) {
    let len = window * data.width();
    if len == 16 {
        // One cache line moves as a value.
        for (i, row) in rows.iter().enumerate() {
            let end = *row as usize + 1;
            if let (Some(to), Some(from)) =
                (out[i * stride..].first_chunk_mut::<16>(), data.past(end).window(window).first_chunk())
            {
                *to = *from;
            }
        }
        return;
    }
    for (i, row) in rows.iter().enumerate() {
        out[i * stride..][..len].copy_from_slice(data.past(*row as usize + 1).window(window));
    }
}
