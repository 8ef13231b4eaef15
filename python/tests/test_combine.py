"""Market data made of market data."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

import tradepit
from tradepit import align, continuous, index_contracts, join_published, market_data, sessions
from tradepit.errors import SpecError

MINUTE = 60_000_000_000
SHARED = Path(__file__).parents[3] / "shared" / "data"


def bars(minutes, close=100.0):
    minutes = np.asarray(minutes)
    closes = close + minutes % 7
    return {
        "ts": np.datetime64("2024-03-01T00:00", "ns") + minutes * np.timedelta64(1, "m"),
        "open": closes,
        "high": closes + 1,
        "low": closes - 1,
        "close": closes,
        "volume": np.full(len(minutes), 5.0),
        "mood": minutes.astype(float),
    }


def test_carried_rows_are_those_of_pandas():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    minutes = [np.sort(rng.choice(200, 120, replace=False)) for _ in range(2)]
    frames = {"ES": bars(minutes[0]), "NQ": bars(minutes[1], 500.0)}
    both = align(frames, missing="carry", stamp="close", period=60, columns=["mood"], calendar="cme")
    joined = (
        pandas.DataFrame(frames["ES"])
        .set_index("ts")
        .join(pandas.DataFrame(frames["NQ"]).set_index("ts"), how="outer", suffixes=("", "_nq"))
    )
    filled = joined.ffill().dropna()
    columns = both.columns()
    assert len(both) == len(filled)
    np.testing.assert_array_equal(columns["close"], filled["close"])
    np.testing.assert_array_equal(columns["NQ.close"], filled["close_nq"])
    np.testing.assert_array_equal(columns["NQ.mood"], filled["mood_nq"].astype("float32"))
    missing = joined.loc[filled.index, "close_nq"].isna().to_numpy()
    assert (columns["NQ.volume"] == np.where(missing, 0.0, 5.0)).all()
    # A halt wherever bars begin to be missing.
    halts = [event for event in both.events() if event["kind"] == "halt" and event.get("instrument") == 1]
    assert len(halts) == (missing & ~np.r_[False, missing[:-1]]).sum()


def test_dropped_refused_and_named():
    frames = {"ES": bars([0, 1, 2, 4]), "XYZ": bars([0, 2, 3, 4])}
    assert len(align(frames, missing="drop", period=60)) == 3
    with pytest.raises(SpecError, match=r"XYZ\" has no bar at 2024-03-01T00:02:00Z"):
        align(frames, period=60)
    with pytest.raises(SpecError, match="missing: unknown variant"):
        align(frames, missing="fill", period=60)
    data = market_data(bars([0, 1]), instrument="ES")
    with pytest.raises(SpecError, match="'NQ' is market data of 'ES'"):
        align({"NQ": data})
    assert align([data, market_data(bars([0, 1]), instrument="NQ")]).instruments == ["ES", "NQ"]


def test_aligned_data_is_pickled_and_sliced():
    frames = {"ES": bars(range(0, 400)), "NQ": bars(range(0, 400, 2), 500.0)}
    both = join_published(
        align(frames, missing="carry", period=60, columns=["mood"]), "news", {"published": ["2024-03-01"], "value": [1]}
    )
    for again in (pickle.loads(pickle.dumps(both)), copy.deepcopy(both)):
        assert again.instruments == both.instruments
        assert again.events() == both.events()
        for name, values in both.columns().items():
            np.testing.assert_array_equal(again.columns()[name], values)
    part = both[10:20]
    np.testing.assert_array_equal(part.columns()["NQ.close"], both.columns()["NQ.close"][10:20])
    np.testing.assert_array_equal(part.time_ns(), both.time_ns()[10:20])


def test_contracts_of_index_futures():
    expiries = index_contracts("ES", "2025-12-31", "2026-12-31")
    assert list(expiries) == ["ESH26", "ESM26", "ESU26", "ESZ26"]
    # Juneteenth is the third Friday.
    assert expiries["ESM26"] == np.datetime64("2026-06-18T13:30", "ns")
    with pytest.raises(SpecError, match='root: "CL" must be one of'):
        index_contracts("CL", "2025-12-31", "2026-12-31")


def contract(start, days, volumes, close):
    """Bars at noon and one o'clock in Chicago, of weekdays from a day on."""
    first = np.datetime64(start, "ns")
    rows = [
        (first + np.timedelta64(day, "D") + np.timedelta64(18 + hour, "h"), volume)
        for day, volume in zip(range(days), volumes, strict=True)
        for hour in range(2)
        if np.is_busday(first.astype("datetime64[D]") + day)
    ]
    times, volume = zip(*rows, strict=True)
    closes = close + np.arange(len(rows), dtype=float)
    return {
        "ts": np.array(times), "open": closes, "high": closes, "low": closes, "close": closes,
        "volume": np.array(volume, dtype=float), "open_interest": np.array(volume, dtype=float)[::-1],
    }  # fmt: skip


