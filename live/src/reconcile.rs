//! Whether the books and the broker say the same.

use tradepit::{
    Error, Instrument, InstrumentId, Result,
    account::{Account, AccountSnapshot},
};

/// Compares what our books hold with what the broker says: cash within `cash_tolerance`, quantities within a millionth
/// of a lot. Average prices are not compared: every broker has its own rule for them.
///
/// ```
/// use tradepit::{Instrument, account::{Account, AccountSnapshot}};
/// let mut account = Account::new(1);
/// account.open(1_000.0);
/// let broker = AccountSnapshot { cash: 990.0, positions: vec![] };
/// let mismatch = tradepit_live::reconcile(&account, &broker, &[Instrument::es()], 0.01).unwrap_err();
/// assert_eq!(mismatch.to_string(), "venue: the account is out of step: cash is 1000 in the books and 990 at the broker; \
///     find out which is right before trading on");
/// ```
///
/// # Errors
/// Shows both sides of everything that differs.
pub fn reconcile(
    account: &Account,
    broker: &AccountSnapshot,
    instruments: &[Instrument],
    cash_tolerance: f64,
) -> Result<()> {
    let mut differences = Vec::new();
    // A NaN is near nothing.
    let near = |ours: f64, theirs: f64, by: f64| (ours - theirs).abs() <= by;
    if !near(account.cash(), broker.cash, cash_tolerance) {
        differences.push(format!("cash is {} in the books and {} at the broker", account.cash(), broker.cash));
    }
    for (id, instrument) in instruments.iter().enumerate() {
        let at = |fill: &&tradepit::account::Fill| fill.instrument == InstrumentId(id as u32);
        let theirs: f64 = broker.positions.iter().filter(at).map(|fill| fill.qty).sum();
        let ours = account.positions().get(id).map_or(0.0, tradepit::account::Position::qty);
        if !near(ours, theirs, 1e-6 * instrument.lot) {
            differences.push(format!("{} is {ours} in the books and {theirs} at the broker", instrument.name));
        }
    }
    if let Some(fill) = broker.positions.iter().find(|fill| fill.instrument.0 as usize >= instruments.len()) {
        differences
            .push(format!("the broker holds {} of instrument {}, which is not ours", fill.qty, fill.instrument.0));
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(Error::Venue(format!(
        "the account is out of step: {}; find out which is right before trading on",
        differences.join(", ")
    )))
}
