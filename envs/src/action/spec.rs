//! The scheme in use.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Action, ActionScheme, Decision, EnterExit, ExecutionRate, OrderTicket, Orders, PortfolioWeights, QuoteGrid,
    SpreadPosition, TargetLevels, TargetPosition, TwoSidedQuotes,
};
use crate::{Error, Result, Space};

/// The scheme in use.
///
/// ```
/// use tradepit_envs::{ActionScheme, ActionSpec};
/// let spec: ActionSpec = serde_json::from_str(r#"{"kind": "enter_exit", "lots": 2}"#).unwrap();
/// assert!(spec.validate(1).is_ok());
/// assert!(serde_json::from_str::<ActionSpec>(r#"{"kind": "enter_exit", "lot": 2}"#).is_err());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ActionSpec {
    /// A share of the largest position, in [-1, 1].
    TargetPosition(TargetPosition),
    /// A choice between positions.
    TargetLevels(TargetLevels),
    /// Hold, enter long, exit long, enter short, exit short.
    EnterExit(EnterExit),
    /// Shares of the equity.
    PortfolioWeights(PortfolioWeights),
    /// A position in the spread of two instruments.
    SpreadPosition(SpreadPosition),
    /// A bid and an ask, each for one bar.
    TwoSidedQuotes(TwoSidedQuotes),
    /// A bid and an ask out of a grid of offsets, each for one bar.
    QuoteGrid(QuoteGrid),
    /// An order with all that belongs to it.
    OrderTicket(OrderTicket),
    /// How much of what is left of a large order is traded now.
    ExecutionRate(ExecutionRate),
    /// Your own; it is not part of a saved spec.
    #[serde(skip)]
    Custom(Arc<dyn ActionScheme>),
}

impl Default for ActionSpec {
    fn default() -> Self {
        Self::TargetPosition(TargetPosition::default())
    }
}

impl ActionSpec {
    fn scheme(&self) -> &dyn ActionScheme {
        match self {
            Self::TargetPosition(a) => a,
            Self::TargetLevels(a) => a,
            Self::EnterExit(a) => a,
            Self::PortfolioWeights(a) => a,
            Self::SpreadPosition(a) => a,
            Self::TwoSidedQuotes(a) => a,
            Self::QuoteGrid(a) => a,
            Self::OrderTicket(a) => a,
            Self::ExecutionRate(a) => a,
            Self::Custom(a) => &**a,
        }
    }
}

impl ActionScheme for ActionSpec {
    fn space(&self, instruments: usize) -> Space {
        self.scheme().space(instruments)
    }

    fn max_lots(&self) -> f64 {
        self.scheme().max_lots()
    }

    fn max_weight(&self) -> Option<f64> {
        self.scheme().max_weight()
    }

    fn target(&self, action: Action<'_>, instrument: usize, held: f64) -> f64 {
        self.scheme().target(action, instrument, held)
    }

    fn orders(&self, action: Action<'_>, decision: &Decision<'_>, orders: &mut Orders) {
        self.scheme().orders(action, decision, orders);
        orders.keep(decision);
    }

    fn mask(&self, decision: &Decision<'_>, mask: &mut [bool]) {
        self.scheme().mask(decision, mask);
    }

    fn masks(&self) -> bool {
        self.scheme().masks()
    }

    fn validate(&self, instruments: usize) -> Result<()> {
        self.scheme().validate(instruments)
    }
}

/// # Errors
/// When it is not a finite number above 0.
pub(super) fn positive(field: &str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Error::spec(format!("action.{field}"), format!("{value} must be a finite number above 0")))
}

/// # Errors
/// When it is not two finite numbers, the lower one first and at least `least`.
pub(super) fn range(field: &str, [low, high]: [f64; 2], least: f64) -> Result<()> {
    if low.is_finite() && high.is_finite() && least <= low && low <= high {
        return Ok(());
    }
    let least = if least.is_finite() { format!(", at least {least}") } else { String::new() };
    Err(Error::spec(
        format!("action.{field}"),
        format!("[{low}, {high}] must be two finite numbers{least}, the lower one first"),
    ))
}

/// # Errors
/// When there are more instruments.
pub(super) fn one_instrument(instruments: usize) -> Result<()> {
    if instruments == 1 {
        return Ok(());
    }
    let message =
        format!("is for one instrument, the data has {instruments}; use target_position or portfolio_weights");
    Err(Error::spec("action.kind", message))
}
