use tradepit::{Bar, MarketData, features::FeaturePipelineSpec, market::synth, time::MINUTE_NS};

use super::*;

fn data() -> MarketData {
    synth::es_1m(900, 3).unwrap()
}

fn spec(features: &str) -> EnvSpec {
    serde_json::from_str(&format!(r#"{{"features": {{"features": {features}}}}}"#)).unwrap()
}

/// Data with a column that a user made of all bars at once.
fn with(make: impl Fn(&[Bar]) -> Vec<f32>) -> impl Fn(MarketData) -> Result<MarketData> {
    move |data| {
        let column = make(data.bars());
        Ok(data.with_column("own", column)?)
    }
}

const OWN: &str = r#"[{"kind": "column", "name": "own"}, {"kind": "rsi"}]"#;

#[test]
fn a_column_that_sees_the_next_bar_is_named_with_the_moment() {
    let next = with(|bars| {
        let moves = bars.windows(2).map(|two| (two[1].close - two[0].close) as f32);
        moves.chain([0.0]).collect()
    });
    let report = LeakCheck::default().run(&spec(OWN), &data(), next).unwrap();
    let names: Vec<&str> = report.leaks.iter().map(|leak| leak.column.as_str()).collect();
    assert_eq!(names, ["own"]);
    let leak = &report.leaks[0];
    // It is the last row before a cut that is wrong.
    assert_eq!((leak.time, leak.time), (time(&data(), leak.row), leak.future));
    assert!(report.to_string().contains("own leaks: row "), "{report}");
}

#[test]
fn a_column_of_the_past_is_clean() {
    let before = with(|bars| {
        let moves = bars.windows(2).map(|two| (two[1].close - two[0].close) as f32);
        [0.0].into_iter().chain(moves).collect()
    });
    let report = LeakCheck { cuts: 20, ..LeakCheck::default() }.run(&spec(OWN), &data(), before).unwrap();
    assert_eq!(report.leaks, []);
    assert_eq!((report.futures, report.columns.len()), (40, 2));
}

#[test]
fn a_view_of_fifteen_minutes_that_shows_the_bar_in_progress_leaks() {
    // The close of the whole quarter of an hour in each of its minutes, as a join by the quarter's beginning gives.
    let joined = |whole: bool| {
        with(move |bars| {
            let quarter = |bar: &Bar| (bar.time.nanos() - 1).div_euclid(15 * MINUTE_NS);
            // All of them are clipped in an observation, which hides nothing here.
            let mut column = Vec::new();
            let mut done = 0.0;
            for bars in bars.chunk_by(|a, b| quarter(a) == quarter(b)) {
                let close = bars.last().map_or(0.0, |bar| bar.close as f32);
                let at_end = bars.len() - 1;
                column.extend((0..bars.len()).map(|at| if whole || at == at_end { close } else { done }));
                done = close;
            }
            column
        })
    };
    let report = |whole| LeakCheck::default().run(&spec(OWN), &data(), joined(whole)).unwrap();
    let leaks = report(true).leaks;
    assert_eq!(leaks.len(), 1);
    assert_eq!(leaks[0].column, "own");
    // The quarter under way at the cut: it ends behind it.
    assert!((leaks[0].future.nanos() - leaks[0].time.nanos()) < 15 * MINUTE_NS);
    assert_eq!(report(false).leaks, []);
}

#[test]
fn statistics_of_later_rows_leak_until_the_last_of_them() {
    let data = data();
    let raw = r#"[{"kind": "normalised", "of": {"kind": "rsi"}, "by": {"kind": "frozen"}}, {"kind": "atr"}]"#;
    let fitted = |until: usize| -> FeaturePipelineSpec { spec(raw).features.unwrap().fit(&data, 0..until).unwrap() };
    let spec = EnvSpec { features: Some(fitted(600)), ..EnvSpec::default() };
    let report = LeakCheck::default().run(&spec, &data, Ok).unwrap();
    let until = time(&data, 599);
    assert_eq!(report.leaks.len(), 1, "{report}");
    assert_eq!((report.leaks[0].column.as_str(), report.leaks[0].future), ("frozen(rsi_14)", until));
    assert!(report.to_string().contains("statistics of rows up to"), "{report}");
    // From there on they are the past.
    let later = LeakCheck { since: Some(until), ..LeakCheck::default() };
    assert_eq!(later.run(&spec, &data, Ok).unwrap().leaks, []);
    // And a column that was normalised by the whole of the data leaks everywhere.
    let whole = with(|bars| {
        let closes: Vec<f32> = bars.iter().map(|bar| bar.close as f32).collect();
        let mean = closes.iter().sum::<f32>() / closes.len() as f32;
        closes.iter().map(|close| (close / mean - 1.0) * 1e3).collect()
    });
    let report = later.run(&self::spec(OWN), &data, whole).unwrap();
    assert_eq!((report.leaks.len(), report.leaks[0].row), (1, 599), "{report}");
}

#[test]
fn a_reward_of_an_episode_is_compared_too() {
    use crate::{Reward, RewardMemory, RewardSpec, StepFacts};
    use std::sync::Arc;
    /// Pays for the last price of data that it has no right to hold.
    #[derive(Debug)]
    struct Peeks(std::sync::atomic::AtomicU32);
    impl Reward for Peeks {
        fn reward(&self, _: &StepFacts, _: &mut RewardMemory) -> f32 {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) as f32
        }
    }
    let reward = RewardSpec::Custom(Arc::new(Peeks(0.into())));
    let report = LeakCheck::default().run(&EnvSpec { reward, ..EnvSpec::default() }, &data(), Ok).unwrap();
    assert!(report.leaks.iter().any(|leak| leak.column == "reward"), "{report}");
}

#[test]
fn quotes_finer_bars_and_events_get_another_future_as_well() {
    let quoted = synth::with_quotes(&data(), 1.0).unwrap();
    let fine = data().resample(5 * MINUTE_NS).unwrap();
    for data in [quoted, fine] {
        let mut futures = 0;
        let count = |other: MarketData| {
            futures += usize::from(other.bars() != data.bars());
            Ok(other)
        };
        let features = spec(r#"[{"kind": "rsi"}, {"kind": "log_return", "timeframe": 15}]"#);
        let check = LeakCheck { cuts: 3, ..LeakCheck::default() };
        assert_eq!(check.run(&features, &data, count).unwrap().leaks, []);
        assert_eq!(futures, 6);
    }
}

#[test]
fn what_can_not_be_checked_is_said() {
    let refused = |check: LeakCheck| check.run(&EnvSpec::default(), &data(), Ok).unwrap_err().to_string();
    assert_eq!(refused(LeakCheck { cuts: 0, ..LeakCheck::default() }), "cuts: 0 must be in 1..=1000");
    let late = LeakCheck { since: Some(time(&data(), 899)), ..LeakCheck::default() };
    assert!(refused(late).contains("a check needs 3"), "{}", refused(late));
}
