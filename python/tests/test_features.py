"""Features of the user's own, statistics fitted on named rows, and the bench beside pandas and polars."""

from __future__ import annotations

import json

import numpy as np
import pytest

import tradepit
from tradepit import bench_features, features, samples
from tradepit.errors import DataError, SpecError


@pytest.fixture
def data():
    return samples.synthetic("es_1m", bars=600, seed=3)


def momentum(columns):
    close = columns["close"]
    return np.concatenate([np.full(10, np.nan), close[10:] / close[:-10] - 1.0])


def test_a_function_becomes_a_column_that_environments_see(data):
    own = features.with_columns(data, {"momentum": momentum, "twice": lambda columns: 2 * columns["momentum"]})
    assert list(own.columns())[-2:] == ["momentum", "twice"]
    assert "momentum" not in data.columns()
    wanted = [{"kind": "column", "name": "twice", "scale": 100.0}, {"kind": "log_return", "lag": 10, "scale": 100.0}]
    names, warm_up, _, table = own.features(json.dumps({"features": wanted, "clip": 1e6}))
    assert (names, warm_up) == (["twice", "log_return_10"], 10)
    np.testing.assert_allclose(table[10:, 0], 200 * np.expm1(table[10:, 1] / 100), rtol=1e-4, atol=1e-4)
    env = tradepit.TradingEnv(own, features=wanted, window=2)
    assert env.reset(seed=0)[0][0] == table[10:, 0][0]


def test_a_growing_history_gives_what_training_saw(data):
    functions = {"momentum": momentum, "range": lambda columns: columns["high"] - columns["low"]}
    trained = features.with_columns(data, functions).columns()
    for rows in (11, 50, 600):
        known = {name: values[:rows] for name, values in features.columns_of(data).items()}
        now = features.latest(functions, known)
        assert now == {name: trained[name][rows - 1] for name in functions}


def test_what_a_function_must_give(data):
    with pytest.raises(DataError, match=r"column x: its function gave shape \(3,\) for 600 rows"):
        features.with_columns(data, {"x": lambda columns: [1.0, 2.0, 3.0]})
    hole = np.arange(600.0)
    hole[77] = np.nan
    with pytest.raises(DataError, match="row 77, column x: its function gave nan"):
        features.with_columns(data, {"x": lambda columns: hole})


def test_statistics_are_of_the_rows_that_are_named(data):
    wanted = [{"kind": "normalised", "of": "rsi", "by": "frozen"}]
    with pytest.raises(SpecError, match="is not fitted"):
        tradepit.read_spec({"features": wanted})
    fitted = features.fit(wanted, data, (100, 400))
    rsi = data.features(json.dumps({"features": [{"kind": "rsi"}]}))[3][:, 0]
    by = fitted["features"][0]["by"]
    assert by["mean"] == pytest.approx(rsi[100:400].mean(), abs=1e-6)
    assert by["deviation"] == pytest.approx(rsi[100:400].std(), rel=1e-6)
    assert by["until"] == data.time_ns()[399]
    # Nothing behind them is read.
    assert fitted == features.fit(wanted, data[:400], slice(100, None))
    assert tradepit.read_spec({"features": fitted})["features"] == fitted
    table = data.features(json.dumps(fitted))[3][:, 0]
    assert table[100:400].std() == pytest.approx(1.0, rel=1e-5)
    with pytest.raises(SpecError, match="nothing to fit"):
        features.fit(["rsi"], data, range(100))
    with pytest.raises(SpecError, match="range of some of the 600 rows"):
        features.fit(wanted, data, range(100, 601))


def test_pandas_and_polars_make_the_same_table():
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    rows = bench_features.compare(bars=20_000, runs=1)
    assert [row["road"] for row in rows] == ["tradepit", "pandas", "polars"]
    assert all(row["features"] == 30 and row["differs"] < 1e-5 for row in rows), rows
