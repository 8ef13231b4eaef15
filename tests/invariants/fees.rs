//! An order pays the same in however many parts it fills.

use proptest::prelude::*;
use serde_json::json;
use tradepit::{InstrumentId, order::OrderRequest};

use crate::scene::{ROWS, Scene, around_100, commission, instruments};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// One price, and volumes that cut the order: the fees of its parts are the fee of the whole, the minimum once.
    #[test]
    fn the_parts_of_an_order_pay_what_the_whole_pays(
        fee in commission(), volumes in prop::collection::vec(0u32..30, ROWS), qty in 1i32..200, sell: bool, id in 0u32..2, resting: bool,
    ) {
        let bar = |row: usize| around_100(row, volumes[row]);
        let id = InstrumentId(id);
        let qty = f64::from(if sell { -qty } else { qty });
        // A limit rests, and fills inside each bar; an order at the market takes.
        let order = if resting { OrderRequest::limit(id, qty, 100.0 - 0.5 * qty.signum()) } else { OrderRequest::market(id, qty) };
        let run = |share: Option<f64>, qty: f64| {
            let mut order = order;
            order.qty = qty;
            let models = json!({"commission": fee, "matching": {"participation": share, "limit": {"kind": "touch"}}});
            let bars = (0..ROWS).flat_map(|row| [bar(row); 2]).collect();
            let orders = vec![(0, order)];
            let scene = Scene { instruments: instruments(), bars, orders, cancels: vec![], models, cash: 1e9, seed: 0 };
            scene.run().fills().map(|(_, fill)| (fill.qty, fill.fee)).collect::<Vec<_>>()
        };
        let parts = run(Some(1.0), qty);
        let filled: f64 = parts.iter().map(|(qty, _)| qty).sum();
        prop_assume!(filled != 0.0);
        let whole = run(None, filled);
        prop_assert_eq!(whole.len(), 1);
        let paid: f64 = parts.iter().map(|(_, fee)| fee).sum();
        prop_assert!((paid - whole[0].1).abs() <= 1e-9 * (1.0 + paid.abs()), "{paid} in {} parts, {} at once", parts.len(), whole[0].1);
        // Only a maker is ever paid.
        prop_assert!(resting || parts.iter().all(|(_, fee)| *fee >= -1e-9), "{parts:?}");
    }
}
