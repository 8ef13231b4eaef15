//! What can go wrong in the environment.

/// An error of the environment; its text names the field, the value and what to do.
///
/// ```
/// use tradepit_envs::{EnvSpec, Error};
/// let refused = EnvSpec { window: 0, ..EnvSpec::default() }.validate(1).unwrap_err();
/// assert!(matches!(&refused, Error::Spec { field, .. } if field == "window"));
/// assert_eq!(refused.to_string(), "window: 0 must be in 1..=10000 rows");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The market below said no.
    #[error(transparent)]
    Market(#[from] tradepit::Error),
    /// A field of a spec is out of its range or does not fit the rest.
    #[error("{field}: {message}")]
    Spec {
        /// Path of the field, as in `episode.length`.
        field: String,
        /// The value, the allowed range, what to do.
        message: String,
    },
    /// An action was refused; nothing has moved.
    #[error("action of environment {env}: {message}")]
    Action {
        /// Index of the environment in its batch.
        env: usize,
        /// The value, what is allowed.
        message: String,
    },
    /// A reward can't be used, or could not be computed.
    #[error("reward of environment {env}: {message}")]
    Reward {
        /// Index of the environment in its batch.
        env: usize,
        /// The value and what to do.
        message: String,
    },
    /// A buffer has the wrong length.
    #[error("{name}: expected {expected} values, got {got}")]
    Shape {
        /// Which buffer.
        name: &'static str,
        /// The length that was wanted.
        expected: usize,
        /// The length that came.
        got: usize,
    },
    /// A call that the state of the environment does not allow, as a step before the first reset.
    #[error("{0}")]
    State(String),
}

impl Error {
    /// A [`Error::Spec`] from its parts.
    #[must_use]
    pub fn spec(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Spec { field: field.into(), message: message.into() }
    }

    pub(crate) fn shape(name: &'static str, expected: usize, got: usize) -> Result<()> {
        if expected == got { Ok(()) } else { Err(Self::Shape { name, expected, got }) }
    }
}

/// Shorthand.
pub type Result<T> = std::result::Result<T, Error>;
