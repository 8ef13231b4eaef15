//! The reinforcement-learning environment over tradepit's venues.
//!
//! An environment is a [`Venue`](tradepit::Venue), a set of [`Rules`] and what it remembers ([`EnvState`]). At each
//! decision it turns an action into the orders that lead to a target position, lets the venue go on by one row, reads
//! from the step's [`StepFacts`] the reward, and writes the next observation into the caller's memory. This transition
//! is one function ([`step::step`]): [`Env`] runs it over one venue, be it simulated, replayed or live, and
//! [`SimVecEnv`] over thousands of simulated ones at once. When an order fills is drawn in
//! [`tradepit`](tradepit#when-does-an-order-fill).
//!
//! ```
//! use tradepit::market::synth;
//! use tradepit_envs::{Actions, Autoreset, EnvSpec, SimSetup, StepBuffers, StepOut, VecEnv};
//!
//! let spec: EnvSpec = serde_json::from_str(r#"{"window": 16, "reward": {"kind": "log_return"}}"#).unwrap();
//! let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap())?;
//! let mut envs = setup.vec_env(64, 1, Autoreset::SameStep)?;
//! let (n, d) = (envs.num_envs(), envs.observation_space().len());
//! let (mut obs, mut reward) = (vec![0.0; n * d], vec![0.0; n]);
//! let (mut terminated, mut truncated) = (vec![false; n], vec![false; n]);
//! envs.reset(7, &mut obs)?;
//! for _ in 0..100 {
//!     let out = StepOut { obs: &mut obs, reward: &mut reward, terminated: &mut terminated,
//!         truncated: &mut truncated, final_obs: None, facts: None };
//!     envs.step(Actions::Box(&[1.0; 64]), out)?; // one lot long, everywhere
//! }
//! assert!(reward.iter().any(|reward| *reward != 0.0));
//!
//! // Environment 5 of seed 7 is the single environment of seed 12.
//! let (mut env, mut row) = (setup.env(), vec![0.0; d]);
//! envs.reset(7, &mut obs)?;
//! env.reset(Some(12), &mut row)?;
//! assert_eq!(obs[5 * d..6 * d], row);
//! # tradepit_envs::Result::Ok(())
//! ```
//!
//! # What it is made of
//!
//! | part | described by | built in | your own |
//! |---|---|---|---|
//! | actions | [`ActionSpec`] | see [below](#actions) | [`ActionScheme`] |
//! | observation | [`EnvSpec`] | [`FeaturePipelineSpec`], [`AccountNumber`] | a column of the data |
//! | reward | [`RewardSpec`] | [`Profit`], [`LogReturn`] and [16 more](RewardSpec#the-kinds) | [`Reward`] |
//! | reward of a batch | a call ([`step_with`](SimVecEnv::step_with)) | | [`BatchReward`] |
//! | episodes | [`EpisodeSpec`] | [`StartRule`], [`Length`], ruin, drawdown limit | [`Env::open`] at any row |
//! | costs | [`EnvSpec::models`] | [`tradepit::models`] | the traits there |
//! | drawn costs | [`Randomise`] | [`NumberRange`] | |
//! | batch | [`VecEnv`] | [`SimVecEnv`] | [`VecEnv`] |
//! | batches beside a policy | a call ([`AsyncVecEnv::send`]) | [`AsyncVecEnv`] | [`Background`] |
//! | problems with a known answer | [`anchors`] | thirteen | |
//!
//! [`EnvSpec`] is all of it as data, [`SimSetup`] makes it ready over a market, and [`EpisodeRecord`] keeps for people
//! what happened.
//!
//! # Actions
//!
//! | scheme | an action | what it orders |
//! |---|---|---|
//! | [`TargetPosition`] | a number in [-1, 1] an instrument | the difference to `max_lots * x` lots, at the market |
//! | [`TargetLevels`] | a choice | the difference to the position of that level, at the market |
//! | [`EnterExit`] | hold, enter long, exit long, enter short, exit short | what leads there, at the market |
//! | [`PortfolioWeights`] | a number in [-1, 1] an instrument | the difference to `weight * equity / (price * multiplier)`, at the market |
//! | [`TwoSidedQuotes`] | numbers in [-1, 1]: offsets, sizes | a bid and an ask from the last close, for one bar |
//! | [`QuoteGrid`] | whole numbers: the places of bid and ask in a list of offsets | the same |
//! | [`OrderTicket`] | whole numbers, or numbers in [-1, 1]: side, size, limit, life, stop, target | an order and its bracket |
//! | [`ExecutionRate`] | a number in [-1, 1] | a share of what is left of a large order; at the last step all of it |
//!
//! Positions are rounded to whole lots, prices to ticks. What orders at the market have yet to fill counts as held. An
//! account may begin with a position ([`EnvSpec::holding`]).
//!
//! [`Limits`] cut orders down to a position, and let only those through that reduce one after a loss. Where actions are
//! whole numbers, [`ActionScheme::mask`] says which are open: not those that a halt, the end of a session that ends flat, a
//! limit or the margin would stop, nor those that do nothing ([`Env::action_masks`], [`VecEnv::action_masks`]).
//!
//! # Observation
//!
//! A row of f32, each within `[-clip, clip]` (10 unless [`FeaturePipelineSpec::clip`] says otherwise):
//!
//! * `window` rows of features, the oldest first: a copy out of the table that the data carries; by index ([`Observe`]) the
//!   numbers of table and newest row stand in their place, and [`WindowGather`] makes windows of them;
//! * what [`EnvSpec::account`] names of the account ([`AccountNumber`]); unless it says otherwise of each instrument the
//!   position as a share of the largest one, then of each its unrealised profit, in percent of the initial capital, then
//!   of each for how long it has been held, in windows, then equity less the initial capital, and drawdown from the peak,
//!   both in percent;
//! * where [`Randomise::observe`] says so, each drawn number from -1 to 1 over its range.
//!
//! [`Rules::observation_names`] names every number, and [`EnvState::clipped`] counts how many of the account's had to
//! be clipped.
//!
//! # When an episode ends
//!
//! | [`Autoreset`] | the observation of the ending step | the step after it |
//! |---|---|---|
//! | [`NextStep`](Autoreset::NextStep) | the episode's last | ignores its action, resets, reward 0 |
//! | [`SameStep`](Autoreset::SameStep) | the next one's first; its own last in `final_obs` | is an ordinary one |
//! | [`Disabled`](Autoreset::Disabled) | the episode's last | is an error until the caller resets |
//!
//! Terminated is what ended by itself (ruin, drawdown limit), truncated what was cut (length, session, end of the
//! data, a halt); never both.
//!
//! # Seeds
//!
//! `reset(seed)` of a batch gives environment `i` the seed `seed + i`, and episode `k` of a seed draws its start and
//! its models' random numbers from streams of `(seed, k)` alone ([`tradepit::rng::stream`]). So no environment depends
//! on how many others there are, on the number of threads, or on what was done in an earlier episode.
//!
//! # Domain randomisation
//!
//! Any number of a model may be a range: each episode draws it anew, and runs with models of its own. The number that
//! the spec has stays the nominal one, for evaluations and live sessions.
//!
//! ```
//! # use tradepit::market::synth;
//! # use tradepit_envs::{EnvSpec, SimSetup};
//! let spec: EnvSpec = serde_json::from_str(r#"{
//!     "slippage": {"kind": "fixed_ticks", "ticks": 0.5},
//!     "commission": {"kind": "sum", "parts": [{"kind": "per_order", "fee": 1}, {"kind": "bps", "bps": 0.5}]},
//!     "randomise": {"observe": true, "ranges": {
//!         "slippage.ticks": [0, 2],
//!         "commission.parts.1.bps": {"kind": "log_uniform", "low": 0.1, "high": 10}}}}"#).unwrap();
//! let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap())?;
//! let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
//! env.reset(Some(7), &mut obs)?;
//! let drawn: Vec<(&str, &f64)> = setup.rules().randomised().zip(env.randomised()).collect();
//! assert_eq!((drawn[0].0, drawn[1].0), ("commission.parts.1.bps", "slippage.ticks"));
//! // Half of the range is 0 in the observation: 1 tick of 0 to 2.
//! assert_eq!(obs[obs.len() - 1], (drawn[1].1 - 1.0) as f32);
//!
//! // The evaluation: the same layout of the observation, and nothing drawn.
//! let mut evaluation = setup.rules().spec().clone();
//! evaluation.randomise.draw = false;
//! let mut nominal = setup.with_spec(evaluation)?.env();
//! nominal.reset(Some(7), &mut obs)?;
//! assert_eq!(nominal.randomised(), [0.5, 0.5]);
//! assert_eq!(nominal.venue().state().row(), env.venue().state().row()); // the same start
//! # tradepit_envs::Result::Ok(())
//! ```
//!
//! # Unsafe code
//!
//! | file | why |
//! |---|---|
//! | `vector/handoff.rs` | lends a batch to threads that stay; the pool waits for them |
//!
//! [`FeaturePipelineSpec`]: tradepit::features::FeaturePipelineSpec
//! [`FeaturePipelineSpec::clip`]: tradepit::features::FeaturePipelineSpec::clip

