//! What the simulated venue tells its models: who rested, what was traded before.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent, Fill},
    models::{AlmgrenChriss, Commission, MakerTaker, Models, Slippage, VolumeShare},
    order::OrderRequest,
    venue::{SimVenue, SimWorld, Start},
};

const ES: InstrumentId = InstrumentId(0);

/// The fills of orders that are sent before each bar of (open, high, low, close); the bar before them closed at 5000.
fn fills(models: Models, bars: &[[f64; 4]], orders: &[&[OrderRequest]]) -> Vec<Fill> {
    let bar = |(i, &[open, high, low, close]): (usize, &[f64; 4])| Bar {
        time: Timestamp::from_nanos((i as i64 + 1) * 60_000_000_000),
        open,
        high,
        low,
        close,
        volume: 1000.0,
    };
    let bars: Vec<Bar> = [[5000.0; 4]].iter().chain(bars).enumerate().map(bar).collect();
    let data = Arc::new(MarketData::builder(vec![Instrument::es()]).bars(bars).build().unwrap());
    let mut venue = SimVenue::new(Arc::new(SimWorld::new(data, models, 1e6).unwrap()), 0);
    let mut account = Account::new(1);
    venue.open(Start::At(0), &mut account).unwrap();
    let mut fills = Vec::new();
    for orders in orders {
        for order in *orders {
            venue.submit(*order).unwrap();
        }
        let keep = |event: &AccountEvent| {
            if let AccountEvent::Fill(fill) = event {
                fills.push(*fill);
            }
        };
        venue.advance(&mut account, keep).unwrap();
    }
    fills
}

#[test]
fn an_order_that_rests_is_a_maker_and_one_that_takes_is_not() {
    let commission = Commission::MakerTaker(MakerTaker { maker_bps: -0.1, taker_bps: 0.3 });
    let models = || Models { commission: commission.clone(), ..Models::default() };
    let dips = [[5000.0, 5001.0, 4990.0, 5000.0], [4980.0, 4990.0, 4970.0, 4985.0]];
    let fee = |orders: &[&[OrderRequest]]| {
        let made = fills(models(), &dips, orders);
        assert_eq!(made.len(), 1);
        made[0].fee / (made[0].price * 50.0) * 1e4
    };
    let near = |got: f64, expected: f64| assert!((got - expected).abs() < 1e-12, "{got}, expected {expected}");
    near(fee(&[&[OrderRequest::market(ES, 1.0)]]), 0.3);
    // Reached on the way down; gapped through at the next open; over the price when it came.
    near(fee(&[&[OrderRequest::limit(ES, 1.0, 4995.0)]]), -0.1);
    near(fee(&[&[OrderRequest::limit(ES, 1.0, 4985.0)], &[]]), -0.1);
    near(fee(&[&[OrderRequest::limit(ES, 1.0, 5002.0)]]), 0.3);
}

#[test]
fn what_was_sold_before_has_moved_the_price() {
    let slippage = Slippage::AlmgrenChriss(AlmgrenChriss { epsilon: 0.25, eta: 0.5, gamma: 0.5, period: 1.0 });
    let flat = [[5000.0; 4]; 3];
    let sell = [OrderRequest::market(ES, -2.0)];
    let back = [OrderRequest::market(ES, 4.0)];
    let made = fills(Models { slippage, ..Models::default() }, &flat, &[&sell, &sell, &back]);
    let prices: Vec<f64> = made.iter().map(|fill| fill.price).collect();
    // 5000 - (0.25 + 0.5 * 2); a unit lower for the two that were sold; up by 0.25 + 0.5 * 4 from where 4 sold left it.
    assert_eq!(prices, [4998.75, 4997.75, 5000.0 - 2.0 + 2.25]);
}

#[test]
fn orders_share_the_volume_of_a_bar() {
    let slippage = Slippage::VolumeShare(VolumeShare { impact: 0.1, limit: 1.0, ..VolumeShare::default() });
    let both = [OrderRequest::market(ES, 100.0), OrderRequest::market(ES, 300.0)];
    // Also where nothing else asks for a book: two orders are no cheaper than one.
    for participation in [Some(1.0), None] {
        let matching = tradepit::models::Matching { participation, ..Default::default() };
        let made =
            fills(Models { slippage: slippage.clone(), matching, ..Models::default() }, &[[5000.0; 4]], &[&both]);
        assert!((made[0].price - 5000.0 * (1.0 + 0.1 * 0.01)).abs() < 1e-9);
        assert!((made[1].price - 5000.0 * (1.0 + 0.1 * 0.16)).abs() < 1e-9);
    }
}
