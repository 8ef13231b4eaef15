//! What events of the market do to an account and its orders, before the open of their row.

use super::{MatchRow, Own};
use crate::{
    Bar, InstrumentId, Rng,
    account::{Account, AccountEvent},
    market::MarketFact,
    order::{OrderState, Working},
};

impl MatchRow<'_> {
    /// Lets the events of this row happen, one after the other; gives the row before as it reads after them.
    #[cold]
    #[inline(never)]
    pub(super) fn happen(
        &self,
        working: &mut Working,
        account: &mut Account,
        rng: &mut Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) -> Vec<Bar> {
        let (mut before, time) = (self.before.to_vec(), self.opened());
        for event in self.events {
            let (instrument, id) = (event.instrument, event.instrument.0 as usize);
            let (held, known) = (account.positions()[id].qty(), before[id]);
            before[id] = event.what.ex(&known, self.instruments[id].multiplier);
            let row = MatchRow { before: &before, ..*self };
            match event.what {
                MarketFact::Dividend { amount } if held != 0.0 => {
                    tell(account, AccountEvent::Dividend { amount: held * amount, instrument, time });
                }
                MarketFact::Split { ratio } => {
                    self.take_out(instrument, working, account, tell);
                    if held != 0.0 {
                        tell(account, AccountEvent::Split { ratio, instrument, time });
                        row.pay_fraction(id, account, tell);
                    }
                }
                MarketFact::Roll { from_price, to_price } => {
                    self.take_out(instrument, working, account, tell);
                    if held != 0.0 {
                        // Out of the old contract, as its last bar was; into the next one, as if that had been its own.
                        let (out, into) = ((from_price, &known, time), (to_price, &row.before[id], time));
                        let order = self.own_order(id, Own::RollOut);
                        tell(account, AccountEvent::Fill(self.own_fill(id, order, held, -held, out, rng)));
                        let order = self.own_order(id, Own::RollIn);
                        tell(account, AccountEvent::Fill(self.own_fill(id, order, 0.0, held, into, rng)));
                    }
                }
                MarketFact::Dividend { .. } | MarketFact::Halt {} | MarketFact::Resume {} => {}
            }
        }
        before
    }

    /// Cancels all orders of an instrument: what they name is no more.
    fn take_out(
        &self,
        instrument: InstrumentId,
        working: &mut Working,
        account: &mut Account,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        for order in working.take_out(instrument) {
            tell(account, AccountEvent::Order { order, state: OrderState::Cancelled, time: self.opened() });
        }
    }

    /// What is beyond a whole number of lots is paid in cash, at the price before the open, without costs.
    fn pay_fraction(&self, id: usize, account: &mut Account, tell: &mut impl FnMut(&mut Account, AccountEvent)) {
        let (lot, held) = (self.instruments[id].lot, account.positions()[id].qty());
        let lots = (held / lot).abs();
        let fraction = lots - (lots + 1e-6).floor();
        if fraction > 1e-6 {
            let (qty, price) = (-(fraction * lot).copysign(held), self.before[id].close);
            let order = self.own_order(id, Own::Fraction);
            tell(account, AccountEvent::Fill(self.fill_of(id, order, qty, (price, price), 0.0, self.opened())));
        }
    }
}
