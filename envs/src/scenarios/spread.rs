//! A pair, and one position in it.

use tradepit::features::{FeaturePipelineSpec, FeatureSpec, LogReturnSpec, PairBetaSpec, PairSpreadSpec};

use crate::{ActionSpec, EnvSpec, SpreadPosition};

/// The residual of a rolling regression of the one on the other, and how far each has moved.
pub(super) fn spec() -> EnvSpec {
    let residual =
        |period| FeatureSpec::PairSpread(PairSpreadSpec { period, scale: 1_000.0, ..PairSpreadSpec::default() });
    let moved =
        |instrument| FeatureSpec::LogReturn(LogReturnSpec { instrument, scale: 1_000.0, ..LogReturnSpec::default() });
    let features =
        vec![residual(30), residual(120), FeatureSpec::PairBeta(PairBetaSpec::default()), moved(0), moved(1)];
    EnvSpec {
        window: 1,
        features: Some(FeaturePipelineSpec { features, ..FeaturePipelineSpec::default() }),
        action: ActionSpec::SpreadPosition(SpreadPosition::default()),
        ..EnvSpec::default()
    }
}
