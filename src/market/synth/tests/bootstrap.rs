//! Real bars in another order are still bars, still of the same kind, and no more than that.

use proptest::prelude::*;

use super::statistics::mean;
use crate::{
    Bar, MarketData,
    market::synth::{Bootstrap, BootstrapSpec, IntradayMarket, StylisedFacts, SynthRows, SynthSpec, es_1m, mirror},
};

fn real(bars: usize) -> MarketData {
    SynthSpec::Intraday(IntradayMarket::default()).market(&SynthRows { bars, ..SynthRows::default() }, 4).unwrap()
}

fn range(bar: &Bar) -> f64 {
    (bar.high / bar.low).ln()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn bars_stay_whole_on_the_grid_and_in_time(seed in any::<u64>(), mean_bars in 1.0f64..400.0,
        sessions in any::<bool>(), flip in any::<bool>(), rows in 2usize..4_000) {
        let real = real(3_000);
        let mut data = real.part(0..rows.min(3_000)).build().unwrap();
        let spec = BootstrapSpec { mean_bars, sessions, flip };
        Bootstrap::new(&spec, &real, &data).unwrap().redraw(seed, 3, &mut data).unwrap();
        for (bar, own) in data.bars().iter().zip(real.bars()) {
            prop_assert!(bar.check().is_ok());
            prop_assert_eq!(bar.time, own.time);
            for price in [bar.open, bar.high, bar.low, bar.close] {
                prop_assert_eq!(price, data.instruments()[0].round_price(price));
            }
            // A drawn bar is one of the real ones: in volume to the bit.
            prop_assert!(real.bars().iter().any(|other| other.volume == bar.volume));
        }
        // The log price is chained: within blocks, steps from close to open are those of the data.
        for pair in data.bars().windows(2).filter(|w| w[1].time.nanos() - w[0].time.nanos() == data.period_ns()) {
            prop_assert!((pair[1].open - pair[0].close).abs() <= 0.5, "{:?}", pair);
        }
    }
}

#[test]
fn moments_and_clusters_within_a_block_survive_and_longer_ones_do_not() {
    let real = real(60_000);
    let facts = |data: &MarketData| StylisedFacts::of(data).unwrap();
    let own = facts(&real);
    let drawn =
        |mean_bars| facts(&BootstrapSpec { mean_bars, ..BootstrapSpec::default() }.market_like(&real, 1, 0).unwrap());
    let (long, short) = (drawn(2_000.0), drawn(5.0));
    for drawn in [&long, &short] {
        assert!((drawn.volatility_bps / own.volatility_bps - 1.0).abs() < 0.15);
        assert!((drawn.zero_share / own.zero_share - 1.0).abs() < 0.15);
    }
    assert!((long.autocorrelation[1] / own.autocorrelation[1] - 1.0).abs() < 0.2);
    // Of blocks of five bars on average, a seventh still holds together after ten.
    assert!(short.autocorrelation[1] < 0.3 * own.autocorrelation[1]);
    assert!(short.autocorrelation[2].abs() < 0.05);
}

#[test]
fn whole_sessions_keep_the_hours_of_the_day() {
    let real = real(1_380 * 30);
    let drawn = BootstrapSpec { sessions: true, ..BootstrapSpec::default() }.market_like(&real, 2, 0).unwrap();
    let (own, drawn) = (StylisedFacts::of(&real).unwrap(), StylisedFacts::of(&drawn).unwrap());
    for (own, drawn) in own.volume_profile.iter().zip(&drawn.volume_profile) {
        assert!((own - drawn).abs() < 0.3 * own + 0.02, "{own} {drawn}");
    }
}

#[test]
fn a_flip_takes_the_drift_out_and_keeps_the_rest() {
    // A market that rises by a basis point a bar.
    let rising = SynthSpec::Garch(crate::market::synth::Garch { mean_bps: 1.0, ..Default::default() });
    let real = rising.market(&SynthRows { bars: 20_000, ..SynthRows::default() }, 1).unwrap();
    let drift = |flip| {
        let spec = BootstrapSpec { mean_bars: 30.0, flip, ..BootstrapSpec::default() };
        let paths: Vec<f64> =
            (0..20).flat_map(|path| super::statistics::of(&spec.market_like(&real, 6, path).unwrap())).collect();
        mean(paths.into_iter())
    };
    let ((kept, _), (flipped, error)) = (drift(false), drift(true));
    assert!((kept - 1e-4).abs() < 2e-5, "{kept}");
    assert!(flipped.abs() < 4.0 * error && error < 2e-5, "{flipped} +- {error}");
    let upside_down = mirror(&real).unwrap();
    for (bar, turned) in real.bars().iter().zip(upside_down.bars()) {
        // Within a tick at each of the prices.
        let tick = 0.25 / turned.low.min(bar.low);
        assert!((range(bar) - range(turned)).abs() <= 2.0 * tick && bar.volume == turned.volume);
        assert!(((bar.close / 5_000.0).ln() + (turned.close / 5_000.0).ln()).abs() <= 2.0 * tick);
    }
}

#[test]
fn a_path_is_the_same_bits_for_ever_and_refusals_name_the_field() {
    let real = es_1m(2_000, 0).unwrap();
    let spec = BootstrapSpec { flip: true, ..BootstrapSpec::default() };
    let draw = |seed, path| spec.market_like(&real, seed, path).unwrap().bars().to_vec();
    assert_eq!(draw(1, 2), draw(1, 2));
    assert!(draw(1, 2) != draw(1, 3) && draw(1, 2) != draw(2, 2));
    let refused = BootstrapSpec { mean_bars: 0.5, ..BootstrapSpec::default() }.market_like(&real, 0, 0).unwrap_err();
    assert_eq!(refused.to_string(), "bootstrap.mean_bars: 0.5 must be a finite number of at least 1");
    let hourly = SynthRows { period_ns: crate::time::HOUR_NS, ..SynthRows::default() }.build().unwrap();
    let refused = Bootstrap::new(&spec, &real, &hourly).unwrap_err().to_string();
    assert_eq!(refused, "rows: bars of 3600000000000 ns, and the real ones are of 60000000000 ns; use the same");
}
