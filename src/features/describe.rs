//! What the specification of each feature tells the pipeline.

use super::{Indicator, facts::Facts, normalise::Normaliser};
use crate::Bar;

/// Where a feature reads from, and its factor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) instrument: u32,
    pub(super) timeframe: Option<u32>,
    pub(super) scale: f32,
}

/// What runs for a number of a feature.
pub(super) enum Work {
    /// Over the bars of an instrument.
    Bars(Box<dyn Indicator>),
    /// Over those of two: of `instrument` and of this other one.
    Pair(u32, Box<dyn Indicator<[Bar; 2]>>),
    /// Over all that is known with a row, in the data's own bars.
    Facts(Needs, Box<dyn Indicator<Facts>>),
    Column(String),
    /// What the other gives, made comparable with its past.
    Normalised(Box<Work>, Normaliser),
}

/// What a market must have for a feature to make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    Quotes,
    Sessions,
}

/// What is wrong with a specification: the field, and the value and what to do.
pub(super) type Fault = (&'static str, String);

/// One method for each question that the pipeline asks of a specification; an indicator's file answers them.
pub(super) trait Describe {
    fn place(&self) -> Place;
    /// Name without timeframe and instrument; a feature of several numbers names each.
    fn names(&self) -> Vec<String>;
    /// The counts with which it is built, such as its period.
    fn counts(&self) -> Vec<(&'static str, u32)> {
        Vec::new()
    }
    /// Whatever else can be wrong with its fields.
    fn check(&self) -> Result<(), Fault> {
        Ok(())
    }
    /// What gives its number, or the first of several.
    fn work(&self) -> Work;
    /// What gives the others.
    fn more_work(&self) -> Vec<Work> {
        Vec::new()
    }
    /// The other instrument that it looks at.
    fn other(&self) -> Option<u32> {
        None
    }
    /// Whether a price of 0 or less makes it meaningless.
    fn needs_positive_prices(&self) -> bool {
        false
    }
}

/// Implements the parts of [`Describe`] that most indicators share: `("kind", counts..)`, or `(line.name, counts..)` where
/// a field `line` chooses between numbers of one indicator and has the name.
macro_rules! place_and_name {
    (@ ($self:ident) $name:expr $(, $count:ident)*) => {
        fn place(&$self) -> super::describe::Place {
            super::describe::Place { instrument: $self.instrument, timeframe: $self.timeframe, scale: $self.scale }
        }
        fn names(&$self) -> Vec<String> {
            vec![[$name.to_owned() $(, $self.$count.to_string())*].join("_")]
        }
        fn counts(&$self) -> Vec<(&'static str, u32)> {
            vec![$((stringify!($count), $self.$count)),*]
        }
    };
    ($name:literal $(, $count:ident)*) => { place_and_name! { @ (self) $name $(, $count)* } };
    ($line:ident.name $(, $count:ident)*) => { place_and_name! { @ (self) self.$line.name() $(, $count)* } };
}
pub(super) use place_and_name;
