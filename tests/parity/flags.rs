//! What a venue says of itself, and what it refuses.

use std::sync::Arc;

use tradepit::{
    Venue as _,
    account::Account,
    market::synth,
    models::{FillRule, LookAheadClose},
    rng::{Purpose, stream},
    venue::{Recorder, SimVenue, Start},
};
use tradepit_envs::{Env, EpisodeRecord, SimSetup};
use tradepit_live::{Feed, LiveOptions, LiveVenue, PaperBroker};

use crate::environment::{first, paper, pipeline, sim, spec};

#[test]
fn a_rule_that_looks_ahead_is_flagged_in_log_journal_and_record() {
    let data = synth::es_1m(600, 8).unwrap();
    for (fill, flagged) in [(FillRule::LookAheadClose(LookAheadClose {}), true), (FillRule::default(), false)] {
        let setup = SimSetup::new(spec(fill), data.clone()).unwrap();
        let in_sim = sim(&setup);
        let (on_paper, replayed) = paper(&setup, &data);
        assert!(on_paper == in_sim, "paper differs from the simulator");
        let mut text = Vec::new();
        replayed.log().write(&mut text).unwrap();
        let opening = String::from_utf8(text).unwrap().lines().next().unwrap().to_owned();
        assert_eq!(opening.contains(r#""look_ahead":true"#), flagged);
        assert_eq!((replayed.log().opening().look_ahead, replayed.looks_ahead()), (flagged, flagged));
        let mut recorder = Recorder::new(SimVenue::new(Arc::clone(setup.world()), 0), Arc::new(data.clone()));
        recorder.open(Start::At(first(&setup)), &mut Account::new(1)).unwrap();
        assert_eq!(recorder.log().unwrap().opening(), replayed.log().opening());
        let mut record = EpisodeRecord::of(setup.env().venue());
        record.clear();
        assert_eq!(record.looks_ahead(), flagged);
        assert_eq!(serde_json::to_value(&record).unwrap()["look_ahead"], flagged);
    }
}

#[test]
fn a_history_too_short_for_the_window_is_refused() {
    let data = synth::es_1m(1_000, 8).unwrap();
    let setup = SimSetup::new(spec(FillRule::default()), data.clone()).unwrap();
    let feed = Feed::memory(Arc::new(data), first(&setup) - 1);
    let broker = PaperBroker::new(feed, setup.rules().spec().models(), 1e5, stream(0, 0, Purpose::Models)).unwrap();
    let venue = LiveVenue::connect(broker, pipeline(&setup), None, LiveOptions::default()).unwrap();
    let mut obs = vec![0.0; setup.rules().observation_space().len()];
    let refused = Env::new(Arc::clone(setup.rules()), venue).open(Start::Now, &mut obs).unwrap_err().to_string();
    assert!(refused.contains("do not warm the features up for a window of 32"), "{refused}");
}
