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
    /// What else may be wrong with it: the field, and its value with what is allowed.
    fn check(&self) -> Result<(), (&'static str, String)> {
        Ok(())
    }
    fn work(&self) -> Work;
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
