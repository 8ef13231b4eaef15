//! Native learning agents for any tradepit `VecEnv`: spaces, observations and rewards in, actions out.
//!
//! [`Ppo`] trains a [`Policy`]; [`evaluate()`] says how good an [`Agent`] is, and [`Constant`] and [`Random`] what it
//! has to beat. The networks are our own ([`nn`]): a manual backward pass that tests difference in double precision.
//!
//! The same seed gives the same bits, whatever the number of threads: minibatches are split into parts of a fixed
//! size, whose gradients are summed in their order.
//!
//! | file with unsafe code | why |
//! |---|---|
//! | `nn/tile.rs` | the inner loop of matrix products: vector loads and stores by pointer |
//! | `nn/product.rs` | matrix products, compiled for wider vectors than the baseline's |
//! | `nn/kernel.rs` | other loops compiled so; matrix products by `matrixmultiply` where no tile fits |

mod agent;
mod anchors;
mod baselines;
mod dist;
mod error;
mod evaluate;
mod gae;
pub mod nn;
mod normalise;
mod policy;
#[doc(hidden)]
pub mod ppo;
mod rng;
mod rollout;
mod sight;
mod store;
pub mod toy;

pub use agent::{ActionsMut, Agent};
pub use anchors::{AnchorScore, RuleAgent, anchor_scores, anchor_table};
pub use baselines::{Constant, Random, Sampling};
pub use error::{Error, Result};
pub use evaluate::{EvaluationStats, evaluate};
pub use gae::Steps;
pub use policy::Policy;
pub use ppo::{Ppo, PpoConfig, Progress};
pub use rng::Rng;
