//! Your own slippage, commission and reward: three small traits, in one environment.
//!
//! `cargo run --example 02_own_models`

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::sync::Arc;

use rand::RngExt as _;
use tradepit::{
    Rng,
    market::synth,
    models::{Commission, CommissionModel, FeeContext, FillContext, Slippage, SlippageModel},
};
use tradepit_envs::{Action, EnvSpec, Reward, RewardMemory, RewardSpec, SimSetup, StepFacts};

/// One tick worse, half of the time. The random stream is the episode's own: runs repeat bit for bit.
#[derive(Debug)]
struct SometimesOneTick;

impl SlippageModel for SometimesOneTick {
    fn price(&self, ctx: &FillContext<'_>, rng: &mut Rng) -> f64 {
        let ticks = if rng.random_bool(0.5) { 1.0 } else { 0.0 };
        ctx.reference + ticks * ctx.instrument.tick * ctx.qty.signum()
    }
}

/// 2 USD a contract, and 5 USD for the order.
#[derive(Debug)]
struct Ticket;

impl CommissionModel for Ticket {
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        let ticket = if ctx.filled_before == 0.0 { 5.0 } else { 0.0 };
        ticket + 2.0 * ctx.qty.abs()
    }
}

/// Profit in ticks less a tenth of the position squared: a dislike of size.
#[derive(Debug)]
struct Shy;

impl Reward for Shy {
    fn reward(&self, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
        (facts.equity_change() / 12.5 - 0.1 * facts.position * facts.position) as f32
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spec = EnvSpec {
        slippage: Slippage::Custom(Arc::new(SometimesOneTick)),
        commission: Commission::Custom(Arc::new(Ticket)),
        reward: RewardSpec::Custom(Arc::new(Shy)),
        ..EnvSpec::default()
    };
    let setup = SimSetup::new(spec, synth::es_1m(2_000, 0)?)?;
    let mut env = setup.env();
    let mut obs = vec![0.0; setup.rules().observation_space().len()];
    env.reset(Some(7), &mut obs)?;
    let mut total = 0.0;
    for t in 0..300 {
        let transition = env.step(Action::Box(&[if t / 10 % 2 == 0 { 1.0 } else { -1.0 }]), &mut obs)?;
        total += transition.reward;
    }
    let account = env.state().account();
    assert_eq!(account.fees(), f64::from(account.fills()) * 5.0 + 2.0 * (1.0 + 29.0 * 2.0));
    println!("{} fills, {} USD of fees, {:.2} USD of slippage", account.fills(), account.fees(), account.slippage());
    println!("reward {total:.1}, equity {:.2} USD", account.equity());
    Ok(())
}
