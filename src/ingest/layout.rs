//! Which column of a source is which.

mod bare;
mod names;

pub(super) use bare::bare;

use names::Names;

use super::{ReadOptions, Stamp};
use crate::{Error, Result};

/// What a source holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Bars,
    Trades,
    Quotes,
}

/// A column of numbers.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) at: usize,
    pub(super) name: String,
    /// Whether it may be empty, and is NaN then.
    pub(super) optional: bool,
}

/// Places of the columns in a row.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) time: usize,
    /// The hour, where the date stands in a column of its own.
    pub(super) clock: Option<usize>,
    pub(super) time_name: String,
    /// Bars: open, high, low, close, then what the fields below name, then the columns asked for. Trades: price, size.
    /// Quotes: bid, ask, then sizes.
    pub(super) numbers: Vec<Place>,
    /// Where the volume of bars, or the size of trades, is among the numbers.
    pub(super) volume: Option<usize>,
    /// Where bid and ask are among the numbers, if both are there.
    pub(super) sides: Option<[usize; 2]>,
    /// Where their sizes are among the numbers.
    pub(super) sizes: [Option<usize>; 2],
    /// Where the columns asked for begin among the numbers.
    pub(super) extra: usize,
    /// When a bar's quote came.
    pub(super) quote_time: Option<usize>,
    pub(super) symbol: Option<usize>,
    /// Who met the other's order, and whether the column says that the buyer's waited.
    pub(super) aggressor: Option<(usize, bool)>,
    /// What the format says of its times, and whether it leaves a choice.
    pub(super) stamp: Option<(Stamp, bool)>,
    /// Fields of a row.
    pub(super) width: usize,
}

impl Layout {
    /// By the names of the columns.
    pub(super) fn by_names<'a>(
        content: Content,
        names: impl IntoIterator<Item = &'a str>,
        options: &ReadOptions,
        source_name: Option<&str>,
    ) -> Result<Self> {
        let names = Names::new(names, source_name)?;
        let (time, time_name) = names.time()?;
        let clock = (time_name == "date").then(|| names.place("time")).flatten();
        let mut layout = Self {
            time,
            clock,
            time_name: if matches!(time_name.as_str(), "" | names::INDEX) { "time".into() } else { time_name },
            numbers: Vec::new(),
            volume: None,
            sides: None,
            sizes: [None, None],
            extra: 0,
            quote_time: None,
            symbol: names.place("symbol"),
            aggressor: None,
            stamp: None,
            width: names.len(),
        };
        match content {
            Content::Bars => {
                layout.stamp = match layout.time_name.as_str() {
                    "open_time" => Some((Stamp::Open, false)),
                    "close_time" => Some((Stamp::Close, true)),
                    _ => None,
                };
                for name in ["open", "high", "low", "close"] {
                    layout.add(names.required(name)?, name, false);
                }
                layout.volume = names.place("volume").map(|at| layout.add(at, "volume", true));
                if let Some((bid, ask)) = names.place("bid").zip(names.place("ask")) {
                    layout.sides = Some([layout.add(bid, "bid", true), layout.add(ask, "ask", true)]);
                    layout.add_sizes(&names);
                    layout.quote_time = names.place("quote_time");
                }
            }
            Content::Trades => {
                let price = names.any(&["price", "last"])?;
                layout.add(price, "price", false);
                let size = names.any(&["size", "volume", "qty", "quantity", "amount"])?;
                layout.volume = Some(layout.add(size, "size", false));
                let maker = names.place("is_buyer_maker").map(|at| (at, true));
                layout.aggressor = maker.or_else(|| names.place("side").map(|at| (at, false)));
            }
            Content::Quotes => {
                let sides = [names.required("bid")?, names.required("ask")?];
                layout.sides = Some([layout.add(sides[0], "bid", false), layout.add(sides[1], "ask", false)]);
                layout.add_sizes(&names);
            }
        }
        layout.extra = layout.numbers.len();
        for name in &options.columns {
            layout.add(names.exact(name)?, name, true);
        }
        layout.check(options, source_name)?;
        Ok(layout)
    }

    /// All columns that are read.
    #[cfg(feature = "parquet")]
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        let others = [Some(self.time), self.clock, self.quote_time, self.symbol, self.aggressor.map(|(at, _)| at)];
        self.numbers.iter().map(|place| place.at).chain(others.into_iter().flatten())
    }

    fn add(&mut self, at: usize, name: &str, optional: bool) -> usize {
        self.numbers.push(Place { at, name: name.to_owned(), optional });
        self.numbers.len() - 1
    }

    fn add_sizes(&mut self, names: &Names) {
        self.sizes = ["bid_size", "ask_size"].map(|name| names.place(name).map(|at| self.add(at, name, true)));
    }

    /// Whether the options fit the source.
    fn check(&self, options: &ReadOptions, source_name: Option<&str>) -> Result<()> {
        if options.symbol.is_some() && self.symbol.is_none() {
            let symbol = options.symbol.as_deref().unwrap_or_default();
            let source = source_name.map_or("there is", |_| "the file has");
            return Err(Error::spec("symbol", format!("{symbol:?}, but {source} no column symbol; leave it out")));
        }
        self.check_stamp(options)
    }

    fn check_stamp(&self, options: &ReadOptions) -> Result<()> {
        match self.stamp {
            Some((Stamp::Open, false)) if options.stamp == Some(Stamp::Close) => {
                Err(Error::spec("stamp", "\"close\", but the file holds open times (klines); use \"open\""))
            }
            _ => Ok(()),
        }
    }
}
