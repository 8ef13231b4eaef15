//! Funding at the rates of a column.

use std::sync::Arc;

use tradepit::{
    Bar, Instrument, MarketData, Timestamp,
    account::AccountEvent,
    market::Calendar,
    models::{Financing, FundingColumn, Models},
    order::OrderRequest,
    time::MINUTE_NS,
    venue::SimWorld,
};

use crate::{
    at, bar,
    book::{ONE, session},
};

#[test]
fn funding_is_paid_at_the_rate_of_its_boundary() {
    let hour = 60 * MINUTE_NS;
    let bars: Vec<Bar> =
        (1..=5).map(|i| Bar { time: Timestamp::from_nanos(i * hour / 2), ..bar(0, 100.0, 100.0) }).collect();
    // Rows close at 0:30, 1:00, 1:30, 2:00, 2:30; boundaries are at 1:00 and 2:00.
    let build = |rates: Vec<f32>| {
        let builder = MarketData::builder(vec![Instrument::btcusdt()]).bars(bars.clone()).calendar(Calendar::Utc);
        builder.column("rate", rates).build().unwrap()
    };
    let models = |column: &str| Models {
        financing: Financing::FundingColumn(FundingColumn { column: column.into(), hours: 1 }),
        ..Models::default()
    };
    let rates = vec![0.5, 0.25, 7.0, -0.125, 9.0];
    let (events, _) = session(build(rates), models("rate"), 1e4, &[(0, OrderRequest::market(ONE, 2.0))]);
    let paid: Vec<f64> = events
        .iter()
        .filter_map(|e| if let AccountEvent::Financing { amount, .. } = e { Some(*amount) } else { None })
        .collect();
    assert_eq!(paid, [-50.0, 25.0]);
    let refused = |data, column: &str| SimWorld::new(Arc::new(data), models(column), 1e4).unwrap_err().to_string();
    let missing = refused(build(vec![0.0; 5]), "funding");
    assert_eq!(missing, r#"financing.column: "funding" is not in the data, which has ["rate"]"#);
    let unknown = refused(build(vec![0.0, f32::NAN, 0.0, 0.0, 0.0]), "rate");
    assert_eq!(unknown, "row 1, column rate: NaN can't be paid; fill it, with 0 where nothing is");
}

#[test]
fn funding_over_a_gap_is_at_the_last_rate_before_it() {
    let hour = 60 * MINUTE_NS;
    let times = [1, 2, 60 * 3 + 30];
    let bars = times.map(|minute| Bar { time: at(minute), ..bar(0, 100.0, 100.0) }).to_vec();
    let data = MarketData::builder(vec![Instrument::btcusdt()]).bars(bars).column("rate", vec![0.5, 0.25, 7.0]);
    let financing = Financing::FundingColumn(FundingColumn { column: "rate".into(), hours: 1 });
    let models = Models { financing, ..Models::default() };
    let (events, _) = session(data.build().unwrap(), models, 1e4, &[(0, OrderRequest::market(ONE, 1.0))]);
    let paid = events[1..].iter().map(|event| match event {
        AccountEvent::Financing { amount, time, .. } => (*amount, time.nanos() / hour),
        other => panic!("{other:?}"),
    });
    assert_eq!(paid.collect::<Vec<_>>(), [(-25.0, 1), (-25.0, 2), (-25.0, 3)]);
}
