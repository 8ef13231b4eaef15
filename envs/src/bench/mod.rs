//! What a measurement runs: batches with their actions drawn beforehand, and the copies that any batch has to make.
//!
//! It reads no clock: whoever measures brings one, and calls one of these under it. The environment to measure is the
//! [scenario](crate::scenarios) `bench`.

mod batch;
mod copies;

pub use batch::BenchBatch;
pub use copies::BenchCopies;
