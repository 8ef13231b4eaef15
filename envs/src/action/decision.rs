//! What is known where a scheme decides.

use std::fmt;

use tradepit::{InstrumentId, MarketView, account::Account};

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
}

impl<'a> Decision<'a> {
    /// With nothing under way, in an episode of which nobody knows the end.
    #[must_use]
    pub fn new(market: MarketView<'a>, account: &'a Account) -> Self {
        Self { market, account, steps_left: u32::MAX, under_way: &|_| 0.0 }
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
