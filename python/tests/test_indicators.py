"""Every indicator beside another program: TA-Lib where it has it, else a plain computation with NumPy and pandas."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import talib

import tradepit

#: What agrees is the indicator itself, to this part of its value or of its usual size, whichever is larger.
EXACT = 1e-9


def frame(data):
    return pd.DataFrame({name: data.columns()[name] for name in ("open", "high", "low", "close", "volume")})


def random(seed, bars=3_000, tick=0.25, level=4_000.0):
    """A random walk of whole ticks, with gaps between bars, bars of one price and bars without volume."""
    rng = np.random.default_rng(seed)
    opens = level + tick * np.cumsum(rng.integers(-6, 7, bars))
    closes = opens + tick * rng.integers(-4, 5, bars)
    high = np.maximum(opens, closes) + tick * rng.integers(0, 5, bars)
    low = np.minimum(opens, closes) - tick * rng.integers(0, 5, bars)
    volume = rng.integers(0, 500, bars).astype(float)
    still = rng.random(bars) < 0.05
    for prices in (high, low, closes):
        prices[still] = opens[still]
    volume[rng.random(bars) < 0.05] = 0.0
    times = np.datetime64("2024-01-01", "ns") + np.arange(bars) * np.timedelta64(60, "s")
    columns = {"ts": times, "open": opens, "high": high, "low": low, "close": closes, "volume": volume}
    return tradepit.market_data(columns, instrument="ES")


DATA = {
    "es_1m": lambda: tradepit.market_data("es_1m")[:5_000],
    "eurusd_1h": lambda: tradepit.market_data("eurusd_1h")[:5_000],
    "AAPL": lambda: tradepit.market_data("stocks_1d", symbol="AAPL"),
    "random": lambda: random(1),
    "random, near 0": lambda: random(2, tick=0.01, level=12.0),
}


@pytest.fixture(scope="module", params=list(DATA))
def market(request):
    """Market data and its bars as a frame."""
    data = DATA[request.param]()
    return data, frame(data)


def first(values):
    """The first row that is known."""
    return int(np.argmax(np.isfinite(values)))


def agree(ours, theirs):
    """Equal but for rounding where theirs is known, and ours is known no later."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    known = np.isfinite(theirs)
    assert known.sum() > 100
    assert np.isfinite(ours[known]).all()
    np.testing.assert_allclose(ours[known], theirs[known], rtol=EXACT, atol=EXACT * np.abs(theirs[known]).mean())


# Of TA-Lib: the feature, and from the frame and our series two series in its units.
def level(function):
    """A distance of the close from a level, beside the level."""
    return lambda bars, ours: (bars.close / (1 + ours), function(bars))


def macd(which):
    return lambda bars, ours: (ours * bars.close, talib.MACD(bars.close, 5, 13, 4)[which])


def bands(bars):
    """Place of the close between TA-Lib's bands, and their width."""
    upper, middle, lower = talib.BBANDS(bars.close, 20, 2.5, 2.5)
    return 2 * (bars.close - lower) / (upper - lower) - 1, (upper - lower) / middle


def stochastic(function, memory):
    """Fast or slow, but where a range of 9 bars that counts was one price, of which TA-Lib says 0 and we 50."""

    def pair(bars, ours):
        theirs = pd.Series(function(bars.high, bars.low, bars.close))
        flat = bars.high.rolling(9).max() == bars.low.rolling(9).min()
        return 50 * ours + 50, theirs.where(flat.rolling(memory, min_periods=1).sum() == 0)

    return pair


