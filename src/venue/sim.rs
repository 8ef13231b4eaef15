//! The simulated venue.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Advance, MatchRow, Start, Venue, VenueFacts};
use crate::{
    Error, InstrumentId, MarketData, MarketView, Result, Rng,
    account::{Account, AccountEvent, Fill, TradedVolume},
    models::{Facts, FinancingModel as _, Models},
    order::{Modification, Order, OrderId, OrderRequest, Working},
};

/// What all copies of a simulation share: data, models, opening cash. Immutable.
///
/// ```
/// use std::sync::Arc;
/// use tradepit::{market::synth, models::Models, venue::{SimVenue, SimWorld}};
/// let data = Arc::new(synth::es_1m(100, 0).unwrap());
/// let world = Arc::new(SimWorld::new(data.clone(), Models::default(), 50_000.0).unwrap());
/// let venues = [SimVenue::new(world.clone(), 0), SimVenue::new(world, 1)];
/// assert!(Arc::ptr_eq(venues[0].world(), venues[1].world()));
/// let refused = SimWorld::new(data, Models::default(), -1.0).unwrap_err().to_string();
/// assert_eq!(refused, "cash: -1 must be a finite number above 0");
/// ```
#[derive(Clone, Debug)]
pub struct SimWorld {
    /// Bars and features.
    pub data: Arc<MarketData>,
    /// How orders execute.
    pub models: Models,
    /// Cash of a fresh account, in account currency.
    pub cash: f64,
    /// Lots of the first instrument that a fresh account holds, signed.
    holding: f64,
    /// What models are told beyond the bars.
    facts: Arc<VenueFacts>,
    /// Nothing happens to an account but its own orders, nothing to the market but its prices, and the models know what they
    /// need from the bars.
    pub(super) plain: bool,
    /// Market orders need no book.
    plain_orders: bool,
}

impl SimWorld {
    /// Checks the models, the columns that they read, and the cash, and goes once over the data for what models ask of it.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range, or what the data lack.
    pub fn new(data: Arc<MarketData>, models: Models, cash: f64) -> Result<Self> {
        Self::told(data, models, cash, None)
    }

    /// With what other models were told of the same data, where these ask for the same.
    fn told(data: Arc<MarketData>, models: Models, cash: f64, known: Option<&Self>) -> Result<Self> {
        let has = Facts::of(&data);
        models.validate_with(has)?;
        if !(cash.is_finite() && cash > 0.0) {
            return Err(Error::spec("cash", format!("{cash} must be a finite number above 0")));
        }
        if known.is_none_or(|known| known.models.financing.column() != models.financing.column()) {
            check_columns(&data, &models)?;
        }
        let market = data.view(data.len());
        models.margin.check(market)?;
        let known = known.filter(|known| known.facts.are_for(&models));
        let facts = known.map_or_else(|| Arc::new(VenueFacts::new(&models, market)), |known| Arc::clone(&known.facts));
        facts.check(market)?;
        let plain_orders = models.is_plain();
        let plain = plain_orders && !models.carries() && data.events().is_empty() && models.needs_bars_only(has.quotes);
        let holding = known.map_or(0.0, |known| known.holding);
        Ok(Self { data, models, cash, holding, facts, plain, plain_orders })
    }

    /// Opens accounts that hold `lots` of the first instrument, signed, beside their cash: at the last close, free of costs.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tradepit::{InstrumentId, account::Account, market::synth, models::Models};
    /// use tradepit::venue::{SimVenue, SimWorld, Start, Venue};
    /// let data = Arc::new(synth::es_1m(100, 0).unwrap());
    /// let world = SimWorld::new(data.clone(), Models::default(), 50_000.0).unwrap().with_holding(3.0).unwrap();
    /// let (mut venue, mut account) = (SimVenue::new(Arc::new(world), 0), Account::new(1));
    /// venue.open(Start::At(10), &mut account).unwrap();
    /// let held = account.position(InstrumentId(0));
    /// assert_eq!((held.qty(), held.traded(), held.avg_price()), (3.0, 0.0, data.bars()[10].close));
    /// assert_eq!((account.opening_equity(), account.fills()), (50_000.0, 0));
    /// ```
    ///
    /// # Errors
    /// When it is no whole number of lots.
    pub fn with_holding(self, lots: f64) -> Result<Self> {
        check_holding(lots)?;
        Ok(Self { holding: lots, ..self })
    }

    /// What models are told beyond the bars.
    #[must_use]
    pub fn facts(&self) -> &VenueFacts {
        &self.facts
    }

