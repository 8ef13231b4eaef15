//! Bars that could be real ones: on the grid, in order, in sessions; and the same bits for ever.

use proptest::prelude::*;

use super::statistics::minutes;
use crate::{
    market::{
        Calendar,
        synth::{
            Brownian, Garch, Generator, Heston, IntradayMarket, JumpDiffusion, OrnsteinUhlenbeck, RegimeSwitching,
            SynthRows, SynthSpec, es_1m, planted, with_quotes,
        },
    },
    time::{DAY_NS, HOUR_NS, MINUTE_NS},
};

fn kinds() -> [SynthSpec; 7] {
    [
        SynthSpec::Brownian(Brownian::default()),
        SynthSpec::OrnsteinUhlenbeck(OrnsteinUhlenbeck::default()),
        SynthSpec::JumpDiffusion(JumpDiffusion::default()),
        SynthSpec::Heston(Heston::default()),
        SynthSpec::Garch(Garch::default()),
        SynthSpec::RegimeSwitching(RegimeSwitching::default()),
        SynthSpec::Intraday(IntradayMarket::default()),
    ]
}

/// A number that any change of a path changes.
fn digest(spec: &SynthSpec) -> u64 {
    let data = spec.market(&SynthRows { bars: 3_000, ..SynthRows::default() }, 11).unwrap();
    let numbers = data.bars().iter().flat_map(|bar| [bar.open, bar.high, bar.low, bar.close, bar.volume]);
    numbers.fold(0, |sum: u64, x| sum.rotate_left(5) ^ x.to_bits())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn bars_are_whole_on_the_grid_and_in_order(kind in 0usize..7, seed in any::<u64>(), scale in 0.0f64..300.0,
        calendar in 0usize..5, minutes in 1i64..120) {
        let spec = match kinds()[kind].clone() {
            SynthSpec::Brownian(s) => SynthSpec::Brownian(Brownian { volatility: s.volatility * scale, ..s }),
            SynthSpec::Garch(s) => SynthSpec::Garch(Garch { volatility_bps: 1e-3 + s.volatility_bps * scale, ..s }),
            SynthSpec::Intraday(s) => SynthSpec::Intraday(IntradayMarket {
                volatility_bps: s.volatility_bps.iter().map(|v| v * scale).collect(), ..s }),
            other => other,
        };
        let calendar = [Calendar::Cme, Calendar::Nyse, Calendar::Forex, Calendar::Utc, Calendar::None][calendar];
        let rows = SynthRows { calendar, bars: 700, period_ns: minutes * MINUTE_NS, ..SynthRows::default() };
        let data = spec.market(&rows, seed).unwrap();
        prop_assert_eq!(data.len(), 700);
        let mut before = None;
        for bar in data.bars() {
            prop_assert!(bar.check().is_ok(), "{:?}", bar);
            prop_assert!(bar.high >= bar.open.max(bar.close) && bar.low <= bar.open.min(bar.close) && bar.low >= 0.25);
            for price in [bar.open, bar.high, bar.low, bar.close] {
                prop_assert_eq!(price, data.instruments()[0].round_price(price));
            }
            prop_assert_eq!(bar.volume, bar.volume.round());
            let session = data.clock().session(bar.time);
            prop_assert!(bar.time.nanos() - data.period_ns() >= session.opens.nanos());
            // Without a gap in time, a bar opens where the last one closed, but for the gap that the intraday market has.
            if let Some((closed, time)) = before.replace((bar.close, bar.time)) {
                prop_assert!(bar.time > time);
                if kind != 6 {
                    prop_assert_eq!(bar.open, closed);
                }
            }
        }
    }
}

#[test]
fn the_same_bits_for_ever() {
    let digests = kinds().map(|spec| digest(&spec));
    let known = [
        1_236_431_690_609_175_750,
        1_291_917_220_387_977_484,
        17_861_756_067_152_713_964,
        5_028_993_263_583_485_111,
        7_416_865_164_753_241_554,
        2_473_674_792_804_811_904,
        14_420_218_152_082_190_393,
    ];
    assert_eq!(digests, known);
}

#[test]
fn a_path_does_not_depend_on_those_before_it() {
    let rows = SynthRows { bars: 500, ..SynthRows::default() };
    for spec in kinds() {
        let mut data = rows.build().unwrap();
        let generator = Generator::new(&spec, &data).unwrap();
        let mut draw = |seed, path| {
            generator.redraw(seed, path, &mut data).unwrap();
            data.bars().to_vec()
        };
        let (first, other, seed) = (draw(3, 5), draw(3, 6), draw(4, 5));
        assert!(first != other && first != seed);
        assert_eq!(draw(3, 5), first);
        assert_eq!(spec.market_like(&rows.build().unwrap(), 3, 5).unwrap().bars(), first);
    }
}

