//! Where the next price leans to.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Needs, Place, Work},
    facts::Facts,
    indicator::{Stream, distance},
};
use crate::market::Quote;

/// `microprice / mid - 1` of the quote that stood when the bar opened, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{FeatureSpec, MicropriceSpec};
/// assert_eq!(FeatureSpec::Microprice(MicropriceSpec::default()).names(), ["microprice"]);
/// ```
///
/// `microprice = (bid * ask_size + ask * bid_size) / (bid_size + ask_size)`: the mid price weighted by the size that waits
/// on the other side, as in Gatheral and Oomen (2010), "Zero-intelligence realized variance estimation", equation 5. Above 0
/// where more is bid for than offered; the mid itself, so 0, where sizes are not known. It is the last quote that a decision
/// at the close knows for sure. Unknown until the first one has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MicropriceSpec {
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for MicropriceSpec {
    fn default() -> Self {
        Self { instrument: 0, scale: 1.0 }
    }
}

impl Describe for MicropriceSpec {
    fn place(&self) -> Place {
        Place { instrument: self.instrument, timeframe: None, scale: self.scale }
    }

    fn names(&self) -> Vec<String> {
        vec!["microprice".to_owned()]
    }

    fn work(&self) -> Work {
        let step = |(): &mut (), facts: &Facts| match facts.quote {
            Some(quote) => distance(microprice(&quote), quote.mid()),
            None => f64::NAN,
        };
        Work::Facts(Needs::Quotes, Stream::over((), 0, step))
    }
}

fn microprice(quote: &Quote) -> f64 {
    let size = quote.bid_size + quote.ask_size;
    // From the mid on, so that equal sizes give exactly that.
    let lean = if size > 0.0 { (quote.bid_size - quote.ask_size) / size } else { 0.0 };
    quote.mid() + 0.5 * lean * quote.spread()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_leans_to_the_thinner_side() {
        let quote = Quote { bid: 10.0, ask: 11.0, bid_size: 30.0, ask_size: 10.0, ..Quote::default() };
        assert_eq!(microprice(&quote), (10.0 * 10.0 + 11.0 * 30.0) / 40.0);
        assert_eq!(microprice(&Quote { ask_size: 0.0, ..quote }), 11.0);
        assert_eq!(microprice(&Quote { bid_size: 0.0, ask_size: 0.0, ..quote }), 10.5);
    }
}
