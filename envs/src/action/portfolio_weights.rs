//! Shares of the equity.

use serde::{Deserialize, Serialize};
use tradepit::InstrumentId;

use super::{Action, ActionScheme, Decision, Orders, spec::positive, value::unit};
use crate::{Error, Result, Space};

/// Which part of the equity each instrument is to hold; with one instrument, the fraction of wealth.
///
/// ```
/// use tradepit::{account::Account, market::synth};
/// use tradepit_envs::{Action, ActionScheme, ActionSpec, Decision, Orders};
/// let spec = r#"{"kind": "portfolio_weights", "weights": {"kind": "long_short", "leverage": 20}}"#;
/// let scheme: ActionSpec = serde_json::from_str(spec).unwrap();
/// let (data, mut account, mut orders) = (synth::es_1m(10, 0).unwrap(), Account::new(1), Orders::default());
/// account.open(1e6);
/// scheme.orders(Action::Box(&[-0.5]), &Decision::new(data.view(5), &account), &mut orders);
/// // Ten times the equity, short: whole contracts at the last close, never more than asked for.
/// let contract = data.bars()[4].close * 50.0;
/// assert_eq!(orders.sent()[0].entry.qty, -(10.0 * 1e6 / contract).floor());
/// ```
///
/// `lots = weight * equity / (price * multiplier * lot)` at the last close, towards zero, and market orders for the
/// differences: first those that reduce, which free what others need. Orders fill later, at prices of their own, so that
/// weights drift from what was asked for as the market moves. Without equity, or where a price is not above 0, nothing is
/// held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PortfolioWeights {
    /// From the numbers of an action to weights.
    pub weights: WeightRule,
}

/// From the numbers of an action to weights.
///
/// ```
/// use tradepit_envs::{LongShort, Simplex, Softmax, WeightRule};
/// let simplex = WeightRule::Simplex(Simplex {});
/// // Half of the first, none of the second, the rest in cash.
/// assert_eq!(simplex.weights(&[0.0, -1.0]).collect::<Vec<_>>(), [0.5, 0.0]);
/// assert_eq!(simplex.weights(&[1.0, 1.0]).collect::<Vec<_>>(), [0.5, 0.5]);
/// // The last number is that of cash.
/// let softmax = WeightRule::Softmax(Softmax { scale: 1.0 });
/// assert_eq!(softmax.weights(&[0.3, 0.3, 0.3, 0.3]).collect::<Vec<_>>(), [0.25; 3]);
/// let long_short = WeightRule::LongShort(LongShort { leverage: 2.0 });
/// assert_eq!(long_short.weights(&[0.25, -0.5]).collect::<Vec<_>>(), [0.5, -1.0]);
/// assert_eq!(long_short.weights(&[1.0, -1.0]).collect::<Vec<_>>(), [1.0, -1.0]);
/// ```
///
/// Numbers outside of [-1, 1] count as the bound.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WeightRule {
    /// At least 0, with cash at most 1 together: numbers from -1 to 1 are shares from 0 to 1, scaled down where their sum
    /// is above 1.
    Simplex(Simplex),
    /// At least 0, with cash 1 together: a softmax over the instruments and cash.
    Softmax(Softmax),
    /// Either sign, up to a leverage.
    LongShort(LongShort),
}

/// `w = u / max(1, sum u)` with `u = (x + 1) / 2`: cash is what is left.
///
/// ```
/// use tradepit_envs::{Simplex, WeightRule};
/// assert_eq!(WeightRule::Simplex(Simplex {}).weights(&[1.0, 0.0]).sum::<f64>(), 1.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simplex {}

/// `w = exp(scale x) / sum exp(scale x)` over the instruments and, last, cash.
///
/// ```
/// use tradepit_envs::{Softmax, WeightRule};
/// let most = WeightRule::Softmax(Softmax { scale: 5.0 }).weights(&[1.0, -1.0, -1.0]).next().unwrap();
/// assert!(most > 0.9999);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Softmax {
    /// How far a number goes, above 0, at most 100: the ratio of two weights is at most `exp(2 scale)`.
    pub scale: f64,
}

