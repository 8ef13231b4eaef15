//! What holds whatever happens: money is conserved, and later events change nothing earlier.

use proptest::prelude::*;
use tradepit::{
    Bar, Instrument, MarketData,
    account::{AccountEvent, trades_from_fills},
    market::{MarketEvent, MarketFact},
    models::{Commission, FixedTicks, Models, PerContract, Slippage},
    order::OrderRequest,
    time::MINUTE_NS,
    venue::{GrowingMarket, NoFeatures, Opening},
};

use crate::{
    at, bar, before,
    book::{ONE, session, share},
    near,
};

/// A random market in which events are made out of the prices: a walk of total value, and what the events make of it.
#[derive(Clone, Debug)]
struct Story {
    data: MarketData,
    /// The same without events: every price as it would have been.
    plain: MarketData,
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    None,
    Split(f64),
    Dividend(f64),
    Roll(f64),
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        6 => Just(Turn::None),
        1 => prop_oneof![Just(2.0), Just(3.0), Just(0.5), Just(1.5), Just(0.1)].prop_map(Turn::Split),
        1 => (1u32..100).prop_map(|d| Turn::Dividend(f64::from(d) * 1e-4)),
        1 => (-50i32..50).prop_map(|d| Turn::Roll(f64::from(d) * 1e-3)),
    ]
}

/// Prices move by up to so many basis points at each open and in each bar, and now and then something happens.
fn story(instrument: Instrument, moves: i32) -> impl Strategy<Value = Story> {
    let step = (-moves..=moves, -moves..=moves, turn());
    prop::collection::vec(step, 30).prop_map(move |steps| {
        let (mut bars, mut plain, mut events) = (Vec::new(), Vec::new(), Vec::new());
        // `last` is the raw price, `whole` what one unit of the first row has become, without a dividend paid.
        let (mut last, mut whole, mut units) = (1_000.0, 1_000.0, 1.0);
        for (row, (gap, inside, turn)) in steps.into_iter().enumerate() {
            let what = match turn {
                Turn::Split(ratio) => Some(MarketFact::Split { ratio }),
                Turn::Dividend(share) => Some(MarketFact::Dividend { amount: last * share }),
                Turn::Roll(share) => Some(MarketFact::Roll { from_price: last, to_price: last * (1.0 + share) }),
                Turn::None => None,
            };
            if let Some(what) = what.filter(|_| row > 0) {
                events.push(before(row, what));
                units *= if let MarketFact::Split { ratio } = what { ratio } else { 1.0 };
                last = what.ex(&Bar { close: last, ..Bar::default() }, instrument.multiplier).close;
            }
            let grow = |price: f64| price * (1.0 + f64::from(gap) * 1e-4);
            let go = |price: f64| price * (1.0 + f64::from(inside) * 1e-4);
            bars.push(Bar { volume: 1_000.0 * units, ..bar(row, grow(last), go(grow(last))) });
            plain.push(bar(row, grow(whole), go(grow(whole))));
            (last, whole) = (go(grow(last)), go(grow(whole)));
        }
        let build = |bars, events| {
            MarketData::builder(vec![instrument.clone()])
                .bars(bars)
                .period_ns(MINUTE_NS)
                .events(events)
                .build()
                .unwrap()
        };
        Story { data: build(bars, events), plain: build(plain, vec![]) }
    })
}

