//! What holds for every indicator, whatever the market does.

use proptest::prelude::*;

use crate::{Bar, Timestamp, features::FeatureSpec, time::MINUTE_NS};

/// What looks back over a fixed number of bars.
const WINDOWS: [&str; 27] = [
    r#""kind": "log_return", "lag": "#,
    r#""kind": "simple_return", "lag": "#,
    r#""kind": "sma_distance", "period": "#,
    r#""kind": "wma_distance", "period": "#,
    r#""kind": "high_distance", "period": "#,
    r#""kind": "low_distance", "period": "#,
    r#""kind": "open_distance", "period": "#,
    r#""kind": "stochastic", "line": "fast_k", "period": "#,
    r#""kind": "stochastic", "line": "k", "period": "#,
    r#""kind": "stochastic", "line": "d", "period": "#,
    r#""kind": "bollinger", "line": "percent_b", "period": "#,
    r#""kind": "bollinger", "line": "bandwidth", "period": "#,
    r#""kind": "cci", "period": "#,
    r#""kind": "obv", "period": "#,
    r#""kind": "rolling_vwap_distance", "period": "#,
    r#""kind": "realised_volatility", "period": "#,
    r#""kind": "range_volatility", "estimator": "parkinson", "period": "#,
    r#""kind": "range_volatility", "estimator": "garman_klass", "period": "#,
    r#""kind": "range_volatility", "estimator": "rogers_satchell", "period": "#,
    r#""kind": "range_volatility", "estimator": "yang_zhang", "period": 1"#,
    r#""kind": "volume_ratio", "period": "#,
    r#""kind": "volume_zscore", "period": "#,
    r#""kind": "amihud", "period": "#,
    r#""kind": "roll_spread", "period": "#,
    r#""kind": "candle", "part": "body", "instrument": "#,
    r#""kind": "candle", "part": "upper_wick", "instrument": "#,
    r#""kind": "candle", "part": "lower_wick", "instrument": "#,
];

/// What remembers all of the past, ever less.
const DECAYING: [&str; 9] = [
    r#""kind": "ema_distance", "period": "#,
    r#""kind": "macd", "line": "line", "slow": 30, "fast": "#,
    r#""kind": "macd", "line": "signal", "slow": 30, "fast": "#,
    r#""kind": "macd", "line": "histogram", "slow": 30, "fast": "#,
    r#""kind": "rsi", "period": "#,
    r#""kind": "atr", "period": "#,
    r#""kind": "adx", "line": "adx", "period": "#,
    r#""kind": "adx", "line": "plus_di", "period": "#,
    r#""kind": "adx", "line": "minus_di", "period": "#,
];

fn spec(text: &str, period: u32) -> FeatureSpec {
    serde_json::from_str(&format!("{{{text}{period}}}")).unwrap()
}

/// Bars of whole ticks on a price of about `level`; where `still`, stretches in which nothing moves and nothing trades.
fn bars(steps: &[(i8, u8, u8, u8)], level: f64, still: bool) -> Vec<Bar> {
    let mut close = level;
    let bar = |(at, &(step, up, down, volume)): (usize, &(i8, u8, u8, u8))| {
        let quiet = still && at % 60 >= 20;
        let tick = if quiet { 0.0 } else { 0.25 };
        // A gap between one bar and the next.
        let open = close + f64::from(up % 3) * tick;
        close = (open + f64::from(step) * tick).max(1.0);
        let high = open.max(close) + f64::from(up % 8) * tick;
        let low = (open.min(close) - f64::from(down % 8) * tick).max(0.5);
        let volume = if quiet { 0.0 } else { volume.into() };
        Bar { time: Timestamp::from_nanos((at as i64 + 1) * MINUTE_NS), open, high, low, close, volume }
    };
    steps.iter().enumerate().map(bar).collect()
}

fn steps(len: usize) -> impl Strategy<Value = Vec<(i8, u8, u8, u8)>> {
    proptest::collection::vec((-9i8..=9, any::<u8>(), any::<u8>(), 0u8..40), len)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn unknown_in_the_warm_up_and_finite_ever_after(
        steps in steps(240), period in 1u32..24, still: bool, level in prop_oneof![Just(1.0), Just(4000.0), Just(1e7)],
    ) {
        let bars = bars(&steps, level, still);
        for text in WINDOWS.iter().chain(&DECAYING) {
            let spec = spec(text, period);
            let mut indicator = spec.indicator().unwrap();
            for (at, bar) in bars.iter().enumerate() {
                let value = indicator.update(bar);
                prop_assert_eq!(value.is_nan(), at < indicator.warm_up(), "{:?} row {}: {}", spec.names(), at, value);
                // Nothing here is of another size than a few periods.
                prop_assert!(value.is_nan() || value.abs() <= 100.0, "{:?} row {}: {}", spec.names(), at, value);
            }
        }
    }

    #[test]
    fn a_window_forgets_what_has_left_it(
        steps in steps(400), period in 1u32..24, still: bool, level in prop_oneof![Just(1.0), Just(4000.0), Just(1e7)],
    ) {
        let bars = bars(&steps, level, still);
        for text in WINDOWS {
            let spec = spec(text, period);
            let (mut long, mut short) = (spec.indicator().unwrap(), spec.indicator().unwrap());
            let from = bars.len() - 1 - long.warm_up();
            let a = bars.iter().map(|bar| long.update(bar)).last().unwrap();
            let b = bars[from..].iter().map(|bar| short.update(bar)).last().unwrap();
            prop_assert!((a - b).abs() <= 1e-9 * (1.0 + a.abs()), "{:?} {a} {b}", spec.names());
        }
    }
}

#[test]
fn a_market_that_stands_still_says_nothing() {
    let still = Bar { open: 0.1, high: 0.1, low: 0.1, close: 0.1, volume: 0.0, ..Bar::default() };
    for text in WINDOWS.iter().chain(&DECAYING) {
        let spec = spec(text, 7);
        let mut indicator = spec.indicator().unwrap();
        let last = (0..100).map(|_| indicator.update(&still)).last().unwrap();
        // An average of equal prices may differ from them by a rounding error.
        assert!(last.abs() < 1e-15, "{:?} {last}", spec.names());
    }
}
