//! A row knows its own bar and those before it, and nothing else; whatever the kind of feature.

use proptest::prelude::*;

use super::kinds::{Live, Step, every_kind, market, pipeline_of, rows, steps};
use crate::{
    features::{FeaturePipeline, FeaturePipelineSpec, attach},
    time::MINUTE_NS,
};

const TIMEFRAMES: [Option<u32>; 3] = [None, Some(5), Some(15)];

fn is_known(row: &[u32]) -> bool {
    row.iter().all(|&x| f32::from_bits(x).is_finite())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn another_future_leaves_the_past_bit_equal(
        past in steps(1..120), ours in steps(1..60), theirs in steps(1..60), timeframe in 0usize..3,
    ) {
        let spec = pipeline_of(every_kind(TIMEFRAMES[timeframe]));
        let with = |future: &[Step]| rows(&market(&[past.as_slice(), future].concat()), &spec);
        let (a, b) = (with(&ours), with(&theirs));
        prop_assert_eq!(&a[..past.len()], &b[..past.len()]);
    }

    #[test]
    fn a_bar_in_progress_is_not_seen(
        past in steps(1..120), ours in steps(14..15), theirs in steps(14..15), timeframe in 0usize..2,
    ) {
        let minutes = [5, 15][timeframe];
        let mut features = every_kind(Some(minutes));
        features.retain(|feature| feature.place().timeframe.is_some());
        let volume_ratio = features.iter().position(|feature| feature.kind() == "volume_ratio").unwrap();
        let spec = pipeline_of(features);
        // From the first whole interval behind the past: all of its bars but the last, without gaps.
        let start = market(&past).view(past.len()).now().nanos() / MINUTE_NS;
        let length = i64::from(minutes);
        let wait = length - start.rem_euclid(length);
        let fill = |tail: &[Step]| {
            let quiet = std::iter::repeat_n((0, 0, 9), wait as usize);
            let tail = tail.iter().take(length as usize - 1).map(|step| (0, step.1, step.2));
            past.iter().copied().chain(quiet).chain(tail).collect::<Vec<_>>()
        };
        let (a, b) = (rows(&market(&fill(&ours)), &spec), rows(&market(&fill(&theirs)), &spec));
        prop_assert_eq!(&a, &b);
        // And the bar that ends the interval shows it.
        let volume = |steps: &[Step]| steps.iter().take(length as usize - 1).map(|s| u64::from(s.2)).sum::<u64>();
        let end = |tail: &[Step]| {
            let steps: Vec<_> = fill(tail).into_iter().chain([(0, 0, 1)]).collect();
            rows(&market(&steps), &spec).pop().unwrap()
        };
        let warm = is_known(&a.last().unwrap()[volume_ratio..=volume_ratio]);
        if warm && volume(&ours) != volume(&theirs) && volume(&ours) > 0 && volume(&theirs) > 0 {
            prop_assert_ne!(end(&ours)[volume_ratio], end(&theirs)[volume_ratio], "volume of the completed bar");
        }
    }

    #[test]
    fn the_table_is_the_stream_and_unknown_only_in_the_warm_up(market_steps in steps(200..300), timeframe in 0usize..3) {
        let data = market(&market_steps);
        // What needs more history than there is here has its own test below.
        let enough = |spec: &FeaturePipelineSpec| FeaturePipeline::for_data(spec, &data).unwrap().max_warm_up() < 190;
        let mut features = every_kind(TIMEFRAMES[timeframe]);
        features.retain(|feature| enough(&pipeline_of(vec![feature.clone()])));
        let spec = pipeline_of(features);
        let rows = rows(&data, &spec);
        let data = attach(data, &spec).unwrap();
        let limit = FeaturePipeline::for_data(&spec, &data).unwrap().max_warm_up();
        prop_assert!(data.warm_up() <= limit, "{} {limit}", data.warm_up());
        prop_assert!(!rows[..data.warm_up()].iter().any(|row| is_known(row)));
        prop_assert!(rows[data.warm_up()..].iter().all(|row| is_known(row)));
        let table: Vec<u32> = data.view(data.len()).window(data.len()).iter().map(|x| x.to_bits()).collect();
        prop_assert_eq!(table, rows.concat());
    }

    #[test]
    fn a_saved_state_goes_on_as_if_it_had_never_stopped(all in steps(2..200), at in any::<prop::sample::Index>(),
        timeframe in 0usize..3)
    {
        let (data, spec) = (market(&all), pipeline_of(every_kind(TIMEFRAMES[timeframe])));
        let mut live = Live::new(&spec, &data);
        (0..at.index(all.len())).for_each(|_| drop(live.next()));
        let bytes = live.pipeline.save().unwrap();
        let restored = FeaturePipeline::for_data(&spec, &data).unwrap().restore(&bytes).unwrap();
        prop_assert_eq!(restored.save().unwrap(), bytes);
        let mut copies = [live.clone(), Live { pipeline: restored, ..live.clone() }];
        for row in at.index(all.len())..all.len() {
            let numbers = live.next();
            for copy in &mut copies {
                prop_assert_eq!(&copy.next(), &numbers, "row {}", row);
            }
        }
        for copy in copies {
            prop_assert_eq!(copy.pipeline.save().unwrap(), live.pipeline.save().unwrap());
            prop_assert_eq!(copy.pipeline.clipped(), live.pipeline.clipped());
        }
    }

    #[test]
    fn damaged_bytes_are_refused(at in any::<prop::sample::Index>(), bit in 0u8..8, cut in any::<prop::sample::Index>()) {
        let data = market(&[(0, 1, 1); 40]);
        let spec = pipeline_of(every_kind(None));
        let mut live = Live::new(&spec, &data);
        (0..30).for_each(|_| drop(live.next()));
        let bytes = live.pipeline.save().unwrap();
        let refused = |bytes: &[u8]| {
            let cold = FeaturePipeline::for_data(&spec, &data).unwrap();
            cold.restore(bytes).unwrap_err().to_string()
        };
        let mut flipped = bytes.clone();
        flipped[at.index(bytes.len())] ^= 1 << bit;
        for damaged in [&flipped, &bytes[..cut.index(bytes.len())]] {
            let text = refused(damaged);
            prop_assert!(text.starts_with("saved state of a feature pipeline: "), "{}", text);
        }
    }
}

