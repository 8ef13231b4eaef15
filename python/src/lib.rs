//! The extension module `tradepit._core`: the house as Python objects, without a rule of its own.
//!
//! Every class is frozen, with its state behind a lock that is tried, never waited for. The interpreter's lock is
//! released in every step.

mod actions;
mod anchors;
mod backtest;
mod batch;
mod buffers;
mod columns;
mod combine;
mod data;
mod doctor;
mod env;
mod error;
mod events;
mod gather;
mod gradients;
mod info;
mod leak;
mod live;
mod measure;
mod ppo;
mod quotes;
mod reward;
mod scenario;
mod session;
mod space;
mod spec;
mod synth;
mod table;
mod trades;
mod vec_env;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[pymodule_export]
    use super::{
        anchors::{anchor_environment, anchor_names, anchor_problem, anchor_problems, anchor_scores, anchor_table},
        backtest::{PyBacktest, backtest, backtests},
        combine::{align, continuous, index_contracts, sessions, with_published, with_quotes},
        data::{PyMarketData, instrument_equity, instrument_preset, planted_es, synthetic_es},
        doctor::examine,
        env::PyEnv,
        gather::{PyFeatureTable, feature_table},
        gradients::ppo_gradients,
        leak::leakcheck,
        live::{PyFeedServer, PyPaperEnv, PyReplayEnv},
        measure::{PyBenchBatch, PyBenchCopies},
        ppo::PyPpo,
        scenario::{scenario_environment, scenario_names},
        spec::{default_spec, read_spec},
        synth::{synth_bootstrap, synth_facts, synth_fit, synth_like, synth_market, synth_mirror},
        table::PyBarTable,
        trades::{PyBarBuilder, market_from_trades},
        vec_env::PyVecEnv,
    };
}
