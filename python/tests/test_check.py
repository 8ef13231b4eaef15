"""Reports on data, and files that are mended by them."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

import tradepit
from tradepit import errors

HEAD = "ts,open,high,low,close,volume"
GOOD = [f"2024-03-01T14:{minute:02}:00Z,10,11,9,10.25,5" for minute in range(30, 50)]
ES = {"instrument": "ES", "calendar": "cme"}


def write(path, rows, head=HEAD):
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def counts(report):
    return {count["kind"]: count["count"] for count in report["counts"]}


def test_clean_rows_have_no_finding(tmp_path):
    path = write(tmp_path / "x.csv", GOOD)
    report = tradepit.check(path, **ES)
    assert (report["rows"], report["period_ns"], report["counts"], report["findings"]) == (20, 60 * 10**9, [], [])
    for frame in (pl.read_csv(path), pd.read_csv(path), pa.Table.from_pandas(pd.read_csv(path))):
        assert tradepit.check(frame, **ES)["counts"] == []


PLANTS = {
    "unreadable": lambda rows: [*rows[:5], rows[5].replace("11", "x"), *rows[6:]],
    "ohlc": lambda rows: [*rows[:5], rows[5].replace("11", "8"), *rows[6:]],
    "negative_volume": lambda rows: [*rows[:5], rows[5].replace(",5", ",-5"), *rows[6:]],
    "unsorted": lambda rows: [*rows[:4], rows[5], rows[4], *rows[6:]],
    "duplicate": lambda rows: [*rows[:5], rows[4], *rows[5:]],
    "gap": lambda rows: rows[:5] + rows[6:],
    "off_tick": lambda rows: [*rows[:5], rows[5].replace("10.25", "10.3"), *rows[6:]],
    "zero_volume": lambda rows: [*rows[:5], rows[5].replace(",5", ",0"), *rows[6:]],
    "outlier": lambda rows: [*rows[:5], rows[5].replace("11", "500"), *rows[6:]],
}


@pytest.mark.parametrize("kind", PLANTS)
def test_planted_faults_are_found_in_their_row(kind, tmp_path):
    path = write(tmp_path / "x.csv", PLANTS[kind](GOOD))
    report = tradepit.check(path, **ES)
    (finding,) = [finding for finding in report["findings"] if finding["kind"] == kind]
    assert finding["row"] == 5
    fatal = finding["severity"] == "fatal"
    if fatal:
        with pytest.raises(errors.DataError, match=f"row {finding['row']}, column"):
            tradepit.market_data(path, **ES)
    else:
        with pytest.warns(errors.DataWarning, match=f"1 {kind}; tradepit.check tells where"):
            data = tradepit.market_data(path, **ES)
        assert counts(tradepit.check(data))[kind] == 1
    # The command says the same, in its own ways.
    words = [sys.executable, "-m", "tradepit", "data", "check", str(path), "--instrument", "ES", "--calendar", "cme"]
    said = subprocess.run([*words, "--json"], capture_output=True, text=True, check=False)
    assert (said.returncode, json.loads(said.stdout)) == (1 if fatal else 3, report)


def test_fixing_says_each_change(tmp_path):
    rows = [
        *GOOD[:3],
        GOOD[2],
        GOOD[4],
        GOOD[3],
        GOOD[5].replace("10.25", "10.3"),
        GOOD[6].replace("11", "x"),
        *GOOD[7:],
    ]
    path, out = write(tmp_path / "x.csv", rows), tmp_path / "new.csv"
    words = [sys.executable, "-m", "tradepit", "data", "check", str(path), "--instrument", "ES", "--calendar", "cme"]
    said = subprocess.run([*words, "--fix", str(out), "--json"], capture_output=True, text=True, check=False)
    report = json.loads(said.stdout)
    changes = [(change["kind"], change["row"]) for change in report["changes"]]
    assert changes == [("deduplicated", 3), ("moved", 5), ("rounded", 6), ("dropped", 7)]
    assert report["changes"][2]["message"] == "close 10.3 to 10.25"
    assert (said.returncode, counts(report)) == (3, {"gap": 1})
    data = tradepit.market_data(out, **ES)
    assert len(data) == 19
    assert path.read_text().splitlines()[1:] == rows
    again = subprocess.run([*words, "--fix", str(out)], capture_output=True, text=True, check=False)
    assert (again.returncode, again.stderr.split(": ")[2]) == (1, f"{out} is there already; name a new file\n")
    shown = subprocess.run([*words, "--fix", str(tmp_path / "other.csv")], capture_output=True, text=True, check=False)
    assert "rounded      row 6: close 10.3 to 10.25" in shown.stdout
    assert "4 changes, written to" in shown.stdout


def test_rows_of_one_time_that_differ_stay_an_error(tmp_path):
    path = write(tmp_path / "x.csv", [*GOOD[:5], GOOD[4].replace(",5", ",7"), *GOOD[5:]])
    report = tradepit.check(path, mend=tmp_path / "new.csv", **ES)
    assert (report["changes"], counts(report)) == ([], {"duplicate": 1})


def test_a_file_of_closes_stays_one(tmp_path):
    rows = ["20240301 143100;10;11;9;10.3;5", "20240301 143200;10;11;9;10;5", "20240301 143300;10;11;9;10;5"]
    path = tmp_path / "ninja.txt"
    path.write_text("\n".join(rows))
    report = tradepit.check(path, mend=tmp_path / "new.csv", **ES)
    assert [change["kind"] for change in report["changes"]] == ["rounded"]
    data = tradepit.market_data(tmp_path / "new.csv", **ES)
    assert str(tradepit.times(data.time_ns()[0]))[:19] == "2024-03-01T14:31:00"


def test_a_changed_byte_under_a_checksum_is_an_error(tmp_path):
    rng = np.random.default_rng(0)
    close = 100 + rng.integers(0, 50, 64) * 0.25
    table = pa.table(
        {
            "ts": pa.array(np.arange(64) * 60_000 + 1_709_303_400_000, pa.timestamp("ms")),
            "open": close,
            "high": close + 1,
            "low": close - 1,
            "close": close,
            "volume": close,
        }
    )
    path = tmp_path / "x.parquet"
    pyarrow.parquet.write_table(table, path, write_page_checksum=True, compression="zstd")
    good, expected = path.read_bytes(), tradepit.check(path)["first"]
    bars = tradepit.market_data(path).columns()
    refused = 0
    for at in rng.integers(4, len(good), 300):
        path.write_bytes(good[:at] + bytes([good[at] ^ (1 << int(rng.integers(8)))]) + good[at + 1 :])
        try:
            read = tradepit.market_data(path).columns()
        except errors.InternalError:
            raise
        except errors.TradepitError:
            refused += 1
            continue
        assert all((read[name] == bars[name]).all() for name in bars), at
    assert refused > 30, expected
