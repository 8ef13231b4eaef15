//! Where episodes start and end.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use tradepit::{MarketData, Rng};

use crate::{Error, Result};

/// Where an episode starts.
///
/// Every start leaves the features' warm-up and a full window behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StartRule {
    /// With the first bar of a session drawn at random.
    Session(SessionStart),
    /// At a row drawn at random.
    Random(RandomStart),
    /// At the first row that can be used.
    First(FirstStart),
    /// At a given row.
    At(StartAt),
}

/// With the first bar of a session drawn at random.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionStart {}

/// At a row drawn at random.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomStart {}

/// At the first row that can be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstStart {}

/// At a given row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartAt {
    /// The first decision is taken when this row has closed.
    pub row: u32,
}

/// How long an episode is. Whatever is asked for, the end of the data ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Length {
    /// Until the session closes; on data without sessions, until the data ends.
    Session(SessionLength),
    /// A number of steps.
    Steps(StepsLength),
    /// Until the data ends.
    Data(DataLength),
}

/// Until the session closes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionLength {}

/// A number of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepsLength {
    /// How many, at least 1.
    pub steps: u32,
}

/// Until the data ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataLength {}

/// Where episodes start and end.
///
/// ```
/// use tradepit_envs::EpisodeSpec;
/// let spec: EpisodeSpec = serde_json::from_str(
///     r#"{"start": {"kind": "random"}, "length": {"kind": "steps", "steps": 500}, "drawdown_limit": 0.2}"#).unwrap();
/// assert!(spec.validate().is_ok());
/// assert!(EpisodeSpec { drawdown_limit: Some(1.5), ..spec }.validate().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EpisodeSpec {
    /// Where it starts.
    pub start: StartRule,
    /// When it is truncated.
    pub length: Length,
    /// It terminates when the drawdown (`1 - equity / peak`) reaches this share, in (0, 1].
    pub drawdown_limit: Option<f64>,
    /// It terminates when equity falls to this share of the initial capital, in [0, 1).
    pub ruin: f64,
}

impl Default for EpisodeSpec {
    fn default() -> Self {
        Self {
            start: StartRule::Session(SessionStart {}),
            length: Length::Session(SessionLength {}),
            drawdown_limit: None,
            ruin: 0.0,
        }
    }
}

impl EpisodeSpec {
    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        if let Length::Steps(StepsLength { steps: 0 }) = self.length {
            return Err(Error::spec("episode.length.steps", "0 must be at least 1"));
        }
        if let Some(limit) = self.drawdown_limit.filter(|d| !(*d > 0.0 && *d <= 1.0)) {
            return Err(Error::spec("episode.drawdown_limit", format!("{limit} must be in (0, 1], or null for none")));
        }
        if !(0.0..1.0).contains(&self.ruin) {
            return Err(Error::spec("episode.ruin", format!("{} must be in [0, 1)", self.ruin)));
        }
        Ok(())
    }

    /// The most steps that an episode takes by its own rule, the market aside.
    pub(crate) fn max_steps(&self) -> u32 {
        match self.length {
            Length::Steps(length) => length.steps,
            Length::Session(_) | Length::Data(_) => u32::MAX,
        }
    }

    pub(crate) fn ends_with_session(&self) -> bool {
        matches!(self.length, Length::Session(_))
    }
}

/// The rows at which an episode may start, found once for a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Starts {
    /// Any row from the first to the last, both included.
    Range(u32, u32),
    /// One of these.
    Rows(Vec<u32>),
}

impl Starts {
    /// # Errors
    /// When no row leaves the warm-up and a window behind it, and a step before it.
    pub(crate) fn new(spec: &EpisodeSpec, data: &MarketData, window: usize) -> Result<Self> {
        let earliest = data.warm_up() + window - 1;
        let last = data.len().saturating_sub(2);
        if earliest > last || data.len() < 2 {
            return Err(tradepit::Error::TooLittleData(format!(
                "{} rows; the features need {} to warm up, the window {window}, a step 1 more: at least {}",
                data.len(),
                data.warm_up(),
                earliest + 2
            ))
            .into());
        }
        let (earliest, last) = (earliest as u32, last as u32);
        Ok(match spec.start {
            StartRule::First(_) => Self::Range(earliest, earliest),
            StartRule::At(StartAt { row }) if (earliest..=last).contains(&row) => Self::Range(row, row),
            StartRule::At(StartAt { row }) => {
                return Err(Error::spec(
                    "episode.start.row",
                    format!("{row} must be in {earliest}..={last} for this data"),
                ));
            }
            StartRule::Random(_) => {
                // Full episodes where the data has room for one.
                let steps = spec.max_steps().saturating_sub(1);
                Self::Range(earliest, last.checked_sub(steps).filter(|l| *l >= earliest).unwrap_or(last))
            }
            StartRule::Session(_) => {
                let starts = data.session_starts();
                let ends = starts.iter().skip(1).copied().chain([data.len() as u32]);
                let rows = starts.iter().zip(ends).map(|(start, end)| ((*start).max(earliest), end));
                // A session that has no step left after the warm-up is none.
                let rows: Vec<u32> = rows.filter(|(start, end)| start + 1 < *end).map(|(start, _)| start).collect();
                if rows.is_empty() { Self::Range(earliest, last) } else { Self::Rows(rows) }
            }
        })
    }

    pub(crate) fn draw(&self, rng: &mut Rng) -> u32 {
        match self {
            Self::Range(first, last) if first == last => *first,
            Self::Range(first, last) => rng.random_range(*first..=*last),
            Self::Rows(rows) => rows[rng.random_range(0..rows.len())],
        }
    }
}