#[test]
fn sessions_leave_out_weekends_and_breaks() {
    let rows = SynthRows { bars: 1_380 * 6, ..SynthRows::default() }.build().unwrap();
    let gaps: Vec<i64> = rows.bars().windows(2).map(|w| w[1].time.nanos() - w[0].time.nanos() - MINUTE_NS).collect();
    // It starts on Tuesday at 00:00 UTC: in the session of that day, an hour late.
    assert_eq!(rows.bars()[0].time.to_string(), "2024-01-02T00:01:00Z");
    assert_eq!(
        gaps.iter().filter(|gap| **gap > 0).copied().collect::<Vec<_>>(),
        [1, 1, 1, 49, 1, 1].map(|h| h * HOUR_NS)
    );
    let daily = SynthRows { period_ns: DAY_NS, bars: 6, calendar: Calendar::Nyse, ..SynthRows::default() };
    let closes: Vec<String> = daily.build().unwrap().bars().iter().map(|bar| bar.time.to_string()).collect();
    assert_eq!(closes[3..5], ["2024-01-05T21:00:00Z", "2024-01-08T21:00:00Z"]);
}

#[test]
fn what_can_not_be_is_refused_by_name() {
    let refused = |json: &str| {
        let spec: SynthSpec = serde_json::from_str(json).unwrap();
        spec.validate().unwrap_err().to_string()
    };
    for (json, start) in [
        (r#"{"kind": "brownian", "volatility": -1}"#, "synthetic.volatility: -1 must be"),
        (r#"{"kind": "ornstein_uhlenbeck", "reversion": 0}"#, "synthetic.reversion: 0 must be"),
        (r#"{"kind": "jump_diffusion", "jumps": -2}"#, "synthetic.jumps: -2 must be in [0, 10000000]"),
        (r#"{"kind": "heston", "steps": 0}"#, "synthetic.steps: 0 must be in 1..=1000"),
        (r#"{"kind": "garch", "tails": 2}"#, "synthetic.tails: 2 must be in (2, 1000000]"),
        (r#"{"kind": "regime_switching", "states": []}"#, "synthetic.states: 0 must be 2 to 4 states"),
        (
            r#"{"kind": "regime_switching", "states": [{"mean_bps": 0, "volatility_bps": 1, "next": [0.5, 0.4]},
                {"mean_bps": 0, "volatility_bps": 1, "next": [0.5, 0.5]}]}"#,
            "synthetic.states[0].next: [0.5, 0.4] must be 2 probabilities that sum to 1",
        ),
        (r#"{"kind": "intraday", "volatility_bps": []}"#, "synthetic.volatility_bps: 0 parts of the day"),
        (r#"{"kind": "intraday", "clusters": [{"bars": 0, "variance": 1}]}"#, "synthetic.clusters[0].bars: 0 must be"),
        (r#"{"kind": "brownian", "volume": {"mean": -1}}"#, "synthetic.volume.mean: -1 must be"),
    ] {
        let error = refused(json);
        assert!(error.starts_with(start), "{error}");
    }
    let rows = |rows: SynthRows| rows.build().unwrap_err().to_string();
    assert!(rows(SynthRows { price: 0.1, ..SynthRows::default() }).starts_with("rows.price: 0.1 must be"));
    assert!(rows(SynthRows { bars: 0, ..SynthRows::default() }).starts_with("rows.bars: 0 must be"));
    assert!(rows(SynthRows { period_ns: 0, ..SynthRows::default() }).starts_with("rows.period_ns: 0 must be"));
    let on = |data| Generator::new(&SynthSpec::default(), &data).unwrap_err().to_string();
    assert!(on(with_quotes(&es_1m(9, 0).unwrap(), 1.0).unwrap()).contains("its quotes would not belong"));
    assert!(on(planted(9, 0, crate::market::synth::Leak::OpenToOpen, 1.0, 1.0).unwrap()).contains("its columns"));
    let generator = Generator::new(&SynthSpec::default(), &minutes(10).build().unwrap()).unwrap();
    let error = generator.redraw(0, 0, &mut minutes(11).build().unwrap()).unwrap_err().to_string();
    assert_eq!(error, "rows: 11, and the generator was made for 10; use the same rows");
}
