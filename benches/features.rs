//! Feature tables a second: `cargo bench --bench features`.
//!
//! One million one-minute bars, with 30 features on 3 timeframes in all, and with 30 on each of the 3. Criterion reports
//! rows a second, on one core. Beside pandas and polars: `tradepit bench --features`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tradepit::{
    features::{self, FeaturePipelineSpec},
    market::synth,
};

const BARS: usize = 1_000_000;

/// Ten features with each of these factors on their periods, on each of 3 timeframes.
fn spec(factors: &[u32]) -> FeaturePipelineSpec {
    let mut features = Vec::new();
    for timeframe in ["null", "5", "15"] {
        for by in factors {
            let feature = |kind: &str, count: &str, period: u32| {
                let period = period * by;
                format!(r#"{{"kind": "{kind}", "{count}": {period}, "timeframe": {timeframe}}}"#)
            };
            features.extend([
                feature("log_return", "lag", 1),
                feature("log_return", "lag", 5),
                feature("log_return", "lag", 15),
                feature("sma_distance", "period", 20),
                feature("ema_distance", "period", 10),
                feature("ema_distance", "period", 60),
                feature("rsi", "period", 14),
                feature("atr", "period", 14),
                feature("realised_volatility", "period", 30),
                feature("volume_ratio", "period", 20),
            ]);
        }
    }
    let json = format!(r#"{{"features": [{}]}}"#, features.join(","));
    serde_json::from_str(&json).expect("a specification")
}

fn table(criterion: &mut Criterion) {
    let data = synth::es_1m(BARS, 0).expect("a market");
    let mut group = criterion.benchmark_group("feature_table");
    group.sample_size(10).throughput(Throughput::Elements(BARS as u64));
    for (name, factors) in [("30_on_3_timeframes", &[1][..]), ("30_on_each_of_3", &[1, 2, 4])] {
        let spec = spec(factors);
        group.bench_function(name, |b| b.iter(|| features::table(&data, &spec).expect("a table")));
    }
    group.finish();
}

criterion_group!(benches, table);
criterion_main!(benches);
