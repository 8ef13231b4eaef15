//! What is known where a scheme decides.

use std::fmt;

use tradepit::{
    InstrumentId, MarketView,
    account::Account,
    models::{Flatten, Models, Sizing},
};

use crate::Limits;

/// What a scheme may read at a decision: the past of the market, the account, and what is under way.
///
/// ```
/// use tradepit::{InstrumentId, account::Account, market::synth};
/// use tradepit_envs::Decision;
/// let (data, account) = (synth::es_1m(10, 0).unwrap(), Account::new(1));
/// let decision = Decision { steps_left: 1, ..Decision::new(data.view(5), &account) };
/// assert_eq!((decision.held(0), decision.is_last()), (0.0, true));
/// ```
#[derive(Clone, Copy)]
pub struct Decision<'a> {
    /// The bars that have closed.
    pub market: MarketView<'a>,
    /// Money and positions.
    pub account: &'a Account,
    /// Steps of the episode that are left, this one included; `u32::MAX` where nobody knows.
    pub steps_left: u32,
    /// Units of an instrument that orders at the market have yet to fill, signed.
    pub under_way: &'a dyn Fn(InstrumentId) -> f64,
    /// Units that orders which wait for a price could yet buy, and sell.
    pub waiting: &'a dyn Fn(InstrumentId) -> [f64; 2],
    /// What the environment does not let through.
    pub limits: Limits,
    /// Whether a loss has reached its limit.
    pub locked: bool,
    /// How orders execute, as far as that is known.
    pub models: Option<&'a Models>,
}

impl<'a> Decision<'a> {
    /// With nothing under way, in an episode of which nobody knows the end.
    #[must_use]
    pub fn new(market: MarketView<'a>, account: &'a Account) -> Self {
        Self {
            market,
            account,
            steps_left: u32::MAX,
            under_way: &|_| 0.0,
            waiting: &|_| [0.0; 2],
            limits: Limits::default(),
            locked: false,
            models: None,
        }
    }

    /// What is held of an instrument once the orders at the market that are under way have filled, in lots, signed.
    ///
    /// # Panics
    /// When there is no such instrument.
    #[must_use]
    pub fn held(&self, instrument: usize) -> f64 {
        let id = InstrumentId(instrument as u32);
        (self.account.position(id).qty() + (self.under_way)(id)) * (1.0 / self.market.instruments()[instrument].lot)
    }

    /// The most lots of an instrument that may be bought, or sold, within the limits: what closes a position always may,
    /// and infinitely many where nothing is limited.
    ///
    /// ```
    /// use tradepit::{account::Account, market::synth};
    /// use tradepit_envs::{Decision, Limits};
    /// let (data, account) = (synth::es_1m(10, 0).unwrap(), Account::new(1));
    /// let limits = Limits { position: Some(3.0), ..Limits::default() };
    /// let decision = Decision { limits, ..Decision::new(data.view(5), &account) };
    /// assert_eq!((decision.room(0, true), Decision { locked: true, ..decision }.room(0, true)), (3.0, 0.0));
    /// ```
    ///
    /// # Panics
    /// When there is no such instrument.
    #[must_use]
    pub fn room(&self, instrument: usize, buys: bool) -> f64 {
        self.free(instrument, buys).max(self.closes(instrument, buys))
    }

    /// Lots that close what is held.
    pub(super) fn closes(&self, instrument: usize, buys: bool) -> f64 {
        let held = self.held(instrument);
        (if buys { -held } else { held }).max(0.0)
    }

    /// Lots that orders which wait for a price could yet trade on that side.
    pub(super) fn waits(&self, instrument: usize, buys: bool) -> f64 {
        let lot = self.market.instruments()[instrument].lot;
        (self.waiting)(InstrumentId(instrument as u32))[usize::from(!buys)] / lot
    }

    /// Lots that keep the limits even where everything fills that waits.
    pub(super) fn free(&self, instrument: usize, buys: bool) -> f64 {
        let (held, waits) = (self.held(instrument), self.waits(instrument, buys));
        let held = if buys { held } else { -held };
        let most = if self.locked { Some(0.0) } else { self.limits.position };
        // A millionth of a lot short of a whole number is that number.
        most.map_or(f64::INFINITY, |most| (most - held - waits + 1e-6).floor().max(0.0))
    }

    /// As [`room`](Self::room), but no more than the margin carries at the last close (infinitely much where no model asks
    /// for margin), nothing while the instrument is halted, and only what closes a position where the venue closes all of
    /// them at the end of the next bar.
    ///
    /// # Panics
    /// When there is no such instrument.
    #[must_use]
    pub fn allowance(&self, instrument: usize, buys: bool) -> f64 {
        let id = InstrumentId(instrument as u32);
        let (room, closes) = (self.room(instrument, buys), self.closes(instrument, buys));
        if self.market.is_halted(id) {
            return 0.0;
        }
        let Some(models) = self.models else { return room };
        if models.flatten != (Flatten::None {}) && self.market.session_closes_next() {
            return closes;
        }
        let lot = self.market.instruments()[instrument].lot;
        let sizing = Sizing::new(self.account, self.market, id, buys);
        let carried = models.largest_order(&sizing).map_or(f64::INFINITY, |units| (units / lot).abs());
        // What is under way, or waits, may be there first.
        let under_way = (self.under_way)(id) / lot * if buys { 1.0 } else { -1.0 };
        room.min((carried - under_way - self.waits(instrument, buys) + 1e-6).floor().max(closes))
    }

    /// Whether a market order for so many lots, signed, is what a [mask](crate::ActionScheme::mask) lets through; nothing
    /// always is.
    ///
    /// # Panics
    /// When there is no such instrument.
    #[must_use]
    pub fn allows(&self, instrument: usize, lots: f64) -> bool {
        lots == 0.0 || lots.abs() <= self.allowance(instrument, lots > 0.0)
    }

    /// Whether the episode ends with this step.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.steps_left <= 1
    }
}

impl fmt::Debug for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision")
            .field("now", &self.market.now())
            .field("account", self.account)
            .field("steps_left", &self.steps_left)
            .finish_non_exhaustive()
    }
}
