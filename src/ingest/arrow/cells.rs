//! Columns of any type as numbers, times and texts.

use std::borrow::Cow;

use arrow_array::{
    Array, ArrayRef, PrimitiveArray,
    cast::{AsArray as _, as_string_array},
    types::{
        ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type,
        Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
        TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_schema::{DataType, TimeUnit};

use crate::{ingest::when::TimeReader, time::DAY_NS};

/// A column as floats; a null is NaN.
pub(super) fn numbers(column: &ArrayRef) -> Result<Cow<'_, [f64]>, String> {
    fn all<T: ArrowPrimitiveType>(
        column: &dyn Array,
        float: impl Fn(T::Native) -> Option<f64>,
    ) -> Result<Cow<'_, [f64]>, String>
    where
        T::Native: std::fmt::Display,
    {
        let exact = |value: Option<T::Native>| {
            value.map_or(Ok(f64::NAN), |value| float(value).ok_or_else(|| format!("{value} has no float equal to it")))
        };
        column.as_primitive::<T>().iter().map(exact).collect::<Result<Vec<f64>, _>>().map(Cow::Owned)
    }
    match column.data_type() {
        DataType::Float64 if column.null_count() == 0 => {
            Ok(Cow::Borrowed(column.as_primitive::<Float64Type>().values()))
        }
        DataType::Float64 => all::<Float64Type>(column, Some),
        DataType::Float32 => all::<Float32Type>(column, |x| Some(f64::from(x))),
        DataType::Int8 => all::<Int8Type>(column, |x| Some(f64::from(x))),
        DataType::Int16 => all::<Int16Type>(column, |x| Some(f64::from(x))),
        DataType::Int32 => all::<Int32Type>(column, |x| Some(f64::from(x))),
        DataType::UInt8 => all::<UInt8Type>(column, |x| Some(f64::from(x))),
        DataType::UInt16 => all::<UInt16Type>(column, |x| Some(f64::from(x))),
        DataType::UInt32 => all::<UInt32Type>(column, |x| Some(f64::from(x))),
        DataType::Int64 => all::<Int64Type>(column, |x| Some(x as f64).filter(|y| *y as i128 == i128::from(x))),
        DataType::UInt64 => all::<UInt64Type>(column, |x| Some(x as f64).filter(|y| *y as i128 == i128::from(x))),
        DataType::Decimal128(..) => {
            let decimals = column.as_primitive::<Decimal128Type>();
            let float = |at: usize| {
                if decimals.is_null(at) { Ok(f64::NAN) } else { decimals.value_as_string(at).parse() }
            };
            let all = (0..decimals.len()).map(float).collect::<Result<Vec<f64>, _>>();
            all.map(Cow::Owned).map_err(|error| error.to_string())
        }
        // A column of which no value was ever seen.
        DataType::Null => Ok(Cow::Owned(vec![f64::NAN; column.len()])),
        other => Err(format!("{other} is no number; every value must be one")),
    }
}

/// A column as texts, an empty one for a null, if it is one of texts or truths.
pub(super) fn texts(column: &ArrayRef) -> Option<Vec<Cow<'_, str>>> {
    fn all<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Vec<Cow<'a, str>> {
        texts.map(|text| Cow::Borrowed(text.unwrap_or_default().trim())).collect()
    }
    Some(match column.data_type() {
        DataType::Utf8 => all(as_string_array(column).iter()),
        DataType::LargeUtf8 => all(column.as_string::<i64>().iter()),
        DataType::Utf8View => all(column.as_string_view().iter()),
        DataType::Boolean => {
            let word = |truth: Option<bool>| truth.map_or("", |truth| if truth { "true" } else { "false" });
            column.as_boolean().iter().map(|truth| Cow::Borrowed(word(truth))).collect()
        }
        DataType::Int8 | DataType::Int32 | DataType::Int64 => {
            let numbers = numbers(column).ok()?;
            numbers.iter().map(|x| if x.is_nan() { Cow::Borrowed("") } else { Cow::Owned(x.to_string()) }).collect()
        }
        DataType::Dictionary(..) => {
            let dictionary = column.as_any_dictionary();
            if dictionary.values().is_empty() {
                return Some(vec![Cow::Borrowed(""); column.len()]);
            }
            let (words, keys) = (texts(dictionary.values())?, dictionary.normalized_keys());
            let word =
                |(at, key): (usize, usize)| if column.is_null(at) { Cow::Borrowed("") } else { words[key].clone() };
            keys.into_iter().enumerate().map(word).collect()
        }
        _ => return None,
    })
}

/// A column as nanoseconds since 1970, each or why it is none; outside, that the column is none of times.
pub(super) fn times(
    column: &ArrayRef,
    clock: Option<&[Cow<'_, str>]>,
    reader: &mut TimeReader,
) -> Result<Vec<Result<i64, String>>, String> {
    let instants = |all: Vec<Option<i64>>, unit: i64, local: bool, reader: &mut TimeReader| {
        let one = |value: Option<i64>| {
            let value = value.ok_or("no time; fill or drop the row")?;
            let ns = value.checked_mul(unit).ok_or_else(|| format!("{value} is outside the years 1677 to 2262"))?;
            if local { reader.local(ns, || crate::Timestamp::from_nanos(ns).to_string()) } else { Ok(ns) }
        };
        all.into_iter().map(one).collect()
    };
    if clock.is_some() || matches!(column.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
        let Some(texts) = texts(column) else {
            return Err(format!("{} beside a column time is no text; join both", column.data_type()));
        };
        if texts.first().is_some_and(|first| reader.needs_order(first.as_bytes())) {
            reader.find_order(texts.iter().map(|text| text.as_bytes())).map_err(|error| error.to_string())?;
        }
        let read =
            |(at, text): (usize, &Cow<'_, str>)| reader.read(text.as_bytes(), clock.map(|clock| clock[at].as_bytes()));
        return Ok(texts.iter().enumerate().map(read).collect());
    }
    Ok(match column.data_type() {
        DataType::Timestamp(unit, zone) => {
            let (values, unit) = match unit {
                TimeUnit::Second => (all::<TimestampSecondType>(column), 1_000_000_000),
                TimeUnit::Millisecond => (all::<TimestampMillisecondType>(column), 1_000_000),
                TimeUnit::Microsecond => (all::<TimestampMicrosecondType>(column), 1_000),
                TimeUnit::Nanosecond => (all::<TimestampNanosecondType>(column), 1),
            };
            // With a zone it is an instant, in UTC whatever zone it is shown in.
            instants(values, unit, zone.is_none(), reader)
        }
        DataType::Date32 => {
            let days = column.as_primitive::<Date32Type>().iter().map(|day| day.map(i64::from)).collect();
            instants(days, DAY_NS, true, reader)
        }
        DataType::Date64 => instants(all::<Date64Type>(column), 1_000_000, true, reader),
        DataType::Int64 => all::<Int64Type>(column)
            .into_iter()
            .map(|value| reader.epoch_of(value.ok_or("no time; fill or drop the row")?))
            .collect(),
        other => return Err(format!("{other} is no time; use datetimes, ISO 8601 text or whole numbers since 1970")),
    })
}

fn all<T: ArrowPrimitiveType<Native = i64>>(column: &dyn Array) -> Vec<Option<i64>> {
    let column: &PrimitiveArray<T> = column.as_primitive();
    column.iter().collect()
}
