//! A breach of the margin and a liquidation come together, and the books balance.

use std::sync::Arc;

use proptest::prelude::*;
use tradepit::{
    Instrument, InstrumentId, MarketData, Venue as _,
    account::{Account, AccountEvent},
    market::{Calendar, synth},
    models::{
        DailyCarry, DatedMargin, Financing, FixedTicks, Flatten, FuturesTable, InstrumentMargin, LeverageMargin,
        MarginRule, Matching, Models, PerpetualFunding, Slippage,
    },
    order::OrderRequest,
    venue::{Advance, SimVenue, SimWorld, Start},
};

use crate::book::wild;

/// Two markets that move a lot, on one clock.
fn pair(seed: u64) -> MarketData {
    let (a, b) = (synth::es_1m(150, seed).unwrap(), synth::es_1m(150, seed + 1_000).unwrap());
    let began = a.bars()[0].time;
    let rows = a.bars().iter().zip(b.bars()).flat_map(|(a, b)| [wild(a, began), wild(b, began)]);
    let share = Instrument { tick: 0.25, ..Instrument::equity("SHARE") };
    MarketData::builder(vec![Instrument::es(), share]).calendar(Calendar::Utc).bars(rows.collect()).build().unwrap()
}

fn rule() -> impl Strategy<Value = MarginRule> {
    prop_oneof![
        (0.1..1.0f64).prop_map(|intraday| MarginRule::Instrument(InstrumentMargin { intraday })),
        (0.1..1.0f64).prop_map(|intraday| {
            let rows = DatedMargin::all().unwrap().into_iter().filter(|row| row.name == "ES").collect();
            MarginRule::FuturesTable(FuturesTable::new(intraday, rows).unwrap())
        }),
        (2.0..40.0f64, 0.1..1.0f64)
            .prop_map(|(max, maintenance)| MarginRule::Leverage(LeverageMargin { max, maintenance })),
    ]
}

fn carry() -> impl Strategy<Value = Financing> {
    prop_oneof![
        (-0.1..0.1f64, 0.0..0.1f64).prop_map(|(interest, borrow)| Financing::Daily(DailyCarry { interest, borrow })),
        (-1e-3..1e-3f64).prop_map(|rate| Financing::Funding(PerpetualFunding { rate, hours: 8 })),
    ]
}

fn order() -> impl Strategy<Value = (u32, OrderRequest)> {
    (0..148u32, any::<bool>(), -4..=4i32, -80..80i32).prop_filter_map("no order", |(row, future, lots, away)| {
        let (id, qty) = if future { (0, f64::from(lots)) } else { (1, 25.0 * f64::from(lots)) };
        let request = match away % 3 {
            0 => OrderRequest::market(InstrumentId(id), qty),
            1 => OrderRequest::limit(InstrumentId(id), qty, 5_000.0 + f64::from(away) * 10.0),
            _ => OrderRequest::stop(InstrumentId(id), qty, 5_000.0 + f64::from(away) * 10.0),
        };
        (qty != 0.0).then_some((row, request))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_breach_and_a_liquidation_come_together_and_equity_adds_up(
        seed in 0u64..50,
        margin in rule(),
        financing in carry(),
        session_end in any::<bool>(),
        participation in prop::option::of(0.001..0.05f64),
        cash in 20_000.0..150_000.0f64,
        orders in prop::collection::vec(order(), 5..60),
    ) {
        let data = Arc::new(pair(seed));
        let flatten = if session_end { Flatten::SessionEnd {} } else { Flatten::None {} };
        let slippage = Slippage::FixedTicks(FixedTicks { ticks: 1.0 });
        let matching = Matching { participation, ..Matching::default() };
        let models = Models { margin: margin.clone(), financing, flatten, slippage, matching, ..Models::default() };
        let world = Arc::new(SimWorld::new(Arc::clone(&data), models, cash).unwrap());
        let (mut venue, mut account) = (SimVenue::new(world, seed), Account::new(2));
        venue.open(Start::At(0), &mut account).unwrap();
        loop {
            let market = venue.market();
            let required = margin.of_account(&account, market).maintenance;
            let breached = required > 0.0 && account.equity() < required;
            let before = account.clone();
            let row = venue.state().row();
            for (_, order) in orders.iter().filter(|(at, _)| *at == row) {
                venue.submit(*order).unwrap();
            }
            let (mut liquidated, mut closing, mut taken) = (0, None, [0.0; 2]);
            let advance = venue.advance(&mut account, |event| match event {
                AccountEvent::Liquidation { equity, maintenance, order, .. } => {
                    liquidated += 1;
                    closing = Some(*order);
                    assert_eq!((*equity, *maintenance), (before.equity(), required));
                }
                AccountEvent::Fill(fill) if Some(fill.order) == closing => {
                    closing = None;
                    taken[fill.instrument.0 as usize] += fill.qty.abs();
                    let held = before.position(fill.instrument).qty();
                    assert!(fill.qty * held < 0.0 && fill.qty.abs() <= held.abs(), "it closes, and no more");
                }
                AccountEvent::Fill(fill) if !fill.order.is_of_venue() => {
                    taken[fill.instrument.0 as usize] += fill.qty.abs();
                }
                _ => {}
            }).unwrap();
            if !matches!(advance, Advance::Decision(_)) {
                break;
            }
            prop_assert_eq!(breached, liquidated > 0);
            prop_assert!(closing.is_none() || participation.is_some(), "a liquidation fills");
            // The cap is one for the account's orders and its margin call; only a session's end goes beyond it.
            for (id, taken) in taken.into_iter().enumerate() {
                let volume = data.bars()[2 * venue.state().row() as usize + id].volume;
                prop_assert!(taken <= participation.unwrap_or(f64::INFINITY) * volume + 1e-6, "{taken} of {volume}");
            }
            let sum = account.opening_equity() + account.realised() + account.unrealised() - account.fees()
                + account.financing();
            prop_assert!((account.equity() - sum).abs() <= 1e-9 * account.gross_flow(), "{} {sum}", account.equity());
            if session_end && venue.market().session_closed() {
                prop_assert!(account.positions().iter().all(|p| p.qty() == 0.0));
            }
        }
    }
}
