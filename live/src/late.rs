//! Orders that are kept back, because what they were decided on is too old by now.

use std::time::{Duration, SystemTime};

use tradepit::{
    Timestamp,
    account::{AccountEvent, RejectReason},
    order::OrderId,
    venue::{EventLog, LogEntry},
};

/// How long ago that was, by the clock of this machine; nothing for what is still to come.
#[expect(
    clippy::disallowed_methods,
    reason = "an order that leaves late is a loss; the journal says which were kept back"
)]
pub(crate) fn age(time: Timestamp) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_nanos(u64::try_from(time.nanos()).unwrap_or_default()))
}

/// What their sender hears at the next row.
pub(crate) fn too_late(order: OrderId, time: Timestamp) -> AccountEvent {
    AccountEvent::Rejected { order, reason: RejectReason::Stale, time }
}

/// Orders that were kept back when the session was cut, before their sender heard of it.
pub(crate) fn untold(log: &EventLog) -> Vec<AccountEvent> {
    let told = |event: &AccountEvent| log.entries().iter().any(|e| matches!(e, LogEntry::Event(told) if told == event));
    let kept = log.entries().iter().filter_map(|entry| match entry {
        LogEntry::Order { id, time, unsent: true, .. } => Some(too_late(*id, *time)),
        _ => None,
    });
    kept.filter(|event| !told(event)).collect()
}
