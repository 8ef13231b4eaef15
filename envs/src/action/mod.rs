//! From an action to orders: one scheme a file.

mod decision;
mod enter_exit;
mod execution_rate;
mod orders;
mod plain;
mod portfolio_weights;
mod scheme;
mod spec;
mod target_levels;
mod target_position;
mod two_sided_quotes;
mod value;

pub use decision::Decision;
pub use enter_exit::EnterExit;
pub use execution_rate::ExecutionRate;
pub use orders::Orders;
pub(crate) use orders::round;
pub(crate) use plain::Plain;
pub use portfolio_weights::{LongShort, PortfolioWeights, Simplex, Softmax, WeightRule};
pub use scheme::ActionScheme;
pub use spec::ActionSpec;
pub use target_levels::TargetLevels;
pub use target_position::TargetPosition;
pub use two_sided_quotes::TwoSidedQuotes;
pub use value::Action;
