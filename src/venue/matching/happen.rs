//! What events of the market do to an account and its orders, before the open of their row.

use super::{At, MatchRow, Own};
use crate::{
    Bar, InstrumentId, Rng,
    account::{Account, AccountEvent, Fill, TradedVolume},
    market::MarketFact,
    order::{MarketOrder, OrderState, Working},
};

impl MatchRow<'_> {
    /// Lets the events of this row happen, one after the other; gives the row before as it reads after them.
    #[cold]
    #[inline(never)]
    pub(super) fn happen(
        &self,
        working: &mut Working,
        traded: &mut TradedVolume,
        account: &mut Account,
        rng: &mut Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) -> Vec<Bar> {
        let (mut before, time) = (self.before.to_vec(), self.opened());
        for event in self.market.events() {
            let (instrument, id) = (event.instrument, event.instrument.0 as usize);
            let (held, known) = (account.positions()[id].qty(), before[id]);
            let next = event.what.ex(&known, self.instruments[id].multiplier);
            before[id] = next;
            match event.what {
                MarketFact::Dividend { amount } if held != 0.0 => {
                    tell(account, AccountEvent::Dividend { amount: held * amount, instrument, time });
                }
                MarketFact::Split { ratio } => {
                    self.take_out(instrument, working, account, tell);
                    if held != 0.0 {
                        tell(account, AccountEvent::Split { ratio, instrument, time });
                        self.pay_fraction(id, next.close, account, tell);
                    }
                }
                MarketFact::Roll { from_price, to_price } => {
                    self.take_out(instrument, working, account, tell);
                    if held != 0.0 {
                        // Out of the old contract, as its last bar was; into the next one, as if that had been its own.
                        let at = |price, known| At { price, known, time, at_open: false };
                        let mut trade = |reason, qty, at| {
                            let fill = self.own_fill(self.own_order(id, reason), qty, at, account, traded, rng);
                            self.facts.count(traded, &fill);
                            tell(account, AccountEvent::Fill(fill));
                        };
                        trade(Own::RollOut, -held, at(from_price, &known));
                        trade(Own::RollIn, held, at(to_price, &next));
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

    /// What is beyond a whole number of lots is paid in cash at a price, without costs.
    fn pay_fraction(
        &self,
        id: usize,
        price: f64,
        account: &mut Account,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        let (thing, held) = (&self.instruments[id], account.positions()[id].qty());
        let lots = (held / thing.lot).abs();
        let fraction = lots - (lots + 1e-6).floor();
        if fraction > 1e-6 {
            let qty = -(fraction * thing.lot).copysign(held);
            let MarketOrder { id: order, instrument, .. } = self.own_order(id, Own::Fraction);
            let (multiplier, futures, time) = (thing.multiplier, thing.is_futures(), self.opened());
            let fill = Fill { qty, price, reference: price, fee: 0.0, multiplier, time, order, instrument, futures };
            tell(account, AccountEvent::Fill(fill));
        }
    }
}