    /// Writes this copy's data anew, in its own memory: the data of other copies stay, and the first time these are copied.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tradepit::{market::synth::{SynthRows, SynthSpec, Generator}, models::Models, venue::SimWorld};
    /// let rows = Arc::new(SynthRows { bars: 100, ..SynthRows::default() }.build().unwrap());
    /// let generator = Generator::new(&SynthSpec::default(), &rows).unwrap();
    /// let mut world = SimWorld::new(rows.clone(), Models::default(), 50_000.0).unwrap();
    /// world.redraw(|data| generator.redraw(1, 0, data)).unwrap();
    /// assert_ne!(world.data.bars()[99], rows.bars()[99]);
    /// ```
    ///
    /// # Errors
    /// As `with`; and when the models can't be told what they need of the new data.
    pub fn redraw(&mut self, with: impl FnOnce(&mut MarketData) -> Result<()>) -> Result<()> {
        with(Arc::make_mut(&mut self.data))?;
        let market = self.data.view(self.data.len());
        self.models.margin.check(market)?;
        if !self.facts.are_none() {
            self.facts = Arc::new(VenueFacts::new(&self.models, market));
            self.facts.check(market)?;
        }
        Ok(())
    }

    /// The same data and cash under other models, as for one copy that has models of its own.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn with_models(&self, models: Models) -> Result<Self> {
        Self::told(Arc::clone(&self.data), models, self.cash, Some(self))
    }
}

/// # Errors
/// When it is no whole number of lots.
pub fn check_holding(lots: f64) -> Result<()> {
    if lots.is_finite() && lots.fract() == 0.0 {
        return Ok(());
    }
    Err(Error::spec("holding", format!("{lots} must be a whole number of lots, below 0 to be short")))
}

/// Whether the data has the columns that the models read, with a number in every row: it would go into money.
fn check_columns(data: &MarketData, models: &Models) -> Result<()> {
    let columns = data.columns();
    models.check_columns(&columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>())?;
    let read = models.financing.column();
    for (name, values) in columns.iter().filter(|(name, _)| Some(name.as_str()) == read) {
        if let Some(row) = values.iter().position(|value| !value.is_finite()) {
            let message = format!("{} can't be paid; fill it, with 0 where nothing is", values[row]);
            return Err(Error::Data { source_name: None, row, column: name.clone(), message });
        }
    }
    Ok(())
}

/// What one copy of a simulation remembers; a snapshot is a clone.
///
/// ```
/// use tradepit::{Venue, venue::{SimState, Start}};
/// # use std::sync::Arc;
/// # use tradepit::{account::Account, market::synth, models::Models, venue::{SimVenue, SimWorld}};
/// # let world = SimWorld::new(Arc::new(synth::es_1m(100, 0).unwrap()), Models::default(), 50_000.0).unwrap();
/// # let (mut venue, mut account) = (SimVenue::new(Arc::new(world), 0), Account::new(1));
/// venue.open(Start::At(10), &mut account).unwrap();
/// let (before, rng): (SimState, _) = (venue.state().clone(), venue.rng().clone());
/// venue.advance(&mut account, |_| {}).unwrap();
/// assert_eq!((before.row(), venue.state().row()), (10, 11));
/// venue.restore(before, rng).unwrap();
/// assert_eq!(venue.state().row(), 10);
/// ```
///
/// The account is the caller's: whoever goes back clones it as well.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimState {
    pub(super) t: u32,
    pub(super) next_id: u32,
    pub(super) working: Working,
    #[serde(default, skip_serializing_if = "TradedVolume::is_empty")]
    traded: TradedVolume,
}

impl SimState {
    /// The present row.
    #[must_use]
    #[inline]
    pub fn row(&self) -> u32 {
        self.t
    }
}

/// A venue made on the stack from the shared world, one copy's state and its random stream.
///
/// ```
/// use tradepit::{Venue, account::Account, rng, venue::{Sim, SimState, Start}};
/// # use std::sync::Arc;
/// # use tradepit::{market::synth, models::Models, venue::SimWorld};
/// let world = SimWorld::new(Arc::new(synth::es_1m(100, 0).unwrap()), Models::default(), 50_000.0).unwrap();
/// let (mut state, mut rng) = (SimState::default(), rng::stream(7, 0, rng::Purpose::Models));
/// let mut account = Account::new(1);
/// let mut venue = Sim { world: &world, state: &mut state, rng: &mut rng };
/// venue.open(Start::At(10), &mut account).unwrap();
/// venue.advance(&mut account, |_| {}).unwrap();
/// assert_eq!(state.row(), 11); // nothing is left behind but the state
/// ```
#[derive(Debug)]
pub struct Sim<'a> {
    /// Shared.
    pub world: &'a SimWorld,
    /// This copy's.
    pub state: &'a mut SimState,
    /// This copy's stream for the models.
    pub rng: &'a mut Rng,
}

