//! A feature table takes little more memory than itself, while it is made as well. Without a test harness: the allocator
//! counts for the whole process.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

use tradepit::{
    InstrumentId, MarketData,
    features::{self, FeaturePipelineSpec},
    market::{Adjustment, Calendar, MarketEvent, MarketFact, synth},
    time::MINUTE_NS,
};

struct Counting;

/// Bytes that are taken now, and the most that ever were.
static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn take(bytes: usize) {
    let now = NOW.fetch_add(bytes, Ordering::SeqCst) + bytes;
    PEAK.fetch_max(now, Ordering::SeqCst);
}

#[expect(unsafe_code, reason = "an allocator has no safe form")]
// SAFETY: every call goes to the system's allocator with the caller's own arguments. (`alloc_zeroed` and `realloc` are
// those of the trait, which come here, so that a move is counted with both places.)
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::SeqCst);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that were taken at once while it ran, beside those that were before.
fn peak<T>(run: impl FnOnce() -> T) -> (usize, T) {
    let before = NOW.load(Ordering::SeqCst);
    PEAK.store(before, Ordering::SeqCst);
    let made = run();
    (PEAK.load(Ordering::SeqCst) - before, made)
}

/// Ten features on each of 3 timeframes.
fn thirty() -> FeaturePipelineSpec {
    let features = ["null", "5", "15"].map(|timeframe| {
        let period = |kind: &str, count: &str, period: u32| {
            format!(r#"{{"kind": "{kind}", "{count}": {period}, "timeframe": {timeframe}}}"#)
        };
        [
            period("log_return", "lag", 1),
            period("log_return", "lag", 5),
            period("sma_distance", "period", 20),
            period("sma_distance", "period", 50),
            period("ema_distance", "period", 10),
            period("ema_distance", "period", 60),
            period("rsi", "period", 14),
            period("atr", "period", 14),
            period("realised_volatility", "period", 30),
            period("volume_ratio", "period", 20),
        ]
        .join(",")
    });
    serde_json::from_str(&format!(r#"{{"features": [{}]}}"#, features.join(","))).unwrap()
}

fn main() {
    assert!(peak(|| vec![0u8; 1_000]).0 >= 1_000, "the counter counts");
    const BARS: usize = 100_000;
    let plain = synth::es_1m(BARS, 0).unwrap();
    // Features of rolled contracts are made of bars that are no part of the data.
    let roll = |row: usize| MarketEvent {
        time: plain.bars()[row].time,
        instrument: InstrumentId(0),
        what: MarketFact::Roll { from_price: 5_000.0, to_price: 5_010.0 },
    };
    let rolled = MarketData::builder(plain.instruments().to_vec())
        .bars(plain.bars().to_vec())
        .calendar(Calendar::Utc)
        .period_ns(MINUTE_NS)
        .events((1..20).map(|i| roll(i * 1_000)).collect())
        .adjust(Adjustment::Ratio)
        .build()
        .unwrap();
    for data in [plain, rolled] {
        let spec = thirty();
        let (bytes, data) = peak(|| features::attach(data, &spec).unwrap());
        let result = BARS * data.width() * size_of::<f32>();
        assert_eq!(data.width(), 30);
        assert!(bytes as f64 <= 1.3 * result as f64, "{bytes} bytes at most for a table of {result}");
    }
}