impl Default for Softmax {
    fn default() -> Self {
        Self { scale: 5.0 }
    }
}

/// `w = leverage x / max(1, sum |x|)`: the weights' absolute values sum to the leverage at most.
///
/// ```
/// use tradepit_envs::{LongShort, WeightRule};
/// // Half as much again as one has, of one instrument.
/// assert_eq!(WeightRule::LongShort(LongShort { leverage: 6.0 }).weights(&[0.25]).next(), Some(1.5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LongShort {
    /// The most that all positions together are worth, as a multiple of the equity.
    pub leverage: f64,
}

impl Default for LongShort {
    fn default() -> Self {
        Self { leverage: 1.0 }
    }
}

impl Default for WeightRule {
    fn default() -> Self {
        Self::LongShort(LongShort::default())
    }
}

impl WeightRule {
    /// The weight of each instrument.
    pub fn weights<'a>(&self, values: &'a [f32]) -> impl Iterator<Item = f64> + use<'a> {
        let rule = *self;
        let sum: f64 = values.iter().map(|value| rule.raw(*value).abs()).sum();
        let (scale, cash) = match rule {
            Self::Simplex(_) => (1.0 / sum.max(1.0), 0),
            Self::Softmax(_) => (1.0 / sum, 1),
            Self::LongShort(rule) => (rule.leverage / sum.max(1.0), 0),
        };
        values[..values.len().saturating_sub(cash)].iter().map(move |value| scale * rule.raw(*value))
    }

    fn raw(self, value: f32) -> f64 {
        match self {
            Self::Simplex(_) => 0.5 * (unit(value) + 1.0),
            Self::Softmax(rule) => (rule.scale * unit(value)).exp(),
            Self::LongShort(_) => unit(value),
        }
    }
}

impl ActionScheme for PortfolioWeights {
    fn space(&self, instruments: usize) -> Space {
        let cash = usize::from(matches!(self.weights, WeightRule::Softmax(_)));
        Space::Box { len: instruments + cash, low: -1.0, high: 1.0 }
    }

    fn max_lots(&self) -> f64 {
        f64::INFINITY
    }

    fn max_weight(&self) -> Option<f64> {
        Some(match self.weights {
            WeightRule::Simplex(_) | WeightRule::Softmax(_) => 1.0,
            WeightRule::LongShort(rule) => rule.leverage,
        })
    }

    fn orders(&self, action: Action<'_>, decision: &Decision<'_>, orders: &mut Orders) {
        let (market, equity) = (decision.market, decision.account.equity());
        let lots = |id: usize, weight: f64| {
            let (thing, price) = (&market.instruments()[id], market.last(InstrumentId(id as u32)).close);
            let lots = weight * equity / (price * thing.multiplier * thing.lot);
            // A millionth of a lot short of a whole number is that number.
            if price > 0.0 && equity > 0.0 { (lots + 1e-6f64.copysign(lots)).trunc() } else { 0.0 }
        };
        for reduces in [true, false] {
            for (id, weight) in self.weights.weights(action.values()).enumerate() {
                let (lots, held) = (lots(id, weight), decision.held(id));
                if (lots.abs() < held.abs()) == reduces {
                    orders.lead_to(decision, id, lots);
                }
            }
        }
    }

    fn validate(&self, _: usize) -> Result<()> {
        match self.weights {
            WeightRule::Simplex(_) => Ok(()),
            WeightRule::LongShort(rule) => positive("weights.leverage", rule.leverage),
            WeightRule::Softmax(rule) if rule.scale > 0.0 && rule.scale <= 100.0 => Ok(()),
            WeightRule::Softmax(rule) => {
                Err(Error::spec("action.weights.scale", format!("{} must be in (0, 100]", rule.scale)))
            }
        }
    }
}
