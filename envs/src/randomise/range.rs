//! Where a number is drawn from.

use std::fmt;

use rand::RngExt as _;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use tradepit::Rng;

/// Where a number is drawn from.
///
/// ```
/// use tradepit_envs::{NumberRange, UniformRange};
/// let range: NumberRange = serde_json::from_str(r#"{"kind": "uniform", "low": 0, "high": 2}"#).unwrap();
/// assert_eq!(range, NumberRange::Uniform(UniformRange { low: 0.0, high: 2.0 }));
/// // Two numbers are a uniform range.
/// assert_eq!(range, serde_json::from_str("[0, 2]").unwrap());
/// let typo = serde_json::from_str::<NumberRange>(r#"{"kind": "uniform", "low": 0, "hihg": 2}"#).unwrap_err();
/// assert!(typo.to_string().contains("unknown field `hihg`, expected `low` or `high`"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", tag = "kind", rename_all = "snake_case")]
pub enum NumberRange {
    /// Every number with the same chance.
    Uniform(UniformRange),
    /// Every order of magnitude with the same chance.
    LogUniform(LogUniformRange),
    /// Every number of a list with the same chance.
    Choice(ChoiceRange),
}

/// From `low` to `high`, every number with the same chance; of whole numbers both ends are among them.
///
/// ```
/// use tradepit_envs::UniformRange;
/// let range: UniformRange = serde_json::from_str(r#"{"low": 0.5, "high": 2}"#).unwrap();
/// assert_eq!(range, UniformRange { low: 0.5, high: 2.0 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniformRange {
    /// The least.
    pub low: f64,
    /// The greatest, at least `low`.
    pub high: f64,
}

/// From `low` to `high` with the logarithm uniform: as often between 1 and 10 as between 10 and 100.
///
/// ```
/// use tradepit_envs::{EnvSpec, NumberRange, LogUniformRange};
/// let mut spec: EnvSpec = serde_json::from_str(r#"{"slippage": {"kind": "fixed_bps", "bps": 1}}"#).unwrap();
/// let from = |low| NumberRange::LogUniform(LogUniformRange { low, high: 10.0 });
/// spec.randomise.ranges.insert("slippage.bps".into(), from(0.1));
/// assert!(spec.validate(1).is_ok());
/// spec.randomise.ranges.insert("slippage.bps".into(), from(0.0));
/// let refused = spec.validate(1).unwrap_err().to_string();
/// assert_eq!(refused, "randomise.ranges.slippage.bps: low 0 must be above 0 for a log_uniform range");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogUniformRange {
    /// The least, above 0.
    pub low: f64,
    /// The greatest, at least `low`.
    pub high: f64,
}

/// One of a list, each with the same chance.
///
/// ```
/// use tradepit_envs::EnvSpec;
/// let spec: EnvSpec = serde_json::from_str(r#"{
///     "financing": {"kind": "funding", "rate": 1e-4},
///     "randomise": {"ranges": {"financing.hours": {"kind": "choice", "values": [1, 4, 8]}}}}"#).unwrap();
/// assert!(spec.validate(1).is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceRange {
    /// What there is to choose from, at least one number.
    pub values: Vec<f64>,
}

/// Whole numbers are tried one by one up to so many.
const TRIED: f64 = 256.0;
/// Beyond it not every whole number is a f64.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

