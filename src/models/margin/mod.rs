//! What an account must be worth to open, and to keep, its positions.

mod futures_table;
mod table;

use std::{fmt::Debug, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    Bar, Error, Instrument, InstrumentId, MarketView, Result, Timestamp,
    account::{Account, Fill, Position},
};
pub use futures_table::FuturesTable;
pub use table::DatedMargin;

/// What the margin of one position may depend on.
///
/// ```
/// use tradepit::{Instrument, models::{InstrumentMargin, MarginContext, MarginModel}};
/// let es = Instrument::es();
/// let time = "2024-03-01T15:00:00Z".parse().unwrap();
/// let held = MarginContext { instrument: &es, qty: -2.0, price: 5_000.0, overnight: false, time };
/// let quarter = InstrumentMargin { intraday: 0.25 };
/// assert_eq!(quarter.required(&held).maintenance, 5_400.0);
/// assert_eq!(quarter.required(&MarginContext { overnight: true, ..held }).initial, 23_760.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MarginContext<'a> {
    /// What is held.
    pub instrument: &'a Instrument,
    /// Units held, signed.
    pub qty: f64,
    /// Price of one.
    pub price: f64,
    /// Whether the position is carried out of its session, or there are no sessions.
    pub overnight: bool,
    /// When.
    pub time: Timestamp,
}

/// Money that must be there.
///
/// ```
/// use tradepit::models::Required;
/// assert_eq!(Required::default(), Required { initial: 0.0, maintenance: 0.0 });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Required {
    /// To open, in account currency.
    pub initial: f64,
    /// To keep, in account currency.
    pub maintenance: f64,
}

/// What a position asks of the account's equity.
///
/// ```
/// use tradepit::models::{MarginContext, MarginModel, Required};
/// /// A flat 1,000 for each unit, 800 to keep it.
/// #[derive(Debug)]
/// struct Flat;
/// impl MarginModel for Flat {
///     fn required(&self, ctx: &MarginContext<'_>) -> Required {
///         Required { initial: 1_000.0 * ctx.qty.abs(), maintenance: 800.0 * ctx.qty.abs() }
///     }
/// }
/// # let es = tradepit::Instrument::es();
/// # let time = tradepit::Timestamp::default();
/// let ctx = MarginContext { instrument: &es, qty: 3.0, price: 5_000.0, overnight: false, time };
/// assert_eq!(Flat.required(&ctx).maintenance, 2_400.0);
/// ```
pub trait MarginModel: Send + Sync + Debug {
    /// Margin of one position; it must not fall when the position grows.
    fn required(&self, ctx: &MarginContext<'_>) -> Required;
}

/// Nothing is asked, and nothing is liquidated.
///
/// ```
/// use tradepit::models::MarginRule;
/// assert!(MarginRule::default().is_none());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoMargin {}

/// What the instrument says: money per contract (futures), or a share of the notional (spot).
///
/// ```
/// use tradepit::models::{InstrumentMargin, MarginRule};
/// let refused = MarginRule::Instrument(InstrumentMargin { intraday: 0.0 }).validate().unwrap_err().to_string();
/// assert_eq!(refused, "margin.intraday: 0 must be in (0, 1]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentMargin {
    /// The share of it that is asked inside a session, in (0, 1]; all of it is asked where a session ends, and always
    /// where there are none.
    #[serde(default = "one")]
    pub intraday: f64,
}

/// The notional by a leverage.
///
/// ```
/// use tradepit::{Instrument, models::{LeverageMargin, MarginContext, MarginModel, Required}};
/// let coin = Instrument::btcusdt();
/// # let time = tradepit::Timestamp::default();
/// let ctx = MarginContext { instrument: &coin, qty: 1.0, price: 60_000.0, overnight: false, time };
/// let required = LeverageMargin { max: 20.0, maintenance: 0.5 }.required(&ctx);
/// assert_eq!(required, Required { initial: 3_000.0, maintenance: 1_500.0 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeverageMargin {
    /// Notional by equity at which a position can just be opened, above 0.
    pub max: f64,
    /// The share of the initial margin below which positions are closed, in [0, 1]; one half, as ESMA has it for
    /// contracts for difference, unless named.
    #[serde(default = "half")]
    pub maintenance: f64,
}

