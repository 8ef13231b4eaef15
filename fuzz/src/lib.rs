//! What each parser must hold for any bytes.

pub mod bodies;
