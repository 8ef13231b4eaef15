//! Of every order and every fill.

use proptest::prelude::*;
use tradepit::{
    account::{Account, AccountEvent, Fill},
    order::{OrderChange, OrderId, OrderState},
};

use crate::scene::{Scene, scenes};

/// Where an order stands after its events; panics where the table of states does not know the way.
fn stands(scene: &Scene, id: OrderId, events: &[AccountEvent]) -> OrderState {
    let (mut state, mut filled, mut qty) = (OrderState::Accepted, 0.0, scene.request(id).qty.abs());
    for event in events {
        let change = match event {
            AccountEvent::Fill(fill) if fill.order == id => {
                filled += fill.qty.abs();
                assert!(filled <= qty, "{id:?} fills {filled} of {qty}");
                if filled == qty { OrderChange::Fill } else { OrderChange::PartialFill }
            }
            AccountEvent::Modified { order, change, .. } if *order == id => {
                qty = change.qty.unwrap().abs();
                assert!(filled <= qty, "{id:?} fills {filled} of {qty}");
                continue;
            }
            AccountEvent::Order { order, state: OrderState::Triggered, .. } if *order == id => OrderChange::Trigger,
            AccountEvent::Order { order, state: OrderState::Cancelled, .. } if *order == id => OrderChange::Cancel,
            AccountEvent::Order { order, state: OrderState::Expired, .. } if *order == id => OrderChange::Expire,
            AccountEvent::Rejected { order, .. } if *order == id => OrderChange::Reject,
            _ => continue,
        };
        state = state.after(change).unwrap_or_else(|error| panic!("{id:?}: {error}"));
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8000))]

    #[test]
    fn every_order_goes_a_legal_way(scene in scenes()) {
        let run = scene.run();
        let events: Vec<AccountEvent> = run.events.iter().map(|(_, event)| *event).collect();
        for number in 0..scene.orders.len() {
            stands(&scene, OrderId(number as u32), &events);
        }
        // Whoever is named was sent, or is the venue's own.
        for (row, fill) in run.fills().filter(|(_, fill)| !fill.order.is_of_venue()) {
            let (at, request) = scene.orders[fill.order.0 as usize];
            prop_assert!(at < row && request.instrument == fill.instrument && request.qty * fill.qty > 0.0);
        }
        // Time goes forward, for each instrument.
        for id in 0..2 {
            let fills: Vec<(usize, Fill)> = run.fills().filter(|(_, fill)| fill.instrument.0 == id).collect();
            prop_assert!(fills.windows(2).all(|pair| pair[0].1.time <= pair[1].1.time), "{fills:?}");
        }
    }

    #[test]
    fn every_price_could_have_been_and_every_bar_had_the_units(scene in scenes()) {
        let (run, models) = (scene.run(), scene.models());
        let cap = |row: usize, fill: &Fill| models.matching.participation.map(|share| (share * scene.bar(row, fill.instrument).volume + 1e-9).floor());
        let all: Vec<(usize, Fill)> = run.fills().collect();
        for (row, fill) in &all {
            let bar = scene.bar(*row, fill.instrument);
            prop_assert!((bar.low..=bar.high).contains(&fill.reference), "{fill:?} in {bar:?}");
            prop_assert!((fill.price - fill.reference) * fill.qty >= 0.0 || models.slippage.needs().net_traded, "{fill:?}");
            if fill.order.is_of_venue() {
                continue;
            }
            if let Some(limit) = scene.request(fill.order).kind.limit() {
                prop_assert!((fill.price - limit) * fill.qty <= 0.0, "{fill:?} worse than {limit}");
                prop_assert_eq!(fill.price, fill.reference);
            }
            let of_bar = |(other, known): &&(usize, Fill)| other == row && known.instrument == fill.instrument && !known.order.is_of_venue();
            let taken: f64 = all.iter().filter(of_bar).map(|(_, fill)| fill.qty.abs()).sum();
            prop_assert!(cap(*row, fill).is_none_or(|cap| taken <= cap), "{taken} of {:?}", cap(*row, fill));
        }
    }

    /// The events alone make the account, and the average price of a position lies among the prices that made it.
    #[test]
    fn an_account_is_its_events(scene in scenes()) {
        let run = scene.run();
        let mut account = Account::new(2);
        account.open(scene.cash);
        let mut prices = [const { Vec::new() }; 2];
        for (_, event) in &run.events {
            let before = account.positions().to_vec();
            account.apply(event);
            if let AccountEvent::Fill(fill) = event {
                let id = fill.instrument.0 as usize;
                let (was, is) = (before[id].qty(), account.positions()[id].qty());
                if is == 0.0 || was * is < 0.0 {
                    prices[id].clear();
                }
                prices[id].push(fill.price);
                let (low, high) = prices[id].iter().fold((f64::MAX, f64::MIN), |(l, h), p| (l.min(*p), h.max(*p)));
                let average = account.positions()[id].avg_price();
                prop_assert!(is == 0.0 || (low - 1e-9..=high + 1e-9).contains(&average), "{average} of {:?}", prices[id]);
            }
        }
        let end = run.accounts.last().unwrap();
        prop_assert_eq!((account.cash(), account.fees(), account.realised()), (end.cash(), end.fees(), end.realised()));
        prop_assert_eq!(account.positions(), end.positions());
    }
}
