"""Market data from everything that holds bars."""

from __future__ import annotations

import copy
import gzip
import json
import pickle
from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import tradepit
from tradepit import errors, market_data, samples

N = 6
START = np.datetime64("2024-03-01T14:30:00", "ns")
TIMES = START + np.arange(N) * np.timedelta64(60, "s")
PRICES = {
    "open": np.array([10.0, 11, 12, 11, 10, 11]),
    "high": np.array([12.0, 13, 13, 12, 12, 12]),
    "low": np.array([9.0, 10, 11, 10, 9, 10]),
    "close": np.array([11.0, 12, 11, 10, 11, 12]),
    "volume": np.array([5.0, 0, 7, 3, 2, 1]),
}
TEXT = [f"2024-03-01T14:{30 + i}:00Z" for i in range(N)]
OPTIONS = {"instrument": "ES", "calendar": "cme"}


def table(**more):
    return {"ts": TIMES, **PRICES, **more}


def rows(data):
    return data.time_ns().tolist(), {name: values.tolist() for name, values in data.columns().items()}


EXPECTED = rows(market_data(table(), **OPTIONS))


def polars_zone():
    frame = pl.DataFrame({"timestamp": TIMES, **PRICES})
    return frame.with_columns(pl.col("timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York"))


def eastern():
    zone = timezone(timedelta(hours=-5))
    return [datetime(2024, 3, 1, 9, 30 + i, tzinfo=zone) for i in range(N)]


def chunked():
    frame = pl.DataFrame({"ts": TIMES, **PRICES})
    return pl.concat([frame[:2], frame[2:5], frame[5:]], rechunk=False)