impl Sim<'_> {
    #[cold]
    fn hold(&self, account: &mut Account) {
        let (market, first) = (self.market(), InstrumentId(0));
        let (thing, price) = (&market.instruments()[0], market.last(first).close);
        account.hold(&Fill::held(first, thing, self.world.holding, price, market.now()));
        account.mark(market);
    }
}

impl Venue for Sim<'_> {
    #[inline]
    fn market(&self) -> MarketView<'_> {
        self.world.data.past(self.state.t as usize + 1)
    }

    #[inline]
    fn open(&mut self, start: Start, account: &mut Account) -> Result<()> {
        let len = self.world.data.len();
        let row = match start {
            Start::At(row) => row,
            Start::Now => self.state.t,
        };
        if row as usize >= len {
            return Err(Error::TooLittleData(format!("start at row {row} of {len} rows")));
        }
        self.state.t = row;
        self.state.next_id = 0;
        self.state.working.clear();
        if !self.world.plain_orders {
            self.state.working.reserve();
        }
        self.world.facts.begin(&mut self.state.traded);
        account.open(self.world.cash);
        if self.world.holding != 0.0 {
            self.hold(account);
        }
        Ok(())
    }

    #[inline]
    fn submit(&mut self, order: OrderRequest) -> Result<OrderId> {
        order.check(self.world.data.instruments())?;
        let id = OrderId(self.state.next_id);
        let order = Order { id, request: order, active_from: self.state.t + 1 };
        let market = self.world.data.past(self.state.t as usize + 1);
        let (plain, models) = (self.world.plain_orders, &self.world.models);
        self.state.working.submit(order, plain, market, models, market.now(), self.rng)?;
        self.state.next_id += 1;
        Ok(id)
    }

    fn cancel(&mut self, id: OrderId) -> Result<()> {
        let sent = self.market().now();
        self.state.working.ask_to_cancel(id, &self.world.models, sent, self.rng);
        Ok(())
    }

    fn modify(&mut self, id: OrderId, change: Modification) -> Result<()> {
        let market = self.world.data.past(self.state.t as usize + 1);
        self.state.working.ask_to_modify(id, change, market, &self.world.models, market.now(), self.rng)
    }

    #[inline]
    fn advance(&mut self, account: &mut Account, mut on: impl FnMut(&AccountEvent)) -> Result<Advance> {
        let (world, rng) = (self.world, &mut *self.rng);
        let data = &*world.data;
        let t = self.state.t + 1;
        if t as usize >= data.len() {
            return Ok(Advance::EndOfData);
        }
        if world.plain && self.state.working.book().is_empty() {
            self.state.working.take_active(t, |order| {
                let id = order.instrument;
                let (before, bar) = (data.bar(t as usize - 1, id), data.bar(t as usize, id));
                let instrument = &data.instruments()[id.0 as usize];
                let fill = world.models.execute(order, instrument, before, bar, data.period_ns(), rng);
                let event = AccountEvent::Fill(fill);
                account.apply(&event);
                on(&event);
            });
        } else {
            match_row(world, self.state, rng, account, &mut on)?;
        }
        self.state.t = t;
        let market = data.past(t as usize + 1);
        account.mark(market);
        Ok(Advance::Decision(market.now()))
    }

    #[inline]
    fn at_market(&self, instrument: InstrumentId) -> f64 {
        self.state.working.at_market(instrument)
    }

    fn waiting(&self, instrument: InstrumentId) -> [f64; 2] {
        self.state.working.waiting(instrument)
    }

    fn looks_ahead(&self) -> bool {
        self.world.models.fill.looks_ahead()
    }

    #[inline]
    fn remaining(&self) -> Option<u32> {
        Some(self.world.data.len() as u32 - 1 - self.state.t)
    }
}

/// The row after the present one, with everything that a book, carry and margin take.
#[inline(never)]
fn match_row(
    world: &SimWorld,
    state: &mut SimState,
    rng: &mut Rng,
    account: &mut Account,
    on: &mut impl FnMut(&AccountEvent),
) -> Result<()> {
    let market = world.data.past(state.t as usize + 2);
    if MatchRow::is_quiet(&world.models, &world.facts, market, &state.working, account) {
        return Ok(());
    }
    match_eventful_row(world, state, rng, account, on)
}

#[inline(never)]
fn match_eventful_row(
    world: &SimWorld,
    state: &mut SimState,
    rng: &mut Rng,
    account: &mut Account,
    on: &mut impl FnMut(&AccountEvent),
) -> Result<()> {
    let row = MatchRow::last(&world.models, &world.facts, world.data.past(state.t as usize + 2))?;
    row.run(&mut state.working, &mut state.traded, account, rng, on);
    Ok(())
}

