//! Trades on paper through the live venue, with a journal, and replays the journal: the same account, to the bit.
//!
//! `cargo run --example 04_paper`

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::sync::Arc;

use tradepit::{
    Instrument, Venue,
    features::FeaturePipeline,
    ingest::{Stamp, load_csv},
    market::Calendar,
    rng::{Purpose, stream},
    venue::{ReplayVenue, Start},
};
use tradepit_envs::{Action, Env, EnvSpec, SimSetup};
use tradepit_live::{Feed, Journal, LiveOptions, LiveVenue, PaperBroker};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Follows the last return, for the sake of a decision that depends on what is seen.
fn trade<V: Venue>(mut env: Env<V>, obs: &mut [f32]) -> Result<Env<V>> {
    loop {
        let newest = obs[obs.len() - 5 - 16];
        if env.step(Action::Box(&[newest.signum()]), obs)?.truncated {
            return Ok(env);
        }
    }
}

fn main() -> Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/python/tradepit/samples/es_1m.csv");
    let data = load_csv(path, Instrument::es(), Calendar::Cme, Stamp::Open)?;
    let spec: EnvSpec = serde_json::from_str(
        r#"{
            "window": 4,
            "slippage": {"kind": "volume_share"},
            "commission": {"kind": "per_contract", "fee": 2.1},
            "episode": {"start": {"kind": "at", "row": 1500}, "length": {"kind": "data"}}
        }"#,
    )?;
    let setup = SimSetup::new(spec, data)?;
    let (rules, world) = (setup.rules(), setup.world());
    let mut obs = vec![0.0; rules.observation_space().len()];

    let mut simulated = setup.env();
    simulated.reset(Some(0), &mut obs)?;
    let simulated = trade(simulated, &mut obs)?;

    let features = rules.spec().features.as_ref().ok_or("resolved by the setup")?;
    let pipeline = FeaturePipeline::for_data(features, &world.data)?;
    let feed = Feed::memory(Arc::clone(&world.data), 1_500);
    let broker = PaperBroker::new(feed, world.models.clone(), world.cash, stream(0, 0, Purpose::Models))?;
    let journal = Journal::in_memory()?;
    let venue = LiveVenue::connect(broker, pipeline.clone(), Some(journal), LiveOptions::default())?;
    let mut paper = Env::new(Arc::clone(rules), venue);
    paper.open(Start::Now, &mut obs)?;
    let paper = trade(paper, &mut obs)?;
    assert_eq!(paper.state(), simulated.state());

    let log =
        paper.venue().journal().and_then(|journal| journal.log().transpose()).ok_or("a journal with a session")??;
    println!("{} entries in the journal", log.entries().len());
    let mut replay = Env::new(Arc::clone(rules), ReplayVenue::new(log, pipeline)?);
    replay.open(Start::Now, &mut obs)?;
    let replay = trade(replay, &mut obs)?;
    assert_eq!(replay.state(), simulated.state());

    let account = simulated.state().account();
    println!("{} fills, equity {:.2} USD: simulated, on paper and replayed", account.fills(), account.equity());
    Ok(())
}
