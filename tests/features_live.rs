//! A session that grows row by row sees the features of the table, of quotes and events too.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use tradepit::{
    Bar, Instrument, InstrumentId, MarketData,
    features::{self, FeaturePipeline, FeaturePipelineSpec},
    market::{Calendar, MarketEvent, MarketFact, Quote, QuotesAt, synth},
    time::MINUTE_NS,
    venue::{GrowingMarket, Opening},
};

const ROWS: usize = 600;
const HISTORY: usize = 100;

/// Two instruments, of which a quote comes with every third row only, and a roll, a split or a dividend with some.
fn data() -> MarketData {
    let plain = [synth::es_1m(ROWS, 1).unwrap(), synth::es_1m(ROWS, 2).unwrap()];
    let bars: Vec<Bar> = (0..ROWS).flat_map(|t| [plain[0].bars()[t], plain[1].bars()[t]]).collect();
    let quotes: Vec<Option<Quote>> = (0..2 * ROWS)
        .map(|at| {
            let (row, bar) = (at / 2, bars[at]);
            let size = |by: usize| ((row * by) % 11) as f64;
            (row % 3 == 0).then_some(Quote {
                time: bar.time.plus_ns(-MINUTE_NS),
                bid: bar.open - 0.25 * ((row % 4) as f64),
                ask: bar.open + 0.25,
                bid_size: size(7),
                ask_size: size(5),
            })
        })
        .collect();
    let event = |row: usize| MarketEvent {
        time: bars[2 * row].time.plus_ns(-MINUTE_NS),
        instrument: InstrumentId((row / 50 % 2) as u32),
        what: match row % 3 {
            0 => MarketFact::Roll { from_price: 5_000.0, to_price: 5_003.0 },
            1 => MarketFact::Split { ratio: 2.0 },
            _ => MarketFact::Dividend { amount: 10.0 },
        },
    };
    MarketData::builder(vec![Instrument::es(), Instrument::nq()])
        .bars(bars.clone())
        .quotes(quotes, QuotesAt::Open)
        .events((1..11).map(|i| event(50 * i + i % 7)).collect())
        .calendar(Calendar::Cme)
        .period_ns(MINUTE_NS)
        .build()
        .unwrap()
}

#[test]
fn rows_as_they_come_give_the_bits_of_the_table() {
    let spec: FeaturePipelineSpec = serde_json::from_str(
        r#"{"features": [
            {"kind": "bid_ask_spread", "scale": 1000}, {"kind": "microprice", "scale": 10000},
            {"kind": "order_flow_imbalance", "period": 5}, {"kind": "order_flow_imbalance", "period": 3, "instrument": 1},
            {"kind": "session_vwap_distance"}, {"kind": "time_to_close"}, {"kind": "time_of_week"}, {"kind": "roll_day"},
            {"kind": "pair_ratio"}, {"kind": "pair_spread", "period": 10, "timeframe": 5},
            {"kind": "pair_beta", "period": 20},
            {"kind": "normalised", "of": {"kind": "log_return", "timeframe": 5}, "by": {"kind": "rank", "window": 8}}]}"#,
    )
    .unwrap();
    let trained = features::attach(data(), &spec).unwrap();
    let opening = Opening::of(&trained, HISTORY as u32, 1e5).unwrap();
    let pipeline = FeaturePipeline::for_data(&spec, &trained).unwrap();
    let mut live = GrowingMarket::new(&opening, pipeline).unwrap();
    for t in HISTORY + 1..ROWS {
        let mut row = Opening::row(&trained, t);
        // A broker says what came, and says nothing where nothing did.
        if t % 3 != 0 {
            row.quotes = vec![None; 2];
        }
        live.push(&row).unwrap();
        let bits = |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(live.view().window(1)), bits(trained.view(t + 1).window(1)), "row {t}");
    }
    assert!(live.data().events().len() == 10 && live.data().warm_up() == trained.warm_up());
}