/// A simulated venue that owns its state.
///
/// ```
/// use std::sync::Arc;
/// use tradepit::{InstrumentId, market::synth, models::Models, order::OrderRequest};
/// use tradepit::{account::Account, venue::{SimVenue, SimWorld, Start, Venue}};
/// let data = Arc::new(synth::es_1m(100, 0).unwrap());
/// let mut venue = SimVenue::new(Arc::new(SimWorld::new(data.clone(), Models::default(), 50_000.0).unwrap()), 0);
/// let mut account = Account::new(1);
/// venue.open(Start::At(10), &mut account).unwrap();
/// venue.submit(OrderRequest::market(InstrumentId(0), 1.0)).unwrap();
/// venue.advance(&mut account, |_| {}).unwrap();
/// // Decided when bar 10 had closed, filled at the open of bar 11, marked at its close.
/// let bar = data.bars()[11];
/// assert_eq!(account.equity(), 50_000.0 + 50.0 * (bar.close - bar.open));
/// ```
#[derive(Clone, Debug)]
pub struct SimVenue {
    world: Arc<SimWorld>,
    state: SimState,
    rng: Rng,
}

impl SimVenue {
    /// A venue over `world`, with the models' random stream of `seed`.
    #[must_use]
    pub fn new(world: Arc<SimWorld>, seed: u64) -> Self {
        Self { world, state: SimState::default(), rng: crate::rng::stream(seed, 0, crate::rng::Purpose::Models) }
    }

    /// What it shares with other copies.
    #[must_use]
    pub fn world(&self) -> &Arc<SimWorld> {
        &self.world
    }

    /// Changes the models of this copy alone.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range; nothing has changed then.
    pub fn set_models(&mut self, models: Models) -> Result<()> {
        self.world = Arc::new(self.world.with_models(models)?);
        Ok(())
    }

    /// Writes the data of this copy alone anew; see [`SimWorld::redraw`].
    ///
    /// # Errors
    /// As there.
    pub fn redraw(&mut self, with: impl FnOnce(&mut MarketData) -> Result<()>) -> Result<()> {
        Arc::make_mut(&mut self.world).redraw(with)
    }

    /// Changes the models' random stream, as a new episode does.
    pub fn set_rng(&mut self, rng: Rng) {
        self.rng = rng;
    }

    /// What this copy remembers.
    #[must_use]
    pub fn state(&self) -> &SimState {
        &self.state
    }

    /// The models' random stream, as it stands.
    #[must_use]
    pub fn rng(&self) -> &Rng {
        &self.rng
    }

    /// Goes back to what [`state`](Self::state) and [`rng`](Self::rng) gave.
    ///
    /// # Errors
    /// When the state is of longer data than this.
    pub fn restore(&mut self, state: SimState, rng: Rng) -> Result<()> {
        if state.t as usize >= self.world.data.len() {
            let len = self.world.data.len();
            return Err(Error::TooLittleData(format!("a state at row {} of {len} rows", state.t)));
        }
        (self.state, self.rng) = (state, rng);
        Ok(())
    }

    /// The venue as a view on the stack.
    #[inline]
    pub fn sim(&mut self) -> Sim<'_> {
        Sim { world: &self.world, state: &mut self.state, rng: &mut self.rng }
    }
}

impl Venue for SimVenue {
    fn market(&self) -> MarketView<'_> {
        self.world.data.view(self.state.t as usize + 1)
    }

    fn open(&mut self, start: Start, account: &mut Account) -> Result<()> {
        self.sim().open(start, account)
    }

    fn submit(&mut self, order: OrderRequest) -> Result<OrderId> {
        self.sim().submit(order)
    }

    fn cancel(&mut self, id: OrderId) -> Result<()> {
        self.sim().cancel(id)
    }

    fn modify(&mut self, id: OrderId, change: Modification) -> Result<()> {
        self.sim().modify(id, change)
    }

    fn advance(&mut self, account: &mut Account, on: impl FnMut(&AccountEvent)) -> Result<Advance> {
        self.sim().advance(account, on)
    }

    fn at_market(&self, instrument: InstrumentId) -> f64 {
        self.state.working.at_market(instrument)
    }

    fn waiting(&self, instrument: InstrumentId) -> [f64; 2] {
        self.state.working.waiting(instrument)
    }

    fn looks_ahead(&self) -> bool {
        self.world.models.fill.looks_ahead()
    }

    fn remaining(&self) -> Option<u32> {
        Some(self.world.data.len() as u32 - 1 - self.state.t)
    }
}
