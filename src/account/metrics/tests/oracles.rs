//! Numbers of other systems and of papers; `oracles.json` says whose.

use serde_json::Value;

use crate::account::metrics::{
    Run, annual_return, deflated_benchmark, max_drawdown, probabilistic_sharpe, sharpe, sortino, std_dev,
};

fn case(id: &str) -> Value {
    let cases: Vec<Value> = serde_json::from_str(include_str!("oracles.json")).unwrap();
    cases.into_iter().find(|case| case["id"] == id).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn returns(case: &Value) -> Vec<f64> {
    case["inputs"]["returns"].as_array().unwrap().iter().map(number).collect()
}

fn curve(returns: &[f64]) -> Vec<f64> {
    let mut equity = vec![1.0];
    for r in returns {
        equity.push(equity[equity.len() - 1] * (1.0 + r));
    }
    equity
}

#[track_caller]
fn close(ours: f64, theirs: &Value) {
    let theirs = number(theirs);
    assert!((ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0), "{ours} {theirs}");
}

#[test]
fn d156_sharpe_from_mean_and_deviation() {
    let case = case("D156");
    let (rf, mean, std) =
        (number(&case["inputs"]["rf"]), number(&case["inputs"]["mean"]), number(&case["inputs"]["std"]));
    // Our rate is 0: another is subtracted from the returns. Two points have exactly this mean and deviation.
    let half = std / 2.0_f64.sqrt();
    let ours = sharpe(&[mean - rf - half, mean - rf + half]).unwrap();
    close(ours, &case["expected"]["sharpe"]);
    close(ours * 252.0_f64.sqrt(), &case["expected"]["scaled_x_sqrt252"]);
}

#[test]
fn d157_sortino_from_mean_and_downside() {
    let case = case("D157");
    let excess = number(&case["inputs"]["mean"]) - number(&case["inputs"]["rf"]);
    // One losing step of two, so that the downside over all steps is the given one.
    let loss = -number(&case["inputs"]["downside_std"]) * 2.0_f64.sqrt();
    let gain = 2.0 * excess - loss;
    assert!(gain > 0.0);
    close(sortino(&[loss, gain]).unwrap(), &case["expected"]["sortino"]);
}

#[test]
fn d172_empyrical() {
    let case = case("D172");
    let (returns, expected) = (returns(&case), &case["expected"]);
    let equity = curve(&returns);
    let ours = Run { equity: &equity, periods_per_year: 252.0, ..Run::default() }.performance().unwrap();
    close(ours.total_return, &expected["cum"]);
    close(ours.annual_return.unwrap(), &expected["ann_return"]);
    close(ours.volatility.unwrap(), &expected["ann_vol"]);
    close(ours.sharpe.unwrap(), &expected["sharpe"]);
    close(ours.sortino.unwrap(), &expected["sortino"]);
    close(ours.calmar.unwrap(), &expected["calmar"]);
    // They write a drawdown below 0, we above.
    close(-ours.max_drawdown, &expected["max_dd"]);
    // The same from the pure functions.
    close(sharpe(&returns).unwrap() * 252.0_f64.sqrt(), &expected["sharpe"]);
    close(std_dev(&returns).unwrap() * 252.0_f64.sqrt(), &expected["ann_vol"]);
    close(annual_return(ours.total_return, returns.len(), 252.0).unwrap(), &expected["ann_return"]);
    close(-max_drawdown(&equity).depth, &expected["max_dd"]);
    // omega, tail_ratio, var95 and cvar95 are not among our statistics.
}

#[test]
fn d173_quantstats() {
    let case = case("D173");
    let (returns, expected) = (returns(&case), &case["expected"]);
    let equity = curve(&returns);
    let trades: Vec<_> = returns.iter().map(|net| super::run::trade(*net)).collect();
    let ours =
        Run { equity: &equity, trades: &trades, periods_per_year: 365.0, ..Run::default() }.performance().unwrap();
    close(ours.sharpe.unwrap(), &expected["sharpe"]);
    close(ours.sortino.unwrap(), &expected["sortino"]);
    close(ours.volatility.unwrap(), &expected["vol"]);
    close(-ours.max_drawdown, &expected["max_dd"]);
    // They take the profit factor and the win rate of returns, we of trades; with one trade a return the factor agrees.
    close(ours.profit_factor.unwrap(), &expected["profit_factor"]);
    // Their win rate leaves out returns of 0 (5 of 9). A trade that earned nothing has been made and not won: 5 of 10.
    assert_eq!(ours.hit_rate, Some(0.5));
    assert!((number(&expected["win_rate"]) - 5.0 / 9.0).abs() < 1e-12);
    // Kelly's fraction is not among our statistics.
}

#[test]
fn probabilistic_sharpe_of_bailey_and_lopez_de_prado() {
    for (skew, kurt, expected) in [(0.0, 3.0, 0.98167), (-2.448, 10.164, 0.91336)] {
        let ours = probabilistic_sharpe(0.458, 0.0, skew, kurt, 24).unwrap();
        assert!((ours - expected).abs() < 5e-6, "{ours} {expected}");
    }
}

#[test]
fn deflated_sharpe_of_bailey_and_lopez_de_prado() {
    // Annual variance of the trials 1/2, annual ratio 2.5, 1250 days of which a year has 250.
    let day = 2.5 / 250.0_f64.sqrt();
    let benchmark = |trials| deflated_benchmark(trials, 0.5 / 250.0);
    assert!((benchmark(100) - 0.113172).abs() < 5e-7);
    for (trials, skew, kurt, expected) in [(100, -3.0, 10.0, 0.90040), (46, -3.0, 10.0, 0.9505), (88, 0.0, 3.0, 0.9505)]
    {
        let ours = probabilistic_sharpe(day, benchmark(trials), skew, kurt, 1250).unwrap();
        assert!((ours - expected).abs() < 5e-5, "{trials} {ours} {expected}");
    }
}

#[test]
fn expected_best_of_many_without_skill() {
    for (trials, expected) in [(10, 1.5746), (100, 2.5306), (1000, 3.2551)] {
        let ours = deflated_benchmark(trials, 1.0);
        assert!((ours - expected).abs() < 5e-5, "{trials} {ours}");
    }
    assert_eq!(deflated_benchmark(1, 1.0), 0.0);
}
