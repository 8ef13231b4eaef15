//! Our indicators beside the streams of the `ta-lib` crate: time of an update, and bytes of a state.
//!
//! `cargo run --release --manifest-path tests/peers/ta_lib/Cargo.toml`
//!
//! Both take the same bars, of a random walk in ticks; the time is the least of many rounds, as others use the machine too.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use ta_lib::{Core, MAType};
use tradepit::{Bar, features::FeatureSpec, market::synth};

const BARS: usize = 20_000;
const ROUNDS: usize = 60;

/// Counts bytes asked for.
struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator with the caller's own arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes of a copy: what it asks the heap for, and itself.
fn bytes<T: Clone>(state: &T) -> usize {
    let before = BYTES.load(Ordering::SeqCst);
    let copy = black_box(state.clone());
    let heap = BYTES.load(Ordering::SeqCst) - before;
    heap + size_of_val(&copy)
}

/// Nanoseconds a bar, and bytes behind the last one.
fn measure<T: Clone>(bars: &[Bar], warm: &T, mut update: impl FnMut(&mut T, &Bar) -> f64) -> (f64, usize) {
    let mut best = f64::INFINITY;
    let mut size = 0;
    for _ in 0..ROUNDS {
        let mut state = warm.clone();
        let start = Instant::now();
        for bar in bars {
            black_box(update(&mut state, bar));
        }
        best = best.min(start.elapsed().as_nanos() as f64 / bars.len() as f64);
        size = bytes(&state);
    }
    (best, size)
}

fn ours(bars: &[Bar], spec: &str) -> (f64, usize) {
    let spec: FeatureSpec = serde_json::from_str(spec).expect("a feature");
    let mut indicator = spec.indicator().expect("an indicator");
    let warm_up = indicator.warm_up() + 1;
    for bar in &bars[..warm_up] {
        indicator.update(bar);
    }
    measure(&bars[warm_up..], &indicator, |indicator, bar| indicator.update(bar))
}

fn main() {
    let bars = synth::es_1m(BARS, 0).expect("bars").bars().to_vec();
    // Where each bar is below the one before, the highest always is the oldest: it leaves at every update.
    let falling: Vec<Bar> = (0..BARS)
        .map(|at| {
            let close = 1e6 - at as f64;
            Bar { open: close, high: close, low: close, close, volume: 1.0, ..Bar::default() }
        })
        .collect();
    let core = Core::new();
    println!("{:28} {:>9} {:>9} {:>12} {:>12}", "", "ours, ns", "theirs", "ours, bytes", "theirs");
    let line = |name: &str, (ours, size): (f64, usize), (theirs, their_size): (f64, usize)| {
        println!("{name:28} {ours:>9.1} {theirs:>9.1} {size:>12} {their_size:>12}");
    };
    // Both begin from as many bars as the test needs to be warm.
    macro_rules! beside {
        ($name:expr, $bars:expr, $spec:expr, $open:ident($($field:ident),+; $($number:expr),*), $first:expr) => {{
            let bars: &[Bar] = $bars;
            let warm = 1_500;
            $(let $field: Vec<f64> = bars[..warm].iter().map(|bar| bar.$field).collect();)+
            let (stream, _) = core.$open($(&$field,)+ $($number),*).expect("a stream");
            let theirs = measure(&bars[warm..], &stream, |stream, bar| {
                $first(stream.update($(bar.$field),+).expect("a finite bar"))
            });
            line($name, ours(bars, $spec), theirs);
        }};
    }
    let one = |value: f64| value;
    beside!("SMA 20", &bars, r#"{"kind": "sma_distance", "period": 20}"#, sma_open(close; 20), one);
    beside!("EMA 20", &bars, r#"{"kind": "ema_distance", "period": 20}"#, ema_open(close; 20), one);
    beside!("WMA 20", &bars, r#"{"kind": "wma_distance", "period": 20}"#, wma_open(close; 20), one);
    beside!("RSI 14", &bars, r#"{"kind": "rsi"}"#, rsi_open(close; 14), one);
    beside!("ATR 14", &bars, r#"{"kind": "atr"}"#, atr_open(high, low, close; 14), one);
    let third = |(_, _, histogram): (f64, f64, f64)| histogram;
    beside!("MACD 12 26 9, histogram", &bars, r#"{"kind": "macd", "line": "histogram"}"#, macd_open(close; 12, 26, 9), third);
    let bands = MAType::SMA;
    beside!("Bollinger 20", &bars, r#"{"kind": "bollinger"}"#, bbands_open(close; 20, 2.0, 2.0, bands), third);
    beside!("ADX 14", &bars, r#"{"kind": "adx"}"#, adx_open(high, low, close; 14), one);
    let second = |(_, d): (f64, f64)| d;
    beside!(
        "stochastic 14 3 3, %D", &bars, r#"{"kind": "stochastic", "line": "d"}"#,
        stoch_open(high, low, close; 14, 3, bands, 3, bands), second
    );
    beside!("CCI 20", &bars, r#"{"kind": "cci", "period": 20}"#, cci_open(high, low, close; 20), one);
    beside!("CCI 1000", &bars, r#"{"kind": "cci", "period": 1000}"#, cci_open(high, low, close; 1000), one);
    beside!("max 20", &bars, r#"{"kind": "high_distance", "period": 20}"#, max_open(high; 20), one);
    beside!("max 1000, falling", &falling, r#"{"kind": "high_distance", "period": 1000}"#, max_open(high; 1000), one);
}
