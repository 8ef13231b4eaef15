//! All problems, by name.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tradepit::MarketData;

use super::{
    AlmgrenChrissSale, AmericanPut, AvellanedaStoikov, CarteaJaimungal, GarleanuPedersen, Hedge, Kelly, Leak,
    Liquidation, Merton, Null, OuThreshold, Regime, parts::Known,
};
use crate::{EnvSpec, Error, Result};

/// A problem with a known answer, with its parameters.
///
/// ```
/// use tradepit_envs::anchors::Problem;
/// let problem = Problem::named("ou-threshold").unwrap().with("cost", 0.5.into()).unwrap();
/// assert_eq!(serde_json::to_string(&problem).unwrap(), r#"{"name":"ou-threshold","params":{"rho":0.9,"cost":0.5}}"#);
/// assert!(problem.with("costs", 0.5.into()).unwrap_err().to_string().contains("unknown field `costs`"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", content = "params", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Problem {
    /// The next return is in the observation.
    Leak(Leak),
    /// Nothing to be known, at a cost.
    Null(Null),
    /// A fraction of wealth in a stock.
    Merton(Merton),
    /// A fraction of wealth on a coin.
    Kelly(Kelly),
    /// Factors that decay, quadratic costs.
    GarleanuPedersen(GarleanuPedersen),
    /// A level that reverts, linear costs.
    OuThreshold(OuThreshold),
    /// Two hidden states.
    Regime(Regime),
    /// A block of shares to sell.
    AlmgrenChriss(AlmgrenChrissSale),
    /// Quotes with an aversion to risk.
    AvellanedaStoikov(AvellanedaStoikov),
    /// Quotes with a penalty on inventory.
    CarteaJaimungal(CarteaJaimungal),
    /// A quantity to sell, with a penalty on what is held.
    Liquidation(Liquidation),
    /// A short call to hedge.
    Hedge(Hedge),
    /// A put to exercise.
    AmericanPut(AmericanPut),
}

impl Problem {
    /// Their names, in the order of the table.
    pub const NAMES: [&'static str; 13] = [
        "leak",
        "null",
        "merton",
        "kelly",
        "garleanu-pedersen",
        "ou-threshold",
        "regime",
        "almgren-chriss",
        "avellaneda-stoikov",
        "cartea-jaimungal",
        "liquidation",
        "hedge",
        "american-put",
    ];

    /// The problem of that name, at its usual parameters.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self> {
        Self::from_parts(name, &Value::Object(serde_json::Map::new()))
    }

    fn from_parts(name: &str, params: &Value) -> Result<Self> {
        if !Self::NAMES.contains(&name) {
            let all = Self::NAMES.join(", ");
            return Err(Error::spec("anchor", format!("{name} is none of {all}")));
        }
        let whole = serde_json::json!({ "name": name, "params": params });
        serde_json::from_value(whole).map_err(|error| Error::spec(format!("anchor.{name}"), error.to_string()))
    }

    /// The same problem with one parameter changed.
    ///
    /// # Errors
    /// When it has no such parameter, or the value is of another kind.
    pub fn with(&self, key: &str, value: Value) -> Result<Self> {
        let mut params = self.params();
        if let Value::Object(fields) = &mut params {
            fields.insert(key.to_owned(), value);
        }
        Self::from_parts(self.name(), &params)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        Self::NAMES[match self {
            Self::Leak(_) => 0,
            Self::Null(_) => 1,
            Self::Merton(_) => 2,
            Self::Kelly(_) => 3,
            Self::GarleanuPedersen(_) => 4,
            Self::OuThreshold(_) => 5,
            Self::Regime(_) => 6,
            Self::AlmgrenChriss(_) => 7,
            Self::AvellanedaStoikov(_) => 8,
            Self::CarteaJaimungal(_) => 9,
            Self::Liquidation(_) => 10,
            Self::Hedge(_) => 11,
            Self::AmericanPut(_) => 12,
        }]
    }

    /// Its parameters, by name.
    #[must_use]
    pub fn params(&self) -> Value {
        // Numbers alone: nothing in them can fail to be written.
        let whole = serde_json::to_value(self).unwrap_or_default();
        whole.get("params").cloned().unwrap_or_default()
    }

    /// The problems of the report: every one, at each of the parameters for which the literature has a value.
    #[must_use]
    pub fn table() -> Vec<Self> {
        let merton = |gamma| Self::Merton(Merton { gamma, ..Merton::default() });
        let ou = |cost| Self::OuThreshold(OuThreshold { cost, ..OuThreshold::default() });
        let regime = |mean| Self::Regime(Regime { mean, ..Regime::default() });
        let quotes = |gamma| Self::AvellanedaStoikov(AvellanedaStoikov { gamma, ..AvellanedaStoikov::default() });
        let put = |price| Self::AmericanPut(AmericanPut { price, ..AmericanPut::default() });
        vec![
            Self::Leak(Leak::default()),
            Self::Null(Null::default()),
            merton(1.0),
            merton(2.0),
            merton(4.0),
            Self::Kelly(Kelly::default()),
            Self::GarleanuPedersen(GarleanuPedersen::default()),
            ou(0.1),
            ou(0.25),
            ou(0.5),
            regime(0.1),
            regime(0.25),
            regime(0.5),
            Self::AlmgrenChriss(AlmgrenChrissSale::default()),
            quotes(0.1),
            quotes(0.01),
            Self::CarteaJaimungal(CarteaJaimungal::default()),
            Self::Liquidation(Liquidation::default()),
            Self::Hedge(Hedge::default()),
            put(36.0),
            put(40.0),
        ]
    }

    /// Rows and spec of its environment: what any environment is made of.
    ///
    /// # Errors
    /// Names the parameter that is out of its range.
    pub fn environment(&self) -> Result<(MarketData, EnvSpec)> {
        let parts = self.known().parts()?;
        Ok((parts.rows, parts.spec))
    }

    pub(super) fn known(&self) -> &dyn Known {
        match self {
            Self::Leak(p) => p,
            Self::Null(p) => p,
            Self::Merton(p) => p,
            Self::Kelly(p) => p,
            Self::GarleanuPedersen(p) => p,
            Self::OuThreshold(p) => p,
            Self::Regime(p) => p,
            Self::AlmgrenChriss(p) => p,
            Self::AvellanedaStoikov(p) => p,
            Self::CarteaJaimungal(p) => p,
            Self::Liquidation(p) => p,
            Self::Hedge(p) => p,
            Self::AmericanPut(p) => p,
        }
    }
}
