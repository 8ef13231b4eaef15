//! The ranges of a spec made ready to be drawn from.

use serde_json::Value;
use tradepit::{
    models::Models,
    rng::{Purpose, stream},
};

use super::{
    Drawn, NumberRange, Randomise,
    parts::{self, Found, PARTS, Part},
};
use crate::{Error, Result};

/// Models are tried beforehand with so many combinations of numbers, at most.
const COMBINATIONS: usize = 1024;
/// Paths that an error lists.
const LISTED: usize = 24;

/// The ranges of a spec made ready: where their numbers are in the models, and what these are without them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// In the order of their paths.
    numbers: Vec<Number>,
    /// The models that they are in, in the same order, as data.
    parts: Vec<(&'static Part, Value)>,
    observe: bool,
    draw: bool,
    /// What an observation shows is in `[-clip, clip]`.
    clip: f32,
}

#[derive(Clone, Debug)]
struct Number {
    path: String,
    /// Index in `Numbers::parts`.
    part: usize,
    pointer: String,
    whole: bool,
    nominal: f64,
    range: NumberRange,
}

impl Numbers {
    /// Finds the numbers of `randomise` in `models`, and tries what they may become.
    ///
    /// # Errors
    /// Names the path, the value and what there is: a path without a number, a range that is none, a number that the
    /// models refuse.
    pub(crate) fn new(randomise: &Randomise, models: &Models) -> Result<Self> {
        let Randomise { observe, draw, .. } = *randomise;
        let mut own = Self { observe, draw, clip: 1.0, ..Self::default() };
        let found = if randomise.ranges.is_empty() { Vec::new() } else { all_numbers(models) };
        for (path, range) in &randomise.ranges {
            let refuse = |message: String| Error::spec(format!("randomise.ranges.{path}"), message);
            let Some((part, Found { pointer, number, .. })) = found.iter().find(|(_, found)| found.path == *path)
            else {
                return Err(refuse(missing(path, models, &found)));
            };
            let whole = !number.is_f64();
            range.check(whole).map_err(refuse)?;
            if own.parts.last().is_none_or(|(last, _)| last.name != part.name) {
                own.parts.push((part, (part.get)(models).map_err(|error| refuse(error.to_string()))?));
            }
            own.numbers.push(Number {
                path: path.clone(),
                part: own.parts.len() - 1,
                pointer: pointer.clone(),
                whole,
                nominal: number.as_f64().unwrap_or_default(),
                range: range.clone(),
            });
        }
        (0..own.parts.len()).try_for_each(|part| own.try_part(part, models))?;
        Ok(own)
    }

