"""Bars of trades, against the same rules in NumPy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tradepit
from tradepit import _core, bars_from_trades, errors

SHARED = Path(__file__).parents[3] / "shared" / "data" / "es_trades_201309.parquet"
SECOND = 10**9


def random_trades(seed, n=3_000):
    rng = np.random.default_rng(seed)
    time = 1_709_303_400 * SECOND + np.cumsum(rng.integers(0, 4, n) * rng.integers(0, 2, n)) * SECOND // 7
    price = (4_000 + np.cumsum(rng.integers(-1, 2, n))) * 0.25
    return time, price, rng.integers(1, 20, n).astype(float)


def ends(rule, time, price, size):
    """Index of the last trade of each full bar, one trade after the other as the rule is stated."""
    kind, found, first = rule["kind"], [], 0
    if kind == "time":
        period = rule["period_ns"]
        return [i for i in range(len(time) - 1) if time[i + 1] // period > time[i] // period]
    if kind != "imbalance":
        per = {"ticks": np.ones_like(price), "volume": size, "dollar": price * size}[kind]
        limit = rule[{"ticks": "count", "volume": "units", "dollar": "value"}[kind]]
        for i in range(len(price)):
            if per[first : i + 1].sum() >= limit:
                found.append(i)
                first = i + 1
        return found
    moves = np.sign(np.diff(price, prepend=price[0]))
    last = np.maximum.accumulate(np.where(moves != 0, np.arange(len(moves)), 0))
    signs = moves[last]
    x = signs * {"ticks": np.ones_like(price), "volume": size, "value": price * size}[rule["of"]]
    expected = rule["expected_ticks"]
    alpha = 2 / (20 * expected + 1)
    mean = np.empty_like(x)
    mean[0] = x[0]
    for i in range(1, len(x)):
        mean[i] = (1 - alpha) * mean[i - 1] + alpha * x[i]
    ticks, measure = float(expected), None
    for i in range(len(x)):
        n = i + 1 - first
        full = n >= ticks if measure is None else abs(x[first : i + 1].sum()) >= ticks * abs(measure)
        if full:
            found.append(i)
            ticks = min(max(ticks + 2 / 21 * (n - ticks), expected / 10), expected * 10)
            measure, first = mean[i], i + 1
    return found


RULES = [
    {"kind": "time", "period_ns": 10 * SECOND},
    {"kind": "ticks", "count": 37},
    {"kind": "volume", "units": 300},
    {"kind": "dollar", "value": 250_000},
    {"kind": "imbalance", "of": "ticks", "expected_ticks": 50},
    {"kind": "imbalance", "of": "volume", "expected_ticks": 50},
    {"kind": "imbalance", "of": "value", "expected_ticks": 50},
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule['kind']} {rule.get('of', '')}")
def test_bars_are_those_of_numpy(rule):
    for seed in range(3):
        time, price, size = random_trades(seed)
        last = np.array(ends(rule, time, price, size))
        first = np.concatenate([[0], last[:-1] + 1])
        assert len(last) > 5
        frame = pl.DataFrame({"ts": time.astype("datetime64[ns]"), "price": price, "size": size})
        data = bars_from_trades(frame, rule, instrument="ES")
        columns = data.columns()
        np.testing.assert_array_equal(columns["open"], price[first])
        np.testing.assert_array_equal(columns["close"], price[last])
        np.testing.assert_array_equal(columns["high"], np.maximum.reduceat(price[: last[-1] + 1], first))
        np.testing.assert_array_equal(columns["low"], np.minimum.reduceat(price[: last[-1] + 1], first))
        np.testing.assert_array_equal(columns["volume"], np.add.reduceat(size[: last[-1] + 1], first))
        if rule["kind"] == "time":
            np.testing.assert_array_equal(data.time_ns(), (time[last] // rule["period_ns"] + 1) * rule["period_ns"])
        else:
            assert (data.time_ns() - time[last] < 100).all()
            assert (data.time_ns() >= time[last]).all()
        # The same, one trade at a time.
        builder = _core.BarBuilder(json.dumps(rule))
        fed = [builder.push(int(t), float(p), float(s)) for t, p, s in zip(time, price, size, strict=True)]
        assert [bar[0] for bar in fed if bar] == data.time_ns().tolist()
        rest = builder.unfinished()
        assert sum(bar[5] for bar in fed if bar) + (rest[5] if rest else 0) == size.sum()


def test_a_side_counts_more_than_the_tick_rule(tmp_path):
    path = tmp_path / "trades.csv"
    path.write_text("ts,price,size,side\n" + "".join(f"2024-03-01T14:30:0{i}Z,10,1,buy\n" for i in range(8)))
    rule = {"kind": "imbalance", "of": "ticks", "expected_ticks": 2}
    assert bars_from_trades(path, rule).columns()["volume"].tolist() == [2, 2, 2, 2]
    # Prices that stand still have no sign of their own, and nothing is expected of them: each trade is a bar.
    still = bars_from_trades(pl.read_csv(path).drop("side"), rule)
    assert still.columns()["volume"].tolist() == [2, 1, 1, 1, 1, 1, 1]


def test_what_is_wrong_is_named(tmp_path):
    frame = pl.DataFrame({"ts": [1_709_303_400, 1_709_303_399], "price": [1.0, 2.0], "size": [1, 1]})
    for trades, rule, error, message in [
        (frame, RULES[0], errors.DataError, "row 1, column ts: .* is before .*; sort the rows"),
        (frame.drop("size"), RULES[0], errors.DataError, "column size: not in the header"),
        (frame[:1], RULES[0], errors.TooLittleDataError, "1 trades fill no bar"),
        (frame[:1], {"kind": "ticks"}, errors.SpecError, "rule: missing field `count`"),
        (frame[:1], {"kind": "ticks", "count": 0}, errors.SpecError, "rule.count: 0 must be"),
        ({"ts": [1]}, RULES[0], errors.SpecError, "trades: dict is no path and no frame"),
        ("nowhere.csv", RULES[0], errors.FileError, "nowhere.csv"),
    ]:
        with pytest.raises(error, match=message):
            bars_from_trades(trades, rule)


@pytest.mark.skipif(
    not SHARED.exists(), reason=f"{SHARED} is not there: it belongs to no package, and can't be shipped"
)
def test_minutes_of_real_trades_are_the_shipped_sample():
    data = bars_from_trades(SHARED, {"kind": "time", "period_ns": 60 * SECOND}, instrument="ES", calendar="cme")
    sample = tradepit.samples.load("es_1m")
    # The last minute of the file may be cut short; the sample has it.
    n = len(data)
    assert n >= len(sample) - 1
    np.testing.assert_array_equal(data.time_ns(), sample.time_ns()[:n])
    for name in ("open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(data.columns()[name], sample.columns()[name][:n])
