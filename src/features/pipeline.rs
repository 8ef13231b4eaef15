//! From bars to a row of features, one row at a time.

use super::{
    Aggregator, FeaturePipelineSpec, FeatureSpec,
    describe::{Fault, Needs, Place, Work},
    facts::{Facts, Moments},
    node::{Node, Source},
    normalise::Normaliser,
};
use crate::{
    Bar, Error, MarketData, Result, Timestamp,
    market::{RowDetails, Session, SessionClock},
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
/// allocates nothing and takes the same time whatever came before. A snapshot is a clone; [`save`](Self::save) gives one as
/// bytes.
#[derive(Clone, Debug)]
pub struct FeaturePipeline {
    names: Vec<String>,
    pub(super) hash: String,
    instruments: usize,
    columns: usize,
    /// What its states depend on beside the specification, in words.
    pub(super) market: String,
    /// Only where a feature asks for it.
    moments: Option<Moments>,
    pub(super) timeframes: Vec<Timeframe>,
    pub(super) nodes: Vec<Node>,
    max_warm_up: usize,
    pub(super) clip: f32,
    pub(super) clipped: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Timeframe {
    minutes: u32,
    /// The instruments that are read, and the bars of each: as rows come for all at once, so do these.
    instruments: Vec<usize>,
    pub(super) aggregators: Vec<Aggregator>,
    /// Nodes that read it.
    readers: Vec<usize>,
}

/// What a pipeline must know of the market that it is for.
///
/// ```
/// use tradepit::{features::{FeaturePipeline, FeaturePipelineSpec, MarketShape}, market::Calendar, time::MINUTE_NS};
/// let clock = Calendar::Cme.clock().unwrap();
/// let shape = MarketShape { instruments: 1, period_ns: MINUTE_NS, clock, columns: &[], quotes: false };
/// assert_eq!(FeaturePipeline::new(&FeaturePipelineSpec::default(), shape).unwrap().width(), 16);
/// ```
#[derive(Clone, Debug)]
pub struct MarketShape<'a> {
    /// Instruments in a row.
    pub instruments: usize,
    /// Length of a bar in nanoseconds.
    pub period_ns: i64,
    /// The rule that cuts time into sessions.
    pub clock: SessionClock,
    /// Names of the user's columns.
    pub columns: &'a [&'a str],
    /// Whether rows come with quotes.
    pub quotes: bool,
}

impl FeaturePipeline {
    /// A cold pipeline for such a market.
    ///
    /// # Errors
    /// When the specification is not valid, or asks for an instrument, a column, a timeframe, quotes or sessions that the
    /// market can't give.
    pub fn new(spec: &FeaturePipelineSpec, shape: MarketShape<'_>) -> Result<Self> {
        spec.validate()?;
        let mut pipeline = Self {
            names: spec.names(),
            hash: spec.hash(),
            instruments: shape.instruments,
            columns: shape.columns.len(),
            market: market(&shape),
            moments: None,
            timeframes: Vec::new(),
            nodes: Vec::with_capacity(spec.names().len()),
            max_warm_up: 0,
            clip: spec.clip,
            clipped: 0,
        };
        for (at, feature) in spec.features.iter().enumerate() {
            for work in feature.works() {
                pipeline.add(feature, work, &shape).map_err(|(field, message)| {
                    Error::spec(format!("features[{at}].{}.{field}", feature.kind()), message)
                })?;
            }
        }
        let clock = shape.clock;
        let asks = pipeline.nodes.iter().any(|node| matches!(node.source, Source::Facts(..)));
        pipeline.moments = asks.then(|| Moments::new(clock));
        Ok(pipeline)
    }

