//! From bars to a row of features, one row at a time.

use super::{
    Aggregator, FeaturePipelineSpec, FeatureSpec, Indicator,
    describe::{Place, Work},
    time_of_day::time_of_day,
};
use crate::{
    Bar, Error, MarketData, Result,
    market::SessionClock,
    time::{MINUTE_NS, SECOND_NS},
};

/// The one implementation of the features: training runs it over the data, a live session over bars as they close.
///
/// ```
/// use tradepit::{features::{FeaturePipeline, FeaturePipelineSpec}, market::synth};
/// let data = synth::es_1m(300, 0).unwrap();
/// let mut pipeline = FeaturePipeline::for_data(&FeaturePipelineSpec::default(), &data).unwrap();
/// let mut row = vec![0.0; pipeline.width()];
/// for bar in data.bars() {
///     pipeline.update(std::slice::from_ref(bar), &[], &mut row);
/// }
/// assert!(row.iter().all(|x| x.is_finite()));
/// ```
///
/// A number is NaN until its indicator is warm. Of a higher timeframe, it is that of the last completed bar. An update
/// allocates nothing and takes the same time whatever came before. A snapshot is a clone.
#[derive(Clone, Debug)]
pub struct FeaturePipeline {
    names: Vec<String>,
    hash: String,
    instruments: usize,
    columns: usize,
    clock: SessionClock,
    timeframes: Vec<Timeframe>,
    nodes: Vec<Node>,
    max_warm_up: usize,
    clip: f32,
    clipped: u64,
}

#[derive(Clone, Debug)]
struct Timeframe {
    instrument: usize,
    minutes: u32,
    aggregator: Aggregator,
    /// Features that read it.
    readers: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Node {
    source: Source,
    scale: f64,
    /// Place in the row; the time of day takes two.
    out: usize,
    /// The last number, kept between two bars of a higher timeframe.
    value: f64,
}

#[derive(Clone, Debug)]
enum Source {
    Bars { instrument: usize, indicator: Box<dyn Indicator> },
    Completed { indicator: Box<dyn Indicator> },
    TimeOfDay,
    Column(usize),
}

impl FeaturePipeline {
    /// A cold pipeline for a market of `instruments` instruments whose bars are `period_ns` long, with the user's columns
    /// of these names.
    ///
    /// # Errors
    /// When the specification is not valid, or asks for an instrument, a column or a timeframe that the market can't give.
    pub fn new(
        spec: &FeaturePipelineSpec,
        instruments: usize,
        period_ns: i64,
        clock: SessionClock,
        columns: &[&str],
    ) -> Result<Self> {
        spec.validate()?;
        let mut pipeline = Self {
            names: spec.names(),
            hash: spec.hash(),
            instruments,
            columns: columns.len(),
            clock,
            timeframes: Vec::new(),
            nodes: Vec::with_capacity(spec.features.len()),
            max_warm_up: 0,
            clip: spec.clip,
            clipped: 0,
        };
        let mut out = 0;
        for (at, feature) in spec.features.iter().enumerate() {
            let Place { instrument, timeframe, scale } = feature.place();
            let source = pipeline.source(feature, timeframe, instrument as usize, period_ns, columns).map_err(
                |(field, message)| Error::spec(format!("features[{at}].{}.{field}", feature.kind()), message),
            )?;
            pipeline.nodes.push(Node { source, scale: f64::from(scale), out, value: f64::NAN });
            out += feature.names().len();
        }
        Ok(pipeline)
    }

    /// A cold pipeline for bars such as those of `data`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn for_data(spec: &FeaturePipelineSpec, data: &MarketData) -> Result<Self> {
        let columns: Vec<&str> = data.columns().iter().map(|(name, _)| name.as_str()).collect();
        Self::new(spec, data.instruments().len(), data.period_ns(), data.clock().clone(), &columns)
    }

