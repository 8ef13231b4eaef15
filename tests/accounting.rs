//! Money balances: for any order stream, cash, positions and costs add up, and mirror images mirror.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use proptest::prelude::*;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent, Fill},
    market::Calendar,
    models::{Bps, Commission, FixedTicks, Models, PerContract, PerShare, Slippage, VolumeShare},
    order::{OrderId, OrderRequest},
    venue::{SimVenue, SimWorld, Start},
};

const MINUTE: i64 = 60_000_000_000;

fn bars(prices: &[(f64, f64, f64)]) -> Vec<Bar> {
    let row = |(i, &(open, close, volume)): (usize, &(f64, f64, f64))| Bar {
        time: Timestamp::from_nanos((i as i64 + 1) * MINUTE),
        open,
        high: open.max(close) + 0.25,
        low: open.min(close) - 0.25,
        close,
        volume,
    };
    prices.iter().enumerate().map(row).collect()
}

fn prices(n: usize) -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
    let price = || (4_000u32..40_000).prop_map(|p| f64::from(p) * 0.25);
    prop::collection::vec((price(), price(), (0u32..2_000).prop_map(f64::from)), n)
}

fn models() -> impl Strategy<Value = Models> {
    let slippage = prop_oneof![
        Just(Slippage::default()),
        Just(Slippage::FixedTicks(FixedTicks { ticks: 1.5 })),
        Just(Slippage::VolumeShare(VolumeShare::default())),
    ];
    let commission = prop_oneof![
        Just(Commission::default()),
        Just(Commission::PerContract(PerContract::new(2.13))),
        Just(Commission::PerShare(PerShare { fee: 0.0075, minimum: 1.0, ..PerShare::default() })),
        Just(Commission::Bps(Bps::new(0.7))),
    ];
    (slippage, commission).prop_map(|(slippage, commission)| Models { slippage, commission, ..Models::default() })
}

/// Runs `orders` (lots of each instrument, before each bar) and returns the account, its fills and the final closes.
fn run(
    instruments: &[Instrument],
    series: &[Vec<Bar>],
    models: Models,
    orders: &[Vec<i32>],
) -> (Account, Vec<Fill>, Vec<f64>) {
    let rows = series[0].len();
    let bars: Vec<Bar> = (0..rows).flat_map(|t| series.iter().map(move |s| s[t])).collect();
    let data = MarketData::builder(instruments.to_vec()).bars(bars).calendar(Calendar::Utc).build().unwrap();
    let mut venue = SimVenue::new(Arc::new(SimWorld::new(Arc::new(data), models, 1e6).unwrap()), 0);
    let mut account = Account::new(instruments.len());
    venue.open(Start::At(0), &mut account).unwrap();
    let mut fills = Vec::new();
    for orders in orders.iter().take(rows - 1) {
        for (id, (lots, instrument)) in orders.iter().zip(instruments).enumerate() {
            if *lots != 0 {
                let qty = f64::from(*lots) * instrument.lot;
                venue.submit(OrderRequest::market(InstrumentId(id as u32), qty)).unwrap();
            }
        }
        venue
            .advance(&mut account, |event| {
                if let AccountEvent::Fill(fill) = event {
                    fills.push(*fill);
                }
            })
            .unwrap();
    }
    let closes = series.iter().map(|s| s[orders.len().min(rows - 1)].close).collect();
    (account, fills, closes)
}

fn three() -> [Instrument; 3] {
    [Instrument::es(), Instrument::equity("XYZ"), Instrument::eurusd()]
}