    /// A cold pipeline for bars such as those of `data`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn for_data(spec: &FeaturePipelineSpec, data: &MarketData) -> Result<Self> {
        let columns: Vec<&str> = data.columns().iter().map(|(name, _)| name.as_str()).collect();
        let shape = MarketShape {
            instruments: data.instruments().len(),
            period_ns: data.period_ns(),
            clock: data.clock().clone(),
            columns: &columns,
            quotes: data.has_quotes(),
        };
        Self::new(spec, shape)
    }

    fn add(&mut self, feature: &FeatureSpec, work: Work, shape: &MarketShape<'_>) -> std::result::Result<(), Fault> {
        let Place { instrument, timeframe, scale } = feature.place();
        let (work, normaliser) = match work {
            Work::Normalised(work, normaliser) => (*work, Some(normaliser)),
            other => (other, None),
        };
        let known = |field, instrument: u32| match (instrument as usize) < shape.instruments {
            true => Ok(instrument as usize),
            false => {
                let all = shape.instruments;
                Err((field, format!("{instrument} is not in the data, which has {all}; count from 0")))
            }
        };
        let instrument = known("instrument", instrument)?;
        let mut source = match work {
            Work::Bars(indicator) => Source::Bars(instrument, indicator),
            Work::Pair(other, indicator) => Source::Pair([instrument, known("other", other)?], indicator),
            Work::Facts(needs, indicator) => {
                check_needs(needs, shape)?;
                Source::Facts(instrument, indicator)
            }
            Work::Column(name) => match shape.columns.iter().position(|column| *column == name) {
                Some(at) => Source::Column(at),
                None => return Err(("name", format!("{name:?} is not in the data, which has {:?}", shape.columns))),
            },
            Work::Normalised(..) => return Err(("of", "is normalised already; do it once".into())),
        };
        let bars_each = timeframe.map_or(Ok(1), |minutes| bars_each(minutes, shape.period_ns))?;
        let warm_up = source.warm_up() + normaliser.as_ref().map_or(0, Normaliser::warm_up);
        self.max_warm_up = self.max_warm_up.max((warm_up + 1) * bars_each - 1);
        if let Some(minutes) = timeframe {
            let reader = self.nodes.len();
            let timeframe = self.timeframe(minutes);
            timeframe.readers.push(reader);
            match &mut source {
                Source::Bars(at, _) => *at = timeframe.place(*at, &shape.clock),
                Source::Pair(both, _) => *both = both.map(|at| timeframe.place(at, &shape.clock)),
                Source::Facts(..) | Source::Column(_) => {}
            }
        }
        let on_rows = timeframe.is_none();
        self.nodes.push(Node { source, normaliser, scale: f64::from(scale), on_rows, value: f64::NAN });
        Ok(())
    }

    fn timeframe(&mut self, minutes: u32) -> &mut Timeframe {
        let known = self.timeframes.iter().position(|timeframe| timeframe.minutes == minutes);
        let at = known.unwrap_or_else(|| {
            let (instruments, aggregators) = (Vec::new(), Vec::new());
            self.timeframes.push(Timeframe { minutes, instruments, aggregators, readers: Vec::new() });
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

    /// The most rows that hold a NaN at the beginning, but for the user's columns and for quotes that have not come. Gaps
    /// in the data shorten it: they complete the bars of a higher timeframe with fewer rows.
    #[must_use]
    pub fn max_warm_up(&self) -> usize {
        self.max_warm_up
    }

    /// Takes the bars that have just closed, one for each instrument, and the user's columns of that row; writes the row.
    ///
    /// # Panics
    /// When a slice has another length than the pipeline was made for.
    pub fn update(&mut self, bars: &[Bar], columns: &[f32], row: &mut [f32]) {
        self.update_with(bars, columns, RowDetails::default(), row);
    }

    /// As [`update`](Self::update), with what the row holds beside its bars: quotes and events.
    ///
    /// # Panics
    /// When a slice has another length than the pipeline was made for.
    pub fn update_with(&mut self, bars: &[Bar], columns: &[f32], details: RowDetails<'_>, row: &mut [f32]) {
        assert_eq!(
            (bars.len(), columns.len(), row.len()),
            (self.instruments, self.columns, self.names.len()),
            "bars, columns and numbers of a row"
        );
        for timeframe in &mut self.timeframes {
            timeframe.update(bars, &mut self.nodes);
        }
        let moment = self.moments.as_mut().map(|moments| moments.at(bars[0].time));
        for (node, number) in self.nodes.iter_mut().zip(row.iter_mut()) {
            if node.on_rows {
                let raw = match &mut node.source {
                    Source::Bars(at, indicator) => indicator.update(&bars[*at]),
                    Source::Pair([a, b], indicator) => indicator.update(&[bars[*a], bars[*b]]),
                    Source::Column(at) => f64::from(columns[*at]),
                    Source::Facts(at, indicator) => moment
                        .map_or(f64::NAN, |moment| indicator.update(&Facts::new(*at, &bars[*at], moment, &details))),
                };
                node.put(raw);
            }
            *number = shown(node.value * node.scale, self.clip, &mut self.clipped);
        }
    }

    /// Numbers that were clipped so far.
    #[must_use]
    pub fn clipped(&self) -> u64 {
        self.clipped
    }
}

impl Timeframe {
    /// The place of an instrument among those that are read.
    fn place(&mut self, instrument: usize, clock: &SessionClock) -> usize {
        let known = self.instruments.iter().position(|known| *known == instrument);
        known.unwrap_or_else(|| {
            self.instruments.push(instrument);
            self.aggregators.push(Aggregator::new(self.minutes, clock.clone()));
            self.instruments.len() - 1
        })
    }

    /// Forgets the bars under way.
    pub(super) fn restart(&mut self) {
        self.aggregators.iter_mut().for_each(Aggregator::restart);
    }

    fn update(&mut self, bars: &[Bar], nodes: &mut [Node]) {
        let mut completed = 0;
        for (instrument, aggregator) in self.instruments.iter().zip(&mut self.aggregators) {
            completed = aggregator.update(&bars[*instrument]).len();
        }
        for bar in 0..completed {
            let done = |at: usize| &self.aggregators[at].done()[bar];
            for reader in &self.readers {
                let node = &mut nodes[*reader];
                let raw = match &mut node.source {
                    Source::Bars(at, indicator) => indicator.update(done(*at)),
                    Source::Pair([a, b], indicator) => indicator.update(&[*done(*a), *done(*b)]),
                    Source::Facts(..) | Source::Column(_) => continue,
                };
                node.put(raw);
            }
        }
    }
}

/// What the states of a pipeline depend on beside its specification.
fn market(shape: &MarketShape<'_>) -> String {
    let MarketShape { instruments, period_ns, columns, clock, quotes } = shape;
    // A calendar is told by what it says.
    let Session { opens, closes } = clock.session(Timestamp::default());
    format!(
        "instruments {instruments}, bars of {period_ns} ns, columns {columns:?}, quotes {quotes}, sessions such as \
         {opens} to {closes}"
    )
}

fn check_needs(needs: Needs, shape: &MarketShape<'_>) -> std::result::Result<(), Fault> {
    let endless = || shape.clock.session(Timestamp::default()).closes == Timestamp::from_nanos(i64::MAX);
    match needs {
        Needs::Quotes if !shape.quotes => {
            Err(("quotes", "are not in the data; bring bid and ask, or drop the feature".into()))
        }
        Needs::Sessions if endless() => {
            Err(("calendar", "is none, so that there are no sessions; give the data one, or drop the feature".into()))
        }
        Needs::Nothing | Needs::Quotes | Needs::Sessions => Ok(()),
    }
}

/// A number as it is shown, and counted where it was clipped.
#[inline]
pub(super) fn shown(value: f64, clip: f32, clipped: &mut u64) -> f32 {
    let number = value as f32;
    // NaN, the sign of a cold indicator, stays, and so does infinity: it is a fault of a user's column, to be refused.
    if number.is_finite() && number.abs() > clip {
        *clipped += 1;
        return clip.copysign(number);
    }
    number
}

/// How many bars of the data make one of the timeframe.
fn bars_each(minutes: u32, period_ns: i64) -> std::result::Result<usize, Fault> {
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
