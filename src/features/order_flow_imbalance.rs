//! What came to the best prices, and on which side.

use serde::{Deserialize, Serialize};

use super::{
    describe::{Describe, Needs, Place, Work},
    facts::Facts,
    indicator::{Stream, ratio},
    window::RollingSum,
};
use crate::market::Quote;

/// The order flow at the best prices over the last `period` rows, in units of what waits there; a
/// [`FeatureSpec`](super::FeatureSpec).
///
/// ```
/// use tradepit::features::{FeatureSpec, OrderFlowImbalanceSpec};
/// let spec: FeatureSpec = serde_json::from_str(r#"{"kind": "order_flow_imbalance", "period": 5}"#).unwrap();
/// assert_eq!(spec, FeatureSpec::OrderFlowImbalance(OrderFlowImbalanceSpec { period: 5, ..Default::default() }));
/// ```
///
/// Cont, Kukanov and Stoikov (2014), "The price impact of order book events", equation 2, between two quotes in turn:
///
/// ```text
/// e = [bid >= bid'] bid_size - [bid <= bid'] bid_size' - [ask <= ask'] ask_size + [ask >= ask'] ask_size'
/// ```
///
/// with a dash for the quote before, and 1 or 0 for what stands in brackets; the feature is `sum(e) / sum(bid_size / 2 +
/// ask_size / 2)`. Theirs is over every change of the book; here a row has one quote, that which stood when its bar opened,
/// so that what came and went between two rows is not seen. 0 where sizes are not known, and where a split, a dividend or a
/// roll came between two quotes. Unknown for `period` quotes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrderFlowImbalanceSpec {
    /// Rows in the sums.
    pub period: u32,
    /// Index of the instrument.
    pub instrument: u32,
    /// Factor on the value.
    pub scale: f32,
}

impl Default for OrderFlowImbalanceSpec {
    fn default() -> Self {
        Self { period: 10, instrument: 0, scale: 1.0 }
    }
}

impl Describe for OrderFlowImbalanceSpec {
    fn place(&self) -> Place {
        Place { instrument: self.instrument, timeframe: None, scale: self.scale }
    }

    fn names(&self) -> Vec<String> {
        vec![format!("order_flow_imbalance_{}", self.period)]
    }

    fn counts(&self) -> Vec<(&'static str, u32)> {
        vec![("period", self.period)]
    }

    fn work(&self) -> Work {
        let sum = RollingSum::new(self.period);
        let flow = Flow { before: None, flow: sum.clone(), depth: sum };
        Work::Facts(Needs::Quotes, Stream::over(flow, self.period as usize, Flow::update))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Flow {
    before: Option<Quote>,
    flow: RollingSum,
    depth: RollingSum,
}

impl Flow {
    fn update(&mut self, facts: &Facts) -> f64 {
        let Some(quote) = facts.quote else { return f64::NAN };
        let Some(before) = self.before.replace(quote) else { return f64::NAN };
        let came = if facts.moved { 0.0 } else { flow(&before, &quote) };
        let depth = self.depth.update(0.5 * (quote.bid_size + quote.ask_size));
        ratio(self.flow.update(came), depth)
    }
}

fn flow(before: &Quote, now: &Quote) -> f64 {
    let size = |counts: bool, size: f64| if counts { size } else { 0.0 };
    size(now.bid >= before.bid, now.bid_size)
        - size(now.bid <= before.bid, before.bid_size)
        - size(now.ask <= before.ask, now.ask_size)
        + size(now.ask >= before.ask, before.ask_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case_of_the_paper() {
        let before = Quote { bid: 10.0, ask: 11.0, bid_size: 5.0, ask_size: 7.0, ..Quote::default() };
        let now = |bid: f64, ask: f64| flow(&before, &Quote { bid, ask, bid_size: 3.0, ask_size: 4.0, ..before });
        // Both prices as they were: what came to the bid, less what came to the ask.
        assert_eq!(now(10.0, 11.0), (3.0 - 5.0) - (4.0 - 7.0));
        // Both up: a new bid, and all that was asked is gone.
        assert_eq!(now(10.5, 11.5), 3.0 + 7.0);
        // Both down: the bid is gone, and a new ask.
        assert_eq!(now(9.5, 10.5), -5.0 - 4.0);
    }
}