const N: usize = 40;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The account against the fills alone: equity is opening cash, plus what every fill has gained to the last close,
    /// less the fees. Nothing of the ledger's own bookkeeping is used on the right-hand side.
    #[test]
    fn cash_and_positions_and_costs_balance(
        series in prop::collection::vec(prices(N), 3),
        orders in prop::collection::vec(prop::collection::vec(-5..=5i32, 3), N - 1),
        models in models(),
    ) {
        let series: Vec<Vec<Bar>> = series.iter().map(|s| bars(s)).collect();
        let (account, fills, closes) = run(&three(), &series, models, &orders);
        let tolerance = 1e-9 * account.gross_flow();
        let gained: f64 = fills.iter().map(|f| f.qty * f.multiplier * (closes[f.instrument.0 as usize] - f.price) - f.fee).sum();
        prop_assert!((account.equity() - (1e6 + gained)).abs() <= tolerance);
        let books = account.opening_equity() + account.realised() + account.unrealised() - account.fees() + account.financing();
        prop_assert!((account.equity() - books).abs() <= tolerance);
        for (id, position) in account.positions().iter().enumerate() {
            let held: f64 = fills.iter().filter(|f| f.instrument.0 as usize == id).map(|f| f.qty).sum();
            prop_assert!((position.qty() - held).abs() <= 1e-9 * (1.0 + held.abs()));
        }
        let value: f64 = account.positions().iter().zip(&closes).map(|(p, c)| p.value(*c)).sum();
        prop_assert!((account.equity() - account.cash() - value).abs() <= tolerance);
    }

    /// Selling what the other bought, at mirrored prices, makes the same profit.
    #[test]
    fn long_and_short_are_mirror_images(
        prices in prices(N),
        orders in prop::collection::vec(-5..=5i32, N - 1),
        fee in 0.0..5.0f64,
    ) {
        let models = Models { commission: Commission::PerContract(PerContract::new(fee)),
            slippage: Slippage::FixedTicks(FixedTicks { ticks: 1.0 }), ..Models::default() };
        let mirrored: Vec<_> = prices.iter().map(|(o, c, v)| (20_000.0 - o, 20_000.0 - c, *v)).collect();
        let flipped: Vec<Vec<i32>> = orders.iter().map(|o| vec![-o]).collect();
        let orders: Vec<Vec<i32>> = orders.iter().map(|o| vec![*o]).collect();
        let (long, ..) = run(&[Instrument::es()], &[bars(&prices)], models.clone(), &orders);
        let (short, ..) = run(&[Instrument::es()], &[bars(&mirrored)], models, &flipped);
        prop_assert!((long.equity() - short.equity()).abs() <= 1e-9 * long.gross_flow());
        prop_assert_eq!(long.trades(), short.trades());
        prop_assert_eq!(long.position(InstrumentId(0)).qty(), -short.position(InstrumentId(0)).qty());
    }

    /// Without costs, in and out at one price is nothing.
    #[test]
    fn a_round_trip_without_costs_is_zero(price in 4_000u32..40_000, lots in -9..=9i32, which in 0usize..3) {
        prop_assume!(lots != 0);
        let price = f64::from(price) * 0.25;
        let series = bars(&[(price, price, 1.0); 4]);
        let instrument = three()[which].clone();
        let (account, ..) = run(&[instrument], &[series], Models::default(), &[vec![lots], vec![-lots], vec![0]]);
        prop_assert_eq!(account.equity(), 1e6);
        prop_assert_eq!(account.cash(), 1e6);
        prop_assert_eq!(account.trades(), 1);
    }

    /// The order in which partial fills come does not change what they add up to, and a flip is an exit and an entry.
    #[test]
    fn a_flip_equals_an_exit_and_an_entry(
        (entry, exit) in (4_000u32..40_000, 4_000u32..40_000), (out, behind) in (1..9i32, 1..9i32), futures: bool,
    ) {
        let (entry, exit) = (f64::from(entry) * 0.25, f64::from(exit) * 0.25);
        let fill = |qty: i32, price, fee| AccountEvent::Fill(Fill {
            qty: f64::from(qty), price, reference: price, fee, multiplier: 5.0, time: Timestamp::default(),
            order: OrderId(0), instrument: InstrumentId(0), futures,
        });
        let fold = |events: &[AccountEvent]| {
            let mut account = Account::new(1);
            account.open(1e5);
            events.iter().for_each(|e| account.apply(e));
            account
        };
        let at_once = fold(&[fill(out, entry, 1.0), fill(-out - behind, exit, f64::from(out + behind))]);
        let apart = fold(&[fill(out, entry, 1.0), fill(-out, exit, f64::from(out)), fill(-behind, exit, f64::from(behind))]);
        prop_assert!((at_once.cash() - apart.cash()).abs() <= 1e-9 * apart.gross_flow());
        prop_assert_eq!(at_once.position(InstrumentId(0)).qty(), apart.position(InstrumentId(0)).qty());
        prop_assert_eq!(at_once.position(InstrumentId(0)).avg_price(), exit);
        prop_assert_eq!((at_once.trades(), at_once.wins()), (apart.trades(), apart.wins()));
    }
}
