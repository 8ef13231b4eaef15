//! One feature, as data.

use serde::{Deserialize, Serialize};

use super::{
    AdxSpec, AmihudSpec, AtrSpec, BidAskSpreadSpec, BollingerSpec, CandleSpec, CciSpec, ColumnSpec, CustomSpec,
    EmaDistanceSpec, HighDistanceSpec, Indicator, LogReturnSpec, LowDistanceSpec, MacdSpec, MicropriceSpec,
    NormalisedSpec, ObvSpec, OpenDistanceSpec, OrderFlowImbalanceSpec, PairBetaSpec, PairRatioSpec, PairSpreadSpec,
    RangeVolatilitySpec, RealisedVolatilitySpec, RollDaySpec, RollSpreadSpec, RollingVwapDistanceSpec, RsiSpec,
    SessionVwapDistanceSpec, SimpleReturnSpec, SmaDistanceSpec, StochasticSpec, TimeOfDaySpec, TimeOfWeekSpec,
    TimeToCloseSpec, VolumeRatioSpec, VolumeZscoreSpec, WmaDistanceSpec,
    describe::{Describe, Place, Work},
};
use crate::{Error, Result};

/// Most bars that an indicator may look back on.
const MAX_COUNT: u32 = 100_000;
/// Longest timeframe: a year of minutes.
const MAX_TIMEFRAME: u32 = 525_600;

/// One feature of a [`FeaturePipelineSpec`](super::FeaturePipelineSpec).
///
/// ```
/// use tradepit::features::FeatureSpec;
/// let parse = serde_json::from_str::<FeatureSpec>;
/// let spec = parse(r#"{"kind": "ema_distance", "period": 10, "timeframe": 15, "scale": 100.0}"#).unwrap();
/// assert_eq!(spec.names(), ["ema_distance_10@15m"]);
/// let typo = parse(r#"{"kind": "ema_distance", "perod": 10}"#).unwrap_err();
/// assert!(typo.to_string().contains("unknown field `perod`"));
/// let range = parse(r#"{"kind": "rsi", "period": 0}"#).unwrap().validate().unwrap_err();
/// assert_eq!(range.to_string(), "rsi.period: 0 must be from 1 to 100000");
/// ```
///
/// Every field but a column's `name` has a default. `timeframe` is a bar size in minutes, of which only completed bars
/// are seen (see [`Aggregator`](super::Aggregator)); without it the bars are those of the data. `instrument` is an index,
/// 0 by default. `scale` multiplies the value, 1 by default, before
/// the pipeline clips it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FeatureSpec {
    /// Logarithmic return over a lag.
    LogReturn(LogReturnSpec),
    /// Relative distance of the close from its simple moving average.
    SmaDistance(SmaDistanceSpec),
    /// Relative distance of the close from its exponential moving average.
    EmaDistance(EmaDistanceSpec),
    /// Relative strength index, from -1 to 1.
    Rsi(RsiSpec),
    /// Average true range, relative to the close.
    Atr(AtrSpec),
    /// Volume against its average.
    VolumeRatio(VolumeRatioSpec),
    /// Volatility of the last returns.
    RealisedVolatility(RealisedVolatilitySpec),
    /// Simple return over a lag.
    SimpleReturn(SimpleReturnSpec),
    /// Relative distance of the close from the highest high.
    HighDistance(HighDistanceSpec),
    /// Relative distance of the close from the lowest low.
    LowDistance(LowDistanceSpec),
    /// Relative distance of the close from an open.
    OpenDistance(OpenDistanceSpec),
    /// Relative distance of the close from its weighted moving average.
    WmaDistance(WmaDistanceSpec),
    /// Distance between two exponential moving averages, relative to the close.
    Macd(MacdSpec),
    /// Place of the close between low and high, from -1 to 1.
    Stochastic(StochasticSpec),
    /// Place of the close between the Bollinger bands, or their width.
    Bollinger(BollingerSpec),
    /// Strength of a trend, or Wilder's directional indicators, from 0 to 1.
    Adx(AdxSpec),
    /// Commodity channel index, a hundredth of it.
    Cci(CciSpec),
    /// Share of the volume that went with the price, from -1 to 1.
    Obv(ObvSpec),
    /// Relative distance of the close from the volume-weighted average price.
    RollingVwapDistance(RollingVwapDistanceSpec),
    /// Volatility from the prices inside bars.
    RangeVolatility(RangeVolatilitySpec),
    /// Volume in standard deviations from its mean.
    VolumeZscore(VolumeZscoreSpec),
    /// Illiquidity: the move for a usual turnover.
    Amihud(AmihudSpec),
    /// Bid-ask spread that the closes give away, relative to the close.
    RollSpread(RollSpreadSpec),
    /// Body or wick of the bar as a share of its range.
    Candle(CandleSpec),
    /// Sine and cosine of the local time of day.
    TimeOfDay(TimeOfDaySpec),
    /// What crossing the market costs, relative to the mid price.
    BidAskSpread(BidAskSpreadSpec),
    /// Relative distance of the microprice from the mid price.
    Microprice(MicropriceSpec),
    /// Order flow at the best prices, in units of what waits there.
    OrderFlowImbalance(OrderFlowImbalanceSpec),
    /// Relative distance of the close from the session's volume-weighted average price.
    SessionVwapDistance(SessionVwapDistanceSpec),
    /// Logarithm of the price over that of another instrument.
    PairRatio(PairRatioSpec),
    /// Residual of the log price in a regression on that of another instrument.
    PairSpread(PairSpreadSpec),
    /// Slope of returns on those of another instrument.
    PairBeta(PairBetaSpec),
    /// Sine and cosine of the local time of the week.
    TimeOfWeek(TimeOfWeekSpec),
    /// Part of the session that is left, from 1 to 0.
    TimeToClose(TimeToCloseSpec),
    /// 1 from a roll to the end of its session, else 0.
    RollDay(RollDaySpec),
    /// An indicator of the user's own, in Rust.
    Custom(CustomSpec),
    /// A column of the user's own.
    Column(ColumnSpec),
    /// Another feature, made comparable with its own past.
    Normalised(NormalisedSpec),
}

