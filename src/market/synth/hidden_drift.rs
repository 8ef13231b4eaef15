//! A drift of two values that can only be guessed.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::{
    check::{above_zero, at_least_zero, need},
    exact::{EXPECTED, Exact, Published, named},
    path::normal,
};
use crate::{Result, Rng};

/// Two states that nobody sees: `close' - close` is normal with mean `drift` in one and `-drift` in the other.
///
/// A state stays from bar to bar with probability `stay`, and either is as likely at first. What can be known is the filtered
/// probability of the state that goes up, given all changes so far, by the recursion of Hamilton (1989), "A New Approach to the
/// Economic Analysis of Nonstationary Time Series and the Business Cycle". Columns: `change` (of the bar, in points), `belief`
/// (that probability at the close of the bar) and `expected_change`, which is `(2 stay - 1) (2 belief - 1) drift`. The state
/// itself is no column.
///
/// ```
/// use tradepit::market::synth::{HiddenDrift, SynthRows, SynthSpec};
/// let data = SynthSpec::HiddenDrift(HiddenDrift::default()).market(&SynthRows::exact(200), 0).unwrap();
/// assert_eq!(data.columns()[1].0, "belief");
/// assert!(data.columns()[1].1.iter().all(|belief| *belief > 0.0 && *belief < 1.0));
/// ```
///
/// A price may fall below 0, as that of a future can; let it begin high enough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HiddenDrift {
    /// Points a bar up in one state, and down in the other, at least 0.
    pub drift: f64,
    /// Standard deviation of a change within a state, points a bar, above 0.
    pub volatility: f64,
    /// Probability that the next bar has the state of this one, in [0, 1].
    pub stay: f64,
    /// Units traded a bar, at least 0.
    pub volume: f64,
}

impl Default for HiddenDrift {
    fn default() -> Self {
        Self { drift: 0.25, volatility: 1.0, stay: 0.98, volume: 0.0 }
    }
}

/// The state, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hidden {
    up: bool,
    belief: f64,
    change: f64,
}

impl HiddenDrift {
    /// The probability of going up in the next bar.
    fn ahead(&self, belief: f64) -> f64 {
        self.stay * belief + (1.0 - self.stay) * (1.0 - belief)
    }
}

impl Exact for HiddenDrift {
    type State = Hidden;

    fn validate_process(&self) -> Result<()> {
        at_least_zero("drift", self.drift)?;
        above_zero("volatility", self.volatility)?;
        need("stay", self.stay, (0.0..=1.0).contains(&self.stay), "a probability")
    }

    fn volume(&self) -> f64 {
        self.volume
    }

    fn columns(&self) -> Vec<String> {
        named(["change", "belief", EXPECTED])
    }

    fn begin(&self, first: f64, rng: &mut Rng) -> (Hidden, f64) {
        (Hidden { up: rng.random_bool(0.5), belief: 0.5, change: 0.0 }, first)
    }

    fn next(&self, hidden: &mut Hidden, price: f64, rng: &mut Rng) -> f64 {
        // Uniform in [0, 1): a state that stays for certain does.
        let stays = rng.random::<f64>() < self.stay;
        hidden.up = hidden.up == stays;
        let drift = if hidden.up { self.drift } else { -self.drift };
        hidden.change = drift + self.volatility * normal(rng);
        // The two densities differ by this factor.
        let down = (-2.0 * self.drift * hidden.change / (self.volatility * self.volatility)).exp();
        let prior = self.ahead(hidden.belief);
        let weight = (1.0 - prior) * down;
        // Where the factor overflows, the state is known.
        hidden.belief = if prior > 0.0 && weight.is_finite() { prior / (prior + weight) } else { 0.0 };
        price + hidden.change
    }

    fn publish(&self, hidden: &Hidden, _: f64, out: &mut Published) {
        out[0] = hidden.change as f32;
        out[1] = hidden.belief as f32;
        out[2] = ((2.0 * self.ahead(hidden.belief) - 1.0) * self.drift) as f32;
    }
}
