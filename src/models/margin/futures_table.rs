//! Money per contract, by name and day.

use serde::{Deserialize, Serialize};

use super::{DatedMargin, InstrumentMargin, MarginContext, MarginModel, Required};
use crate::{Error, MarketView, Result, Timestamp, models::root::root};

/// Money per contract by name and day: the house's table, or your own rows.
///
/// ```
/// use tradepit::{Instrument, models::{MarginContext, MarginModel as _, MarginRule}};
/// let rule: MarginRule = serde_json::from_str(r#"{"kind": "futures_table", "intraday": 0.5, "rows": [
///     {"name": "ES", "from": "2024-01-01", "initial": 12000, "maintenance": 11000},
///     {"name": "ES", "from": "2024-06-01", "initial": 14000, "maintenance": 12800, "intraday": 0.05}]}"#).unwrap();
/// let es = Instrument { name: "ESU4".into(), ..Instrument::es() };
/// let initial = |day: &str, overnight| {
///     let time = format!("{day}T12:00:00Z").parse().unwrap();
///     rule.required(&MarginContext { instrument: &es, qty: -2.0, price: 5_000.0, overnight, time }).initial
/// };
/// assert_eq!((initial("2024-05-31", true), initial("2024-05-31", false)), (24_000.0, 12_000.0));
/// assert_eq!((initial("2024-06-01", true), initial("2024-06-01", false)), (28_000.0, 1_400.0));
/// ```
///
/// A row holds from its day (UTC) to the next row of the same name. Its amounts are asked overnight: where a session
/// ends, and always where there are none; inside a session brokers ask a share of them. Every future must have a row on
/// the first day of the data; what is no future asks what the instrument says. Without rows it is the house's table, see
/// [`DatedMargin`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "TableData", into = "TableData")]
pub struct FuturesTable {
    intraday: f64,
    /// By name, then by day.
    entries: Vec<(Timestamp, DatedMargin)>,
    house: bool,
}

/// A table as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableData {
    #[serde(default = "one")]
    intraday: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rows: Vec<DatedMargin>,
}

fn one() -> f64 {
    1.0
}

impl FuturesTable {
    /// The table of the house.
    ///
    /// # Errors
    /// When `intraday` is not in (0, 1].
    pub fn house(intraday: f64) -> Result<Self> {
        Ok(Self { house: true, ..Self::new(intraday, DatedMargin::all()?)? })
    }

    /// Your own rows; `intraday` is the share asked inside a session where a row does not say otherwise, in (0, 1].
    ///
    /// # Errors
    /// Names the row and the field: a day that is none, or is there twice, an amount that makes no sense.
    pub fn new(intraday: f64, rows: Vec<DatedMargin>) -> Result<Self> {
        if !(intraday > 0.0 && intraday <= 1.0) {
            return Err(Error::spec("margin.intraday", format!("{intraday} must be in (0, 1]")));
        }
        let timed = rows.into_iter().enumerate().map(|(i, row)| Ok((row.begins(&format!("margin.rows[{i}]"))?, row)));
        let mut entries = timed.collect::<Result<Vec<_>>>()?;
        entries.sort_by(|(a, one), (b, other)| (&one.name, a).cmp(&(&other.name, b)));
        if let Some(twice) = entries.windows(2).find(|two| two[0].1.name == two[1].1.name && two[0].0 == two[1].0) {
            let message = format!("{:?} has two rows from {}; keep one", twice[0].1.name, twice[0].1.from);
            return Err(Error::spec("margin.rows", message));
        }
        Ok(Self { intraday, entries, house: false })
    }

    /// The row that holds for the future of that name at that time, if it is known.
    #[must_use]
    pub fn at(&self, name: &str, time: Timestamp) -> Option<&DatedMargin> {
        self.held(name, time).or_else(|| self.held(root(name), time))
    }

    fn held(&self, name: &str, time: Timestamp) -> Option<&DatedMargin> {
        let later = self.entries.partition_point(|(from, row)| (row.name.as_str(), *from) <= (name, time));
        self.entries[..later].last().map(|(_, row)| row).filter(|row| row.name == name)
    }

    /// Whether it knows every future of `market` from its first row on.
    pub(super) fn check(&self, market: MarketView<'_>) -> Result<()> {
        let time = market.first(1).map(|first| first.now()).unwrap_or_default();
        let missing = |i: &&crate::Instrument| i.is_futures() && self.at(&i.name, time).is_none();
        match market.instruments().iter().find(missing) {
            None => Ok(()),
            Some(instrument) => {
                let message = format!("say nothing of {:?} at {time}; give a row from an earlier day", instrument.name);
                Err(Error::spec("margin.rows", message))
            }
        }
    }
}

impl MarginModel for FuturesTable {
    fn required(&self, ctx: &MarginContext<'_>) -> Required {
        if ctx.qty == 0.0 {
            return Required::default();
        }
        let known = self.at(&ctx.instrument.name, ctx.time).filter(|_| ctx.instrument.is_futures());
        let Some(row) = known else { return InstrumentMargin { intraday: self.intraday }.required(ctx) };
        let share = if ctx.overnight { 1.0 } else { row.intraday.unwrap_or(self.intraday) };
        let contracts = ctx.qty.abs() * share;
        Required { initial: contracts * row.initial, maintenance: contracts * row.maintenance }
    }
}

impl TryFrom<TableData> for FuturesTable {
    type Error = Error;

    fn try_from(TableData { intraday, rows }: TableData) -> Result<Self> {
        if rows.is_empty() { Self::house(intraday) } else { Self::new(intraday, rows) }
    }
}

impl From<FuturesTable> for TableData {
    fn from(FuturesTable { intraday, entries, house }: FuturesTable) -> Self {
        let rows = if house { Vec::new() } else { entries.into_iter().map(|(_, row)| row).collect() };
        Self { intraday, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_hold_from_their_day_by_the_whole_name_before_the_root() {
        let row = |name: &str, from: &str, initial: f64| DatedMargin {
            name: name.into(),
            from: from.into(),
            initial,
            maintenance: 1.0,
            intraday: None,
            source: String::new(),
        };
        let rows = vec![
            row("ESZ4", "2024-03-01", 3.0),
            row("ES", "2024-02-01", 2.0),
            row("NQ", "2024-01-01", 9.0),
            row("ES", "2024-01-01", 1.0),
        ];
        let table = FuturesTable::new(1.0, rows.clone()).unwrap();
        let at =
            |name: &str, day: &str| table.at(name, format!("{day}T00:00:00Z").parse().unwrap()).map(|row| row.initial);
        assert_eq!(
            (at("ES", "2023-12-31"), at("ES", "2024-01-31"), at("ES", "2024-02-01")),
            (None, Some(1.0), Some(2.0))
        );
        assert_eq!((at("ESZ4", "2024-02-28"), at("ESZ4", "2024-03-01")), (Some(2.0), Some(3.0)));
        assert_eq!(at("CL", "2024-03-01"), None);
        let twice = FuturesTable::new(1.0, [rows, vec![row("NQ", "2024-01-01", 2.0)]].concat()).unwrap_err();
        assert_eq!(twice.to_string(), "margin.rows: \"NQ\" has two rows from 2024-01-01; keep one");
    }
}
