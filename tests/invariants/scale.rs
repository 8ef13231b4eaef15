//! Prices in other units, quantities in other units, the other side: the same run.

use proptest::prelude::*;
use serde_json::{Value, json};
use tradepit::{
    Bar, Instrument,
    account::Fill,
    order::{OrderKind, OrderRequest},
};

use crate::scene::{Scene, scenes};

/// Every price and every quantity of a scene through a function; `kind` of an order follows its prices.
fn changed(scene: &Scene, price: impl Fn(f64) -> f64, offset: impl Fn(f64) -> f64, qty: impl Fn(f64) -> f64) -> Scene {
    let bar = |bar: &Bar| {
        let (a, b) = (price(bar.high), price(bar.low));
        Bar { open: price(bar.open), high: a.max(b), low: a.min(b), close: price(bar.close), ..*bar }
    };
    let order = |(row, order): &(usize, OrderRequest)| {
        let kind = match order.kind {
            OrderKind::Limit { price: limit } => OrderKind::Limit { price: price(limit) },
            OrderKind::Stop { trigger } => OrderKind::Stop { trigger: price(trigger) },
            OrderKind::StopLimit { trigger, price: limit } => {
                OrderKind::StopLimit { trigger: price(trigger), price: price(limit) }
            }
            OrderKind::TrailingStop { offset: away } => OrderKind::TrailingStop { offset: offset(away) },
            other => other,
        };
        let mut other = *order;
        (other.kind, other.qty) = (kind, qty(order.qty));
        (*row, other)
    };
    let bars = scene.bars.iter().map(bar).collect();
    Scene { bars, orders: scene.orders.iter().map(order).collect(), ..scene.clone() }
}

fn times(value: &mut Value, by: f64) {
    if let Some(number) = value.as_f64() {
        *value = json!(number * by);
    }
}

/// The scene with prices `a` times and quantities `b` times as large, and money with them.
fn scaled(scene: &Scene, a: f64, b: f64) -> Scene {
    let mut scene = changed(scene, |price| price * a, |offset| offset * a, |qty| qty * b);
    let instrument = |i: &Instrument| Instrument { tick: i.tick * a, lot: i.lot * b, ..i.clone() };
    scene.instruments = scene.instruments.iter().map(instrument).collect();
    scene.bars.iter_mut().for_each(|bar| bar.volume *= b);
    scene.cash *= a * b;
    let Scene { models, .. } = &mut scene;
    // Money of a unit, and money.
    let per_share = models["commission"]["kind"] != "per_order";
    times(&mut models["commission"]["fee"], if per_share { a } else { a * b });
    times(&mut models["commission"]["per_order"], a * b);
    times(&mut models["commission"]["minimum"], a * b);
    times(&mut models["slippage"]["adv"], b);
    times(&mut models["slippage"]["epsilon"], a);
    times(&mut models["slippage"]["gamma"], a / b);
    if models["slippage"]["kind"] == "almgren_chriss" {
        times(&mut models["slippage"]["eta"], a / b);
    }
    // Indexing made the fields that were not there.
    for part in ["commission", "slippage"] {
        models[part].as_object_mut().unwrap().retain(|_, value| !value.is_null());
    }
    scene
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// By powers of two, which lose no digit: every number scales to the bit.
    #[test]
    fn money_scales_with_prices_and_quantities(
        scene in scenes(),
        a in prop::sample::select(vec![0.25, 0.5, 2.0, 16.0]),
        b in prop::sample::select(vec![0.125, 0.5, 4.0, 32.0]),
    ) {
        let (one, other) = (scene.run(), scaled(&scene, a, b).run());
        let expected: Vec<(usize, Fill)> = one.fills().map(|(row, fill)| {
            let Fill { qty, price, reference, fee, .. } = fill;
            (row, Fill { qty: qty * b, price: price * a, reference: reference * a, fee: fee * a * b, ..fill })
        }).collect();
        prop_assert_eq!(other.fills().collect::<Vec<_>>(), expected);
        prop_assert_eq!(one.events.len(), other.events.len());
        for (one, other) in one.accounts.iter().zip(&other.accounts) {
            prop_assert_eq!(one.equity() * (a * b), other.equity());
            prop_assert_eq!(one.cash() * (a * b), other.cash());
        }
    }

    /// Whoever buys where the other sells, at prices mirrored, fills as he does. Money mirrors for futures only: a share
    /// is worth what it costs.
    #[test]
    fn a_sale_is_a_buy_in_a_mirror(mut scene in scenes(), up: bool) {
        let relative = ["fixed_bps", "volume_share", "square_root", "volatility_volume_share"];
        prop_assume!(relative.iter().all(|kind| scene.models["slippage"]["kind"] != *kind));
        scene.models["commission"] = json!({"kind": "per_contract", "fee": 0.75, "minimum": 2.0});
        scene.models["margin"] = json!({"kind": "none"});
        let path = |up: bool| json!({"kind": if up { "open_high_low_close" } else { "open_low_high_close" }});
        scene.models["matching"]["path"] = path(up);
        let mut mirror = changed(&scene, |price| 210.0 - price, |offset| offset, |qty| -qty);
        mirror.models["matching"]["path"] = path(!up);
        let (one, other) = (scene.run(), mirror.run());
        let expected: Vec<(usize, Fill)> = one.fills().map(|(row, fill)| {
            let Fill { qty, price, reference, .. } = fill;
            (row, Fill { qty: -qty, price: 210.0 - price, reference: 210.0 - reference, ..fill })
        }).collect();
        let got: Vec<_> = other.fills().collect();
        prop_assert_eq!(got.len(), expected.len());
        for ((row, got), (at, expected)) in got.iter().zip(&expected) {
            prop_assert!((got.price - expected.price).abs() < 1e-9 && (got.reference - expected.reference).abs() < 1e-9);
            prop_assert_eq!((row, Fill { price: 0.0, reference: 0.0, ..*got }), (at, Fill { price: 0.0, reference: 0.0, ..*expected }));
        }
        for (one, other) in one.accounts.iter().zip(&other.accounts) {
            prop_assert_eq!(one.positions()[0].qty(), -other.positions()[0].qty());
            let gained = |account: &tradepit::account::Account| account.realised() + account.unrealised() - account.fees();
            prop_assert!((gained(one) - gained(other)).abs() < 1e-6);
        }
    }
}
