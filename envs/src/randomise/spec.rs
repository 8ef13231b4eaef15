//! Which numbers are drawn, and from where.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::NumberRange;

/// Numbers of the models that every episode draws from a range (domain randomisation).
///
/// ```
/// use tradepit::{market::synth, models::Slippage};
/// use tradepit_envs::{EnvSpec, SimSetup};
/// let spec: EnvSpec = serde_json::from_str(r#"{
///     "slippage": {"kind": "fixed_ticks", "ticks": 0.5},
///     "randomise": {"ranges": {"slippage.ticks": [0, 2]}}}"#).unwrap();
/// let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// let drawn: Vec<f64> = (0..100).map(|seed| {
///     env.reset(Some(seed), &mut obs).unwrap();
///     env.randomised()[0]
/// }).collect();
/// assert!(drawn.iter().all(|ticks| (0.0..2.0).contains(ticks)));
/// assert!(drawn.iter().any(|ticks| *ticks < 0.2) && drawn.iter().any(|ticks| *ticks > 1.8));
/// // The spec's own number is the nominal one: what live sessions run with.
/// assert!(matches!(&setup.world().models.slippage, Slippage::FixedTicks(model) if model.ticks == 0.5));
/// ```
///
/// Episode `k` of a seed draws from a stream of its own of `(seed, k)`, one number of it for each range, in the order
/// of the paths. So the start of the episode and the random numbers of its models are those of the spec without ranges:
/// two episodes of one seed differ only in what was drawn.
///
/// What a range may give is tried on the models when a spec is checked: of each model every combination of its numbers'
/// ends, choices and whole numbers where these are at most 1,024, else one number after the other. What models refuse
/// only later is an error of the reset that drew it.
///
/// Source: Tobin et al. (2017), "Domain Randomization for Transferring Deep Neural Networks from Simulation to the Real
/// World"; Peng et al. (2018), "Sim-to-Real Transfer of Robotic Control with Dynamics Randomization", whose policies do
/// not see the numbers, as here without `observe`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Randomise {
    /// By the path of the number in the spec: `slippage.ticks`, `commission.parts.0.fee` (lists by index). Any number of
    /// slippage, commission, latency, matching, financing or margin that the spec, its defaults filled in, has.
    pub ranges: BTreeMap<String, NumberRange>,
    /// Whether the drawn numbers stand at the end of the observation, each from -1 to 1 over its range.
    pub observe: bool,
    /// Whether episodes draw (the default); without it all numbers are nominal, but keep their place in the observation:
    /// for an evaluation.
    pub draw: bool,
}

impl Default for Randomise {
    fn default() -> Self {
        Self { ranges: BTreeMap::new(), observe: false, draw: true }
    }
}
