//! Details of an update that only its insides show.

use std::ops::ControlFlow;

use super::{Ppo, PpoConfig, Progress};
use crate::toy::Toy;

/// One rollout of 8 environments and 16 steps, learned from once.
fn once(config: &PpoConfig) -> (Ppo, Progress) {
    let mut env = Toy::follow(8, 2);
    let config = PpoConfig { n_steps: 16, batch_size: 128, n_epochs: 1, hidden: vec![8], ..config.clone() };
    let mut ppo = Ppo::new(config, &env).unwrap();
    let mut last = Progress::default();
    ppo.learn(&mut env, 128, |progress| {
        last = *progress;
        ControlFlow::Continue(())
    })
    .unwrap();
    (ppo, last)
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn the_gradient_of_all_parameters_is_clipped_by_its_norm() {
    // The first moment after one step is a tenth of the gradient that was used.
    let (free, progress) = once(&PpoConfig { max_grad_norm: 1e9, ..PpoConfig::default() });
    assert!((10.0 * norm(&free.adam.mean) / progress.grad_norm - 1.0).abs() < 1e-4);
    let half = progress.grad_norm / 2.0;
    let (clipped, again) = once(&PpoConfig { max_grad_norm: half, ..PpoConfig::default() });
    assert_eq!(again.grad_norm, progress.grad_norm, "it is told before it is clipped");
    assert!((10.0 * norm(&clipped.adam.mean) / half - 1.0).abs() < 1e-4);
    assert_eq!(free.adam.steps, 1);
}

#[test]
fn before_the_first_step_the_policy_is_the_rollouts() {
    let (_, progress) = once(&PpoConfig::default());
    assert!(progress.approx_kl.abs() < 1e-6 && progress.clip_fraction == 0.0, "{progress:?}");
    // Normalised advantages have mean 0, and so has their product with a ratio of 1.
    assert!(progress.policy_loss.abs() < 1e-5, "{progress:?}");
    assert!((progress.entropy - 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln()).abs() < 1e-6);
}

#[test]
fn actor_and_critic_start_as_they_should() {
    let ppo = Ppo::new(PpoConfig { log_std_init: -0.7, ..PpoConfig::default() }, &Toy::follow(8, 2)).unwrap();
    let split = ppo.model.policy_parameters();
    let (actor, critic) = ppo.params.split_at(split);
    assert_eq!(actor[split - 1], -0.7);
    // The last layers, 64 weights and a bias, of gains 0.01 and 1.
    assert!((norm(&actor[split - 66..split - 2]) - 0.01).abs() < 1e-6);
    assert!((norm(&critic[critic.len() - 65..critic.len() - 1]) - 1.0).abs() < 1e-6);
}

#[test]
fn the_learning_rate_falls_to_nothing_over_a_call() {
    let mut env = Toy::follow(8, 2);
    let config = PpoConfig { n_steps: 16, batch_size: 128, anneal_lr: true, ..PpoConfig::default() };
    let mut ppo = Ppo::new(config, &env).unwrap();
    for _ in 0..2 {
        let mut rates = Vec::new();
        ppo.learn(&mut env, 4 * 128, |progress| {
            rates.push(progress.learning_rate / 3e-4);
            ControlFlow::Continue(())
        })
        .unwrap();
        assert!(rates.iter().zip([1.0, 0.75, 0.5, 0.25]).all(|(a, b)| (a - b).abs() < 1e-12), "{rates:?}");
    }
}

#[test]
fn rollouts_keep_unclipped_actions() {
    let (ppo, _) = once(&PpoConfig { log_std_init: 1.0, ..PpoConfig::default() });
    let actions = &ppo.rollout().unwrap().0.actions;
    assert!(actions.iter().any(|action| action.abs() > 1.5), "a deviation of e leaves [-1, 1] often");
    assert_eq!(actions.len(), 128);
}

#[test]
fn what_follows_is_valued_as_normalised() {
    // Every episode is cut by the last step, and parameters stay as they are.
    let mut env = Toy::follow(8, 2);
    let steps = usize::try_from(Toy::LENGTH).unwrap();
    let config = PpoConfig { n_steps: steps, learning_rate: 1e-30, ..PpoConfig::default() };
    let mut ppo = Ppo::new(config, &env).unwrap();
    ppo.learn(&mut env, 8 * Toy::LENGTH, |_| ControlFlow::Continue(())).unwrap();
    let (rollout, final_obs) = ppo.rollout().unwrap();
    assert!(rollout.truncated[8 * (steps - 1)..].iter().all(|&cut| cut));
    let next = ppo.last_obs.as_deref().unwrap();
    assert_ne!(final_obs, next);
    assert_eq!(rollout.bootstrap[8 * (steps - 1)..], ppo.value(final_obs).unwrap());
    assert_eq!(rollout.last_values, ppo.value(next).unwrap());
}
