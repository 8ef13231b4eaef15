//! The shape of a bar.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Work, place_and_name},
    indicator::{Stream, ratio},
};

/// A part of the last bar's range, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{Bar, features::{CandlePart, CandleSpec, FeatureSpec}};
/// let part = |part| FeatureSpec::Candle(CandleSpec { part, ..CandleSpec::default() }).indicator().unwrap();
/// let bar = Bar { open: 11.0, high: 12.0, low: 8.0, close: 10.0, ..Bar::default() };
/// assert_eq!(part(CandlePart::Body).update(&bar), -0.25);
/// assert_eq!(part(CandlePart::UpperWick).update(&bar), 0.25);
/// assert_eq!(part(CandlePart::LowerWick).update(&bar), 0.5);
/// ```
///
/// 0 where the bar is one price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CandleSpec {
    /// Which part.
    pub part: CandlePart,
    /// Bar size in minutes; that of the data without it.
    pub timeframe: Option<u32>,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for CandleSpec {
    fn default() -> Self {
        Self { part: CandlePart::Body, timeframe: None, instrument: 0, scale: 1.0 }
    }
}

/// The parts of a [`CandleSpec`].
///
/// ```
/// use tradepit::features::CandlePart;
/// assert_eq!(serde_json::to_string(&CandlePart::UpperWick).unwrap(), r#""upper_wick""#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CandlePart {
    /// `(close - open) / (high - low)`, -1 to 1.
    Body,
    /// `(high - the higher of open and close) / (high - low)`, 0 to 1.
    UpperWick,
    /// `(the lower of open and close - low) / (high - low)`, 0 to 1.
    LowerWick,
}

impl CandlePart {
    fn name(self) -> &'static str {
        match self {
            Self::Body => "candle_body",
            Self::UpperWick => "candle_upper_wick",
            Self::LowerWick => "candle_lower_wick",
        }
    }
}

impl Describe for CandleSpec {
    place_and_name!(part.name);

    fn work(&self) -> Work {
        Work::Bars(match self.part {
            CandlePart::Body => Stream::boxed((), 0, |(), bar| ratio(bar.close - bar.open, bar.high - bar.low)),
            CandlePart::UpperWick => {
                Stream::boxed((), 0, |(), bar| ratio(bar.high - bar.open.max(bar.close), bar.high - bar.low))
            }
            CandlePart::LowerWick => {
                Stream::boxed((), 0, |(), bar| ratio(bar.open.min(bar.close) - bar.low, bar.high - bar.low))
            }
        })
    }
}
