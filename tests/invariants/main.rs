//! What must hold of every account, whatever the market, the orders and the models: through the public order path.
//!
//! The README of the tests says which invariant is tested where.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod causal;
mod chunks;
mod fees;
mod floor;
mod messages;
mod orders;
mod scale;
mod scene;

/// The README of the tests names tests that are there.
#[test]
fn the_table_of_invariants_is_true() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = include_str!("../README.md");
    let named: Vec<&str> = table.split('`').skip(1).step_by(2).filter(|name| name.contains("::")).collect();
    assert!(named.len() > 40, "{named:?}");
    for name in named {
        // Unit tests and other crates have longer ways.
        if name.contains(": ") || name == "::" {
            continue;
        }
        let (file, test) = name.split_once("::").unwrap();
        let (alone, folder) = (root.join(format!("tests/{file}.rs")), root.join("tests").join(file));
        let files = if alone.is_file() {
            vec![alone]
        } else {
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
        };
        let has = |file: &std::path::PathBuf| std::fs::read_to_string(file).unwrap().contains(&format!("fn {test}("));
        assert!(files.iter().any(has), "{name} is not there");
    }
}