/// A market order of so many lots behind each row.
fn sent(lots: &[i32], sign: f64) -> Vec<(u32, OrderRequest)> {
    let orders = (0u32..).zip(lots).filter(|(_, lots)| **lots != 0);
    orders.map(|(row, lots)| (row, OrderRequest::market(ONE, sign * f64::from(*lots)))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Prices that fall by what is paid, split or rolled, and move by nothing else: no event makes or loses money.
    #[test]
    fn events_alone_change_no_equity(story in story(share(), 0), lots in prop_oneof![-9i32..=-1, 1..=9i32]) {
        let orders = [(0, OrderRequest::market(ONE, f64::from(lots)))];
        let (_, accounts) = session(story.data, Models::default(), 1e6, &orders);
        for account in &accounts {
            prop_assert!(near(account.equity(), 1e6, account.gross_flow()), "{} ", account.equity());
        }
    }

    /// Money is conserved: equity is what went in, and what every fill, dividend and split has come to since.
    #[test]
    fn the_books_balance(story in story(share(), 100), orders in prop::collection::vec(-5..=5i32, 29), ticks in 0u32..3) {
        let models = Models {
            slippage: Slippage::FixedTicks(FixedTicks { ticks: f64::from(ticks) }),
            commission: Commission::PerContract(PerContract::new(0.5)),
            ..Models::default()
        };
        let sent = sent(&orders, 1.0);
        let last = story.data.bars()[29].close;
        let (events, accounts) = session(story.data, models, 1e6, &sent);
        let account = &accounts[29];
        let scale = account.gross_flow();
        // Without the ledger: units and cash out of the events alone.
        let (mut cash, mut held) = (1e6, 0.0);
        for event in &events {
            match event {
                AccountEvent::Fill(fill) => {
                    cash -= fill.qty * fill.price + fill.fee;
                    held += fill.qty;
                }
                AccountEvent::Dividend { amount, .. } => cash += amount,
                AccountEvent::Split { ratio, .. } => held *= ratio,
                AccountEvent::Order { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        prop_assert!(near(account.equity(), cash + held * last, scale));
        prop_assert!(near(account.position(ONE).qty(), held, 1.0 + held.abs()));
        prop_assert!((held - held.round()).abs() < 1e-6, "{} is a whole number of lots", held);
        let books = account.opening_equity() + account.realised() + account.unrealised() - account.fees() + account.financing();
        prop_assert!(near(account.equity(), books, scale));
        let trades = trades_from_fills(&events);
        prop_assert_eq!(trades.len() as u32, account.trades());
        for trade in trades {
            prop_assert!(trade.qty > 0.0 && near(trade.gross, trade.net + trade.fees, scale));
        }
    }

    /// Selling what the other bought: what the one is paid, the other pays.
    #[test]
    fn long_and_short_are_mirror_images(story in story(share(), 100), orders in prop::collection::vec(-5..=5i32, 29)) {
        let side = |sign: f64| {
            session(story.data.clone(), Models::default(), 1e6, &sent(&orders, sign))
        };
        let ((a, long), (b, short)) = (side(1.0), side(-1.0));
        prop_assert_eq!(a.len(), b.len());
        for (long, short) in long.iter().zip(&short) {
            prop_assert!(near(long.equity() - 1e6, 1e6 - short.equity(), long.gross_flow()));
            prop_assert!(near(long.position(ONE).qty(), -short.position(ONE).qty(), 1.0));
        }
    }

    /// Held through everything, and dividends not counted: what splits and rolls leave is what the price did.
    #[test]
    fn features_see_the_walk_behind_the_events(story in story(share(), 100)) {
        let seen = story.data.feature_bars();
        for (seen, whole) in seen.iter().zip(story.plain.bars()) {
            prop_assert!(near(seen.close, whole.close, whole.close) && near(seen.open, whole.open, whole.open));
            prop_assert!(near(seen.volume, 1_000.0, 1_000.0));
        }
    }

    /// What the features see of a row does not change when more happens later, and grows the same live.
    #[test]
    fn later_events_change_nothing_earlier(story in story(share(), 100), row in 1usize..29, orders in prop::collection::vec(-5..=5i32, 29)) {
        let (data, n) = (&story.data, row + 1);
        let known: Vec<MarketEvent> = (0..n).flat_map(|t| data.details(t).events.to_vec()).collect();
        let other = MarketData::builder(data.instruments().to_vec()).period_ns(MINUTE_NS)
            .bars(data.bars().to_vec())
            .events(known.into_iter().chain([before(n, MarketFact::Split { ratio: 7.0 }), before(n, MarketFact::Halt {})]).collect())
            .build().unwrap();
        prop_assert_eq!(&data.feature_bars()[..n], &other.feature_bars()[..n]);
        let sent = sent(&orders, 1.0);
        let go = |data: MarketData| session(data, Models::default(), 1e6, &sent);
        let ((a, accounts), (b, others)) = (go(data.clone()), go(other));
        prop_assert_eq!(&accounts[..n], &others[..n]);
        let until = |events: &[AccountEvent]| events.iter().copied().filter(|event| event.time() < at(row as i64)).collect::<Vec<_>>();
        prop_assert_eq!(until(&a), until(&b));
        let mut live = GrowingMarket::new(&Opening::of(data, 0, 1e6).unwrap(), NoFeatures).unwrap();
        for t in 1..30 {
            live.push(&Opening::row(data, t)).unwrap();
            prop_assert_eq!(live.view().events(), data.view(t + 1).events());
        }
        prop_assert_eq!(live.data().feature_bars(), data.feature_bars());
    }
}