    /// The same for observations within `[-clip, clip]`.
    pub(crate) fn within(self, clip: f32) -> Self {
        Self { clip, ..self }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// How many an observation shows.
    pub(crate) fn shown(&self) -> usize {
        if self.observe { self.len() } else { 0 }
    }

    /// Their paths, in order.
    pub(crate) fn paths(&self) -> impl ExactSizeIterator<Item = &str> {
        self.numbers.iter().map(|number| &*number.path)
    }

    /// Their paths and ranges in words, where an observation shows them.
    pub(crate) fn layout(&self) -> Vec<String> {
        self.numbers[..self.shown()].iter().map(|number| format!("{} {}", number.path, number.range)).collect()
    }

    /// What the models have without a draw.
    pub(crate) fn nominal(&self) -> Drawn {
        self.drawn(self.numbers.iter().map(|number| number.nominal).collect())
    }

    /// What episode `episode` of `seed` draws.
    pub(crate) fn draw(&self, seed: u64, episode: u64) -> Drawn {
        if !self.draw {
            return self.nominal();
        }
        let mut rng = stream(seed, episode, Purpose::Randomise);
        self.drawn(self.numbers.iter().map(|number| number.range.draw(number.whole, &mut rng)).collect())
    }

    /// `values` with what is shown of them.
    pub(crate) fn drawn(&self, values: Box<[f64]>) -> Drawn {
        let shown = self.numbers[..self.shown()].iter().zip(&values);
        let shown = shown.map(|(number, value)| (number.range.place(*value) as f32).clamp(-self.clip, self.clip));
        Drawn { shown: shown.collect(), values }
    }

    /// `models` with `values` in place of their numbers.
    ///
    /// # Errors
    /// When the models refuse them together.
    pub(crate) fn models(&self, models: &Models, values: &[f64]) -> Result<Models> {
        let mut models = models.clone();
        let mut data: Vec<Value> = self.parts.iter().map(|(_, data)| data.clone()).collect();
        for (number, value) in self.numbers.iter().zip(values) {
            if let Some(place) = data[number.part].pointer_mut(&number.pointer) {
                *place = if number.whole { (*value as i64).into() } else { (*value).into() };
            }
        }
        for ((part, _), data) in self.parts.iter().zip(&data) {
            (part.set)(&mut models, data).map_err(|error| self.blame(values, part.name, &error.to_string()))?;
        }
        models.validate().map_err(|error| {
            let field = if let tradepit::Error::Spec { field, .. } = &error { field } else { "" };
            self.blame(values, field, &error.to_string())
        })?;
        Ok(models)
    }

    /// Names the number that stands at `field`, or one beside it, as what the models refused.
    fn blame(&self, values: &[f64], field: &str, message: &str) -> Error {
        let path = field.replace('[', ".").replace(']', "");
        let beside = |number: &Number| path.starts_with(self.parts[number.part].0.name);
        let at = self.numbers.iter().position(|number| number.path == path);
        let at = at.or_else(|| self.numbers.iter().position(beside)).unwrap_or_default();
        let (number, value) = (&self.numbers[at], values[at]);
        Error::spec(format!("randomise.ranges.{}", number.path), format!("{value} can't be drawn: {message}"))
    }

    /// Tries all that one of the models may be made of, or, where that is too much, one number after the other, beside
    /// the least of the others and beside the greatest.
    fn try_part(&self, part: usize, models: &Models) -> Result<()> {
        let mut values: Vec<f64> = self.numbers.iter().map(|number| number.nominal).collect();
        let own = self.numbers.iter().enumerate().filter(|(_, number)| number.part == part);
        let tries: Vec<(usize, Vec<f64>)> = own.map(|(at, number)| (at, number.range.tries(number.whole))).collect();
        let all = tries.iter().try_fold(1_usize, |all, (_, tries)| all.checked_mul(tries.len()));
        if let Some(all) = all.filter(|all| *all <= COMBINATIONS) {
            for mut which in 0..all {
                for (at, tries) in &tries {
                    values[*at] = tries[which % tries.len()];
                    which /= tries.len();
                }
                self.models(models, &values)?;
            }
            return Ok(());
        }
        for greatest in [false, true] {
            for (at, tries) in &tries {
                values[*at] = if greatest { tries[tries.len() - 1] } else { tries[0] };
            }
            for (at, tries) in &tries {
                let others = values[*at];
                for value in tries {
                    values[*at] = *value;
                    self.models(models, &values)?;
                }
                values[*at] = others;
            }
        }
        Ok(())
    }
}

/// The numbers of all models, each with its model.
fn all_numbers(models: &Models) -> Vec<(&'static Part, Found)> {
    let mut all = Vec::new();
    for part in &PARTS {
        // A model of the caller's own has no numbers that could be named.
        if let Ok(data) = (part.get)(models) {
            let mut found = Vec::new();
            parts::numbers(part.name, "", &data, &mut found);
            all.extend(found.into_iter().map(|found| (part, found)));
        }
    }
    all
}

/// Why there is no number at `path`, and where there are some.
fn missing(path: &str, models: &Models, found: &[(&'static Part, Found)]) -> String {
    let part = PARTS.iter().find(|part| path.split('.').next() == Some(part.name));
    if part.is_some_and(|part| (part.get)(models).is_err()) {
        return "is in a model of your own; only the numbers of built-in models have a path".into();
    }
    let paths: Vec<&str> = found.iter().map(|(_, number)| &*number.path).take(LISTED).collect();
    let more = if found.len() > LISTED { ", .." } else { "" };
    let known = if paths.is_empty() { "there is none in these".into() } else { paths.join(", ") + more };
    format!("is no number of the models, as the spec has them ({known}); one that is not set has no path: set it")
}