impl FeatureSpec {
    fn describe(&self) -> (&'static str, &dyn Describe) {
        match self {
            Self::LogReturn(spec) => ("log_return", spec),
            Self::SmaDistance(spec) => ("sma_distance", spec),
            Self::EmaDistance(spec) => ("ema_distance", spec),
            Self::Rsi(spec) => ("rsi", spec),
            Self::Atr(spec) => ("atr", spec),
            Self::VolumeRatio(spec) => ("volume_ratio", spec),
            Self::RealisedVolatility(spec) => ("realised_volatility", spec),
            Self::SimpleReturn(spec) => ("simple_return", spec),
            Self::HighDistance(spec) => ("high_distance", spec),
            Self::LowDistance(spec) => ("low_distance", spec),
            Self::OpenDistance(spec) => ("open_distance", spec),
            Self::WmaDistance(spec) => ("wma_distance", spec),
            Self::Macd(spec) => ("macd", spec),
            Self::Stochastic(spec) => ("stochastic", spec),
            Self::Bollinger(spec) => ("bollinger", spec),
            Self::Adx(spec) => ("adx", spec),
            Self::Cci(spec) => ("cci", spec),
            Self::Obv(spec) => ("obv", spec),
            Self::RollingVwapDistance(spec) => ("rolling_vwap_distance", spec),
            Self::RangeVolatility(spec) => ("range_volatility", spec),
            Self::VolumeZscore(spec) => ("volume_zscore", spec),
            Self::Amihud(spec) => ("amihud", spec),
            Self::RollSpread(spec) => ("roll_spread", spec),
            Self::Candle(spec) => ("candle", spec),
            Self::TimeOfDay(spec) => ("time_of_day", spec),
            Self::BidAskSpread(spec) => ("bid_ask_spread", spec),
            Self::Microprice(spec) => ("microprice", spec),
            Self::OrderFlowImbalance(spec) => ("order_flow_imbalance", spec),
            Self::SessionVwapDistance(spec) => ("session_vwap_distance", spec),
            Self::PairRatio(spec) => ("pair_ratio", spec),
            Self::PairSpread(spec) => ("pair_spread", spec),
            Self::PairBeta(spec) => ("pair_beta", spec),
            Self::TimeOfWeek(spec) => ("time_of_week", spec),
            Self::TimeToClose(spec) => ("time_to_close", spec),
            Self::RollDay(spec) => ("roll_day", spec),
            Self::Custom(spec) => ("custom", spec),
            Self::Column(spec) => ("column", spec),
            Self::Normalised(spec) => ("normalised", spec),
        }
    }

