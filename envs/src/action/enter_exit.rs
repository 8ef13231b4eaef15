//! Hold, enter and exit.

use serde::{Deserialize, Serialize};

use super::{
    Action, ActionScheme, Decision,
    orders::round,
    spec::{one_instrument, positive},
};
use crate::{Result, Space};

/// Five actions on the one instrument: 0 hold, 1 enter long, 2 exit long, 3 enter short, 4 exit short.
///
/// ```
/// use tradepit_envs::{Action, ActionScheme, EnterExit};
/// let target = |action, held| EnterExit { lots: 1.0 }.target(Action::Discrete(action), 0, held);
/// assert_eq!(target(3, 1.0), -1.0); // entering short while long
/// assert_eq!(target(4, 1.0), 1.0); // exiting a short that is not there
/// ```
///
/// Entering long while short, or short while long, goes through flat in one step with one order for the whole
/// difference. Exiting a side that is not held does nothing, and so does entering one that is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnterExit {
    /// Lots of a position.
    pub lots: f64,
}

impl Default for EnterExit {
    fn default() -> Self {
        Self { lots: 1.0 }
    }
}

impl ActionScheme for EnterExit {
    fn space(&self, _: usize) -> Space {
        Space::Discrete { n: 5 }
    }

    fn max_lots(&self) -> f64 {
        self.lots
    }

    #[inline]
    fn target(&self, action: Action<'_>, _: usize, held: f64) -> f64 {
        let Action::Discrete(choice) = action else { return held };
        match choice {
            1 if held <= 0.0 => self.lots,
            3 if held >= 0.0 => -self.lots,
            2 if held > 0.0 => 0.0,
            4 if held < 0.0 => 0.0,
            _ => held,
        }
    }

    fn mask(&self, decision: &Decision<'_>, mask: &mut [bool]) {
        let held = decision.held(0);
        for (choice, open) in mask.iter_mut().enumerate() {
            let lots = round(self.target(Action::Discrete(choice as i64), 0, held)) - round(held);
            // Exiting what is not held, and entering what is, would do nothing.
            *open = choice == 0 || (lots != 0.0 && decision.allows(0, lots));
        }
    }

    fn validate(&self, instruments: usize) -> Result<()> {
        positive("lots", self.lots)?;
        one_instrument(instruments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entering_the_other_side_goes_through_flat_in_one_step() {
        let scheme = EnterExit { lots: 2.0 };
        let target = |choice, held| scheme.target(Action::Discrete(choice), 0, held);
        for (choice, from_short, from_flat, from_long) in
            [(0, -2.0, 0.0, 2.0), (1, 2.0, 2.0, 2.0), (2, -2.0, 0.0, 0.0), (3, -2.0, -2.0, -2.0), (4, 0.0, 0.0, 2.0)]
        {
            assert_eq!(
                [-2.0, 0.0, 2.0].map(|held| target(choice, held)),
                [from_short, from_flat, from_long],
                "{choice}"
            );
        }
    }
}
