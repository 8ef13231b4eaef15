//! Edges of the statistics, and what they refuse.

use rand::RngExt;
use rand_distr::Exp1;

use crate::{
    InstrumentId, Timestamp,
    account::{
        Account, Trade, TradeSide,
        metrics::{Performance, Run, confidence_interval, kurtosis, sharpe, sharpe_standard_error, skewness},
    },
};

pub(super) fn trade(net: f64) -> Trade {
    Trade {
        instrument: InstrumentId(0),
        side: TradeSide::Long,
        qty: 1.0,
        entry_time: Timestamp::default(),
        exit_time: Timestamp::default(),
        entry_price: 1.0,
        exit_price: 1.0 + net,
        gross: net,
        fees: 0.0,
        net,
    }
}

fn performance(equity: &[f64]) -> Performance {
    Run { equity, periods_per_year: 252.0, ..Run::default() }.performance().unwrap()
}

fn refusal(run: Run<'_>) -> String {
    run.performance().unwrap_err().to_string()
}

#[test]
fn a_flat_curve_has_no_sharpe_ratio() {
    let ours = performance(&[1e5; 10]);
    assert_eq!((ours.total_return, ours.volatility, ours.annual_return), (0.0, Some(0.0), Some(0.0)));
    assert_eq!((ours.sharpe, ours.sharpe_interval, ours.sharpe_above_zero), (None, None, None));
    assert_eq!((ours.sortino, ours.calmar, ours.skewness, ours.kurtosis), (None, None, None, None));
    assert_eq!((ours.max_drawdown, ours.max_drawdown_bars), (0.0, 0));
}

#[test]
fn constant_growth_has_no_sharpe_ratio_but_rounding() {
    let equity: Vec<f64> = (0..200).map(|i| 1e5 * 1.001_f64.powi(i)).collect();
    assert_eq!(performance(&equity).sharpe, None);
    assert!((performance(&equity).annual_return.unwrap() - (1.001_f64.powi(252) - 1.0)).abs() < 1e-9);
}

#[test]
fn one_point_is_a_run_of_no_bars() {
    let ours = performance(&[1e5]);
    assert_eq!((ours.bars, ours.total_return, ours.annual_return, ours.sharpe), (0, 0.0, None, None));
    assert_eq!((ours.volatility, ours.exposure), (None, None));
}

#[test]
fn ruin_ends_returns_and_not_the_report() {
    let ours = performance(&[100.0, 50.0, -20.0]);
    assert_eq!((ours.total_return, ours.max_drawdown, ours.annual_return), (-1.2, 1.2, Some(-1.0)));
    assert!(ours.sharpe.unwrap() < 0.0);
    let beyond = performance(&[100.0, 50.0, -20.0, 10.0]);
    assert_eq!((beyond.sharpe, beyond.volatility), (None, None));
    assert_eq!((beyond.max_drawdown, beyond.max_drawdown_bars), (1.2, 3));
}

#[test]
fn growth_beyond_numbers_is_none() {
    let ours = Run { equity: &[1.0, 100.0], periods_per_year: 1e6, ..Run::default() }.performance().unwrap();
    assert_eq!((ours.annual_return, ours.calmar), (None, None));
}

#[test]
fn trades_positions_and_costs_are_counted() {
    let trades = [trade(30.0), trade(-10.0), trade(0.0), trade(-5.0)];
    let run = Run {
        equity: &[1000.0, 1010.0, 1005.0, 1015.0, 1015.0],
        positions: &[1.0, 1.0, -2.0, 0.0, 0.0],
        trades: &trades,
        periods_per_year: 4.0,
        fees: 3.0,
        slippage: 2.5,
        fills: 8,
    };
    let ours = run.performance().unwrap();
    assert_eq!((ours.trades, ours.hit_rate, ours.profit_factor), (4, Some(0.25), Some(2.0)));
    // The position of the opening belongs to no bar.
    assert_eq!(ours.exposure, Some(0.5));
    assert_eq!((ours.fills, ours.fees, ours.slippage, ours.costs), (8, 3.0, 2.5, 5.5));
    assert_eq!(ours.sharpe.unwrap(), 2.0 * ours.sharpe_per_bar.unwrap());
    let winning = Run { trades: &trades[..1], ..run }.performance().unwrap();
    assert_eq!((winning.profit_factor, winning.hit_rate), (None, Some(1.0)));
}

#[test]
fn the_account_lends_its_costs() {
    let mut account = Account::new(1);
    account.open(1e4);
    let fill = |qty, price| {
        crate::account::AccountEvent::Fill(crate::account::Fill {
            qty,
            price,
            reference: 99.75,
            fee: 2.0,
            multiplier: 50.0,
            time: Timestamp::default(),
            order: crate::order::OrderId(0),
            instrument: InstrumentId(0),
            futures: true,
        })
    };
    account.apply(&fill(1.0, 100.0));
    account.apply(&fill(-1.0, 99.5));
    let ours = Run::of(&account, &[1e4, account.cash()], 252.0).performance().unwrap();
    assert_eq!((ours.fees, ours.slippage, ours.costs, ours.fills), (4.0, 25.0, 29.0, 2));
    assert_eq!(ours.final_equity, 1e4 - 25.0 - 4.0);
}

#[test]
fn the_interval_holds_the_truth_about_95_times_in_100() {
    // An exponential less 1 has mean 0, deviation 1, skewness 2 and kurtosis 9: with the skewness forgotten, or with
    // its sign turned, the interval is too wide by half or more and holds the truth nearly always.
    let (truth, bars, runs) = (0.5, 1000, 2000);
    let mut rng = crate::rng::stream(7, 0, crate::rng::Purpose::Synth);
    let mut inside = 0;
    for _ in 0..runs {
        let returns: Vec<f64> = (0..bars).map(|_| rng.sample::<f64, _>(Exp1) - 1.0 + truth).collect();
        let ratio = sharpe(&returns).unwrap();
        let error = sharpe_standard_error(ratio, skewness(&returns).unwrap(), kurtosis(&returns).unwrap(), bars);
        let [low, high] = confidence_interval(ratio, error, 0.95);
        inside += u32::from(low < truth && truth < high);
    }
    // Binomial: 1900 expected, standard deviation 9.7.
    assert!((1860..=1940).contains(&inside), "{inside}");
}

#[test]
fn it_is_written_with_null_for_what_does_not_exist() {
    let written = serde_json::to_value(performance(&[1e5, 1e5, 1e5])).unwrap();
    assert_eq!(written["bars"], 2);
    assert!(written["sharpe"].is_null() && written["sharpe_interval"].is_null());
}

#[test]
fn bad_input_is_named() {
    let good = Run { equity: &[1.0, 2.0], periods_per_year: 252.0, ..Run::default() };
    assert!(refusal(Run { equity: &[], ..good }).contains("equity: is empty"));
    assert!(refusal(Run { equity: &[1.0, f64::NAN], ..good }).contains("equity[1]: NaN is not a finite number"));
    assert!(refusal(Run { equity: &[0.0, 1.0], ..good }).contains("equity[0]: 0 is not above 0"));
    assert!(refusal(Run { periods_per_year: 0.0, ..good }).contains("periods_per_year: 0 is not above 0"));
    assert!(refusal(Run { positions: &[1.0], ..good }).contains("positions: has 1 values for 2 of equity"));
}