TALIB = {
    "sma": ({"kind": "sma_distance", "period": 10}, level(lambda bars: talib.SMA(bars.close, 10))),
    "ema": ({"kind": "ema_distance", "period": 10}, level(lambda bars: talib.EMA(bars.close, 10))),
    "wma": ({"kind": "wma_distance", "period": 10}, level(lambda bars: talib.WMA(bars.close, 10))),
    "max": ({"kind": "high_distance", "period": 10}, level(lambda bars: talib.MAX(bars.high, 10))),
    "min": ({"kind": "low_distance", "period": 10}, level(lambda bars: talib.MIN(bars.low, 10))),
    "rocp": ({"kind": "simple_return", "lag": 3}, lambda bars, ours: (ours, talib.ROCP(bars.close, 3))),
    "atr": (
        {"kind": "atr", "period": 14},
        lambda bars, ours: (ours * bars.close, talib.ATR(bars.high, bars.low, bars.close, 14)),
    ),
    "rsi": ({"kind": "rsi", "period": 14}, lambda bars, ours: (50 * ours + 50, talib.RSI(bars.close, 14))),
    "macd": ({"kind": "macd", "fast": 5, "slow": 13, "signal": 4}, macd(0)),
    "macd_signal": ({"kind": "macd", "line": "signal", "fast": 5, "slow": 13, "signal": 4}, macd(1)),
    "macd_histogram": ({"kind": "macd", "line": "histogram", "fast": 5, "slow": 13, "signal": 4}, macd(2)),
    "adx": (
        {"kind": "adx", "period": 7},
        lambda bars, ours: (100 * ours, talib.ADX(bars.high, bars.low, bars.close, 7)),
    ),
    "plus_di": (
        {"kind": "adx", "line": "plus_di", "period": 7},
        lambda bars, ours: (100 * ours, talib.PLUS_DI(bars.high, bars.low, bars.close, 7)),
    ),
    "minus_di": (
        {"kind": "adx", "line": "minus_di", "period": 7},
        lambda bars, ours: (100 * ours, talib.MINUS_DI(bars.high, bars.low, bars.close, 7)),
    ),
    "cci": (
        {"kind": "cci", "period": 20},
        lambda bars, ours: (100 * ours, talib.CCI(bars.high, bars.low, bars.close, 20)),
    ),
    "cci, long": (
        {"kind": "cci", "period": 200},
        lambda bars, ours: (100 * ours, talib.CCI(bars.high, bars.low, bars.close, 200)),
    ),
    "fast_k": (
        {"kind": "stochastic", "line": "fast_k", "period": 9},
        stochastic(lambda *bars: talib.STOCHF(*bars, 9, 1)[0], 1),
    ),
    "k": (
        {"kind": "stochastic", "line": "k", "period": 9, "k": 4, "d": 3},
        stochastic(lambda *bars: talib.STOCH(*bars, 9, 4, 0, 3, 0)[0], 4),
    ),
    "d": (
        {"kind": "stochastic", "line": "d", "period": 9, "k": 4, "d": 3},
        stochastic(lambda *bars: talib.STOCH(*bars, 9, 4, 0, 3, 0)[1], 6),
    ),
    "bollinger_percent_b": (
        {"kind": "bollinger", "period": 20, "deviations": 2.5},
        lambda bars, ours: (ours, bands(bars)[0]),
    ),
    "bollinger_bandwidth": (
        {"kind": "bollinger", "line": "bandwidth", "period": 20, "deviations": 2.5},
        lambda bars, ours: (ours, bands(bars)[1]),
    ),
    "obv": (
        {"kind": "obv", "period": 20},
        lambda bars, ours: (
            ours * bars.volume.rolling(20).sum(),
            pd.Series(talib.OBV(bars.close, bars.volume)).diff(20),
        ),
    ),
}


@pytest.mark.parametrize("name", TALIB)
def test_beside_ta_lib(name, market):
    data, bars = market
    feature, pair = TALIB[name]
    ours = pd.Series(data.indicator(json.dumps(feature)))
    agree(*pair(bars, ours))


# What TA-Lib lacks, by the formula.
def logs(bars):
    return (np.log(bars[name]) for name in ("open", "high", "low", "close"))


def rogers_satchell(bars):
    opened, high, low, closed = logs(bars)
    return (high - closed) * (high - opened) + (low - closed) * (low - opened)


def yang_zhang(bars, n=12):
    opened, _, _, closed = logs(bars)
    gap, inside = (opened - closed.shift()).rolling(n).var(), (closed - opened).rolling(n).var()
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    return np.sqrt(gap + k * inside + (1 - k) * rogers_satchell(bars).rolling(n).mean().where(gap.notna()))


def garman_klass(bars):
    opened, high, low, closed = logs(bars)
    return np.sqrt((0.5 * (high - low) ** 2 - (2 * np.log(2) - 1) * (closed - opened) ** 2).rolling(12).mean())


def parkinson(bars):
    _, high, low, _ = logs(bars)
    return np.sqrt(((high - low) ** 2).rolling(12).mean() / (4 * np.log(2)))


def vwap(bars):
    price = (bars.high + bars.low + bars.close) / 3
    return bars.close * bars.volume.rolling(12).sum() / (price * bars.volume).rolling(12).sum() - 1


def zscore(volume):
    return ((volume - volume.rolling(12).mean()) / volume.rolling(12).std(ddof=0)).replace([np.inf, -np.inf], np.nan)


def amihud(bars):
    turnover = (bars.close * bars.volume).where(bars.volume > 0)
    impact = bars.close.pct_change().abs() / turnover
    means = (column[1:].rolling(12, min_periods=1).mean() for column in (impact, turnover))
    return np.multiply(*means).reindex(bars.index).where(bars.index >= 12)


