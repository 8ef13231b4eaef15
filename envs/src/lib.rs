//! The reinforcement-learning environment over tradepit's venues.

mod action;
mod check;
mod env;
mod episode;
mod error;
mod facts;
mod record;
mod reward;
mod rules;
mod setup;
mod space;
mod spec;
pub mod step;
mod vector;

pub use action::{Action, ActionScheme, ActionSpec, EnterExit, TargetLevels, TargetPosition};
pub use env::{Env, EnvSnapshot};
pub use episode::{
    DataLength, EpisodeSpec, FirstStart, Length, RandomStart, SessionLength, SessionStart, StartAt, StartRule,
    StepsLength,
};
pub use error::{Error, Result};
pub use facts::StepFacts;
pub use record::{EpisodeRecord, Moment};
pub use reward::{BatchReward, DifferentialSharpe, LogReturn, Profit, Reward, RewardMemory, RewardSpec, Weighted};
pub use rules::Rules;
pub use setup::SimSetup;
pub use space::Space;
pub use spec::EnvSpec;
pub use step::{EnvState, Hooks, Transition};
pub use vector::{Actions, Autoreset, EpisodeEnd, EpisodeStats, Lane, SimVecEnv, StepOut, VecEnv, VecSnapshot};
