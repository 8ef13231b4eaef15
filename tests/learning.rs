//! The native PPO earns an edge that is there, and keeps still where there is none.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod road;

use std::ops::ControlFlow;

use road::signal_only;
use tradepit::{
    MarketData,
    market::synth::{self, Leak},
    models::{Commission, FixedTicks, PerContract, Slippage},
};
use tradepit_agents::{ActionsMut, Agent, Policy, Ppo, PpoConfig, Result};
use tradepit_envs::{
    Action, Autoreset, DataLength, EnvSpec, EpisodeSpec, FirstStart, Length, RandomStart, SimSetup, StartRule,
    StepsLength,
};

/// Trains on `train`, without a look at any other data.
fn train(spec: &EnvSpec, train: MarketData, steps: u64) -> Policy {
    let episode = EpisodeSpec {
        start: StartRule::Random(RandomStart {}),
        length: Length::Steps(StepsLength { steps: 256 }),
        ..EpisodeSpec::default()
    };
    let setup = SimSetup::new(EnvSpec { episode, ..spec.clone() }, train).unwrap();
    let mut envs = setup.vec_env(64, 1, Autoreset::SameStep).unwrap();
    let config = PpoConfig {
        n_steps: 64,
        batch_size: 1024,
        n_epochs: 4,
        learning_rate: 1e-3,
        gamma: 0.9,
        anneal_lr: true,
        ..PpoConfig::default()
    };
    let mut ppo = Ppo::new(config, &envs).unwrap();
    ppo.learn(&mut envs, steps, |_| ControlFlow::Continue(())).unwrap();
    ppo.policy().clone()
}

/// Profit, and the mean absolute change of position by the largest one, of an agent over all of `data`.
fn run(agent: &mut dyn FnMut(&[f32]) -> Result<f32>, spec: &EnvSpec, data: MarketData) -> (f64, f64) {
    let episode = EpisodeSpec {
        start: StartRule::First(FirstStart {}),
        length: Length::Data(DataLength {}),
        ..EpisodeSpec::default()
    };
    let setup = SimSetup::new(EnvSpec { episode, cash: 1e7, ..spec.clone() }, data).unwrap();
    let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    env.reset(Some(0), &mut obs).unwrap();
    let (mut turnover, mut steps) = (0.0, 0.0);
    loop {
        let action = [agent(&obs).unwrap()];
        let transition = env.step(Action::Box(&action), &mut obs).unwrap();
        turnover += (env.facts().position - env.facts().position_before).abs();
        steps += 1.0;
        if transition.truncated || transition.terminated {
            return (env.state().account().equity() - 1e7, turnover / steps);
        }
    }
}

fn deterministic(policy: &mut Policy) -> impl FnMut(&[f32]) -> Result<f32> + '_ {
    |obs| {
        let mut action = [0.0];
        Agent::act(policy, obs, ActionsMut::Box(&mut action))?;
        Ok(action[0])
    }
}

#[test]
fn a_leak_is_learned_to_95_percent_of_the_optimum() {
    let market = |seed| synth::planted(20_000, seed, Leak::OpenToOpen, 8.0, 8.0).unwrap();
    let mut policy = train(&signal_only(), market(0), 300_000);
    let (earned, _) = run(&mut deterministic(&mut policy), &signal_only(), market(1));
    let (best, _) = run(&mut |obs| Ok(obs[0].signum()), &signal_only(), market(1));
    assert!(earned > 0.95 * best, "{earned} of {best}");
}

#[test]
fn independent_returns_with_costs_are_left_alone() {
    let spec = EnvSpec {
        window: 1,
        slippage: Slippage::FixedTicks(FixedTicks { ticks: 1.0 }),
        commission: Commission::PerContract(PerContract::new(2.1)),
        ..EnvSpec::default()
    };
    let mut policy = train(&spec, synth::es_1m(20_000, 0).unwrap(), 400_000);
    let (_, turnover) = run(&mut deterministic(&mut policy), &spec, synth::es_1m(20_000, 1).unwrap());
    assert!(turnover < 0.02, "mean absolute change of position a step {turnover}");
}
