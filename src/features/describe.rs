//! What the specification of each feature tells the pipeline.

use super::Indicator;

/// Where a feature reads from, and its factor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) instrument: u32,
    pub(super) timeframe: Option<u32>,
    pub(super) scale: f32,
}

/// What runs for a feature.
pub(super) enum Work {
    Bars(Box<dyn Indicator>),
    TimeOfDay,
    Column(String),
}

/// One method for each question that the pipeline asks of a specification; an indicator's file answers them.
pub(super) trait Describe {
    fn place(&self) -> Place;
    /// Name without timeframe and instrument; a feature of several numbers names each.
    fn names(&self) -> Vec<String>;
    /// The counts with which it is built, such as its period.
    fn counts(&self) -> Vec<(&'static str, u32)> {
        Vec::new()
    }
    fn work(&self) -> Work;
    /// Whether a price of 0 or less makes it meaningless.
    fn needs_positive_prices(&self) -> bool {
        false
    }
}

/// Implements the two parts of [`Describe`] that most indicators share.
macro_rules! place_and_name {
    ($name:literal, $count:ident) => {
        fn place(&self) -> super::describe::Place {
            super::describe::Place { instrument: self.instrument, timeframe: self.timeframe, scale: self.scale }
        }
        fn names(&self) -> Vec<String> {
            vec![format!(concat!($name, "_{}"), self.$count)]
        }
        fn counts(&self) -> Vec<(&'static str, u32)> {
            vec![(stringify!($count), self.$count)]
        }
    };
}
pub(super) use place_and_name;
