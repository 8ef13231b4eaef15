//! Rows as readers hand them on, and what was wrong with them.

use super::layout::Layout;
use crate::{
    Error, Result, Timestamp,
    market::check::{Finding, FindingKind},
};

/// One row of a source, in the order of its layout.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// Counted from 0, without the header.
    pub(super) row: usize,
    pub(super) time_ns: i64,
    /// Those of [`Layout::numbers`].
    pub(super) numbers: &'a [f64],
    /// When its quote came; 0 where the source does not say.
    pub(super) quote_time_ns: i64,
    /// Who met the other's order, and whether the text is about the one who waited.
    pub(super) aggressor: Option<(&'a [u8], bool)>,
}

/// Whatever takes rows.
pub(super) trait Sink {
    /// Before the first row.
    fn begin(&mut self, layout: &Layout);
    /// The next row; what it can't use is refused or kept, by the sink's own measure.
    fn push(&mut self, row: &Row<'_>) -> Result<()>;
    /// Something that could not be read.
    fn fault(&mut self, fault: Fault) -> Result<()>;
}

/// A cell, or a row, that could not be read.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) row: usize,
    pub(super) column: String,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(row: usize, column: impl Into<String>, message: impl Into<String>) -> Self {
        Self { row, column: column.into(), message: message.into() }
    }

    pub(super) fn into_error(self, source_name: Option<&str>) -> Error {
        let Self { row, column, message } = self;
        Error::Data { source_name: source_name.map(str::to_owned), row, column, message }
    }

    pub(super) fn into_finding(self, time: Timestamp) -> Finding {
        Finding::new(FindingKind::Unreadable, self.row, time, self.message).column(self.column)
    }
}
