//! Numbers that become known at a time of their own: news, sentiment, economic releases.

use std::collections::VecDeque;

use super::MarketDataBuilder;
use crate::{Error, Result, Timestamp, time::SECOND_NS};

/// How points become a column.
///
/// ```
/// use tradepit::{market::Publishing, time::DAY_NS};
/// let news = Publishing { max_age_ns: Some(DAY_NS), fill: Some(0.0), age: true };
/// assert!(news.validate().is_ok());
/// assert!(Publishing { max_age_ns: Some(0), ..news }.validate().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Publishing {
    /// How long a point counts, above 0; for ever without it.
    pub max_age_ns: Option<i64>,
    /// What stands where no point counts. Without it that is NaN, which features take in their warm-up only.
    pub fill: Option<f32>,
    /// Whether a second column, `NAME.age`, tells the seconds since publication: at most the greatest age, which also stands
    /// where no point counts; NaN there where no greatest age is given.
    pub age: bool,
}

impl Publishing {
    /// Whether it makes sense.
    ///
    /// # Errors
    /// Names the field and its value.
    pub fn validate(&self) -> Result<()> {
        if let Some(age) = self.max_age_ns.filter(|age| *age <= 0) {
            return Err(Error::spec("max_age_ns", format!("{age} must be above 0, the time for which a point counts")));
        }
        if let Some(fill) = self.fill.filter(|fill| !fill.is_finite()) {
            return Err(Error::spec("fill", format!("{fill} is not a finite number; leave it out for unknown")));
        }
        Ok(())
    }
}

/// The last point that was published: the one implementation, which a simulation runs over all points, and a live session
/// over those that have come.
///
/// ```
/// use tradepit::{Timestamp, market::{Published, Publishing}};
/// let at = Timestamp::from_nanos;
/// let mut rate = Published::new(Publishing::default()).unwrap();
/// rate.push(at(60), 5.25).unwrap();
/// rate.push(at(90), 5.5).unwrap(); // known already here, but not to be known before 90
/// assert_eq!([59, 60, 89, 90].map(|now| rate.now(at(now)).0.to_bits()), [f32::NAN, 5.25, 5.25, 5.5].map(f32::to_bits));
/// ```
#[derive(Clone, Debug)]
pub struct Published {
    how: Publishing,
    coming: VecDeque<(Timestamp, f32)>,
    last: Option<(Timestamp, f32)>,
}

impl Published {
    /// Before the first point.
    ///
    /// # Errors
    /// When `how` does not make sense.
    pub fn new(how: Publishing) -> Result<Self> {
        how.validate()?;
        Ok(Self { how, coming: VecDeque::new(), last: None })
    }

    /// Takes a point, published at a time of which [`now`](Self::now) has not been asked yet, or that is late and counts from
    /// the next row on. Of two points of one time, the later one counts.
    ///
    /// # Errors
    /// When the value is not finite.
    pub fn push(&mut self, published: Timestamp, value: f32) -> Result<()> {
        if !value.is_finite() {
            let message = format!("{value} published at {published} is not a finite number; drop the point");
            return Err(Error::spec("value", message));
        }
        let at = self.coming.partition_point(|(known, _)| *known <= published);
        self.coming.insert(at, (published, value));
        Ok(())
    }

    /// What is known when a bar closes: the number of the last point published then or before, and its age in seconds.
    /// Moments are asked for in order.
    pub fn now(&mut self, closes: Timestamp) -> (f32, f32) {
        while let Some(point) = self.coming.pop_front_if(|(published, _)| *published <= closes) {
            // A point that came late is not news when a newer one is known.
            if self.last.is_none_or(|(known, _)| known <= point.0) {
                self.last = Some(point);
            }
        }
        let most = self.how.max_age_ns.unwrap_or(i64::MAX);
        let age = |published: Timestamp| closes.nanos().saturating_sub(published.nanos());
        let seconds = |ns: i64| (ns as f64 / SECOND_NS as f64) as f32;
        match self.last {
            Some((published, value)) if age(published) <= most => (value, seconds(age(published))),
            Some(_) | None => (self.how.fill.unwrap_or(f32::NAN), self.how.max_age_ns.map_or(f32::NAN, seconds)),
        }
    }
}

impl MarketDataBuilder {
    /// Columns of points with times of publication, in any order: each row of the bars, which must have been given, sees the
    /// last one published at or before its close. For a number of one instrument among several, say so in the name, as in `NQ.sentiment`.
    ///
    /// ```
    /// use tradepit::{market::{Publishing, synth}, time::MINUTE_NS};
    /// let data = synth::es_1m(4, 0).unwrap();
    /// let second = data.bars()[1].time;
    /// let points = [(second.plus_ns(-MINUTE_NS / 2), 0.5), (second.plus_ns(1), -0.5)];
    /// let how = Publishing { fill: Some(0.0), age: true, ..Publishing::default() };
    /// let data = data.part(0..4).published("news", points, how).unwrap().build().unwrap();
    /// assert_eq!(data.columns()[0], ("news".to_owned(), vec![0.0, 0.5, -0.5, -0.5]));
    /// assert_eq!(data.columns()[1].1[1], 30.0);
    /// ```
    ///
    /// # Errors
    /// When `how` does not make sense, a value is not finite, or no bars were given yet.
    pub fn published(
        self,
        name: &str,
        points: impl IntoIterator<Item = (Timestamp, f32)>,
        how: Publishing,
    ) -> Result<Self> {
        if self.row_times().next().is_none() {
            return Err(Error::spec(format!("columns.{name}"), "there are no bars to join it to; give them before"));
        }
        let mut points: Vec<(Timestamp, f32)> = points.into_iter().collect();
        points.sort_by_key(|(published, _)| *published);
        let mut known = Published::new(how)?;
        for (published, value) in points {
            known.push(published, value).map_err(|error| match error {
                Error::Spec { message, .. } => Error::spec(format!("columns.{name}"), message),
                other => other,
            })?;
        }
        let rows: Vec<(f32, f32)> = self.row_times().map(|closes| known.now(closes)).collect();
        let made = self.column(name, rows.iter().map(|(value, _)| *value).collect());
        Ok(if how.age { made.column(format!("{name}.age"), rows.iter().map(|(_, age)| *age).collect()) } else { made })
    }
}
