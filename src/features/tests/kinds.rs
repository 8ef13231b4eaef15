//! Every kind of feature there is, and a market that has what each needs. A kind that is new is in here by itself, or
//! its absence is said.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp,
    features::{CustomSpec, FeaturePipeline, FeaturePipelineSpec, FeatureSpec, Indicator, NormaliseBy, Stream},
    market::{Adjuster, Calendar, MarketEvent, MarketFact, Quote, QuotesAt},
    time::MINUTE_NS,
};

/// The names of the variants that the parser of an enum knows.
fn variants<T: serde::de::DeserializeOwned>() -> Vec<String> {
    let error = serde_json::from_value::<T>(json!({"kind": ""})).err().unwrap().to_string();
    error.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

/// One feature of each kind, with short periods, over bars of `timeframe` where it has one.
pub(super) fn every_kind(timeframe: Option<u32>) -> Vec<FeatureSpec> {
    let rsi = json!({"kind": "rsi", "period": 3, "timeframe": timeframe});
    let normalised = variants::<NormaliseBy>().into_iter().map(|by| {
        let by = match by.as_str() {
            "frozen" => json!({"kind": by, "mean": 0.1, "deviation": 0.5}),
            "expanding" => json!({"kind": by, "after": 4}),
            _ => json!({"kind": by, "window": 4}),
        };
        json!({"kind": "normalised", "of": rsi, "by": by})
    });
    let kinds = variants::<FeatureSpec>().into_iter().flat_map(|kind| match kind.as_str() {
        "normalised" => normalised.clone().collect(),
        "column" => vec![json!({"kind": kind, "name": "own"})],
        "custom" => vec![],
        _ => vec![shortened(&kind, timeframe)],
    });
    let mut custom = CustomSpec::new("growth", 1, growth);
    custom.timeframe = timeframe;
    let made = kinds.map(|json| serde_json::from_value(json).unwrap());
    made.chain([FeatureSpec::Custom(custom)]).collect()
}

/// A user's indicator: the range of the bar against the one before it.
fn growth() -> Box<dyn Indicator> {
    Stream::boxed(f64::NAN, 1, |before, bar| {
        let range = bar.high - bar.low;
        range - std::mem::replace(before, range)
    })
}

/// The kind with its defaults, all of its counts smaller: a fifth, in the same order.
fn shortened(kind: &str, timeframe: Option<u32>) -> Value {
    let parse = |json: &Value| serde_json::from_value::<FeatureSpec>(json.clone());
    let Ok(default) = parse(&json!({"kind": kind})) else {
        panic!("{kind:?} needs fields without a default; give an example of it in every_kind()")
    };
    let mut short = serde_json::to_value(&default).unwrap();
    if short.get("timeframe").is_some() {
        short["timeframe"] = json!(timeframe);
    }
    let long = short.clone();
    for (name, value) in short.as_object_mut().unwrap() {
        if let Some(count) = value.as_u64().filter(|_| !["timeframe", "instrument", "other"].contains(&name.as_str())) {
            *value = json!(count.div_ceil(5).max(count.min(2)));
        }
    }
    let is_valid = |json: &Value| parse(json).is_ok_and(|spec| spec.validate().is_ok());
    if is_valid(&short) { short } else { long }
}

pub(super) fn pipeline_of(features: Vec<FeatureSpec>) -> FeaturePipelineSpec {
    FeaturePipelineSpec { features, ..FeaturePipelineSpec::default() }
}

/// Minutes since the last bar (1 below 235), ticks up or down, volume.
pub(super) type Step = (u8, i8, u8);

pub(super) fn steps(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec((any::<u8>(), -20i8..=20, any::<u8>()), len)
}

/// Two instruments, with gaps of up to 40 minutes, a column, quotes, and rolls; the first bar of the first row opens with
/// an interval of 15 minutes.
pub(super) fn market(steps: &[Step]) -> MarketData {
    let (mut minute, mut closes) = (27_999_990i64, [4000.0, 900.0]);
    let (mut bars, mut quotes, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for &(gap, step, volume) in steps {
        let closed = minute;
        minute += if gap < 235 { 1 } else { i64::from(gap) - 215 };
        let at = |minute: i64| Timestamp::from_nanos(minute * MINUTE_NS);
        let moves = [step, (step / 2).wrapping_add((volume % 7) as i8)];
        for (id, (close, step)) in closes.iter_mut().zip(moves).enumerate() {
            let open = *close;
            *close = (open + f64::from(step) * 0.25).max(1.0);
            let (high, low) = (open.max(*close) + 0.5, open.min(*close) - 0.5);
            bars.push(Bar { time: at(minute), open, high, low, close: *close, volume: f64::from(volume) + id as f64 });
            let wide = 0.25 * f64::from(volume % 4);
            let (bid_size, ask_size) = (f64::from(volume % 11), f64::from(gap % 13));
            let came = (bars.len() <= 2 || gap % 5 > 0).then_some(Quote {
                time: at(closed.max(minute - 1)),
                bid: open - wide,
                ask: open + 0.25,
                bid_size,
                ask_size,
            });
            quotes.push(came);
        }
        if gap % 50 == 3 && bars.len() > 2 {
            let what = MarketFact::Roll { from_price: 4000.0, to_price: 4010.0 };
            events.push(MarketEvent { time: at(closed), instrument: InstrumentId(0), what });
        }
    }
    let own = steps.iter().map(|&(gap, step, _)| f32::from(step) + f32::from(gap)).collect();
    MarketData::builder(vec![Instrument::es(), Instrument::nq()])
        .bars(bars)
        .quotes(quotes, QuotesAt::Open)
        .events(events)
        .column("own", own)
        .calendar(Calendar::Cme)
        .period_ns(MINUTE_NS)
        .build()
        .unwrap()
}

/// Feeds a pipeline the rows of a market as a live session does.
#[derive(Clone)]
pub(super) struct Live<'a> {
    pub(super) pipeline: FeaturePipeline,
    pub(super) data: &'a MarketData,
    pub(super) adjuster: Adjuster,
    pub(super) row: usize,
}

impl<'a> Live<'a> {
    pub(super) fn new(spec: &FeaturePipelineSpec, data: &'a MarketData) -> Self {
        let pipeline = FeaturePipeline::for_data(spec, data).unwrap();
        Self { pipeline, data, adjuster: Adjuster::new(data.adjustment(), data.instruments()), row: 0 }
    }

    /// The features of the next row, as bits.
    pub(super) fn next(&mut self) -> Vec<u32> {
        let (row, n) = (self.row, self.data.instruments().len());
        self.row += 1;
        let (details, mut seen) = (self.data.details(row), vec![Bar::default(); n]);
        self.adjuster.update(&self.data.bars()[row * n..(row + 1) * n], details.events, &mut seen);
        let mut numbers = vec![0.0; self.pipeline.width()];
        self.pipeline.update_with(&seen, &[self.data.columns()[0].1[row]], details, &mut numbers);
        numbers.iter().map(|x| x.to_bits()).collect()
    }
}

pub(super) fn rows(data: &MarketData, spec: &FeaturePipelineSpec) -> Vec<Vec<u32>> {
    let mut live = Live::new(spec, data);
    (0..data.len()).map(|_| live.next()).collect()
}

#[test]
fn kinds_are_read_off_the_parser() {
    let kinds = variants::<FeatureSpec>();
    assert_eq!((kinds[0].as_str(), kinds.contains(&"column".to_owned())), ("log_return", true));
    assert!(variants::<NormaliseBy>().len() >= 5);
    assert_eq!(every_kind(Some(5))[0].names(), ["log_return_1@5m"]);
}