SOURCES = {
    "mapping": table,
    "capitals": lambda: {"Timestamp": TIMES, **{name.title(): values for name, values in PRICES.items()}},
    "text": lambda: table(ts=TEXT),
    "text without a zone": lambda: table(ts=[text[:-1] for text in TEXT]),
    "datetimes": lambda: table(ts=eastern()),
    "nanoseconds": lambda: table(ts=TIMES.astype("int64")),
    "milliseconds of NumPy": lambda: table(ts=TIMES.astype("datetime64[ms]")),
    "lists": lambda: {"ts": TEXT, **{name: values.tolist() for name, values in PRICES.items()}},
    "pandas column": lambda: pd.DataFrame({"ts": TIMES, **PRICES}),
    "pandas index": lambda: pd.DataFrame(PRICES, index=pd.DatetimeIndex(TIMES)),
    "pandas zone": lambda: pd.DataFrame(PRICES, index=pd.DatetimeIndex(TIMES, tz="UTC").tz_convert("Asia/Tokyo")),
    "pandas zone column": lambda: pd.DataFrame({"datetime": pd.Series(TIMES).dt.tz_localize("UTC"), **PRICES}),
    "pandas text": lambda: pd.DataFrame({"ts": TEXT, **PRICES}),
    "polars": lambda: pl.DataFrame({"ts": TIMES, **PRICES}),
    "polars microseconds": lambda: pl.DataFrame({"ts": TIMES.astype("datetime64[us]"), **PRICES}),
    "polars zone": polars_zone,
    "polars chunks": chunked,
    "polars floats of 32 bits": lambda: pl.DataFrame({"ts": TIMES, **PRICES}).cast({"open": pl.Float32}),
    "polars New York": lambda: pl.DataFrame({"ts": TIMES - np.timedelta64(5, "h"), **PRICES}),
    "pyarrow": lambda: pd.DataFrame({"ts": TIMES, **PRICES}).pipe(pa.Table.from_pandas),
    "polars text": lambda: pl.DataFrame({"ts": TEXT, **PRICES}),
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_the_same_bars(source):
    zone = {"time_zone": "America/New_York"} if source.endswith("New York") else {}
    data = market_data(SOURCES[source](), **OPTIONS, **zone)
    assert rows(data) == EXPECTED
    assert (data.instrument_name, data.calendar, data.period_ns, len(data)) == ("ES", "cme", 60 * 10**9, N)
    # Stamped by the open outside, by the close inside.
    assert data.time_ns()[0] == (START + np.timedelta64(60, "s")).astype("int64")


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_files(tmp_path, suffix):
    path = tmp_path / f"bars{suffix}"
    frame = pl.DataFrame({"ts": TIMES, **PRICES, "signal": np.arange(N, dtype=np.float32)})
    if suffix == ".parquet":
        frame.write_parquet(path)
    else:
        with (gzip.open if suffix == ".csv.gz" else open)(path, "wb") as file:
            file.write(frame.write_csv().encode())
    for given in (path, str(path)):
        assert rows(market_data(given, **OPTIONS)) == EXPECTED
    kept = market_data(path, **OPTIONS, columns=["signal"])
    assert kept.columns()["signal"].tolist() == list(range(N))


def test_parquet_and_frames_need_no_other_library(tmp_path, monkeypatch):
    import builtins

    path, frame = tmp_path / "bars.parquet", pl.DataFrame({"ts": TIMES, **PRICES})
    frame.write_parquet(path)
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] in ("pandas", "polars", "pyarrow"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    assert rows(market_data(path, **OPTIONS)) == EXPECTED
    monkeypatch.undo()
    # pandas hands its columns over by pyarrow, and without it as arrays.
    monkeypatch.setattr(pd.DataFrame, "__arrow_c_stream__", lambda self: without("pyarrow"))
    assert rows(market_data(pd.DataFrame({"ts": TIMES, **PRICES}), **OPTIONS)) == EXPECTED


def test_dates_of_days():
    days = pl.DataFrame({"date": pl.date_range(datetime(2024, 1, 1), datetime(2024, 1, 6), eager=True), **PRICES})
    data = market_data(days, instrument={"name": "XYZ"})
    assert data.period_ns == 86_400 * 10**9
    assert str(tradepit.times(data.time_ns()[0])).startswith("2024-01-02T00:00:00")
    index = pd.date_range("2024-01-01", periods=N, freq="D")
    assert rows(market_data(pd.DataFrame(PRICES, index=index), instrument={"name": "XYZ"})) == rows(data)


def test_stamp_and_period():
    close = market_data(table(), stamp="close", **OPTIONS)
    assert close.time_ns()[0] == START.astype("int64")
    one = {name: values[:1] for name, values in table().items()}
    assert market_data(one, period=300, **OPTIONS).period_ns == 300 * 10**9
    with pytest.raises(errors.TooLittleDataError, match="1 row does not tell how long a bar is; give period"):
        market_data(one, **OPTIONS)


def test_instruments():
    fields = lambda instrument: json.loads(market_data(table(), instrument=instrument).instrument_json)  # noqa: E731
    assert fields("es")["multiplier"] == 50.0
    assert fields(None) == {**fields({"name": "IBM"}), "name": "asset"}
    assert fields({"name": "ES", "multiplier": 5})["multiplier"] == 5.0
    assert fields({"name": "ES", "multiplier": 5})["tick"] == 0.25
    for instrument, message in [
        ("AAPL", "instrument: 'AAPL' is no preset"),
        ({"tick": 0.5}, "instrument.name: None must be a string"),
        ({"name": "X", "ticks": 0.5}, "instrument: unknown field `ticks`"),
        ({"name": "X", "tick": -1}, "instrument.tick: -1 must be a finite number above 0"),
    ]:
        with pytest.raises(errors.SpecError, match=message):
            fields(instrument)


def nan(name, row):
    values = PRICES[name].copy()
    values[row] = np.nan
    return values


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"close": nan("close", 3)}, "row 3, column close: NaN is not a finite number"),
        ({"volume": nan("volume", 2)}, "row 2, column volume: NaN is not a finite number"),
        ({"high": np.array([12.0, 9, 13, 12, 12, 12])}, "row 1, column high: high 9 is below low 10"),
        ({"ts": TIMES[::-1]}, "row 1, column time: 2024-03-01T14:34:00Z is not after 2024-03-01T14:35:00Z"),
        ({"ts": np.repeat(TIMES[::2], 2)}, "row 1, column time: .* sort the rows and drop duplicates"),
        ({"ts": np.append(TIMES[:-1], np.datetime64("NaT"))}, "row 5, column ts: no time; fill or drop the row"),
        ({"ts": ["soon"] * N}, "row 0, column ts: 'soon' is not ISO 8601"),
        ({"ts": TIMES.astype("datetime64[s]").astype("int64")}, "is no time in nanoseconds since 1970"),
        ({"ts": np.arange(N) * 0.5}, "column ts: float64 is no time"),
        ({"open": ["a"] * N}, "column open: .*every value must be a number"),
        ({"volume": -PRICES["volume"]}, "row 0, column volume: -5 is negative"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_rows_are_named(bad, message):
    with pytest.raises(errors.DataError, match=message):
        market_data(table(**bad), **OPTIONS)


def test_bad_sources_are_named(tmp_path):
    for bad, error, message in [
        (table(open=[1.0]), errors.SpecError, "open: 1 values for 6 times"),
        ({"ts": TIMES, "open": PRICES["open"]}, errors.DataError, "no column 'high'"),
        (dict(PRICES), errors.DataError, "no time: name a column ts, timestamp"),
        (pd.DataFrame(PRICES), errors.DataError, "column ts: not in the header .*; name the time ts, timestamp"),
        (7, errors.SpecError, "data: int holds no columns"),
        ("es_2m", errors.FileError, "es_2m: no such file, and no sample; the samples are es_1m, stocks_1d, eurusd_1h"),
    ]:
        with pytest.raises(error, match=message):
            market_data(bad, **OPTIONS)
    with pytest.raises(errors.DataError, match="no column 'nobody'"):
        market_data(table(), columns=["nobody"])
    with pytest.raises(errors.SpecError, match="calendar: unknown variant `mars`"):
        market_data(table(), calendar="mars")
    with pytest.raises(errors.SpecError, match="stamp: unknown variant `middle`"):
        market_data(table(), stamp="middle")
    with pytest.raises(errors.SpecError, match="instrument: data is MarketData already"):
        market_data(market_data(table()), instrument="ES")
    with pytest.raises(errors.SpecError, match="the sample 'es_1m' comes with its instrument"):
        market_data("es_1m", instrument="ES")
    path = tmp_path / "bad.csv"
    path.write_text("ts,open,high,low,close\n2024-03-01T14:30Z,10,11,9,10\n2024-03-01T14:31Z,10,x,9,10\n")
    with pytest.raises(errors.DataError, match=r'bad.csv: row 1, column high: "x" is not a number'):
        market_data(path)


def test_samples():
    assert set(samples.NAMES) == {"es_1m", "stocks_1d", "eurusd_1h"}
    assert samples.load("es_1m") is samples.load("es_1m")
    assert market_data("es_1m") is samples.load("es_1m")
    for name in samples.NAMES:
        for symbol in samples.symbols(name):
            data = samples.load(name, symbol=symbol)
            facts = samples.manifest(name).get("series", {}).get(symbol, samples.manifest(name))
            assert len(data) == facts["rows"]
            assert data.instrument_name == symbol
    with pytest.raises(errors.SpecError, match="symbol: None is not in the sample stocks_1d; choose one of AAPL, FB"):
        samples.load("stocks_1d")
    with pytest.raises(errors.SpecError, match="sample: 'es_2m' is unknown"):
        samples.load("es_2m")


def test_adjusted_prices_have_no_splits():
    close = lambda adjust: samples.load("stocks_1d", symbol="AAPL", adjust=adjust).columns()["close"]  # noqa: E731
    raw, adjusted = close(False), close(True)
    # The two splits, and nothing else of that size, is taken out.
    moves = np.diff(np.log(adjusted)) - np.diff(np.log(raw))
    times = tradepit.times(samples.load("stocks_1d", symbol="AAPL").time_ns())[1:]
    splits = [str(day)[:10] for day in times[moves > 0.5] - np.timedelta64(1, "D")]
    assert splits == ["2000-06-21", "2005-02-28"]
    np.testing.assert_allclose(moves[moves > 0.5], np.log(2), rtol=1e-6)
    assert raw[-1] == adjusted[-1]
    tradepit.TradingEnv("stocks_1d", symbol="AAPL").reset(seed=0)


def test_synthetic_markets_are_seeded():
    a, b, c = (samples.synthetic("es_1m", bars=300, seed=seed) for seed in (1, 1, 2))
    assert rows(a) == rows(b) != rows(c)
    planted = samples.planted(300, seed=1, edge_ticks=4.0, noise_ticks=0.0)
    signal, opens = planted.columns()["signal"], planted.columns()["open"]
    moves = (opens[2:] - opens[1:-1]) / 0.25
    assert np.abs(moves - np.round(4.0 * signal[:-2])).max() <= 1.0
    with pytest.raises(errors.SpecError, match='leak: "sideways" must be'):
        samples.planted(300, leak="sideways")


def test_slices_are_data():
    data = samples.synthetic(bars=500)
    part = data[100:300]
    assert len(part) == 200
    np.testing.assert_array_equal(part.time_ns(), data.time_ns()[100:300])
    assert len(data[-50:]) == 50
    with pytest.raises(errors.TooLittleDataError, match="no bars"):
        data[10:10]
    with pytest.raises(IndexError, match="step 2"):
        data[::2]


def test_it_is_immutable_and_travels():
    data = market_data(table(signal=np.arange(N, dtype=np.float32)), columns=["signal"], **OPTIONS)
    data.columns()["close"][0] = 99.0
    assert data.columns()["close"][0] == 11.0
    loaded = pickle.loads(pickle.dumps(data))
    assert rows(loaded) == rows(data)
    assert (loaded.calendar, loaded.period_ns, loaded.instrument_json) == (
        data.calendar,
        data.period_ns,
        data.instrument_json,
    )
    assert not loaded.shares(data)
    assert copy.copy(data) is copy.deepcopy(data) is data


def test_features_are_what_environments_see():
    data = samples.synthetic(bars=600)
    names, warm_up, clipped, features = data.features()
    assert features.shape == (600, len(names))
    assert np.isfinite(features[warm_up:]).all()
    assert not np.isfinite(features[warm_up - 1]).all()
    env = tradepit.TradingEnv(data, window=1, episode={"start": "first", "length": "data"})
    obs, _ = env.reset(seed=0)
    np.testing.assert_array_equal(obs[: len(names)], features[warm_up])
    _, _, clipped, tight = data.features(json.dumps({"clip": 0.1}))
    assert clipped > 0
    assert np.nanmax(np.abs(tight)) == np.float32(0.1)
