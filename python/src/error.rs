//! From errors of the house to exceptions of `tradepit.errors`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::{prelude::*, types::PyType};
use tradepit_agents::Error as AgentError;
use tradepit_envs::Error;

/// The exception class of `tradepit.errors` with that name, holding `message`.
pub(crate) fn raise(class: &str, message: impl Into<String>) -> PyErr {
    let message = message.into();
    Python::attach(|py| {
        let found = py.import("tradepit.errors").and_then(|module| module.getattr(class));
        match found.and_then(|class| Ok(class.cast_into::<PyType>()?)) {
            Ok(class) => PyErr::from_type(class, message),
            Err(error) => error,
        }
    })
}

/// The exception of an error: one class for each variant.
pub(crate) fn fault(error: impl Into<Error>) -> PyErr {
    let error = error.into();
    let class = match &error {
        Error::Market(error) => market(error),
        Error::Spec { .. } => "SpecError",
        Error::Action { .. } => "ActionError",
        Error::Reward { .. } => "RewardError",
        Error::Shape { .. } => "ShapeError",
        Error::State(_) => "StateError",
        _ => "TradepitError",
    };
    raise(class, error.to_string())
}

fn market(error: &tradepit::Error) -> &'static str {
    match error {
        tradepit::Error::Data { .. } => "DataError",
        tradepit::Error::Spec { .. } => "SpecError",
        tradepit::Error::Order { .. } => "OrderError",
        tradepit::Error::TooLittleData(_) => "TooLittleDataError",
        tradepit::Error::Diverged { .. } => "DivergedError",
        tradepit::Error::Venue(_) => "VenueError",
        tradepit::Error::Io { .. } => "FileError",
        _ => "TradepitError",
    }
}

/// Runs `work` without the interpreter's lock; a panic becomes an exception.
pub(crate) fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    // What `work` changed may be half done after a panic; the exception says so, and nothing unsafe depends on it.
    py.detach(|| catch_unwind(AssertUnwindSafe(work))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        let text = text.unwrap_or("a panic without a message");
        raise("InternalError", format!("{text}; this is a bug of tradepit or of a model: reset the environment"))
    })
}

/// Another call is still inside.
pub(crate) fn busy(call: &str) -> PyErr {
    raise("StateError", format!("{call} re-entered: another thread, or a reward, is inside this environment"))
}

/// A step that was sent has not been received.
pub(crate) fn under_way(call: &str) -> PyErr {
    raise("StateError", format!("{call}: a step is under way; call step_wait() first (recv(), of an AsyncVectorEnv)"))
}

/// The exception of an agent's error.
pub(crate) fn agent_fault(error: AgentError) -> PyErr {
    let class = match error {
        AgentError::Env(error) => return fault(error),
        AgentError::Config { .. } => "SpecError",
        AgentError::Mismatch(_) => "LayoutError",
        AgentError::Shape { .. } => "ShapeError",
        AgentError::Format(_) | AgentError::File { .. } => "FileError",
        _ => "TrainingError",
    };
    raise(class, error.to_string())
}
