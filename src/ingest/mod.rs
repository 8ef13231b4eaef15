//! Files and arrays to bars and quotes. Whatever the source says its times mean, inside time is always the close of the bar.
//!
//! Nothing is repaired silently: what can't be used is refused with its row, column and value.

mod arrays;
mod csv;
mod header;
mod quotes;
mod series;
mod stamp;
mod when;

pub use arrays::{BarColumns, bars_from_columns};
pub use csv::{CsvOptions, load_csv, read_csv, read_csv_from};
pub use quotes::QuoteColumns;
pub use series::BarSeries;
pub use stamp::Stamp;
