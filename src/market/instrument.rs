//! What is traded.

use serde::{Deserialize, Serialize};

use super::grid::nearest;
use crate::{Error, Result};

/// Index of an instrument in its [`MarketData`](super::MarketData); names live at the edge.
///
/// ```
/// use tradepit::{Bar, Instrument, InstrumentId, MarketData, Timestamp};
/// let bar = |close| Bar { time: Timestamp::from_nanos(1), open: close, high: close, low: close, close, volume: 1.0 };
/// let pair = MarketData::builder(vec![Instrument::es(), Instrument::nq()]).bars(vec![bar(5_000.0), bar(18_000.0)]);
/// assert_eq!(pair.build().unwrap().view(1).last(InstrumentId(1)).close, 18_000.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstrumentId(pub u32);

/// How a trade is paid.
///
/// ```
/// use tradepit::{Instrument, market::Settlement};
/// assert_eq!(Instrument::es().settlement, Settlement::Futures);
/// let paid_in_full = Instrument { settlement: Settlement::Spot, ..Instrument::es() };
/// assert!(!paid_in_full.is_futures());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// Only profit and loss move cash; the notional does not.
    Futures,
    /// The notional is paid when bought and received when sold.
    Spot,
}

/// A contract, a share, a currency pair: its grid, its size, its money.
///
/// ```
/// use tradepit::Instrument;
/// let es = Instrument::es();
/// assert_eq!(es.tick_value(), 12.5);
/// assert_eq!(es.round_price(5000.13), 5000.25);
/// assert_eq!(es.round_qty(2.6), 3.0);
/// assert!(Instrument { tick: 0.0, ..es }.validate().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Name, unique in a data set.
    pub name: String,
    /// Smallest price step.
    pub tick: f64,
    /// Smallest quantity step.
    pub lot: f64,
    /// Money per point of price and unit of quantity.
    pub multiplier: f64,
    /// ISO code of the money in which it settles.
    pub currency: String,
    /// How trades are paid.
    pub settlement: Settlement,
    /// Initial margin: money per contract (futures), share of the notional (spot).
    pub initial_margin: f64,
    /// Maintenance margin, in the unit of `initial_margin`.
    pub maintenance_margin: f64,
}

impl Instrument {
    fn future(name: &str, tick: f64, multiplier: f64, initial: f64, maintenance: f64) -> Self {
        Self {
            name: name.into(),
            tick,
            lot: 1.0,
            multiplier,
            currency: "USD".into(),
            settlement: Settlement::Futures,
            initial_margin: initial,
            maintenance_margin: maintenance,
        }
    }

    fn spot(name: &str, tick: f64, lot: f64, currency: &str, initial: f64, maintenance: f64) -> Self {
        Self {
            name: name.into(),
            tick,
            lot,
            multiplier: 1.0,
            currency: currency.into(),
            settlement: Settlement::Spot,
            initial_margin: initial,
            maintenance_margin: maintenance,
        }
    }

    /// E-mini S&P 500 future (CME): 50 USD a point, tick 0.25. Margin of 2022-01-21 (CME).
    #[must_use]
    pub fn es() -> Self {
        Self::future("ES", 0.25, 50.0, 11_880.0, 10_800.0)
    }

    /// Micro E-mini S&P 500 future (CME): 5 USD a point, tick 0.25. Margin of 2022-01-21 (CME).
    #[must_use]
    pub fn mes() -> Self {
        Self::future("MES", 0.25, 5.0, 1_188.0, 1_080.0)
    }

    /// E-mini Nasdaq-100 future (CME): 20 USD a point, tick 0.25. Margin of 2022-01-21 (CME).
    #[must_use]
    pub fn nq() -> Self {
        Self::future("NQ", 0.25, 20.0, 16_500.0, 15_000.0)
    }

    /// Micro E-mini Nasdaq-100 future (CME): 2 USD a point, tick 0.25. Margin of 2022-01-21 (CME).
    #[must_use]
    pub fn mnq() -> Self {
        Self::future("MNQ", 0.25, 2.0, 1_650.0, 1_500.0)
    }

    /// Bitcoin against USDT, spot: tick 0.01, lot 0.00001, no leverage.
    #[must_use]
    pub fn btcusdt() -> Self {
        Self::spot("BTCUSDT", 0.01, 0.00001, "USDT", 1.0, 1.0)
    }

    /// Euro against US dollar, spot: tick 0.00001, lot 1000, leverage 30 (ESMA's limit for major pairs), half of it kept.
    #[must_use]
    pub fn eurusd() -> Self {
        Self::spot("EURUSD", 0.000_01, 1000.0, "USD", 1.0 / 30.0, 0.5 / 30.0)
    }

    /// A US share: tick 0.01, lot 1, half of the notional to open and a quarter to hold (Regulation T, FINRA 4210).
    #[must_use]
    pub fn equity(name: &str) -> Self {
        Self::spot(name, 0.01, 1.0, "USD", 0.5, 0.25)
    }

    /// One point is one USD, and nothing else is in the way: tick and lot 0.000001, only profit and loss move cash, no margin.
    /// For problems whose best answer can be computed.
    #[must_use]
    pub fn unit() -> Self {
        Self { lot: 1e-6, ..Self::future("UNIT", 1e-6, 1.0, 0.0, 0.0) }
    }

    /// The preset of that name, else `None`: ES, MES, NQ, MNQ, BTCUSDT, EURUSD, UNIT.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "ES" => Self::es(),
            "MES" => Self::mes(),
            "NQ" => Self::nq(),
            "MNQ" => Self::mnq(),
            "BTCUSDT" => Self::btcusdt(),
            "EURUSD" => Self::eurusd(),
            "UNIT" => Self::unit(),
            _ => return None,
        })
    }

    /// Money of one tick and one unit.
    #[must_use]
    pub fn tick_value(&self) -> f64 {
        self.tick * self.multiplier
    }

    /// Whether only profit and loss move cash.
    #[must_use]
    pub fn is_futures(&self) -> bool {
        self.settlement == Settlement::Futures
    }

    /// The nearest price on the grid.
    #[must_use]
    pub fn round_price(&self, price: f64) -> f64 {
        round_to(price, self.tick)
    }

    /// The nearest quantity on the grid, halves away from zero.
    #[must_use]
    pub fn round_qty(&self, qty: f64) -> f64 {
        round_to(qty, self.lot)
    }

    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        let positive = [("tick", self.tick), ("lot", self.lot), ("multiplier", self.multiplier)];
        for (field, value) in positive {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::spec(
                    format!("instrument.{field}"),
                    format!("{value} must be a finite number above 0 (instrument {:?})", self.name),
                ));
            }
        }
        let margins = [("initial_margin", self.initial_margin), ("maintenance_margin", self.maintenance_margin)];
        for (field, value) in margins {
            if !(value.is_finite() && value >= 0.0) {
                return Err(Error::spec(
                    format!("instrument.{field}"),
                    format!("{value} must be a finite number, at least 0 (instrument {:?})", self.name),
                ));
            }
        }
        if self.name.is_empty() {
            return Err(Error::spec("instrument.name", "is empty; give it a name such as \"ES\""));
        }
        Ok(())
    }
}

fn round_to(value: f64, step: f64) -> f64 {
    let steps = nearest(value / step);
    // A decimal step such as 0.00001 has no exact binary form: dividing by its inverse, a whole number, is exact
    // to the last bit where multiplying by the step is not.
    let inverse = nearest(1.0 / step);
    if (inverse * step - 1.0).abs() < 1e-12 { steps / inverse } else { steps * step }
}
