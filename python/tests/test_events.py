"""Dividends, splits, halts and rolls from Python."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

import tradepit
from tradepit import errors, market_data, samples

START = np.datetime64("2024-03-01T00:00:00", "ns")
DAYS = [START + np.timedelta64(day, "D") for day in range(8)]
SPLIT = {"ts": DAYS[4], "kind": "split", "ratio": 2.0}
PAID = {"ts": DAYS[2], "kind": "dividend", "amount": 0.5}
HALT = [{"ts": DAYS[5], "kind": "halt"}, {"ts": DAYS[6], "kind": "resume"}]
EVENTS = [SPLIT, PAID, *HALT]


def prices(values):
    values = np.asarray(values, dtype="float64")
    return {"ts": DAYS[: len(values)], "open": values, "high": values, "low": values, "close": values}


def shares(events=None, **more):
    return market_data(prices([10, 10, 9.5, 9.5, 4.75, 4.75, 4.75, 4.75]), events=events, **more)


def named(events):
    return [(event["kind"], event["time"]) for event in events]


def test_events_come_from_dictionaries_frames_and_columns():
    expected = shares(EVENTS).events()
    day = int(DAYS[2].astype("int64"))
    assert expected[0] == {"time": day, "kind": "dividend", "amount": 0.5}
    assert [event["kind"] for event in expected] == ["dividend", "split", "halt", "resume"]
    frame = pd.DataFrame(EVENTS)
    sources = [
        frame,
        frame.set_index(pd.DatetimeIndex(frame.pop("ts"))),
        pl.DataFrame([{**event, "ts": str(event["ts"])[:19]} for event in EVENTS]),
        {name: [event.get(name) for event in EVENTS] for name in ("ts", "kind", "amount", "ratio")},
        [{**event, "ts": int(event["ts"].astype("int64"))} for event in EVENTS],
    ]
    frame = pd.DataFrame(EVENTS)
    sources[0] = frame
    for source in sources:
        assert shares(source).events() == expected
    assert shares([]).events() == shares().events() == []


def test_a_file_takes_events(tmp_path):
    path = tmp_path / "shares.csv"
    pd.DataFrame(prices([10, 10, 9.5, 9.5, 4.75, 4.75, 4.75, 4.75])).to_csv(path, index=False)
    assert market_data(path, events=EVENTS).events() == shares(EVENTS).events()


def test_features_see_bars_that_events_do_not_move():
    data = shares(EVENTS)
    np.testing.assert_allclose(data.feature_bars()["close"], 10.0, rtol=1e-12)
    np.testing.assert_array_equal(data.columns()["close"][4:], 4.75)
    assert data.adjust == "ratio"
    np.testing.assert_allclose(shares(EVENTS, adjust="difference").feature_bars()["close"], 10.0, rtol=1e-12)
    np.testing.assert_array_equal(shares(EVENTS, adjust="none").feature_bars()["close"], data.columns()["close"])


def test_data_with_events_travels():
    data = shares(EVENTS, adjust="difference")
    again = pickle.loads(pickle.dumps(data))
    assert (again.events(), again.adjust) == (data.events(), "difference")
    part = data[5:]
    assert named(part.events()) == named(data.events()[2:])


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ([{"kind": "halt"}], "events: 0 has no time"),
        ([{"ts": DAYS[1], "kind": "crash"}], "events: 0: unknown variant `crash`"),
        ([{"ts": DAYS[1], "kind": "split", "factor": 2}], "events: 0: unknown field `factor`"),
        ([{"ts": DAYS[1], "kind": "split", "ratio": float("inf")}], "every number must be finite"),
        ([{"ts": DAYS[1], "kind": "split", "ratio": -1}], "ratio -1 must be a finite number above 0"),
        ([{"ts": DAYS[1], "kind": "resume"}], "time lies in no halt"),
        ([{"ts": DAYS[7] + np.timedelta64(1, "D"), "kind": "halt"}], "no bar closes after it"),
        (["halt"], "events: 0 is 'halt'; give mappings"),
    ],
)
def test_bad_events_are_named(events, says):
    with pytest.raises(errors.SpecError, match=says):
        shares(events)


def test_market_data_takes_no_more_events():
    with pytest.raises(errors.SpecError, match="events: data is MarketData already"):
        market_data(shares(), events=[SPLIT])


def hold(data, lots, **spec):
    env = tradepit.TradingEnv(
        data,
        window=1,
        cash=1e6,
        features=[{"kind": "log_return", "lag": 1}],
        action={"kind": "target_position", "max_lots": lots},
        episode={"start": "first", "length": "data"},
        **spec,
    )
    env.reset(seed=0)
    infos, ended = [], False
    while not ended:
        _, _, terminated, truncated, info = env.step(np.array([1.0], dtype="float32"))
        infos.append(info)
        ended = terminated or truncated
    return env, infos


def test_an_account_is_paid_split_and_halted():
    _, infos = hold(shares([PAID, SPLIT]), 100)
    # Bought on the third day: the dividend was before, the split comes after; then it sells what is too much.
    assert infos[-1]["equity"] == pytest.approx(1e6)
    positions = [info["position"] for info in infos]
    assert positions[:3] == [100.0, 100.0, 200.0]
    assert positions[3] == 100.0
    _, halted = hold(shares([SPLIT, *HALT]), 100)
    assert [info["position"] for info in halted] == [100.0, 100.0, 200.0, 200.0, 100.0, 100.0]


def test_funding_reads_a_column():
    table = {**prices([10.0] * 8), "rate": [0.0, 0, 0.5, 0, 0, 0, 0, 0]}
    data = market_data(table, columns=["rate"])
    financing = {"kind": "funding_column", "column": "rate", "hours": 24}
    _, infos = hold(data, 100, financing=financing)
    assert infos[-1]["equity"] == pytest.approx(1e6 - 500.0)
    with pytest.raises(errors.SpecError, match=r'financing.column: "rates" is not in the data, which has \["rate"\]'):
        hold(data, 100, financing={**financing, "column": "rates"})


@pytest.mark.parametrize("symbol", samples.symbols("stocks_1d"))
def test_the_sample_holds_its_splits_and_dividends(symbol):
    """Features see the adjusted closes of the source, up to one factor; raw prices are in the bars."""
    adjusted = samples.load("stocks_1d", symbol=symbol).columns()
    raw = samples.load("stocks_1d", symbol=symbol, adjust=False).columns()
    data = samples.load("stocks_1d", symbol=symbol, adjust="events")
    np.testing.assert_array_equal(data.columns()["close"], raw["close"])
    seen = data.feature_bars()
    for name in ("open", "high", "low", "close"):
        np.testing.assert_allclose(seen[name] / seen["close"][-1], adjusted[name] / adjusted["close"][-1], rtol=1e-8)
    halves = seen["volume"] / adjusted["volume"]
    np.testing.assert_allclose(halves, halves[0])
    kinds = [event["kind"] for event in data.events()]
    assert kinds.count("split") == {"AAPL": 2, "MSFT": 1}.get(symbol, 0)
    assert kinds.count("dividend") == {"AAPL": 3, "IBM": 52, "MSFT": 37}.get(symbol, 0)


def test_buying_and_holding_the_sample_is_units_and_payments():
    """By hand: units double where they are split, what is paid stays cash, and nothing else happens."""
    data = samples.load("stocks_1d", symbol="IBM", adjust="events")
    env, infos = hold(data, 1_000)
    fills = env.fills()
    (bought,) = fills["price"]
    (since,) = np.asarray(fills["time"], dtype="datetime64[ns]").astype("int64")
    # What is paid before the open of the purchase is another's.
    paid = sum(event["amount"] for event in data.events() if event["time"] > since)
    by_hand = 1e6 + 1_000 * (data.columns()["close"][-1] - bought + paid)
    assert infos[-1]["equity"] == pytest.approx(by_hand, abs=0.01)
    assert paid > 15
