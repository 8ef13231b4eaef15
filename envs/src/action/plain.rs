//! The schemes that a step runs inline.

use super::{Action, ActionScheme as _, ActionSpec, EnterExit, TargetLevels, TargetPosition};

/// A scheme that knows the position it wants from the action and what is held: one market order at most, and the whole
/// decision stands inline in the step. All others go through [`ActionScheme::orders`](super::ActionScheme::orders).
#[derive(Clone, Debug)]
pub(crate) enum Plain {
    /// [`TargetPosition`] without a dead band and a threshold.
    Position {
        max_lots: f64,
    },
    Levels(TargetLevels),
    EnterExit(EnterExit),
}

impl Plain {
    pub(crate) fn of(spec: &ActionSpec) -> Option<Self> {
        match spec {
            ActionSpec::TargetPosition(a) => a.is_plain().then_some(Self::Position { max_lots: a.max_lots }),
            ActionSpec::TargetLevels(a) => Some(Self::Levels(a.clone())),
            ActionSpec::EnterExit(a) => Some(Self::EnterExit(*a)),
            ActionSpec::PortfolioWeights(_)
            | ActionSpec::SpreadPosition(_)
            | ActionSpec::TwoSidedQuotes(_)
            | ActionSpec::QuoteGrid(_)
            | ActionSpec::OrderTicket(_)
            | ActionSpec::ExecutionRate(_)
            | ActionSpec::Custom(_) => None,
        }
    }

    /// The position wanted, in lots, not rounded yet.
    #[inline(always)]
    pub(crate) fn target(&self, action: Action<'_>, instrument: usize, held: f64) -> f64 {
        match self {
            Self::Position { max_lots } => TargetPosition::plain(action, instrument, held, *max_lots),
            Self::Levels(a) => a.target(action, instrument, held),
            Self::EnterExit(a) => a.target(action, instrument, held),
        }
    }
}