fn one() -> f64 {
    1.0
}

fn half() -> f64 {
    0.5
}

impl MarginModel for NoMargin {
    fn required(&self, _: &MarginContext<'_>) -> Required {
        Required::default()
    }
}

impl MarginModel for InstrumentMargin {
    #[inline]
    fn required(&self, ctx: &MarginContext<'_>) -> Required {
        let i = ctx.instrument;
        let base = if i.is_futures() { ctx.qty.abs() } else { (ctx.qty * ctx.price * i.multiplier).abs() };
        let base = if ctx.overnight { base } else { base * self.intraday };
        Required { initial: base * i.initial_margin, maintenance: base * i.maintenance_margin }
    }
}

impl MarginModel for LeverageMargin {
    fn required(&self, ctx: &MarginContext<'_>) -> Required {
        let initial = (ctx.qty * ctx.price * ctx.instrument.multiplier).abs() / self.max;
        Required { initial, maintenance: initial * self.maintenance }
    }
}

/// The rule in use.
///
/// ```
/// use tradepit::models::MarginRule;
/// let rule: MarginRule = serde_json::from_str(r#"{"kind": "leverage", "max": 30}"#).unwrap();
/// assert!(rule.validate().is_ok());
/// ```
///
/// An order that would open more than the account's equity carries, after its slippage and its fee, is rejected; one that
/// only reduces a position never is. Where the equity at a close is below the maintenance margin, the venue takes out all
/// orders, and closes just enough at the next open, the largest loser first, at slipped prices, whatever the price
/// protection. What the participation cap does not leave waits for the next row; there the account is asked again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MarginRule {
    /// Nothing is asked (the default).
    None(NoMargin),
    /// What the instrument says.
    Instrument(InstrumentMargin),
    /// Money per contract, by name and day.
    FuturesTable(FuturesTable),
    /// The notional by a leverage.
    Leverage(LeverageMargin),
    /// Your own; it is not part of a saved spec.
    #[serde(skip)]
    Custom(Arc<dyn MarginModel>),
}

impl Default for MarginRule {
    fn default() -> Self {
        Self::None(NoMargin {})
    }
}