    /// Names of the numbers that it gives: kind, period, `@` timeframe, `#` instrument where it is not the first.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let Place { instrument, timeframe, .. } = self.place();
        let mut names = self.describe().1.names();
        if matches!(self, Self::Normalised(_)) {
            return names;
        }
        for name in &mut names {
            if let Some(minutes) = timeframe {
                name.push_str(&format!("@{minutes}m"));
            }
            if instrument > 0 {
                name.push_str(&format!("#{instrument}"));
            }
        }
        names
    }

    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        let (kind, spec) = self.describe();
        if let Self::Normalised(outer) = self {
            outer.of.validate().map_err(|error| match error {
                Error::Spec { field, message } => Error::spec(format!("{kind}.of.{field}"), message),
                other => other,
            })?;
        }
        let Place { timeframe, scale, .. } = spec.place();
        for (field, count) in spec.counts() {
            if !(1..=MAX_COUNT).contains(&count) {
                return Err(Error::spec(format!("{kind}.{field}"), format!("{count} must be from 1 to {MAX_COUNT}")));
            }
        }
        if let Some(minutes) = timeframe.filter(|minutes| !(1..=MAX_TIMEFRAME).contains(minutes)) {
            return Err(Error::spec(
                format!("{kind}.timeframe"),
                format!("{minutes} must be from 1 to {MAX_TIMEFRAME} minutes, or absent for the bars of the data"),
            ));
        }
        if !scale.is_finite() || scale == 0.0 {
            return Err(Error::spec(format!("{kind}.scale"), format!("{scale} must be a finite number other than 0")));
        }
        if spec.names().iter().any(String::is_empty) {
            return Err(Error::spec(format!("{kind}.name"), "is empty; name a column of the data"));
        }
        spec.check().map_err(|(field, message)| Error::spec(format!("{kind}.{field}"), message))
    }

    /// The streaming indicator behind it, before `scale`; none for what is not made of the bars of one instrument alone, nor
    /// for a specification that is not valid.
    ///
    /// It takes bars of its timeframe.
    #[must_use]
    pub fn indicator(&self) -> Option<Box<dyn Indicator>> {
        self.validate().ok()?;
        match self.work() {
            Work::Bars(indicator) => Some(indicator),
            Work::Pair(..) | Work::Facts(..) | Work::Column(_) | Work::Normalised(..) => None,
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        self.describe().0
    }

    pub(super) fn place(&self) -> Place {
        self.describe().1.place()
    }

    /// What gives its first number. Only for a validated specification, as the next.
    pub(super) fn work(&self) -> Work {
        self.describe().1.work()
    }

    /// What gives its numbers, one each.
    pub(super) fn works(&self) -> impl Iterator<Item = Work> {
        std::iter::once(self.work()).chain(self.describe().1.more_work())
    }

    pub(super) fn other(&self) -> Option<u32> {
        self.describe().1.other()
    }

    pub(super) fn needs_positive_prices(&self) -> bool {
        self.describe().1.needs_positive_prices()
    }
}