mod action;
pub mod anchors;
pub mod bench;
mod check;
mod doctor;
mod env;
mod episode;
mod error;
mod facts;
mod gather;
mod leakcheck;
mod limits;
mod market;
mod observe;
mod randomise;
mod record;
mod reward;
mod rules;
pub mod scenarios;
mod setup;
mod space;
mod spec;
pub mod step;
mod vector;

pub use action::{
    Action, ActionScheme, ActionSpec, Bracket, Decision, EnterExit, ExecutionRate, LongShort, OrderTicket, Orders,
    PortfolioWeights, QuoteGrid, Simplex, Softmax, SpreadPosition, TargetLevels, TargetPosition, TicketLife,
    TwoSidedQuotes, WeightRule,
};
pub use doctor::{ActionUse, Column, Costs, Diagnosis, Doctor, Ends, Finding, Policy, RewardScale, Severity};
pub use env::{Env, EnvSnapshot};
pub use episode::{
    DataLength, EpisodeSpec, FirstStart, Length, RandomStart, SessionLength, SessionStart, StartAt, StartRule,
    StepsLength,
};
pub use error::{Error, Result};
pub use facts::StepFacts;
pub use gather::{Gather, WindowGather};
pub use leakcheck::{Leak, LeakCheck, LeakReport};
pub use limits::Limits;
pub use market::{BootstrapMarket, DataMarket, MarketSpec, SyntheticMarket};
pub use observe::{AccountNumber, IndexObservation, Observe, WindowObservation};
pub use randomise::{ChoiceRange, LogUniformRange, NumberRange, Randomise, UniformRange};
pub use record::{EpisodeRecord, Moment};
pub use reward::{
    AtrProfit, BatchReward, Composite, DifferentialDownside, DifferentialSharpe, DrawdownIncrement, Exercise,
    ExpectedProfit, HedgedOption, Held, ImplementationShortfall, InventoryPenalty, LogReturn, MeanVariance,
    OptionRight, Potential, PotentialShaping, Profit, Reward, RewardMemory, RewardNeeds, RewardPart, RewardSpec,
    TradeQuality, TurnoverPenalty, VolatilityScaled, Weighted,
};
pub use rules::Rules;
pub use setup::SimSetup;
pub use space::Space;
pub use spec::EnvSpec;
pub use step::{EnvState, Hooks, Transition};
pub use vector::{
    ActionBuffer, Actions, AsyncVecEnv, Autoreset, Background, EpisodeEnd, EpisodeStats, Here, Lane, RewardNormaliser,
    SimVecEnv, StepBuffers, StepCounts, StepOut, VecEnv, VecSnapshot,
};
