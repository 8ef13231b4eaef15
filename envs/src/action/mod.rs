//! From an action to orders: one scheme a file.

mod decision;
mod enter_exit;
mod execution_rate;
mod order_ticket;
mod orders;
mod plain;
mod portfolio_weights;
mod quote_grid;
mod scheme;
mod spec;
mod spread_position;
mod target_levels;
mod target_position;
mod two_sided_quotes;
mod value;

pub use decision::Decision;
pub use enter_exit::EnterExit;
pub use execution_rate::ExecutionRate;
pub use order_ticket::{OrderTicket, TicketLife};
pub(crate) use orders::round;
pub use orders::{Bracket, Orders};
pub(crate) use plain::Plain;
pub use portfolio_weights::{LongShort, PortfolioWeights, Simplex, Softmax, WeightRule};
pub use quote_grid::QuoteGrid;
pub use scheme::ActionScheme;
pub use spec::ActionSpec;
pub use spread_position::SpreadPosition;
pub use target_levels::TargetLevels;
pub use target_position::TargetPosition;
pub use two_sided_quotes::TwoSidedQuotes;
pub use value::Action;