def roll(bars):
    change = bars.close.diff()
    cov = change.rolling(12).cov(change.shift(), ddof=0)
    # A root makes of a covariance that should be 0 and is a rounding error below it a number that is none.
    return 2 * np.sqrt((-cov).clip(lower=0).where(cov.abs() > 1e-9 * cov.abs().mean())) / bars.close


def wick(bars, part):
    return (part / (bars.high - bars.low)).where(bars.high > bars.low, 0.0)


PANDAS = {
    "log_return": ({"kind": "log_return", "lag": 3}, lambda bars: np.log(bars.close / bars.close.shift(3)), 3),
    "open_distance": ({"kind": "open_distance", "period": 4}, lambda bars: bars.close / bars.open.shift(3) - 1, 3),
    "own_open": ({"kind": "open_distance"}, lambda bars: bars.close / bars.open - 1, 0),
    "realised_volatility": (
        {"kind": "realised_volatility", "period": 12},
        lambda bars: np.sqrt((np.log(bars.close).diff() ** 2).rolling(12).mean()),
        12,
    ),
    "parkinson": ({"kind": "range_volatility", "estimator": "parkinson", "period": 12}, parkinson, 11),
    "garman_klass": ({"kind": "range_volatility", "estimator": "garman_klass", "period": 12}, garman_klass, 11),
    "rogers_satchell": (
        {"kind": "range_volatility", "estimator": "rogers_satchell", "period": 12},
        lambda bars: np.sqrt(rogers_satchell(bars).rolling(12).mean().clip(lower=0)),
        11,
    ),
    "yang_zhang": ({"kind": "range_volatility", "estimator": "yang_zhang", "period": 12}, yang_zhang, 12),
    "rolling_vwap": ({"kind": "rolling_vwap_distance", "period": 12}, vwap, 11),
    "volume_ratio": (
        {"kind": "volume_ratio", "period": 12},
        lambda bars: bars.volume / bars.volume.rolling(12).mean() - 1,
        11,
    ),
    "volume_zscore": ({"kind": "volume_zscore", "period": 12}, lambda bars: zscore(bars.volume), 11),
    "amihud": ({"kind": "amihud", "period": 12}, amihud, 12),
    "roll_spread": ({"kind": "roll_spread", "period": 12}, roll, 13),
    "candle_body": ({"kind": "candle"}, lambda bars: wick(bars, bars.close - bars.open), 0),
    "candle_upper_wick": (
        {"kind": "candle", "part": "upper_wick"},
        lambda bars: wick(bars, bars.high - bars[["open", "close"]].max(axis=1)),
        0,
    ),
    "candle_lower_wick": (
        {"kind": "candle", "part": "lower_wick"},
        lambda bars: wick(bars, bars[["open", "close"]].min(axis=1) - bars.low),
        0,
    ),
}


@pytest.mark.parametrize("name", PANDAS)
def test_beside_its_formula(name, market):
    data, bars = market
    feature, formula, warm_up = PANDAS[name]
    ours = data.indicator(json.dumps(feature))
    assert first(ours) == warm_up
    agree(ours, formula(bars))


def test_where_nothing_moves_ta_lib_says_0_and_we_the_middle():
    n = 40
    still = np.full(n, 0.1)
    times = np.datetime64("2024-01-01", "ns") + np.arange(n) * np.timedelta64(60, "s")
    data = tradepit.market_data({"ts": times, **dict.fromkeys(("open", "high", "low", "close"), still)})
    for kind in ("rsi", "stochastic", "cci", "adx"):
        # 0 of rsi and stochastic is 50 in TA-Lib's units.
        assert data.indicator(json.dumps(kind))[-1] == 0.0
    assert talib.RSI(still)[-1] == 0.0
    assert talib.STOCH(still, still, still, 14, 3, 0, 3, 0)[0][-1] == 0.0
    assert talib.CCI(still, still, still, 20)[-1] == 0.0
    assert talib.ADX(still, still, still)[-1] == 0.0


def test_the_table_has_the_same_numbers_as_f32():
    data = DATA["es_1m"]()
    cci, slow = '{"kind": "cci", "scale": 0.5}', '{"kind": "log_return", "timeframe": 5}'
    table = data.features(f"[{cci}, {slow}]")[3]
    np.testing.assert_array_equal(table[:, 0], (data.indicator(cci) * 0.5).astype(np.float32))
    np.testing.assert_array_equal(table[:, 1], data.indicator(slow).astype(np.float32))


def test_what_is_no_indicator_is_refused(data):
    with pytest.raises(tradepit.errors.SpecError, match="time_of_day: is not made from bars alone"):
        data.indicator('"time_of_day"')
    with pytest.raises(tradepit.errors.SpecError, match=r"rsi\.period: 0 must be from 1"):
        data.indicator('{"kind": "rsi", "period": 0}')
