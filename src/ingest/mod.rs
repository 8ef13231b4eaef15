//! Files and arrays to bars and quotes. Whatever the source says its times mean, inside time is always the close of the bar.
//!
//! Nothing is repaired silently: what can't be used is refused with its row, column and value.

mod arrays;
#[cfg(feature = "parquet")]
mod arrow;
mod csv;
mod layout;
mod mend;
mod options;
#[cfg(feature = "compressed")]
mod packed;
#[cfg(feature = "parquet")]
mod parquet;
mod prints;
mod quotes;
mod rows;
mod series;
mod stamp;
mod table;
mod when;

#[cfg(feature = "parquet")]
pub use self::{
    arrow::{quotes_from_arrow, trades_from_arrow},
    parquet::read_parquet,
};
pub use arrays::{BarColumns, bars_from_columns};
pub use csv::{load_csv, read_csv, read_csv_from};
pub use mend::{Change, ChangeKind};
pub use options::ReadOptions;
pub use prints::{bars_from_trades, read_quotes, read_quotes_text, read_trades, read_trades_text};
pub use quotes::QuoteColumns;
pub use series::BarSeries;
pub use stamp::Stamp;
pub use table::BarTable;
