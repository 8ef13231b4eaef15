//! The live venue against the simulator, against its own journal, and against brokers that fail.
//!
//! (The modules say `cfg(test)` for the lints: what may unwrap is test code.)

#[cfg(test)]
mod journal;
#[cfg(test)]
mod parity;
#[cfg(test)]
mod quotes;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod stale;
#[cfg(test)]
mod trader;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod wire;