    fn source(
        &mut self,
        feature: &FeatureSpec,
        timeframe: Option<u32>,
        instrument: usize,
        period_ns: i64,
        columns: &[&str],
    ) -> std::result::Result<Source, (&'static str, String)> {
        if instrument >= self.instruments {
            return Err((
                "instrument",
                format!("{instrument} is not in the data, which has {}; count from 0", self.instruments),
            ));
        }
        Ok(match feature.work() {
            Work::Bars(indicator) => {
                let bars_each = timeframe.map_or(Ok(1), |minutes| bars_each(minutes, period_ns))?;
                self.max_warm_up = self.max_warm_up.max((indicator.warm_up() + 1) * bars_each - 1);
                match timeframe {
                    None => Source::Bars { instrument, indicator },
                    Some(minutes) => {
                        let reader = self.nodes.len();
                        self.timeframe(instrument, minutes).readers.push(reader);
                        Source::Completed { indicator }
                    }
                }
            }
            Work::TimeOfDay => Source::TimeOfDay,
            Work::Column(name) => {
                let at = columns.iter().position(|&column| column == name);
                Source::Column(
                    at.ok_or_else(|| ("name", format!("{name:?} is not in the data, which has {columns:?}")))?,
                )
            }
        })
    }

    fn timeframe(&mut self, instrument: usize, minutes: u32) -> &mut Timeframe {
        let known = self.timeframes.iter().position(|t| (t.instrument, t.minutes) == (instrument, minutes));
        let at = known.unwrap_or_else(|| {
            let aggregator = Aggregator::new(minutes, self.clock.clone());
            self.timeframes.push(Timeframe { instrument, minutes, aggregator, readers: Vec::new() });
            self.timeframes.len() - 1
        });
        &mut self.timeframes[at]
    }

    /// Names of the numbers of a row.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many numbers a row has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.names.len()
    }

    /// [`FeaturePipelineSpec::hash`] of what it was made from.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The most rows that hold a NaN at the beginning, but for the user's columns. Gaps in the data shorten it: they
    /// complete the bars of a higher timeframe with fewer rows.
    #[must_use]
    pub fn max_warm_up(&self) -> usize {
        self.max_warm_up
    }

    /// Takes the bars that have just closed, one for each instrument, and the user's columns of that row; writes the row.
    ///
    /// # Panics
    /// When a slice has another length than the pipeline was made for.
    pub fn update(&mut self, bars: &[Bar], columns: &[f32], row: &mut [f32]) {
        assert_eq!(
            (bars.len(), columns.len(), row.len()),
            (self.instruments, self.columns, self.names.len()),
            "bars, columns and numbers of a row"
        );
        for timeframe in &mut self.timeframes {
            for bar in timeframe.aggregator.update(&bars[timeframe.instrument]) {
                for &reader in &timeframe.readers {
                    let node = &mut self.nodes[reader];
                    if let Source::Completed { indicator } = &mut node.source {
                        node.value = indicator.update(bar);
                    }
                }
            }
        }
        for Node { source, scale, out, value } in &mut self.nodes {
            match source {
                Source::Bars { instrument, indicator } => *value = indicator.update(&bars[*instrument]),
                Source::Completed { .. } => {}
                Source::Column(at) => *value = f64::from(columns[*at]),
                Source::TimeOfDay => {
                    let (sin, cos) = time_of_day(&self.clock, bars[0].time);
                    row[*out + 1] = (cos * *scale) as f32;
                    *value = sin;
                }
            }
            row[*out] = (*value * *scale) as f32;
        }
        // NaN, the sign of a cold indicator, stays, and so does infinity: it is a fault of a user's column, to be refused.
        for value in row.iter_mut().filter(|value| value.is_finite() && value.abs() > self.clip) {
            *value = self.clip.copysign(*value);
            self.clipped += 1;
        }
    }

    /// Numbers that were clipped so far.
    #[must_use]
    pub fn clipped(&self) -> u64 {
        self.clipped
    }
}

/// How many bars of the data make one of the timeframe.
fn bars_each(minutes: u32, period_ns: i64) -> std::result::Result<usize, (&'static str, String)> {
    let length_ns = i64::from(minutes) * MINUTE_NS;
    let refuse = |message| Err(("timeframe", message));
    if period_ns <= 0 {
        return refuse(format!("{minutes} minutes of bars whose length is unknown; give the data's period_ns"));
    }
    if length_ns % period_ns != 0 {
        let seconds = period_ns as f64 / SECOND_NS as f64;
        return refuse(format!(
            "{minutes} minutes are not a whole number of the data's bars of {seconds} s; use a multiple, \
             or features made for such bars"
        ));
    }
    Ok((length_ns / period_ns) as usize)
}
