//! Whether an account can carry a fill.

use super::MatchRow;
use crate::{
    Instrument,
    account::{Account, Fill, Position},
    models::{MarginContext, MarginModel as _, MarginRule},
};

/// The account as the orders of one instrument see it; other positions are worth their last close.
#[derive(Clone, Debug)]
pub(super) struct Purse<'a> {
    rule: &'a MarginRule,
    instrument: &'a Instrument,
    overnight: bool,
    /// Cash and what all other positions add to it.
    cash: f64,
    /// Initial margin of all other positions.
    others: f64,
    own: Position,
}

impl<'a> Purse<'a> {
    /// None where nothing is asked.
    pub(super) fn of(row: &MatchRow<'a>, account: &Account, id: usize) -> Option<Self> {
        let rule = &row.models.margin;
        if rule.is_none() {
            return None;
        }
        let overnight = row.market.is_overnight();
        let (mut cash, mut others) = (account.cash(), 0.0);
        for (other, position) in account.positions().iter().enumerate().filter(|(other, _)| *other != id) {
            let (instrument, price) = (&row.instruments[other], row.before[other].close);
            cash += position.value(price);
            others += rule.required(&MarginContext { instrument, qty: position.qty(), price, overnight }).initial;
        }
        Some(Self { rule, instrument: &row.instruments[id], overnight, cash, others, own: account.positions()[id] })
    }

    /// Takes the fill in if it only reduces, or if what is there afterwards covers the initial margin.
    pub(super) fn carries(&mut self, fill: &Fill) -> bool {
        let (before, mut after) = (self.own.qty(), self.own);
        let cash = self.cash + after.settle(fill).cash - fill.fee;
        let qty = after.qty();
        if qty.abs() > before.abs() || qty * before < 0.0 {
            let ctx = MarginContext { instrument: self.instrument, qty, price: fill.price, overnight: self.overnight };
            let required = self.rule.required(&ctx).initial + self.others;
            if cash + after.value(fill.price) < required {
                return false;
            }
        }
        (self.own, self.cash) = (after, cash);
        true
    }
}