#[test]
fn the_warm_up_of_every_kind_is_exact() {
    let quiet: Vec<Step> =
        (0..4000u32).map(|i| ((i % 231) as u8, (i * 7 % 23) as i8 - 11, (i * 31 % 200) as u8)).collect();
    let data = market(&quiet);
    for timeframe in TIMEFRAMES {
        for feature in every_kind(timeframe) {
            let names = feature.names();
            let spec = pipeline_of(vec![feature]);
            let warm_up = FeaturePipeline::for_data(&spec, &data).unwrap().max_warm_up();
            let numbers = rows(&data, &spec);
            let known: Vec<bool> = numbers.iter().map(|row| is_known(row)).collect();
            let first = known.iter().position(|known| *known);
            assert_eq!(first, Some(warm_up), "{names:?}");
            assert!(known[warm_up..].iter().all(|known| *known), "{names:?} is unknown after its warm-up");
            let nan = |row: &Vec<u32>| row.iter().all(|x| f32::from_bits(*x).is_nan());
            assert!(numbers[..warm_up].iter().all(nan), "{names:?} is known in its warm-up, or infinite");
        }
    }
}

#[test]
fn a_state_of_another_pipeline_is_refused_with_both_shown() {
    let data = market(&[(0, 1, 1); 40]);
    let (ours, theirs) = (pipeline_of(every_kind(None)), pipeline_of(every_kind(Some(5))));
    let cold = |spec| FeaturePipeline::for_data(spec, &data).unwrap();
    let text = cold(&ours).restore(&cold(&theirs).save().unwrap()).unwrap_err().to_string();
    assert!(text.contains(&ours.hash()) && text.contains(&theirs.hash()), "{text}");
    let short = data.part(0..30).column("news", vec![0.0; 30]).build().unwrap();
    let state = FeaturePipeline::for_data(&ours, &short).unwrap().save().unwrap();
    let text = cold(&ours).restore(&state).unwrap_err().to_string();
    assert!(text.contains(r#"is of another market"#) && text.contains(r#"columns ["own", "news"]"#), "{text}");
}