def test_a_continuous_future_rolls_on_the_volume_of_the_day_before():
    near = contract("2024-12-09", 12, [9, 9, 9, 4, 4, 0, 0, 2, 1, 1, 1, 1], 6000.0)
    far = contract("2024-12-09", 12, [1, 1, 1, 5, 9, 0, 0, 9, 9, 9, 9, 9], 6060.0)
    data, [roll] = continuous({"ESZ24": near, "ESH25": far}, instrument="ES", stamp="close", adjust="difference")
    # More volume on Thursday the 12th: rolled on Friday.
    assert (roll["from"], roll["to"], roll["row"]) == ("ESZ24", "ESH25", 8)
    assert roll["to_price"] - roll["from_price"] == 60.0
    closes = data.columns()["close"]
    np.testing.assert_array_equal(closes[:8], near["close"][:8])
    np.testing.assert_array_equal(closes[8:], far["close"][8:])
    np.testing.assert_array_equal(data.feature_bars()["close"], near["close"])
    assert [event["kind"] for event in data.events()] == ["roll"]
    assert tradepit.times(roll["time"]) == np.datetime64("2024-12-12T23:00")
    for rule, row in [({"kind": "calendar", "days": 8}, 6), ({"kind": "calendar", "days": 0}, 18)]:
        _, [roll] = continuous({"ESH25": far, "ESZ24": near}, instrument="ES", stamp="close", roll=rule)
        assert roll["row"] == row
    expires = {"A": "2024-12-20T14:30Z", "B": "2025-03-21T13:30Z"}
    given = continuous({"A": near, "B": far}, instrument="ES", stamp="close", expires=expires)[0]
    np.testing.assert_array_equal(given.columns()["close"], closes)
    with pytest.raises(SpecError, match='contract: "A" must be one of'):
        continuous({"A": near}, instrument="ES")
    with pytest.raises(SpecError, match="'C' is none of the contracts"):
        continuous({"A": near}, instrument="ES", expires={"C": "2024-12-20"})
    assert continuous({"ESZ24": near, "ESH25": far}, instrument="ES", stamp="close", roll="open_interest")[1]


def test_real_contracts_are_strung_together():
    polars = pytest.importorskip("polars")
    path = SHARED / "es_1m_quotes_lean.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not there: it belongs to no package, and can't be shipped")
    table = polars.read_parquet(path).filter(polars.col("close").is_not_null())
    names = {"201312": "ESZ13", "201403": "ESH14"}
    contracts = {
        names[name]: table.filter(polars.col("contract") == name).select("ts", "open", "high", "low", "close", "volume")
        for name in table["contract"].unique(maintain_order=True)
        if name in names
    }
    assert set(contracts) == set(names.values())
    # The file holds the most traded contract of each day alone: they have no bar in common, and that is said.
    with pytest.raises(SpecError, match="no bar of the same time before"):
        continuous(contracts, instrument="ES", period=60)
    for name, frame in contracts.items():
        data, rolls = continuous({name: frame}, instrument="ES", period=60)
        assert rolls == []
        assert len(data) == len(frame)


def test_numbers_are_joined_by_their_time_of_publication():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(1)
    data = market_data(bars(range(300)), stamp="close", period=60)
    published = np.datetime64("2024-03-01T00:00", "ns") + rng.integers(-(10**12), 19 * 10**12, 80)
    points = pandas.DataFrame({"published": published, "value": rng.normal(size=80).astype("float32")})
    joined = join_published(data, "news", points, max_age=900, fill=-9.0, age=True).columns()
    rows = pandas.DataFrame({"time": data.time_ns().astype("datetime64[ns]")})
    expected = pandas.merge_asof(
        rows, points.sort_values("published"), left_on="time", right_on="published", tolerance=pandas.Timedelta("900s")
    )
    np.testing.assert_array_equal(joined["news"], expected["value"].fillna(-9.0).to_numpy())
    age = (expected["time"] - expected["published"]).dt.total_seconds().fillna(900.0)
    np.testing.assert_allclose(joined["news.age"], age, rtol=1e-6)
    with pytest.raises(SpecError, match="points: no column 'value'"):
        join_published(data, "news", {"published": ["2024-03-01"]})
    with pytest.raises(SpecError, match="max_age_ns: 0 must be above 0"):
        join_published(data, "news", points, max_age=0)


def test_sessions_know_holidays():
    found = sessions("cme", "2024-12-23", "2024-12-28")
    dates = np.asarray(found["date"]).astype("datetime64[D]").astype(str).tolist()
    assert dates == ["2024-12-23", "2024-12-24", "2024-12-26", "2024-12-27"]
    closes = np.asarray(found["closes"]).astype("datetime64[m]").astype(str).tolist()
    assert closes[1] == "2024-12-24T18:15"


def test_real_minutes_of_a_year_lie_in_sessions():
    polars = pytest.importorskip("polars")
    path = SHARED / "es_1m.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not there: it belongs to no package, and can't be shipped")
    closes = polars.read_parquet(path)["ts"].cast(polars.Datetime("ns")).to_physical().to_numpy() + MINUTE
    found = tradepit._core.sessions("cme", int(closes[0]), int(closes[-1]))
    at = np.searchsorted(found["closes_ns"], closes)
    assert (found["opens_ns"][at] < closes).all()
    # Every session that the file has whole ends with a bar: shortened days, and the day of mourning, among them.
    last = np.unique(at, return_index=True)[1][1:] - 1
    ends = closes[last] == found["closes_ns"][at[last]]
    assert ends.mean() > 0.98
    short = (found["closes_ns"] - found["opens_ns"])[at[last]] < 1380 * MINUTE
    assert short.sum() >= 10
    assert ends[short].all()
