//! What can go wrong in learning.

/// An error of an agent; its text names the field or the value and says what to do.
///
/// ```
/// use tradepit_agents::{Error, Ppo, PpoConfig, toy::Toy};
/// let config = PpoConfig { gamma: 1.5, ..PpoConfig::default() };
/// let refused = Ppo::new(config, &Toy::follow(4, 1)).unwrap_err();
/// assert!(matches!(&refused, Error::Config { field: "gamma", .. }));
/// assert_eq!(refused.to_string(), "gamma: expected a number in [0, 1], got 1.5");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A field of a configuration is out of its range.
    #[error("{field}: {message}")]
    Config {
        /// Which field.
        field: &'static str,
        /// The value and the allowed range.
        message: String,
    },
    /// The environment cannot be learned from, or is not the one that the agent was made for.
    #[error("{0}")]
    Mismatch(String),
    /// The environment gave a number that is infinite or NaN.
    #[error("{what} of environment {env} is {value}; nothing was learned from it, fix the environment")]
    NotFinite {
        /// Which number, and when.
        what: String,
        /// Index of the environment in the batch.
        env: usize,
        /// The number.
        value: f32,
    },
    /// The update left the range of numbers.
    #[error("the norm of the gradient became {0}; parameters are those before it, try a lower learning_rate")]
    Diverged(f64),
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
    /// Saved bytes that are not a policy of this format.
    #[error("not a saved policy: {0}")]
    Format(String),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Its path.
        path: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The environment refused.
    #[error(transparent)]
    Env(#[from] tradepit_envs::Error),
}

/// Shorthand.
pub type Result<T> = std::result::Result<T, Error>;
