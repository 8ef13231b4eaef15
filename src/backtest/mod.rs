//! Strategies over a whole market at once: target positions in, money out.
//!
//! A target is a number of lots to hold, decided when a bar has closed; the order for what is missing meets the next bar, by
//! the models of the world. It is the venue and the account of every other simulation, so all models work, and a backtest
//! is to the bit what driving a [`SimVenue`](crate::venue::SimVenue) by hand gives.
//!
//! ```
//! use std::sync::Arc;
//! use tradepit::{backtest::Record, market::synth, models::Models, venue::SimWorld};
//! let data = Arc::new(synth::es_1m(1_000, 0)?);
//! // Long one lot behind a bar that rose, short one behind a bar that fell.
//! let targets: Vec<i8> = data.bars().iter().map(|bar| if bar.close > bar.open { 1 } else { -1 }).collect();
//! let models: Models = serde_json::from_str(r#"{"commission": {"kind": "per_contract", "fee": 2.1}}"#).unwrap();
//! let world = Arc::new(SimWorld::new(data.clone(), models, 100_000.0)?);
//! let record = Record::of(&world, &targets, 0)?;
//! assert_eq!(record.equity.len(), data.len());
//! assert!((record.account.fees() - 2.1 * record.fills().map(|fill| fill.qty.abs()).sum::<f64>()).abs() < 1e-6);
//! let performance = record.performance(data.calendar().bars_per_year(data.period_ns()))?;
//! assert!(performance.sharpe.unwrap() < 0.0); // a random walk, less fees
//! # tradepit::Result::Ok(())
//! ```
//!
//! * [`Backtest`] follows one series of targets, or asks a function for them, and shows what happens as it does;
//! * [`Record`] keeps what happened: curve, fills, trades;
//! * [`Sweep`] does many series at once, on as many threads as there are, and [`Summary`] is what is left of each.

mod record;
mod run;
mod summary;
mod sweep;

pub use record::Record;
pub use run::Backtest;
pub use summary::Summary;
pub use sweep::{Ran, Sweep};
