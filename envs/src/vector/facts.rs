//! The facts of a step as columns, for rewards that are computed once per batch.

/// Mutable columns that a step fills, one value per environment (f64, account currency unless said).
#[derive(Debug)]
pub struct FactColumns<'a> {
    /// All columns one behind the other, `FactColumns::NAMES.len() * num_envs`.
    pub values: &'a mut [f64],
}
