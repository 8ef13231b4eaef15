//! Every public struct, enum and trait shows in an example what it does.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The crates whose types people meet, as folders below the repository's root.
const ROOMS: [&str; 4] = ["src", "envs/src", "agents/src", "live/src"];

/// A public type, and whether its documentation has an example.
#[derive(Debug, PartialEq)]
struct Type {
    name: String,
    line: usize,
    shown: bool,
}

/// The types of one source file.
///
/// A public type that is part of a private module counts: the lints of the workspace refuse one that nobody can reach.
fn types(source: &str) -> Vec<Type> {
    // `block` is the code block that the line is in: whether it is Rust that runs.
    let (mut found, mut shown, mut block) = (Vec::new(), false, None);
    // Whatever a file tests itself with stands at its end.
    let code = source.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    for (at, line) in code.lines().map(str::trim_start).enumerate() {
        if let Some(text) = line.strip_prefix("///") {
            if let Some(fence) = text.trim().strip_prefix("```") {
                shown |= block == Some(true);
                block = if block.is_some() { None } else { Some(matches!(fence, "" | "should_panic")) };
            }
            continue;
        }
        let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        let mut next = || words.next().unwrap_or_default();
        if line.starts_with("pub ") && matches!((next(), next()), ("pub", "struct" | "enum" | "trait")) {
            found.push(Type { name: next().to_owned(), line: at + 1, shown });
        }
        // Attributes stand between a type and its documentation, some of them over several lines.
        if !line.starts_with(['#', ')', ']', '/']) && !line.ends_with(',') {
            (shown, block) = (false, None);
        }
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn every_public_type_has_an_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for room in ROOMS {
        let (mut seen, mut bare) = (0, Vec::new());
        for file in sources(&root.join(room)) {
            let types = types(&fs::read_to_string(&file).unwrap());
            seen += types.len();
            let name = file.strip_prefix(root).unwrap().display().to_string();
            bare.extend(types.iter().filter(|t| !t.shown).map(|t| format!("{name}:{}: {}", t.line, t.name)));
        }
        assert!(bare.is_empty(), "no example in the documentation of\n{}", bare.join("\n"));
        assert!(seen > 5, "{room}: only {seen} public types found; is it the right folder?");
    }
}

#[test]
fn a_type_without_an_example_is_found() {
    let source = r"
/// Shown.
///
/// ```
/// assert!(true);
/// ```
#[derive(
    Clone,
    Copy,
)]
// A word on the layout.
pub struct A(u8);
/// Drawings.
///
/// ```text
/// --
/// ```
/// ```ignore
/// ==
/// ```
pub enum B<T> {
    /// ```
    /// assert!(true);
    /// ```
    One(T),
}
mod inner {
    /// Bare.
    pub trait C {}
    struct Private;
    pub(crate) struct Room;
}
#[cfg(test)]
mod tests {
    pub struct D;
}
";
    let found = types(source);
    let names: Vec<(&str, bool)> = found.iter().map(|t| (t.name.as_str(), t.shown)).collect();
    assert_eq!(names, [("A", true), ("B", false), ("C", false)]);
    assert_eq!(found[0].line, 12);
}