impl NumberRange {
    /// What is wrong with it, for a number that is `whole` or not.
    pub(super) fn check(&self, whole: bool) -> Result<(), String> {
        let ends = match self {
            Self::Uniform(UniformRange { low, high }) | Self::LogUniform(LogUniformRange { low, high }) => {
                &[("low", *low), ("high", *high)][..]
            }
            Self::Choice(ChoiceRange { values }) if values.is_empty() => {
                return Err("values is empty; give at least one number".into());
            }
            Self::Choice(ChoiceRange { values }) => &values.iter().map(|value| ("value", *value)).collect::<Vec<_>>(),
        };
        if let Some((name, value)) = ends.iter().find(|(_, value)| !value.is_finite()) {
            return Err(format!("{name} {value} must be a finite number"));
        }
        let no_whole = |value: f64| value.fract() != 0.0 || value.abs() > LARGEST_WHOLE;
        if let Some((name, value)) = ends.iter().find(|(_, value)| whole && no_whole(*value)) {
            return Err(format!("{name} {value} must be a whole number, as the model's own is"));
        }
        match self {
            Self::Uniform(UniformRange { low, high }) | Self::LogUniform(LogUniformRange { low, high })
                if low > high =>
            {
                Err(format!("low {low} is above high {high}; exchange them"))
            }
            Self::Uniform(UniformRange { low, high }) if !(high - low).is_finite() => {
                Err(format!("{low} to {high} is wider than a number can say"))
            }
            Self::LogUniform(LogUniformRange { low, .. }) if *low <= 0.0 => {
                Err(format!("low {low} must be above 0 for a log_uniform range"))
            }
            Self::Uniform(_) | Self::LogUniform(_) | Self::Choice(_) => Ok(()),
        }
    }

    /// What a model must bear before anything is drawn: the ends, and all that may come where that is not too much.
    pub(super) fn tries(&self, whole: bool) -> Vec<f64> {
        match self {
            Self::Uniform(UniformRange { low, high }) | Self::LogUniform(LogUniformRange { low, high }) => {
                if whole && high - low < TRIED {
                    (0..=(high - low) as u32).map(|n| low + f64::from(n)).collect()
                } else {
                    vec![*low, *high]
                }
            }
            Self::Choice(ChoiceRange { values }) => values.clone(),
        }
    }

    /// A number out of it, by one number of the stream.
    pub(super) fn draw(&self, whole: bool, rng: &mut Rng) -> f64 {
        let share: f64 = rng.random();
        match self {
            // Equal ends give themselves, to the bit; rounding must not lead out of the range.
            Self::Uniform(UniformRange { low, high }) if whole => {
                (low + ((high - low + 1.0) * share).floor()).min(*high)
            }
            Self::Uniform(UniformRange { low, high }) => (low + (high - low) * share).min(*high),
            Self::LogUniform(LogUniformRange { low, high }) => {
                let value = (low.ln() + (high.ln() - low.ln()) * share).exp().clamp(*low, *high);
                if whole { value.round() } else { value }
            }
            Self::Choice(ChoiceRange { values }) => {
                values[((share * values.len() as f64) as usize).min(values.len() - 1)]
            }
        }
    }

    /// Where `value` is in it, from -1 to 1; outside of it is at its end, and a range of one number is at 0.
    pub(super) fn place(&self, value: f64) -> f64 {
        let of = |value: f64, low: f64, high: f64| {
            if high > low { (2.0 * (value - low) / (high - low) - 1.0).clamp(-1.0, 1.0) } else { 0.0 }
        };
        match self {
            Self::Uniform(UniformRange { low, high }) => of(value, *low, *high),
            Self::LogUniform(LogUniformRange { low, high }) => of(value.max(*low).ln(), low.ln(), high.ln()),
            Self::Choice(ChoiceRange { values }) => {
                let far = |at: &usize| (values[*at] - value).abs();
                let nearest = (0..values.len()).min_by(|a, b| far(a).total_cmp(&far(b))).unwrap_or_default();
                of(nearest as f64, 0.0, (values.len() - 1) as f64)
            }
        }
    }
}

impl fmt::Display for NumberRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform(UniformRange { low, high }) => write!(f, "{low}..{high}"),
            Self::LogUniform(LogUniformRange { low, high }) => write!(f, "log {low}..{high}"),
            Self::Choice(ChoiceRange { values }) => write!(f, "of {values:?}"),
        }
    }
}

impl Serialize for NumberRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for NumberRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = NumberRange;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a range: [low, high] or {\"kind\": \"uniform\", \"log_uniform\" or \"choice\", ..}")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<NumberRange, A::Error> {
                let mut numbers: Vec<f64> = Vec::new();
                while let Some(number) = list.next_element()? {
                    numbers.push(number);
                }
                match numbers[..] {
                    [low, high] => Ok(NumberRange::Uniform(UniformRange { low, high })),
                    _ => Err(A::Error::invalid_length(numbers.len(), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NumberRange, A::Error> {
                NumberRange::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
