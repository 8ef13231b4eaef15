//! What a live venue is told beside its broker.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// How long a live venue waits, and how exact the books must be.
///
/// ```
/// use std::time::Duration;
/// use tradepit_live::LiveOptions;
/// let (silence, stale) = (Some(Duration::from_secs(90)), Some(Duration::from_secs(5)));
/// let options = LiveOptions { silence, stale, ..LiveOptions::default() };
/// assert_eq!(options.capacity, 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiveOptions {
    /// For the broker to connect.
    pub connect_timeout: Duration,
    /// For any news: longer than this is an error. `None` waits for ever, as over a weekend.
    pub silence: Option<Duration>,
    /// How old the last row may be, by the clock of this machine, for orders that are decided on it to leave; older, and
    /// they are rejected as [`Stale`](tradepit::account::RejectReason::Stale). `None` sends them however late it is, as a
    /// feed that replays a file needs.
    pub stale: Option<Duration>,
    /// For a full command channel, and for the broker's thread to end (twice, at most).
    pub shutdown: Duration,
    /// Commands, and events, that can wait on the way to and from the broker; at least 1.
    pub capacity: usize,
    /// By how much the broker's cash may differ from the books, in account currency.
    pub cash_tolerance: f64,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(30),
            silence: None,
            stale: None,
            shutdown: Duration::from_secs(2),
            capacity: 1024,
            cash_tolerance: 0.01,
        }
    }
}

/// Stops a venue from another thread: its [`advance`](tradepit::Venue::advance), also one that waits, comes back with
/// [`HaltReason::Stopped`](tradepit::venue::HaltReason::Stopped).
///
/// ```
/// let handle = tradepit_live::StopHandle::default();
/// handle.stop();
/// assert!(handle.is_stopped());
/// ```
#[derive(Clone, Debug, Default)]
pub struct StopHandle(Arc<AtomicBool>);

impl StopHandle {
    /// Asks the venue to stop.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.0
    }

    /// Whether it was asked.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
