//! How large an order can be.

use super::{Liquidity, Models, Spot, Told};
use crate::{
    InstrumentId, MarketView,
    account::Account,
    order::{MarketOrder, OrderId},
    rng::{Purpose, stream},
};

/// What the largest order depends on.
///
/// ```
/// use tradepit::{Bar, Instrument, InstrumentId, MarketData, account::Account, models::{Models, Sizing}};
/// # let bar = Bar { open: 25.0, high: 25.0, low: 25.0, close: 25.0, ..Bar::default() };
/// let models: Models = serde_json::from_str(
///     r#"{"margin": {"kind": "leverage", "max": 2}, "commission": {"kind": "per_order", "fee": 5}}"#).unwrap();
/// let data = MarketData::builder(vec![Instrument::equity("XYZ")]).bars(vec![bar]).build().unwrap();
/// let mut account = Account::new(1);
/// account.open(100_000.0);
/// let buying = Sizing::new(&account, data.view(1), InstrumentId(0), true);
/// assert_eq!(models.largest_order(&buying), Some(7_999.0));
/// // A quarter of a percent is kept free; what is sold is below 0.
/// assert_eq!(models.largest_order(&Sizing { keep: 0.0025, ..buying }), Some(7_979.0));
/// assert_eq!(models.largest_order(&Sizing { buys: false, ..buying }), Some(-7_999.0));
/// // Nothing is asked, so there is no largest one.
/// assert_eq!(Models::default().largest_order(&buying), None);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sizing<'a> {
    /// Who orders.
    pub account: &'a Account,
    /// What is known: the order is sized at the last closes.
    pub market: MarketView<'a>,
    /// What is ordered.
    pub instrument: InstrumentId,
    /// Whether it is bought or sold.
    pub buys: bool,
    /// The share of the equity that stays free, in [0, 1).
    pub keep: f64,
    /// Volatility and volume, where slippage asks for them; see [`VenueFacts`](crate::venue::VenueFacts).
    pub liquidity: Liquidity,
}

impl<'a> Sizing<'a> {
    /// With nothing kept free, and nothing known of days.
    #[must_use]
    pub fn new(account: &'a Account, market: MarketView<'a>, instrument: InstrumentId, buys: bool) -> Self {
        Self { account, market, instrument, buys, keep: 0.0, liquidity: Liquidity::UNKNOWN }
    }
}

impl Models {
    /// Units, signed, of the largest order at the market that the account could carry, in whole lots: its position
    /// afterwards has its initial margin at the last close, after slippage and fee. None where nothing is asked.
    ///
    /// It is what the venue grants, if prices open where they closed. A model that draws draws from a stream of its own,
    /// so that asking changes nothing; fees are those of an account that has not traded this month.
    #[must_use]
    pub fn largest_order(&self, sizing: &Sizing<'_>) -> Option<f64> {
        let Sizing { account, market, instrument: id, buys, keep, liquidity } = *sizing;
        let instrument = market.instruments().get(id.0 as usize).filter(|_| !self.margin.is_none())?;
        let (held, known) = (account.position(id).qty(), market.last(id));
        let spot = Spot { price: known.close, reference: known.close, known, time: market.now() };
        let net_traded = account.position(id).traded();
        let told = Told { liquidity: Liquidity { net_traded, ..liquidity }, traded: None };
        let units = |lots: u64| {
            let size = instrument.round_qty(lots as f64 * instrument.lot);
            if buys { size } else { -size }
        };
        let carries = |lots: u64| {
            let order = MarketOrder { id: OrderId(0), instrument: id, qty: units(lots), active_from: 0 };
            let fill = self.fill_told(order, instrument, spot, &told, &mut stream(0, 0, Purpose::Models));
            let held = |id: usize| &account.positions()[id];
            self.margin.carried(account.cash(), held, &fill, market, |bar| bar.close, keep).is_some()
        };
        // What only reduces is always carried; from there by doubling steps, then by halves of them.
        let reduces = (held > 0.0) != buys;
        let mut lots = if reduces { (held / instrument.lot).abs().round() as u64 } else { 0 };
        let mut step = 1;
        while carries(lots + step) {
            lots += step;
            step *= 2;
            if step > 1 << 50 {
                return None;
            }
        }
        while step > 1 {
            step /= 2;
            if carries(lots + step) {
                lots += step;
            }
        }
        Some(units(lots))
    }
}
