"""What an environment shows must not know the future."""

import json

import numpy as np
import pytest

import tradepit
from tradepit import features, samples
from tradepit.cli import main
from tradepit.errors import SpecError, TooLittleDataError

LEAK = """
import numpy as np

def tomorrow(columns):
    return np.append(np.diff(columns["close"]), 0.0)

def yesterday(columns):
    return np.append(0.0, np.diff(columns["close"]))

FUNCTIONS = {"tomorrow": tomorrow, "yesterday": yesterday}
"""


@pytest.fixture(scope="module")
def data():
    return samples.load("es_1m")


def test_the_default_features_know_nothing_of_the_future(data):
    report = tradepit.leakcheck(data, cuts=3)
    assert report["leaks"] == []
    assert report["numbers"] > 10_000
    assert report["text"].startswith("no leak: 16 columns")


def test_functions_are_run_anew_for_each_future(data):
    calls = []

    def past(columns):
        calls.append(len(columns["close"]))
        return columns["close"] - columns["open"]

    report = tradepit.leakcheck(data, functions={"past": past}, cuts=4)
    assert report["leaks"] == []
    assert calls == [len(data)] * 9
    assert "past" in report["columns"]


def test_normalising_by_the_whole_of_the_data_leaks_from_the_first_row(data):
    def normalised(columns):
        close = columns["close"]
        return (close - close.mean()) / close.std()

    spec = {"features": [{"kind": "column", "name": "normalised"}, "rsi"]}
    (leak,) = tradepit.leakcheck(data, spec, functions={"normalised": normalised})["leaks"]
    assert leak["column"] == "normalised"
    assert leak["shown"] != leak["otherwise"]
    first = tradepit.leakcheck(data, {"features": ["rsi"]})
    assert (leak["time"], leak["row"]) == (first["since"], 14)


def test_a_join_of_longer_bars_by_their_beginning_leaks(data):
    pandas = pytest.importorskip("pandas")

    def joined(columns, *, at_end):
        closes = pandas.Series(columns["close"], index=pandas.to_datetime(columns["time_ns"]))
        side = {"label": "right"} if at_end else {"label": "left"}
        quarter = closes.resample("15min", closed="right", **side).last().dropna()
        return quarter.reindex(closes.index, method="ffill").to_numpy()

    (leak,) = tradepit.leakcheck(data, functions={"quarter": lambda c: joined(c, at_end=False)})["leaks"]
    assert leak["column"] == "quarter"
    assert 0 <= leak["future"] - leak["time"] < 15 * 60 * 10**9
    clean = tradepit.leakcheck(data, functions={"quarter": lambda c: joined(c, at_end=True)})
    assert clean["leaks"] == []


def test_statistics_that_were_fitted_later_leak_until_then(data):
    raw = [{"kind": "normalised", "of": "rsi", "by": "frozen"}]
    fitted = features.fit(raw, data, slice(0, 1500))
    (leak,) = tradepit.leakcheck(data, {"features": fitted})["leaks"]
    until = int(data.time_ns()[1499])
    assert leak["future"] == until
    assert tradepit.leakcheck(data, {"features": fitted}, since=np.datetime64(until, "ns"))["leaks"] == []


def test_what_goes_wrong_in_a_function_comes_out_of_the_check(data):
    def broken(columns):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        tradepit.leakcheck(data, functions={"broken": broken})
    with pytest.raises(SpecError, match=r"cuts: 0 must be in 1\.\.=1000"):
        tradepit.leakcheck(data, cuts=0)
    with pytest.raises(TooLittleDataError, match="a check needs 3"):
        tradepit.leakcheck(data, since="2100-01-01")


def test_the_command_names_the_column_and_fails(tmp_path, capsys):
    mine = tmp_path / "mine.py"
    mine.write_text(LEAK)
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"features": [{"kind": "column", "name": "tomorrow"}]}))
    command = ["data", "leakcheck", "es_1m", "--spec", str(spec), "--functions", str(mine)]
    assert main(command) == 1
    assert "tomorrow leaks: row " in capsys.readouterr().out
    assert main(["data", "leakcheck", "--data", "es_1m", "--cuts", "2"]) == 0
    assert capsys.readouterr().out.startswith("no leak: ")
    mine.write_text("")
    assert main(command) == 1
    assert "must set FUNCTIONS" in capsys.readouterr().err
