//! Whether data can be trusted: what is wrong with bars, and what is odd about them.
//!
//! What is wrong is an error wherever data are made; what is odd is for the caller to judge. Nothing is repaired here.

mod adjusted;
mod finding;
mod gaps;
mod hours;
mod jumps;
mod order;
mod report;
mod rows;
mod run;
mod sessions;

pub use finding::{Finding, FindingKind, Severity};
pub use report::{CheckReport, KindCount};
pub use run::{CheckOptions, Checked};
