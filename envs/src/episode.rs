//! Where episodes start and end.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use tradepit::{MarketData, Rng};

use crate::{Error, Result};

/// Where an episode starts.
///
/// ```
/// use tradepit_envs::{StartAt, StartRule};
/// let rule: StartRule = serde_json::from_str(r#"{"kind": "at", "row": 500}"#).unwrap();
/// assert_eq!(rule, StartRule::At(StartAt { row: 500 }));
/// assert!(serde_json::from_str::<StartRule>(r#"{"kind": "random", "row": 500}"#).is_err());
/// ```
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
///
/// ```
/// use tradepit_envs::{EnvSpec, EpisodeSpec, SessionStart, SimSetup, StartRule};
/// # use tradepit::market::synth;
/// let episode = EpisodeSpec { start: StartRule::Session(SessionStart {}), ..EpisodeSpec::default() };
/// let setup = SimSetup::new(EnvSpec { episode, ..EnvSpec::default() }, synth::es_1m(9_000, 0).unwrap()).unwrap();
/// # let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// env.reset(Some(4), &mut obs).unwrap();
/// let data = &setup.world().data;
/// // The first session starts later, when the features are warm.
/// let earliest = (data.warm_up() + setup.rules().spec().window - 1) as u32;
/// assert!(data.session_starts().iter().any(|row| env.venue().state().row() == (*row).max(earliest)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionStart {}

/// At a row drawn at random.
///
/// ```
/// use tradepit_envs::{EnvSpec, EpisodeSpec, RandomStart, SimSetup, StartRule};
/// # use tradepit::market::synth;
/// let episode = EpisodeSpec { start: StartRule::Random(RandomStart {}), ..EpisodeSpec::default() };
/// let setup = SimSetup::new(EnvSpec { episode, ..EnvSpec::default() }, synth::es_1m(9_000, 0).unwrap()).unwrap();
/// # let mut obs = vec![0.0; setup.rules().observation_space().len()];
/// let mut row = |seed| {
///     let mut env = setup.env();
///     env.reset(Some(seed), &mut obs).unwrap();
///     env.venue().state().row()
/// };
/// assert_eq!(row(1), row(1));
/// assert_ne!(row(1), row(2));
/// ```
///
/// Where the length is a number of steps and the data has room for them, every row drawn has so many behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomStart {}

/// At the first row that can be used.
///
/// ```
/// use tradepit_envs::{EnvSpec, EpisodeSpec, FirstStart, SimSetup, StartRule};
/// # use tradepit::market::synth;
/// let episode = EpisodeSpec { start: StartRule::First(FirstStart {}), ..EpisodeSpec::default() };
/// let setup = SimSetup::new(EnvSpec { episode, ..EnvSpec::default() }, synth::es_1m(3_000, 0).unwrap()).unwrap();
/// # let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// env.reset(Some(0), &mut obs).unwrap();
/// // The window ends with it, and begins behind the warm-up.
/// let (row, data) = (env.venue().state().row() as usize, &setup.world().data);
/// assert_eq!(row + 1, data.warm_up() + setup.rules().spec().window);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstStart {}

/// At a given row.
///
/// ```
/// use tradepit_envs::{EnvSpec, EpisodeSpec, SimSetup, StartAt, StartRule};
/// # use tradepit::market::synth;
/// let setup = |row| {
///     let episode = EpisodeSpec { start: StartRule::At(StartAt { row }), ..EpisodeSpec::default() };
///     SimSetup::new(EnvSpec { episode, ..EnvSpec::default() }, synth::es_1m(3_000, 0).unwrap())
/// };
/// assert!(setup(1_500).is_ok());
/// // No room for the warm-up and a window.
/// assert!(setup(3).unwrap_err().to_string().starts_with("episode.start.row: 3 must be in "));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartAt {
    /// The first decision is taken when this row has closed.
    pub row: u32,
}

/// How long an episode is. Whatever is asked for, the end of the data ends it.
///
/// ```
/// use tradepit_envs::{Length, StepsLength};
/// let length: Length = serde_json::from_str(r#"{"kind": "steps", "steps": 500}"#).unwrap();
/// assert_eq!(length, Length::Steps(StepsLength { steps: 500 }));
/// ```
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
///
/// ```
/// use tradepit::Venue as _;
/// use tradepit_envs::{Action, EnvSpec, EpisodeSpec, Length, SessionLength, SimSetup};
/// # use tradepit::market::synth;
/// let episode = EpisodeSpec { length: Length::Session(SessionLength {}), ..EpisodeSpec::default() };
/// let setup = SimSetup::new(EnvSpec { episode, ..EnvSpec::default() }, synth::es_1m(3_000, 0).unwrap()).unwrap();
/// # let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// env.reset(Some(0), &mut obs).unwrap();
/// while !env.step(Action::Box(&[0.0]), &mut obs).unwrap().truncated {}
/// assert!(env.venue().market().session_closed() || env.venue().remaining() == Some(0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionLength {}

/// A number of steps.
///
/// ```
/// use tradepit_envs::{Action, EnvSpec, EpisodeSpec, Length, SimSetup, StepsLength};
/// # use tradepit::market::synth;
/// let episode = EpisodeSpec { length: Length::Steps(StepsLength { steps: 3 }), ..EpisodeSpec::default() };
/// let setup = SimSetup::new(EnvSpec { episode, ..EnvSpec::default() }, synth::es_1m(3_000, 0).unwrap()).unwrap();
/// # let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// env.reset(Some(0), &mut obs).unwrap();
/// let truncated = [(); 3].map(|()| env.step(Action::Box(&[0.0]), &mut obs).unwrap().truncated);
/// assert_eq!(truncated, [false, false, true]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepsLength {
    /// How many, at least 1.
    pub steps: u32,
}

/// Until the data ends.
///
/// ```
/// use tradepit::Venue as _;
/// use tradepit_envs::{Action, DataLength, EnvSpec, EpisodeSpec, Length, SimSetup, StartAt, StartRule};
/// # use tradepit::market::synth;
/// let (start, length) = (StartRule::At(StartAt { row: 1_000 }), Length::Data(DataLength {}));
/// let episode = EpisodeSpec { start, length, ..EpisodeSpec::default() };
/// let setup = SimSetup::new(EnvSpec { episode, ..EnvSpec::default() }, synth::es_1m(3_000, 0).unwrap()).unwrap();
/// # let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// env.reset(Some(0), &mut obs).unwrap();
/// while !env.step(Action::Box(&[0.0]), &mut obs).unwrap().truncated {}
/// assert_eq!((env.state().steps(), env.venue().remaining()), (1_999, Some(0)));
/// ```
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
    /// From the first row that can be used, for so many steps: what markets are played by that are drawn anew.
    ///
    /// ```
    /// use tradepit_envs::{EpisodeSpec, Length, StepsLength};
    /// assert_eq!(EpisodeSpec::of_steps(200).length, Length::Steps(StepsLength { steps: 200 }));
    /// ```
    #[must_use]
    pub fn of_steps(steps: u32) -> Self {
        let (start, length) = (StartRule::First(FirstStart {}), Length::Steps(StepsLength { steps }));
        Self { start, length, ..Self::default() }
    }

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

    /// Whether its length is a number of steps.
    pub(crate) fn is_of_steps(&self) -> bool {
        matches!(self.length, Length::Steps(_))
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
