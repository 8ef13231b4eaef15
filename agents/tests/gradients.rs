//! The gradient of the whole PPO loss against central differences, in double precision of the very same code.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use tradepit_agents::ppo::{Batch, Model, loss_and_gradients};
use tradepit_agents::{PpoConfig, Rng};
use tradepit_envs::Space;

const SAMPLES: usize = 300; // more than one shard

struct Case {
    model: Model,
    params: Vec<f64>,
    obs: Vec<f64>,
    actions: Vec<f64>,
    log_probs: Vec<f64>,
    advantages: Vec<f64>,
    returns: Vec<f64>,
    values: Vec<f64>,
    masks: Option<Vec<bool>>,
}

impl Case {
    fn new(action: &Space) -> Self {
        Self::with(action, false)
    }

    /// With masks, about two thirds of the choices are closed, and those that were taken never.
    fn with(action: &Space, masked: bool) -> Self {
        let mut rng = Rng::new(11, 0);
        let observation = Space::Box { len: 4, low: -10.0, high: 10.0 };
        let model = Model::new(&observation, action, &[9, 6]).unwrap();
        let mut draws = |n: usize, scale: f64| (0..n).map(|_| scale * rng.normal()).collect::<Vec<f64>>();
        let params = draws(model.parameters(), 0.4);
        let obs = draws(SAMPLES * 4, 1.0);
        let advantages = draws(SAMPLES, 2.0);
        let returns = draws(SAMPLES, 1.0);
        let values = draws(SAMPLES, 0.5);
        let noise = draws(SAMPLES, 0.3);
        let actions = match action {
            Space::Box { len, .. } => draws(SAMPLES * len, 1.0),
            Space::Discrete { n } => (0..SAMPLES).map(|i| (i % n) as f64).collect(),
            Space::MultiDiscrete { nvec } => {
                (0..SAMPLES).flat_map(|i| nvec.iter().map(move |n| (i * 7 % n) as f64)).collect()
            }
            other => panic!("{other:?}"),
        };
        let chosen = |i: usize, k: usize| actions[i * action.len() + k] as usize;
        let of = |i: usize| {
            let part = move |(k, n): (usize, &usize)| (0..*n).map(move |c| (k, c)).collect::<Vec<_>>();
            action.choices().iter().enumerate().flat_map(part).map(move |(k, c)| (i, k, c)).collect::<Vec<_>>()
        };
        let open = |(i, k, c): (usize, usize, usize)| c == chosen(i, k) || (i + c) % 3 == 0;
        let masks = masked.then(|| (0..SAMPLES).flat_map(of).map(open).collect());
        // Old log-probabilities around the present ones, so that ratios lie on both sides of the clip range: read
        // off the loss itself, as with one sample and an advantage of 1 the surrogate without a clip is -ratio.
        let log_probs = vec![0.0; SAMPLES];
        let mut case = Self { model, params, obs, actions, log_probs, advantages, returns, values, masks };
        let open = PpoConfig { clip_range: 1e9, normalize_advantage: false, ..PpoConfig::default() };
        let width = case.actions.len() / SAMPLES;
        let present: Vec<f64> = (0..SAMPLES)
            .map(|i| {
                let batch = Batch {
                    obs: &case.obs[i * 4..(i + 1) * 4],
                    actions: &case.actions[i * width..(i + 1) * width],
                    log_probs: &[0.0],
                    advantages: &[1.0],
                    returns: &[0.0],
                    values: &[0.0],
                    masks: case
                        .masks
                        .as_ref()
                        .map(|masks| &masks[i * masks.len() / SAMPLES..(i + 1) * masks.len() / SAMPLES]),
                };
                (-loss_and_gradients(&case.model, &case.params, batch, &open).unwrap().0.policy).ln()
            })
            .collect();
        case.log_probs = present.iter().zip(noise).map(|(now, noise)| now + noise).collect();
        case
    }

    fn batch(&self) -> Batch<'_, f64> {
        Batch {
            obs: &self.obs,
            actions: &self.actions,
            log_probs: &self.log_probs,
            advantages: &self.advantages,
            returns: &self.returns,
            values: &self.values,
            masks: self.masks.as_deref(),
        }
    }

    fn assert_gradient(&self, config: &PpoConfig) {
        let (terms, gradient) = loss_and_gradients(&self.model, &self.params, self.batch(), config).unwrap();
        assert!(terms.clip_fraction > 0.1 && terms.clip_fraction < 0.9, "both branches are met: {terms:?}");
        let mut params = self.params.clone();
        let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        for i in 0..params.len() {
            let h = 1e-6;
            let mut at = |x: f64| {
                params[i] = x;
                loss_and_gradients(&self.model, &params, self.batch(), config).unwrap().0.total
            };
            let numeric = (at(self.params[i] + h) - at(self.params[i] - h)) / (2.0 * h);
            params[i] = self.params[i];
            let error = (numeric - gradient[i]).abs();
            assert!(error <= 1e-6 * (norm / 10.0).max(numeric.abs()), "[{i}] {numeric} {}", gradient[i]);
        }
    }
}

fn configs() -> [PpoConfig; 2] {
    let plain = PpoConfig { ent_coef: 0.03, ..PpoConfig::default() };
    let other = PpoConfig { clip_range_vf: Some(0.4), normalize_advantage: false, vf_coef: 1.3, ..plain.clone() };
    [plain, other]
}

#[test]
fn gaussian_policy() {
    let case = Case::new(&Space::Box { len: 2, low: -1.0, high: 1.0 });
    configs().iter().for_each(|config| case.assert_gradient(config));
}

#[test]
fn categorical_policy() {
    let case = Case::new(&Space::Discrete { n: 5 });
    configs().iter().for_each(|config| case.assert_gradient(config));
}

