//! What may become of an order.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Where an order stands.
///
/// ```
/// use tradepit::order::{OrderChange, OrderState};
/// let state = OrderState::Accepted.after(OrderChange::Trigger).unwrap().after(OrderChange::Fill).unwrap();
/// assert_eq!(state, OrderState::Filled);
/// let refused = state.after(OrderChange::Cancel).unwrap_err().to_string();
/// assert_eq!(refused, "order.state: a filled order can't be changed by cancel");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Made, and not sent yet.
    #[default]
    Initialised,
    /// Sent, and not heard of yet.
    Submitted,
    /// The venue has it; it works.
    Accepted,
    /// Its stop price was reached.
    Triggered,
    /// A part of it has filled.
    PartiallyFilled,
    /// All of it has filled.
    Filled,
    /// A cancel was sent, and not heard of yet.
    PendingCancel,
    /// Taken out.
    Cancelled,
    /// Never taken.
    Rejected,
    /// Its time ran out.
    Expired,
}

/// What happens to an order.
///
/// ```
/// use tradepit::order::{OrderChange, OrderState};
/// assert_eq!(OrderState::Initialised.after(OrderChange::Submit).unwrap(), OrderState::Submitted);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderChange {
    /// It is sent.
    Submit,
    /// The venue takes it; or refuses a cancel, so that it works on.
    Accept,
    /// The venue, or we, refuse it.
    Reject,
    /// Its stop price is reached.
    Trigger,
    /// A part of it fills.
    PartialFill,
    /// All of it, or all that was left, fills.
    Fill,
    /// A cancel is sent.
    RequestCancel,
    /// It is taken out.
    Cancel,
    /// Its time runs out.
    Expire,
}

impl OrderState {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Initialised,
        Self::Submitted,
        Self::Accepted,
        Self::Triggered,
        Self::PartiallyFilled,
        Self::Filled,
        Self::PendingCancel,
        Self::Cancelled,
        Self::Rejected,
        Self::Expired,
    ];

    /// The state after a change, by this table of all legal ones:
    ///
    /// | from | change | to |
    /// |---|---|---|
    /// | initialised | submit | submitted |
    /// | initialised, submitted | reject | rejected |
    /// | accepted, triggered | reject | rejected: it can't be carried when it would fill |
    /// | submitted, pending cancel | accept | accepted |
    /// | accepted | trigger | triggered |
    /// | submitted, accepted, triggered, partially filled | partial fill | partially filled |
    /// | pending cancel | partial fill | pending cancel |
    /// | submitted, accepted, triggered, partially filled, pending cancel | fill | filled |
    /// | submitted, accepted, triggered, partially filled | request cancel | pending cancel |
    /// | submitted, accepted, triggered, partially filled, pending cancel | cancel | cancelled |
    /// | accepted, triggered, partially filled, pending cancel | expire | expired |
    /// | cancelled | fill | filled: the fill was under way when the cancel arrived |
    ///
    /// # Errors
    /// [`Error::Spec`] for any other pair; it names both.
    #[inline]
    pub fn after(self, change: OrderChange) -> Result<Self> {
        use OrderChange as C;
        use OrderState as S;
        Ok(match (self, change) {
            (S::Initialised, C::Submit) => S::Submitted,
            (S::Initialised | S::Submitted | S::Accepted | S::Triggered, C::Reject) => S::Rejected,
            (S::Submitted | S::PendingCancel, C::Accept) => S::Accepted,
            (S::Accepted, C::Trigger) => S::Triggered,
            (S::Submitted | S::Accepted | S::Triggered | S::PartiallyFilled, C::PartialFill) => S::PartiallyFilled,
            (S::PendingCancel, C::PartialFill) => S::PendingCancel,
            (
                S::Submitted | S::Accepted | S::Triggered | S::PartiallyFilled | S::PendingCancel | S::Cancelled,
                C::Fill,
            ) => S::Filled,
            (S::Submitted | S::Accepted | S::Triggered | S::PartiallyFilled, C::RequestCancel) => S::PendingCancel,
            (S::Submitted | S::Accepted | S::Triggered | S::PartiallyFilled | S::PendingCancel, C::Cancel) => {
                S::Cancelled
            }
            (S::Accepted | S::Triggered | S::PartiallyFilled | S::PendingCancel, C::Expire) => S::Expired,
            (state, change) => return Err(illegal(state, change)),
        })
    }

    /// Whether nothing more is expected of it; a cancelled order may still turn out to be filled.
    #[must_use]
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Rejected | Self::Expired)
    }
}

#[cold]
fn illegal(state: OrderState, change: OrderChange) -> Error {
    let (state, change) = (name(state), name(change));
    Error::spec("order.state", format!("a {state} order can't be changed by {change}"))
}

/// The name of a variant as people write it.
fn name(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(|s| s.replace('_', " "))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHANGES: [OrderChange; 9] = [
        OrderChange::Submit,
        OrderChange::Accept,
        OrderChange::Reject,
        OrderChange::Trigger,
        OrderChange::PartialFill,
        OrderChange::Fill,
        OrderChange::RequestCancel,
        OrderChange::Cancel,
        OrderChange::Expire,
    ];

    #[test]
    fn the_table_has_this_many_rows() {
        let legal = OrderState::ALL.iter().flat_map(|s| CHANGES.iter().map(move |c| s.after(*c))).filter(Result::is_ok);
        assert_eq!(legal.count(), 1 + 4 + 2 + 1 + 4 + 1 + 6 + 4 + 5 + 4);
    }

    proptest! {
        #[test]
        fn closed_under_random_changes(changes in prop::collection::vec(0usize..9, 0..60)) {
            let mut state = OrderState::default();
            let mut filled = false;
            for change in changes.into_iter().map(|c| CHANGES[c]) {
                let was_closed = state.is_closed();
                match state.after(change) {
                    Ok(next) => {
                        prop_assert!(!filled, "nothing follows filled");
                        let late_fill = state == OrderState::Cancelled && change == OrderChange::Fill;
                        prop_assert!(!was_closed || late_fill);
                        state = next;
                        filled = state == OrderState::Filled;
                    }
                    Err(error) => prop_assert!(error.to_string().starts_with("order.state: a ")),
                }
            }
        }
    }
}
