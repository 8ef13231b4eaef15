//! The shipped daily shares at raw prices, with their splits and dividends as events.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, path::Path, sync::Arc};

use tradepit::{
    Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::Account,
    ingest::{ReadOptions, read_csv},
    market::{Calendar, MarketEvent, MarketFact},
    models::Models,
    order::OrderRequest,
    venue::{Advance, SimVenue, SimWorld, Start},
};

const ONE: InstrumentId = InstrumentId(0);
const CASH: f64 = 1e6;
const SYMBOLS: [&str; 5] = ["AAPL", "FB", "GOOG", "IBM", "MSFT"];

/// A share with parts of a unit, so that dividends can be reinvested in whole.
fn share(symbol: &str) -> Instrument {
    Instrument { lot: 1e-3, ..Instrument::equity(symbol) }
}

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python/tradepit/samples").join(name)
}

/// Moments and ratios of `stocks_1d_adjust.csv`: what prices before are multiplied by to compare with those from then on.
fn ratios(symbol: &str) -> Vec<(Timestamp, f64)> {
    let text = fs::read_to_string(file("stocks_1d_adjust.csv")).unwrap();
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    rows.filter(|row| row[1] == symbol).map(|row| (row[0].parse().unwrap(), row[2].parse().unwrap())).collect()
}

/// A ratio of a half is a split; any other is a dividend, of that share of the close before it.
fn load(symbol: &str) -> MarketData {
    let options = ReadOptions { symbol: Some(symbol.into()), ..ReadOptions::default() };
    let series = read_csv(file("stocks_1d.csv"), &options).unwrap();
    let close = |before: Timestamp| series.bars.iter().rev().find(|bar| bar.time <= before).unwrap().close;
    let event = |(time, ratio): (Timestamp, f64)| {
        let dividend = MarketFact::Dividend { amount: close(time) * (1.0 - ratio) };
        let what = if ratio == 0.5 { MarketFact::Split { ratio: 2.0 } } else { dividend };
        MarketEvent { time, instrument: ONE, what }
    };
    let events = ratios(symbol).into_iter().map(event).collect();
    let builder = MarketData::builder(vec![share(symbol)]).bars(series.bars).calendar(Calendar::None);
    builder.events(events).build().unwrap()
}

/// Buys for half of the cash at the second open and holds; what dividends pay buys more at the next open if `reinvests`.
/// The account at the end, and the cash that the purchase left.
fn hold(data: &Arc<MarketData>, reinvests: bool) -> (Account, f64) {
    let world = SimWorld::new(Arc::clone(data), Models::default(), CASH).unwrap();
    let (mut venue, mut account) = (SimVenue::new(Arc::new(world), 0), Account::new(1));
    venue.open(Start::At(0), &mut account).unwrap();
    let mut left = None;
    loop {
        let spend = left.map_or(0.5 * CASH, |left| if reinvests { account.cash() - left } else { 0.0 });
        let qty = data.instruments()[0].round_qty(spend / venue.market().last(ONE).close);
        if qty != 0.0 {
            venue.submit(OrderRequest::market(ONE, qty)).unwrap();
        }
        let Advance::Decision(_) = venue.advance(&mut account, |_| {}).unwrap() else { break };
        left.get_or_insert(account.cash());
    }
    (account, left.unwrap())
}

#[test]
fn features_see_the_adjusted_closes_of_the_source() {
    for symbol in SYMBOLS {
        let data = load(symbol);
        let seen = data.feature_bars();
        let mut factor = 1.0;
        let mut ratios = ratios(symbol);
        // Backward from the last day, as the source does: the two series differ by one factor.
        let last = data.len() - 1;
        for row in (0..=last).rev() {
            let bar = &data.bars()[row];
            while ratios.last().is_some_and(|(time, _)| bar.time <= *time) {
                factor *= ratios.pop().unwrap().1;
            }
            let (adjusted, ours) = (bar.close * factor / data.bars()[last].close, seen[row].close / seen[last].close);
            assert!((ours / adjusted - 1.0).abs() < 1e-8, "{symbol} row {row}: {ours} {adjusted}");
        }
        assert!(ratios.is_empty());
    }
}

/// The example by which adjusted closes are explained (Yahoo Finance help, "What is the adjusted close?", after the
/// standards of CRSP): MSFT in February 2003, two for one on the 18th, 0.08 on the 19th.
#[test]
fn a_published_adjusted_close() {
    let data = load("MSFT");
    let seen = data.feature_bars();
    let close = |day: &str| {
        // The bar of a day closes when the next one begins.
        let time: Timestamp = format!("{day}T00:00:00Z").parse().unwrap();
        data.bars().iter().position(|bar| bar.time > time).unwrap()
    };
    let base = close("2003-02-19");
    for (day, raw, published) in [
        ("2003-02-13", 46.99, 23.42),
        ("2003-02-14", 48.30, 24.07),
        ("2003-02-18", 24.96, 24.88),
        ("2003-02-19", 24.53, 24.53),
    ] {
        let row = close(day);
        assert_eq!(data.bars()[row].close, raw);
        let adjusted = seen[row].close / seen[base].close * data.bars()[base].close;
        assert!((adjusted - published).abs() <= 0.005, "{day}: {adjusted}");
    }
}

/// What is paid stays cash: units grow by splits alone. With the same account, by hand.
#[test]
fn buying_and_holding_is_what_the_papers_say() {
    for symbol in SYMBOLS {
        let data = Arc::new(load(symbol));
        let (account, _) = hold(&data, false);
        let (bars, mut paid) = (data.bars(), 0.0);
        let mut units = data.instruments()[0].round_qty(0.5 * CASH / bars[0].close);
        let mut worth = CASH - units * bars[1].open;
        for row in 2..bars.len() {
            for event in data.details(row).events {
                match event.what {
                    MarketFact::Split { ratio } => units *= ratio,
                    MarketFact::Dividend { amount } => paid += units * amount,
                    _ => unreachable!(),
                }
            }
        }
        worth += paid + units * bars[bars.len() - 1].close;
        assert!((account.equity() - worth).abs() < 0.005, "{symbol}: {} {worth}", account.equity());
        assert!((account.financing() - paid).abs() < 0.005);
        assert_eq!(account.fills(), 1);
    }
}

/// The adjusted series is the growth of a share whose dividends buy more of it at the close before the ex-date, less the
/// dividend. An account is paid on the ex-date and buys at the next open: each dividend makes a difference of its share of
/// the price times what the price has done in that time, which adds up to no more than 0.2 % in thirteen years. What
/// fifty dividends come to that stay cash is much less.
#[test]
fn reinvested_dividends_come_to_the_adjusted_growth() {
    for symbol in SYMBOLS {
        let data = Arc::new(load(symbol));
        let seen = data.feature_bars();
        let growth = |reinvests| {
            let (account, left) = hold(&data, reinvests);
            (account.equity() - left) / (CASH - left)
        };
        let adjusted = seen[seen.len() - 1].close / seen[1].open;
        let reinvested = growth(true);
        assert!((reinvested / adjusted - 1.0).abs() < 2e-3, "{symbol}: {reinvested} {adjusted}");
        assert!(!["IBM", "MSFT"].contains(&symbol) || growth(false) < 0.97 * reinvested, "{symbol}");
    }
}