#[test]
fn a_product_of_categoricals_and_masks() {
    let several = Space::MultiDiscrete { nvec: vec![3, 4, 2] };
    for (space, masked) in [(&several, false), (&several, true), (&Space::Discrete { n: 5 }, true)] {
        let case = Case::with(space, masked);
        configs().iter().for_each(|config| case.assert_gradient(config));
    }
}

/// Closed choices weigh nothing in the entropy, and their outputs do not matter.
#[test]
fn entropy_is_that_of_the_open_choices() {
    let model = Model::new(&Space::Box { len: 1, low: -1.0, high: 1.0 }, &Space::Discrete { n: 4 }, &[2]).unwrap();
    let (masks, config) =
        ([true, false, true, false], PpoConfig { normalize_advantage: false, ..PpoConfig::default() });
    let batch = Batch {
        obs: &[0.3],
        actions: &[2.0],
        log_probs: &[0.5f64.ln()],
        advantages: &[1.0],
        returns: &[0.0],
        values: &[0.0],
        masks: Some(&masks),
    };
    let mut params = vec![0.0; model.parameters()];
    // The last biases of the actor: those of the closed choices are large.
    let biases = model.policy_parameters() - 4;
    (params[biases + 1], params[biases + 3]) = (50.0, -50.0);
    let (terms, gradient) = loss_and_gradients(&model, &params, batch, &config).unwrap();
    assert!((terms.entropy - 2f64.ln()).abs() < 1e-12 && (terms.policy + 1.0).abs() < 1e-12, "{terms:?}");
    assert_eq!((gradient[biases + 1], gradient[biases + 3]), (0.0, 0.0));
    let short = loss_and_gradients(&model, &params, Batch { masks: Some(&masks[..3]), ..batch }, &config);
    assert_eq!(short.unwrap_err().to_string(), "masks: expected 4 values, got 3");
}

#[test]
fn single_precision_agrees_with_double() {
    for action in [Space::Box { len: 2, low: -1.0, high: 1.0 }, Space::Discrete { n: 5 }] {
        let case = Case::new(&action);
        let single = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<f32>>();
        let (obs, actions, log_probs) = (single(&case.obs), single(&case.actions), single(&case.log_probs));
        let (advantages, returns, values) = (single(&case.advantages), single(&case.returns), single(&case.values));
        let batch = Batch {
            obs: &obs[..],
            actions: &actions,
            log_probs: &log_probs,
            advantages: &advantages,
            returns: &returns,
            values: &values,
            masks: case.masks.as_deref(),
        };
        let config = PpoConfig::default();
        let (terms, gradient) = loss_and_gradients(&case.model, &single(&case.params), batch, &config).unwrap();
        let (wanted, exact) = loss_and_gradients(&case.model, &case.params, case.batch(), &config).unwrap();
        assert!((terms.total - wanted.total).abs() < 1e-5, "{terms:?} {wanted:?}");
        let norm = exact.iter().map(|g| g * g).sum::<f64>().sqrt();
        let error = gradient.iter().zip(&exact).map(|(a, b)| (f64::from(*a) - b).powi(2)).sum::<f64>().sqrt();
        assert!(error < 1e-5 * norm, "{error} of {norm}");
    }
}

#[test]
fn loss_of_one_sample_follows_the_formulas() {
    // One hidden layer of zeros: the mean is the last bias, 0.2; the value is the critic's, 0.7.
    let unit = Space::Box { len: 1, low: -1.0, high: 1.0 };
    let model = Model::new(&unit, &unit, &[1]).unwrap();
    let log_std = 0.5f64.ln();
    let params = [0.0, 0.0, 0.0, 0.2, log_std, 0.0, 0.0, 0.0, 0.7];
    let log_prob = |action: f64| -2.0 * (action - 0.2).powi(2) - log_std - 0.5 * (2.0 * std::f64::consts::PI).ln();
    let old = log_prob(0.6) - 1.5f64.ln(); // a ratio of 1.5, beyond the clip range
    let batch = Batch {
        obs: &[0.3],
        actions: &[0.6],
        log_probs: &[old],
        advantages: &[2.0],
        returns: &[1.0],
        values: &[0.0],
        masks: None,
    };
    let config = PpoConfig { ent_coef: 0.1, ..PpoConfig::default() };
    let (terms, gradient) = loss_and_gradients(&model, &params, batch, &config).unwrap();
    assert!((terms.policy + 1.2 * 2.0).abs() < 1e-12, "{terms:?}");
    assert!((terms.value - 0.09).abs() < 1e-12);
    let entropy = 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E * 0.25).ln();
    assert!((terms.entropy - entropy).abs() < 1e-12);
    assert!((terms.total - (-2.4 + 0.5 * 0.09 - 0.1 * entropy)).abs() < 1e-12);
    assert!((terms.approx_kl - (0.5 - 1.5f64.ln())).abs() < 1e-12);
    assert_eq!(terms.clip_fraction, 1.0);
    assert_eq!(gradient[3], 0.0, "a clipped sample does not move the mean");
    assert!((gradient[4] + 0.1).abs() < 1e-12, "only the entropy moves the deviation");
    assert!((gradient[8] + 0.3).abs() < 1e-12);
    // With a negative advantage the unclipped side is the smaller one: d = -A ratio (a - mean) / deviation^2.
    let (_, gradient) = loss_and_gradients(&model, &params, Batch { advantages: &[-2.0], ..batch }, &config).unwrap();
    assert!((gradient[3] - 2.0 * 1.5 * 0.4 / 0.25).abs() < 1e-12, "{}", gradient[3]);
}
