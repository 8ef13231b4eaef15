"""Quotes and finer bars: from everything that holds them, into fills."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

import tradepit
from tradepit import errors, market_data

N = 400
TIMES = np.datetime64("2024-03-01T14:30:00", "ns") + np.arange(N) * np.timedelta64(60, "s")
MINUTE = 60 * 10**9
SPEC = {
    "window": 1,
    "features": ["log_return"],
    "action": {"kind": "target_levels", "levels": [-1.0, 0.0, 1.0]},
    "episode": {"start": {"kind": "at", "row": 50}, "length": "data"},
}


def walk(seed=0):
    """A random walk of quarters, with quotes of one or two ticks about each open."""
    rng = np.random.default_rng(seed)
    close = 5000 + 0.25 * rng.integers(-8, 9, N).cumsum()
    opens = np.concatenate([[5000.0], close[:-1]])
    width = 0.25 * rng.integers(1, 3, N)
    return {
        "ts": TIMES,
        "open": opens,
        "high": np.maximum(opens, close) + 0.5,
        "low": np.minimum(opens, close) - 0.5,
        "close": close,
        "volume": np.full(N, 100.0),
        "bid": opens - width,
        "ask": opens + 0.25,
        "bid_size": np.arange(N, dtype=float),
    }


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name], equal_nan=True) for name in a)


def test_frames_mappings_and_files_bring_the_same_quotes(tmp_path):
    table = walk()
    data = market_data(table, instrument="ES")
    quotes = data.quotes()
    assert quotes["bid"].tolist() == table["bid"].tolist()
    assert quotes["bid_size"][7] == 7.0
    assert quotes["ask_size"].tolist() == [0.0] * N
    # Of the moment that they are for: the opens, which frames stamp.
    assert quotes["time_ns"].tolist() == TIMES.astype("int64").tolist()
    frame = pd.DataFrame(table)
    assert same(market_data(frame, instrument="ES").quotes(), quotes)
    path = tmp_path / "x.csv"
    frame.rename(columns=str.title).to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    path.write_text(path.read_text().replace("Bid_Size", "bid_size"))
    assert same(market_data(path, instrument="ES").quotes(), quotes)
    assert market_data({name: table[name] for name in table if name != "ask"}).quotes() is None


def test_samples_at_closes_belong_to_the_next_row():
    table = walk()
    closes = market_data(table, quotes="close").quotes()
    assert np.isnan(closes["bid"][0])
    assert closes["time_ns"][0] == 0
    assert closes["bid"][1:].tolist() == table["bid"][:-1].tolist()
    assert closes["time_ns"][1] == TIMES[1].astype("int64")


def test_no_new_quote_leaves_the_last_one_standing_with_its_own_time():
    table = walk()
    table["bid"][5:8] = table["ask"][5:8] = np.nan
    quotes = market_data(table).quotes()
    assert quotes["bid"][4:9].tolist() == [*[table["bid"][4]] * 4, table["bid"][8]]
    assert quotes["time_ns"][7] == TIMES[4].astype("int64")
    came = TIMES - np.timedelta64(3, "s")
    came[5:8] = np.datetime64("NaT")
    timed = market_data({**table, "quote_time": came}).quotes()
    assert timed["time_ns"][[4, 7, 8]].tolist() == came[[4, 4, 8]].astype("int64").tolist()


def test_bad_quotes_are_named():
    def refused(name, value):
        table = walk()
        table[name][3] = value
        with pytest.raises(errors.DataError) as caught:
            market_data(table)
        return str(caught.value)

    assert refused("bid", 9000.0).startswith("row 3, column bid: bid 9000 is above ask")
    assert refused("ask", np.nan).startswith("row 3, column ask: NaN is not a finite number")
    assert refused("bid_size", -1.0).startswith("row 3, column bid_size: -1 is negative")
    late = {**walk(), "quote_time": TIMES + np.timedelta64(61, "s")}
    with pytest.raises(errors.DataError, match=r"column quote: its time .* is after"):
        market_data(late)
    with pytest.raises(errors.SpecError, match="quotes_at: unknown variant"):
        market_data(walk(), quotes="noon")
    with pytest.raises(errors.SpecError, match="quotes, sub_bars: data is MarketData already"):
        market_data(market_data(walk()), quotes="open", sub_bars=walk())


def test_copies_slices_and_pickles_keep_quotes_and_finer_bars():
    data = market_data(walk(), instrument="ES").resample(5 * MINUTE)
    for other in (pickle.loads(pickle.dumps(data)), copy.deepcopy(data)):
        assert same(other.quotes(), data.quotes())
        assert same(other.sub_bars().columns(), data.sub_bars().columns())
        assert other.sub_bars().time_ns().tolist() == data.sub_bars().time_ns().tolist()
    part = data[10:20]
    assert len(part) == 10
    assert len(part.sub_bars()) == 50
    assert part.quotes()["bid"].tolist() == data.quotes()["bid"][10:20].tolist()


def test_finer_bars_are_given_or_made():
    fine = market_data(walk(), instrument="ES")
    made = fine.resample(5 * MINUTE)
    assert len(made) == N // 5
    assert made.period_ns == 5 * MINUTE
    columns = dict(made.columns())
    given = {"ts": made.time_ns(), **columns}
    for sub_bars in (fine, {"ts": fine.time_ns(), **fine.columns()}):
        data = market_data(given, instrument="ES", stamp="close", sub_bars=sub_bars)
        assert same(data.sub_bars().columns(), fine.columns())
    assert fine.sub_bars() is None
    columns["high"][3] += 1.0
    with pytest.raises(errors.DataError, match="row 3, column sub_bars: instrument 0: their high is"):
        market_data({"ts": made.time_ns(), **columns}, instrument="ES", stamp="close", sub_bars=fine)
    with pytest.raises(errors.SpecError, match="must be a multiple of 60000000000"):
        fine.resample(90 * 10**9)


def fills(data, **spec):
    env = tradepit.TradingEnv(data, **{**SPEC, **spec})
    env.reset(seed=0)
    done, steps = False, 0
    while not done:
        *_, terminated, truncated, _ = env.step(2 * (steps % 2))
        done, steps = terminated or truncated, steps + 1
    return env.unwrapped.core.fills()


def test_orders_meet_the_quote():
    table = walk()
    data = market_data(table, instrument="ES")
    made = fills(data, fill="quote")
    rows = 51 + np.arange(len(made["price"]))
    bought = made["qty"] > 0
    expected = np.where(bought, table["ask"][rows], table["bid"][rows])
    assert made["price"].tolist() == expected.tolist()
    half = fills(data, slippage="half_spread")
    mid = table["open"][rows]
    spread = (table["ask"] - table["bid"])[rows]
    assert half["price"].tolist() == (mid + np.where(half["qty"] > 0, 0.5, -0.5) * spread).tolist()


def test_what_is_too_old_is_not_traded_on():
    table = walk()
    table["bid"][60:] = table["ask"][60:] = np.nan
    data = market_data(table, instrument="ES")
    everything = len(fills(data, fill="quote")["price"])
    stale = {"kind": "wait", "after_ns": 2 * MINUTE}
    fresh = len(fills(data, fill="quote", matching={"stale": stale})["price"])
    # Rows 51 to 59 have quotes of their own; the one of row 59 is good for two more minutes.
    assert (everything, fresh) == (N - 51, 11)


def test_a_walk_along_finer_bars():
    data = market_data(walk(), instrument="ES").resample(5 * MINUTE)
    spec = {**SPEC, "episode": {"start": {"kind": "at", "row": 10}, "length": "data"}}
    path = {"kind": "sub_bars", "within": "open_high_low_close"}
    env = tradepit.TradingEnv(data, **spec, matching={"path": path})
    assert env.trading_spec["matching"]["path"] == {"kind": "sub_bars", "within": {"kind": "open_high_low_close"}}
    env.reset(seed=0)
    env.step(2)


def test_models_that_ask_for_what_the_data_lack_are_refused(data):
    with pytest.raises(errors.SpecError, match=r"^fill: quote, and these data have no bid and ask"):
        tradepit.TradingEnv(data, fill="quote")
    with pytest.raises(errors.SpecError, match=r"^matching.path: sub_bars, and these data have none"):
        tradepit.TradingEnv(data, matching={"path": "sub_bars"})
    with pytest.raises(
        errors.SpecError, match=r"^slippage.spread_ticks: is not set, and these data have no bid and ask"
    ):
        tradepit.TradingEnv(data, slippage="half_spread")
    assert tradepit.read_spec({"fill": "quote", "matching": {"stale": "none"}})["fill"] == {"kind": "quote"}


def test_a_stream_of_quotes_is_joined_as_a_backward_join_does():
    rng = np.random.default_rng(5)
    data = tradepit.samples.synthetic("es_1m", bars=300, seed=0)
    opened = data.time_ns() - data.period_ns
    # Some rows open to several quotes, some to none; some quotes come with the open itself.
    at = np.sort(np.concatenate([rng.integers(opened[20], opened[-1], 200), opened[40:60]]))
    bid = 5_000 + 0.25 * rng.integers(-40, 40, at.size)
    size = rng.integers(1, 50, at.size).astype(float)
    table = pd.DataFrame({"ts": at, "bid": bid, "ask": bid + 0.25 * rng.integers(1, 4, at.size), "bid_size": size})
    joined = tradepit.join_quotes(data, table.assign(ts=pd.to_datetime(table["ts"], utc=True)))
    seen = joined.quotes()
    expected = pd.merge_asof(pd.DataFrame({"ts": opened}), table.assign(quoted=table["ts"]), on="ts")
    for name in ("bid", "ask", "bid_size"):
        np.testing.assert_array_equal(seen[name], expected[name])
    with pytest.raises(errors.DataError, match="sort the rows"):
        tradepit.join_quotes(data, table[::-1])
    with pytest.raises(errors.SpecError, match='instrument: "NQ" is not in the data'):
        tradepit.join_quotes(data, table, instrument="NQ")
    with pytest.raises(errors.SpecError, match="quotes: dict is no path and no frame"):
        tradepit.join_quotes(data, {"ts": []})
