//! What crossing the market costs.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Needs, Place, Work},
    facts::Facts,
    indicator::{Stream, ratio},
};

/// `(ask - bid) / mid` of the quote that stood when the bar opened, a [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::{features, market::synth};
/// let spec = serde_json::from_str(r#"{"features": [{"kind": "bid_ask_spread", "scale": 10000}]}"#).unwrap();
/// let data = synth::with_quotes(&synth::es_1m(10, 0).unwrap(), 2.0).unwrap();
/// let bps = features::attach(data, &spec).unwrap().view(10).window(1)[0]; // 2 ticks of 0.25 at about 5,000
/// assert!((bps - 1.0).abs() < 0.1, "{bps}");
/// ```
///
/// It is the last quote that a decision at the close knows for sure; raw, whatever the adjustment. Unknown until the first
/// quote has come; 0 where the mid is not above 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BidAskSpreadSpec {
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for BidAskSpreadSpec {
    fn default() -> Self {
        Self { instrument: 0, scale: 1.0 }
    }
}

impl Describe for BidAskSpreadSpec {
    fn place(&self) -> Place {
        Place { instrument: self.instrument, timeframe: None, scale: self.scale }
    }

    fn names(&self) -> Vec<String> {
        vec!["bid_ask_spread".to_owned()]
    }

    fn work(&self) -> Work {
        let step = |(): &mut (), facts: &Facts| match facts.quote {
            Some(quote) => ratio(quote.spread(), quote.mid()),
            None => f64::NAN,
        };
        Work::Facts(Needs::Quotes, Stream::over((), 0, step))
    }
}
