//! Whether and how much of a resting limit order fills: touch, penetration, a place in the queue, or chance.
//!
//! Two layers, both pure:
//!
//! * [`Queue`] is where one order stands (plain data, it lives in the order's state), and a [`QueueModel`] says how far
//!   a shrinking price level moves it forward;
//! * a [`LimitRule`] turns bars or public trades into filled quantity. It is what a matching engine calls.
//!
//! ```text
//! engine                          rule
//! order reaches the venue   ──▶   join(..)   -> Queue
//! a bar closes              ──▶   bar(..)    -> quantity filled during the bar
//! a public trade prints     ──▶   trade(..)  -> quantity filled by it
//! the size of the level     ──▶   depth(..)
//! ```
//!
//! At which price is the engine's business: the limit, or the open when the market gaps through it.

mod displayed;
mod intensity;
mod limit;
mod limit_queue;
mod position;
mod probability;
mod rule;

pub use displayed::Displayed;
pub use intensity::Intensity;
pub use limit::{LimitContext, LimitModel, LimitRule, Penetration, Print, Touch};
pub use limit_queue::{LimitQueue, volume_per_level};
pub use position::Queue;
pub use probability::{Log, Log2, Power, Power2, Power3};
pub use rule::{QueueModel, QueueRule, RiskAverse};
