//! What a venue knows of a market's depth when an order fills, beyond the last bar.

use crate::{Error, InstrumentId, MarketData, Result};

/// Volatility, volume and spread known at a fill, and what the account itself has traded.
///
/// ```
/// use tradepit::models::Liquidity;
/// let unknown = Liquidity::default();
/// assert!(unknown.sigma.is_nan() && unknown.adv.is_nan() && unknown.spread.is_nan());
/// assert_eq!((unknown.filled_in_bar, unknown.net_traded), (0.0, 0.0));
/// ```
///
/// NaN is what is not known (yet). Only facts of the time of the fill belong here: bars that had closed, quotes that
/// had come, fills that had happened. The first two numbers are the account's, and a venue keeps them with the state
/// of the account; the others are the market's.
#[derive(Clone, Copy, Debug)]
pub struct Liquidity {
    /// Units that the account's orders had filled against this bar before, without a sign.
    pub filled_in_bar: f64,
    /// Units bought less units sold by the account since it was opened, before this fill.
    pub net_traded: f64,
    /// Standard deviation of a day's return, as a share of the price: 0.01 is one percent a day.
    pub sigma: f64,
    /// Units traded in a day, on average.
    pub adv: f64,
    /// Ask less bid of the last quote, in units of price; 0 where the reference has crossed it already.
    pub spread: f64,
}

impl Liquidity {
    /// Nothing known, nothing traded.
    pub const UNKNOWN: Self =
        Self { filled_in_bar: 0.0, net_traded: 0.0, sigma: f64::NAN, adv: f64::NAN, spread: f64::NAN };
}

impl Default for Liquidity {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

/// Which facts beyond the bars a model asks for, or a venue has.
///
/// ```
/// use tradepit::models::{Facts, Slippage};
/// let slippage: Slippage = serde_json::from_str(r#"{"kind": "square_root", "adv": 1e6}"#).unwrap();
/// assert_eq!(slippage.needs(), Facts { sigma: true, ..Facts::NONE });
/// let refused = slippage.needs().check(Facts::NONE).unwrap_err().to_string();
/// assert!(refused.starts_with("slippage.sigma: "));
/// assert!(slippage.needs().check(Facts::BARS).is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The volatility of a day: [`Liquidity::sigma`].
    pub sigma: bool,
    /// The volume of a day: [`Liquidity::adv`].
    pub adv: bool,
    /// The spread at every fill: [`Liquidity::spread`].
    pub spread: bool,
    /// Bid and ask, from some row on.
    pub quotes: bool,
    /// Finer bars below those of the rows.
    pub sub_bars: bool,
    /// What the account has traded: [`Liquidity::net_traded`].
    pub net_traded: bool,
    /// What the account has traded in the month and in 30 days: [`FeeContext::after`](super::FeeContext::after).
    pub month: bool,
}

impl Facts {
    /// Bars only.
    pub const NONE: Self = Self {
        sigma: false,
        adv: false,
        spread: false,
        quotes: false,
        sub_bars: false,
        net_traded: false,
        month: false,
    };
    /// What the simulated venue and the paper broker tell over bars: the statistics of days, by
    /// [`DailyStats`](super::DailyStats), and what the account has traded.
    pub const BARS: Self = Self { sigma: true, adv: true, net_traded: true, month: true, ..Self::NONE };

    /// What the simulated venue and the paper broker tell over data that have all that data may have.
    pub const DATA: Self = Self { spread: true, quotes: true, sub_bars: true, ..Self::BARS };

    /// What the simulated venue and the paper broker tell over `data`.
    ///
    /// ```
    /// use tradepit::{market::synth, models::Facts};
    /// let data = synth::es_1m(10, 0).unwrap();
    /// assert_eq!(Facts::of(&data), Facts::BARS);
    /// assert!(Facts::of(&synth::with_quotes(&data, 1.0).unwrap()).spread);
    /// ```
    #[must_use]
    pub fn of(data: &MarketData) -> Self {
        // Orders meet the second row at the earliest, and a quote that has come stands until the next one.
        let first = data.view(data.len().min(2));
        let quoted = |id: usize| first.quote(InstrumentId(id as u32)).is_some();
        let spread = (0..data.instruments().len()).all(quoted);
        Self { spread, quotes: data.has_quotes(), sub_bars: data.has_sub_bars(), ..Self::BARS }
    }

    /// What either asks for.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            sigma: self.sigma || other.sigma,
            adv: self.adv || other.adv,
            spread: self.spread || other.spread,
            quotes: self.quotes || other.quotes,
            sub_bars: self.sub_bars || other.sub_bars,
            net_traded: self.net_traded || other.net_traded,
            month: self.month || other.month,
        }
    }

    /// Whether a venue that has `known` can serve a model that needs `self`.
    ///
    /// # Errors
    /// Names the field that the venue lacks, and what to set instead.
    pub fn check(self, known: Self) -> Result<()> {
        let missing = [
            (
                "fill",
                self.quotes && !known.quotes,
                "quote, and these data have no bid and ask; give quotes with the data, or choose next_open",
            ),
            (
                "matching.path",
                self.sub_bars && !known.sub_bars,
                "sub_bars, and these data have none; give finer bars with the data, or choose nearest_first",
            ),
            (
                "slippage.sigma",
                self.sigma && !known.sigma,
                "is not set, and this venue knows no volatility of a day; give it, as 0.01 for one percent a day",
            ),
            (
                "slippage.adv",
                self.adv && !known.adv,
                "is not set, and this venue knows no volume of a day; give it in units of the instrument",
            ),
            (
                "slippage.spread_ticks",
                self.spread && !known.spread,
                "is not set, and these data have no bid and ask at the first fill; give the spread in ticks",
            ),
            (
                "slippage.gamma",
                self.net_traded && !known.net_traded,
                "is above 0, and this venue does not tell what the account traded before; set it to 0",
            ),
            (
                "commission.tiers",
                self.month && !known.month,
                "are several, and this venue does not tell what the account traded in the month; keep the one you are in",
            ),
        ];
        match missing.iter().find(|(_, lacks, _)| *lacks) {
            Some((field, _, message)) => Err(Error::spec(*field, *message)),
            None => Ok(()),
        }
    }
}