impl MarginRule {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None(_))
    }

    /// Whether it can say what every instrument of `market` asks, from its first row on.
    ///
    /// ```
    /// use tradepit::{Instrument, MarketData, models::MarginRule};
    /// # let bar = tradepit::Bar { time: "2024-03-01T15:00:00Z".parse().unwrap(), open: 1.0, high: 1.0, low: 1.0, close: 1.0, volume: 1.0 };
    /// let rule: MarginRule = serde_json::from_str(r#"{"kind": "futures_table"}"#).unwrap();
    /// let data = |future| MarketData::builder(vec![future]).bars(vec![bar]).build().unwrap();
    /// assert!(rule.check(data(Instrument::es()).view(1)).is_ok());
    /// let refused = rule.check(data(Instrument { name: "CL".into(), ..Instrument::es() }).view(1)).unwrap_err().to_string();
    /// assert_eq!(refused, "margin.rows: say nothing of \"CL\" at 2024-03-01T15:00:00Z; give a row from an earlier day");
    /// ```
    ///
    /// # Errors
    /// Names the instrument and the day.
    pub fn check(&self, market: MarketView<'_>) -> Result<()> {
        if let Self::FuturesTable(table) = self { table.check(market) } else { Ok(()) }
    }

    /// Margin of all positions at the last closes of `market`.
    ///
    /// ```
    /// use tradepit::{Instrument, MarketData, account::Account, market::synth, models::MarginRule};
    /// let (data, account) = (synth::es_1m(5, 0).unwrap(), Account::new(1));
    /// assert_eq!(MarginRule::default().of_account(&account, data.view(3)).maintenance, 0.0);
    /// ```
    #[must_use]
    pub fn of_account(&self, account: &Account, market: MarketView<'_>) -> Required {
        let (overnight, time) = (market.is_overnight(), market.now());
        let positions = account.positions().iter().zip(market.instruments()).enumerate();
        positions.fold(Required::default(), |sum, (id, (position, instrument))| {
            let price = market.last(InstrumentId(id as u32)).close;
            let one = self.required(&MarginContext { instrument, qty: position.qty(), price, overnight, time });
            Required { initial: sum.initial + one.initial, maintenance: sum.maintenance + one.maintenance }
        })
    }

    /// What is held and the cash after a fill, if an account of that cash and those positions can carry it: it only
    /// reduces, or what is there afterwards, less the share `keep` of it, covers the initial margin. It is worth the price
    /// before slippage, which is lost; what else is held is worth the `price` of its last bar.
    // Inline: an order that has the book to itself asks only whether there is an answer.
    #[inline(always)]
    pub(crate) fn carried<'a>(
        &self,
        cash: f64,
        position: impl Fn(usize) -> &'a Position,
        fill: &Fill,
        market: MarketView<'_>,
        price: impl Fn(&Bar) -> f64,
        keep: f64,
    ) -> Option<(Position, f64)> {
        let own = fill.instrument.0 as usize;
        let before = position(own).qty();
        let mut after = *position(own);
        let cash = cash + (after.settle(fill).cash - fill.fee);
        if self.is_none() || (after.qty().abs() <= before.abs() && after.qty() * before >= 0.0) {
            return Some((after, cash));
        }
        let mut equity = cash;
        let (overnight, time, mut required) = (market.is_overnight(), fill.time, 0.0);
        for (id, instrument) in market.instruments().iter().enumerate() {
            let last = |id: usize| price(market.last(InstrumentId(id as u32)));
            let (position, price) = if id == own { (&after, fill.reference) } else { (position(id), last(id)) };
            equity += position.value(price);
            required +=
                self.required(&MarginContext { instrument, qty: position.qty(), price, overnight, time }).initial;
        }
        (equity - keep * equity >= required).then_some((after, cash))
    }

    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        let refuse = |field: &str, message: String| Err(Error::spec(format!("margin.{field}"), message));
        match self {
            Self::Instrument(m) if !(m.intraday > 0.0 && m.intraday <= 1.0) => {
                refuse("intraday", format!("{} must be in (0, 1]", m.intraday))
            }
            Self::Leverage(m) if !(m.max.is_finite() && m.max > 0.0) => {
                refuse("max", format!("{} must be a finite number above 0", m.max))
            }
            Self::Leverage(m) if !(0.0..=1.0).contains(&m.maintenance) => {
                refuse("maintenance", format!("{} must be in [0, 1]", m.maintenance))
            }
            // A table was checked when it was made.
            Self::None(_) | Self::Instrument(_) | Self::FuturesTable(_) | Self::Leverage(_) | Self::Custom(_) => Ok(()),
        }
    }
}

impl MarginModel for MarginRule {
    #[inline]
    fn required(&self, ctx: &MarginContext<'_>) -> Required {
        match self {
            Self::None(model) => model.required(ctx),
            Self::Instrument(model) => model.required(ctx),
            Self::FuturesTable(model) => model.required(ctx),
            Self::Leverage(model) => model.required(ctx),
            Self::Custom(model) => model.required(ctx),
        }
    }
}

/// What happens to positions where a session ends.
///
/// ```
/// use tradepit::models::Flatten;
/// let flatten: Flatten = serde_json::from_str(r#"{"kind": "session_end"}"#).unwrap();
/// assert_eq!(flatten, Flatten::SessionEnd {});
/// ```
///
/// Orders that wait go on waiting: give them the time in force of a day. Where the last bar of a session is missing, it
/// ends late, with the first bar of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Flatten {
    /// They are carried (the default).
    None {},
    /// The venue closes them at the close of the session's last bar, at slipped prices, whatever the bar's volume and the
    /// participation cap: nothing is held after it.
    SessionEnd {},
}

impl Default for Flatten {
    fn default() -> Self {
        Self::None {}
    }
}
