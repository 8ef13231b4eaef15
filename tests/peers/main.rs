//! Beside other engines: random orders on random bars fill here as they do there, or differ for a reason that is listed.
//!
//! `make_traces.py` runs zipline-reloaded and backtrader and writes what they filled; nothing of theirs is needed to run
//! this. Each case goes through the public order path, under the models that it names. `known.json` lists every case
//! that differs under its reason, and [`reason`](known::reason) looks for the evidence of that reason at the first
//! difference: a case that differs without a reason fails, and so does a listed one that no longer differs.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod known;
mod trace;

use std::collections::BTreeMap;

use serde::Deserialize;
use trace::{Trace, fills};

/// Why engines differ, and which cases do.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    why: String,
    cases: Vec<String>,
}

fn same_but_for_what_is_known(text: &str, known: &str) -> Trace {
    let trace: Trace = serde_json::from_str(text).unwrap();
    let known: BTreeMap<String, Known> = serde_json::from_str(known).unwrap();
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in &trace.cases {
        let (ours, theirs) = (fills(case), &case.fills);
        if let Some(row) = trace::first_difference(&ours, theirs) {
            let reason = known::reason(case, row, &ours);
            let reason = reason.unwrap_or_else(|| panic!("{} in row {row}: {ours:?}, theirs {theirs:?}", case.id));
            found.entry(reason).or_default().push(&case.id);
        }
    }
    let listed = known.iter().map(|(reason, known)| {
        assert!(known.why.len() > 40, "{reason}: say why");
        (reason.as_str(), known.cases.iter().map(String::as_str).collect())
    });
    assert_eq!(found, listed.collect(), "left: as it is; right: as it is listed");
    trace
}

/// The script names the versions and the seed, and these are its traces.
fn made_by_the_script(trace: &Trace) {
    let script = include_str!("make_traces.py");
    let Trace { peer, version, seed, .. } = trace;
    assert!(script.contains(&format!("{peer}=={version} ")) || script.contains(&format!("{peer}=={version}\n")));
    assert!(script.contains(&format!("\"{peer}\": (\"{version}\"")) && script.contains(&format!("SEED = {seed}\n")));
}

#[test]
fn zipline() {
    let trace = same_but_for_what_is_known(include_str!("zipline.json"), include_str!("known/zipline.json"));
    made_by_the_script(&trace);
    assert_eq!((trace.cases.len(), trace.fills()), (360, 1251));
}

#[test]
fn backtrader() {
    let trace = same_but_for_what_is_known(include_str!("backtrader.json"), include_str!("known/backtrader.json"));
    made_by_the_script(&trace);
    assert_eq!((trace.cases.len(), trace.fills()), (370, 946));
}
