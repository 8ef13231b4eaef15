//! Problems with a known answer.

mod almgren_chriss;
mod american_put;
mod anchor;
mod avellaneda_stoikov;
mod cartea_jaimungal;
mod garleanu_pedersen;
mod hedge;
mod kelly;
mod leak;
mod liquidation;
mod merton;
mod normal;
mod null;
mod objective;
mod ou_threshold;
mod parts;
mod problem;
mod regime;
mod scene;

pub use almgren_chriss::{AlmgrenChrissSale, ScheduleCost};
pub use american_put::{AmericanPut, PutSolution};
pub use anchor::Anchor;
pub use avellaneda_stoikov::{AvellanedaStoikov, QuotesResult};
pub use cartea_jaimungal::{CarteaJaimungal, QuotesSolution};
pub use garleanu_pedersen::{GarleanuPedersen, LinearRule};
pub use hedge::Hedge;
pub use kelly::Kelly;
pub use leak::Leak;
pub use liquidation::Liquidation;
pub use merton::Merton;
pub use null::Null;
pub use objective::{Estimate, Objective, Outcome, Regret};
pub use ou_threshold::{OuSolution, OuThreshold};
pub use parts::{Goal, Reference, Rule};
pub use problem::Problem;
pub use regime::Regime;
