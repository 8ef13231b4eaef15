//! Problems with a known answer.

mod almgren_chriss;
mod american_put;
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
mod ou_threshold;
mod regime;

pub use almgren_chriss::{AlmgrenChrissSale, ScheduleCost};
pub use american_put::{AmericanPut, PutSolution};
pub use avellaneda_stoikov::{AvellanedaStoikov, QuotesResult};
pub use cartea_jaimungal::{CarteaJaimungal, QuotesSolution};
pub use garleanu_pedersen::{GarleanuPedersen, LinearRule};
pub use hedge::Hedge;
pub use kelly::Kelly;
pub use leak::Leak;
pub use liquidation::Liquidation;
pub use merton::Merton;
pub use null::Null;
pub use ou_threshold::{OuSolution, OuThreshold};
pub use regime::Regime;
