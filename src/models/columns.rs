//! Orders at the market of several accounts at once: the same models, in loops over columns.

use multiversion::multiversion;

use super::{Commission, CommissionModel as _, FeeContext, FillContext, Models, Slippage, SlippageModel as _};
use crate::{
    Bar, Instrument, Rng, Timestamp,
    account::{Column, FillColumns, LANES},
};

/// The last bar that was known when each order filled.
#[derive(Clone, Debug)]
pub(crate) struct Known<'a> {
    pub(crate) bars: [&'a Bar; LANES],
    pub(crate) volumes: Column,
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn execute(
    models: &Models,
    fills: &mut FillColumns,
    instrument: &Instrument,
    known: &Known<'_>,
    rngs: &mut [Rng; LANES],
) {
    models.slip(fills, instrument, known, rngs);
    models.charge(fills, instrument);
}

impl Models {
    /// What [`execute`](Self::execute) makes of an order for each account, of which quantity, time and reference are in
    /// `fills`, beside the last bar `known` then: price and fee. Where the quantity is 0, nothing is drawn, and the rest of
    /// the fill says nothing.
    #[inline(always)]
    pub(crate) fn execute_columns(
        &self,
        fills: &mut FillColumns,
        instrument: &Instrument,
        known: &Known<'_>,
        rngs: &mut [Rng; LANES],
    ) {
        execute(self, fills, instrument, known, rngs);
    }

    #[inline(always)]
    fn slip(&self, fills: &mut FillColumns, instrument: &Instrument, known: &Known<'_>, rngs: &mut [Rng; LANES]) {
        // A loop for each model that draws nothing, branches little and knows no more of the bar than its volume: of such the
        // compiler takes several turns at once.
        macro_rules! each {
            ($model:expr) => {
                for i in 0..LANES {
                    let bar = Bar { volume: known.volumes[i], ..Bar::default() };
                    let ctx = FillContext::new(instrument, fills.qty[i], fills.reference[i], &bar);
                    fills.price[i] = $model.price(&ctx, &mut rngs[i]);
                }
            };
        }
        match &self.slippage {
            Slippage::None(model) => each!(model),
            Slippage::FixedTicks(model) => each!(model),
            Slippage::FixedBps(model) => each!(model),
            Slippage::VolumeShare(model) => each!(model),
            Slippage::HalfSpread(model) => each!(model),
            Slippage::SquareRoot(_)
            | Slippage::AlmgrenChriss(_)
            | Slippage::ProbabilisticTick(_)
            | Slippage::Empirical(_)
            | Slippage::VolatilityVolumeShare(_)
            | Slippage::Custom(_) => fills.price = self.slip_one_by_one(*fills, instrument, known.bars, rngs),
        }
    }

    // By value, here and below: of columns that were lent to a call, the compiler no longer knows that nobody else writes them.
    #[inline(never)]
    fn slip_one_by_one(
        &self,
        fills: FillColumns,
        instrument: &Instrument,
        known: [&Bar; LANES],
        rngs: &mut [Rng; LANES],
    ) -> Column {
        let mut prices = fills.reference;
        for i in (0..LANES).filter(|i| fills.qty[*i] != 0.0) {
            let ctx = FillContext::new(instrument, fills.qty[i], prices[i], known[i]);
            prices[i] = self.slippage.price(&ctx, &mut rngs[i]);
        }
        prices
    }

    #[inline(always)]
    fn charge(&self, fills: &mut FillColumns, instrument: &Instrument) {
        macro_rules! each {
            ($model:expr) => {
                for i in 0..LANES {
                    fills.fee[i] = $model.fee(&FeeContext::new(instrument, fills.qty[i], fills.price[i]));
                }
            };
        }
        match &self.commission {
            Commission::None(model) => each!(model),
            Commission::PerContract(model) => each!(model),
            Commission::PerShare(model) => each!(model),
            Commission::Bps(model) => each!(model),
            Commission::PerOrder(model) => each!(model),
            Commission::MakerTaker(_)
            | Commission::PremiumTiers(_)
            | Commission::VolumeTiers(_)
            | Commission::Schedule(_)
            | Commission::Sum(_)
            | Commission::Custom(_) => fills.fee = self.charge_one_by_one(*fills, instrument),
        }
    }

    #[inline(never)]
    fn charge_one_by_one(&self, fills: FillColumns, instrument: &Instrument) -> Column {
        let mut fees = [0.0; LANES];
        for i in (0..LANES).filter(|i| fills.qty[*i] != 0.0) {
            let time = Timestamp::from_nanos(fills.time[i]);
            let ctx = FeeContext { time, ..FeeContext::new(instrument, fills.qty[i], fills.price[i]) };
            fees[i] = self.commission.fee(&ctx);
        }
        fees
    }
}
