//! Numbers published by other systems that our models reproduce. `golden/*.json` holds them with their sources.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod case;
mod closed_form;
mod commission;
mod positions;
mod slippage;
