//! The root of a futures contract's name.

/// `ESZ4`, `ESZ24` and `ES` to `ES`: without a month letter and a year behind something else, the name itself.
pub(super) fn root(name: &str) -> &str {
    let contract = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let years = name.len() - contract.len();
    match contract.strip_suffix(|c: char| "FGHJKMNQUVXZ".contains(c)) {
        Some(root) if !root.is_empty() && (1..=4).contains(&years) => root,
        Some(_) | None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::root;

    #[test]
    fn contracts_lose_month_and_year_and_roots_stay() {
        for (name, expected) in [("ESZ4", "ES"), ("MESH2025", "MES"), ("E7M26", "E7"), ("6EZ4", "6E")] {
            assert_eq!(root(name), expected);
        }
        for name in ["ES", "E7", "J7", "M2K", "2YY", "10Y", "BTC", "BTCUSDT", "Z", ""] {
            assert_eq!(root(name), name);
        }
    }
}
