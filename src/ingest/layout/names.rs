//! Columns by their names, in any case.

use crate::{Error, Result};

/// Names of a time column, the surest first; an empty name is what pandas writes for an index without one.
const TIME: [&str; 9] = ["ts", "timestamp", "datetime", "open_time", "close_time", "date", "time", "", INDEX];
/// What an index of pandas without a name is called in Arrow.
pub(super) const INDEX: &str = "__index_level_0__";

#[derive(Debug)]
pub(super) struct Names {
    own: Vec<String>,
    lower: Vec<String>,
    source_name: Option<String>,
}

impl Names {
    /// # Errors
    /// When a name is there twice.
    pub(super) fn new<'a>(names: impl IntoIterator<Item = &'a str>, source_name: Option<&str>) -> Result<Self> {
        let own: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let lower: Vec<String> = own.iter().map(|name| name.to_ascii_lowercase()).collect();
        let names = Self { own, lower, source_name: source_name.map(str::to_owned) };
        for (at, name) in names.lower.iter().enumerate() {
            if !name.is_empty() && names.lower[..at].contains(name) {
                return Err(names.refuse(name, "is twice in the header; rename one".into()));
            }
        }
        Ok(names)
    }

    pub(super) fn len(&self) -> usize {
        self.own.len()
    }

    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.lower.iter().position(|own| own == name)
    }

    pub(super) fn required(&self, name: &str) -> Result<usize> {
        self.place(name).ok_or_else(|| self.missing(name, "name the column so, in any case"))
    }

    /// The first of several names that is there.
    pub(super) fn any(&self, names: &[&str]) -> Result<usize> {
        let found = names.iter().find_map(|name| self.place(name));
        found.ok_or_else(|| self.missing(names[0], &format!("name the column {}", names.join(", "))))
    }

    /// A column of the user's, in its own case.
    pub(super) fn exact(&self, name: &str) -> Result<usize> {
        let found = self.own.iter().position(|own| own == name);
        found.ok_or_else(|| self.missing(name, "ask for a column that is there"))
    }

    /// The time and its name.
    pub(super) fn time(&self) -> Result<(usize, String)> {
        let hint = "name the time ts, timestamp, datetime, date or time, or give names where there is no header";
        let found = TIME.iter().find_map(|name| self.place(name)).ok_or_else(|| self.missing("ts", hint))?;
        Ok((found, self.lower[found].clone()))
    }

    fn missing(&self, column: &str, hint: &str) -> Error {
        let header = self.own.iter().take(16).map(String::as_str).collect::<Vec<_>>().join(",");
        self.refuse(column, format!("not in the header {header:?}; {hint}"))
    }

    fn refuse(&self, column: &str, message: String) -> Error {
        Error::Data { source_name: self.source_name.clone(), row: 0, column: column.to_owned(), message }
    }
}
