"""The shipped samples are what their manifest says. Reads files only: needs neither the package nor NumPy."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
import math
import os
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

PYTHON = Path(__file__).resolve().parents[1]
SAMPLES = PYTHON / "tradepit" / "samples"
SCRIPT = PYTHON / "scripts" / "make_samples.py"
MANIFEST = {entry["name"]: entry for entry in json.loads((SAMPLES / "manifest.json").read_text())["samples"]}
each_sample = pytest.mark.parametrize("entry", MANIFEST.values(), ids=MANIFEST.keys())


def rows_of(entry: dict) -> list[dict[str, str]]:
    with (SAMPLES / entry["file"]).open(newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
        assert reader.fieldnames == entry["columns"]
    return rows


def series_of(entry: dict) -> list[tuple[dict, list[dict[str, str]]]]:
    rows = rows_of(entry)
    if "series" not in entry:
        return [(entry, rows)]
    return [(facts, [r for r in rows if r["symbol"] == symbol]) for symbol, facts in entry["series"].items()]


@pytest.fixture(scope="module")
def make_samples():
    spec = importlib.util.spec_from_file_location("make_samples", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_three_samples_are_there():
    assert list(MANIFEST) == ["es_1m", "stocks_1d", "eurusd_1h"]
    assert [MANIFEST[name]["rows"] for name in MANIFEST] == [2_264, 12_154, 6_225]
    assert {entry["stamp"] for entry in MANIFEST.values()} == {"open"}


@each_sample
def test_every_file_has_the_checksum_of_the_manifest(entry):
    files = [entry, *([entry["adjustments"]] if "adjustments" in entry else [])]
    for facts in files:
        raw = (SAMPLES / facts["file"]).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == facts["sha256"], facts["file"]
        assert b"\r" not in raw, facts["file"]
        assert raw.endswith(b"\n"), facts["file"]
        assert raw.count(b"\n") == facts["rows"] + 1, facts["file"]


@each_sample
def test_the_sources_page_names_the_file_and_both_checksums(entry):
    page = (SAMPLES / "SOURCES.md").read_text(encoding="utf-8")
    for fact in (entry["file"], entry["sha256"], entry["member"], entry["member_sha256"], entry["licence"]):
        assert fact in page
    assert "copyright" in (SAMPLES / f"{entry['name']}.LICENSE").read_text(encoding="utf-8").lower()


@each_sample
def test_rows_are_sorted_and_unique_and_span_the_stated_range(entry):
    keys = [(row["ts"], row.get("symbol", "")) for row in rows_of(entry)]
    # Text of one fixed width sorts as the times do.
    assert {len(ts) for ts, _ in keys} == {len("2013-09-01T22:00:00Z")}
    assert all(a < b for a, b in pairwise(keys))
    assert (keys[0][0], keys[-1][0], len(keys)) == (entry["first"], entry["last"], entry["rows"])
    if "symbol" in entry["columns"]:
        assert sorted({symbol for _, symbol in keys}) == entry["instruments"]


@each_sample
def test_prices_are_numbers_between_low_and_high_except_where_listed(entry):
    for facts, rows in series_of(entry):
        violations = []
        for row in rows:
            o, h, low, c, volume = (float(row[k]) for k in ("open", "high", "low", "close", "volume"))
            assert all(map(math.isfinite, (o, h, low, c, volume))), row
            assert min(low, volume) > 0, row
            if not (low <= o <= h and low <= c <= h):
                violations.append(row["ts"])
        assert violations == facts["ohlc_violation_times"]
        assert len(violations) == facts["ohlc_violations"]


@each_sample
def test_each_series_has_the_stated_rows_range_and_volume(entry):
    for facts, rows in series_of(entry):
        assert (len(rows), rows[0]["ts"], rows[-1]["ts"]) == (facts["rows"], facts["first"], facts["last"])
        assert sum(Decimal(row["volume"]) for row in rows) == Decimal(str(facts["volume"]))


@each_sample
def test_numbers_are_the_shortest_exact_decimals(entry):
    for row in rows_of(entry):
        for key in ("open", "high", "low", "close", "volume"):
            number = row[key]
            assert number == format(Decimal(number).normalize(), "f"), row


def test_es_holds_every_contract_of_the_500_000_trades_on_the_tick():
    entry = MANIFEST["es_1m"]
    assert entry["source_facts"]["trades"] == 500_000
    assert entry["source_facts"]["trades_unsorted"] == 0
    rows = rows_of(entry)
    assert sum(int(row["volume"]) for row in rows) == entry["volume"] == 1_844_058
    assert {Decimal(row[key]) % Decimal("0.25") for row in rows for key in ("open", "high", "low", "close")} == {0}
    assert all(row["ts"].endswith(":00Z") for row in rows)


def test_unadjusted_stocks_fall_by_half_where_the_adjustments_say_split():
    entry = MANIFEST["stocks_1d"]
    with (SAMPLES / entry["adjustments"]["file"]).open(newline="") as file:
        events = list(csv.DictReader(file))
    splits = [(row["ts"][:10], row["symbol"]) for row in events if row["ratio"] == "0.5"]
    assert splits == [("2000-06-21", "AAPL"), ("2003-02-18", "MSFT"), ("2005-02-28", "AAPL")]
    rows = rows_of(entry)
    for date, symbol in splits:
        closes = [(row["ts"][:10], float(row["close"])) for row in rows if row["symbol"] == symbol]
        at = [day for day, _ in closes].index(date)
        assert 0.45 < closes[at][1] / closes[at - 1][1] < 0.6
    # Everything else is a dividend; the largest is Microsoft's special one of 2004, a tenth of the price.
    days = {(row["ts"], row["symbol"]) for row in rows}
    assert all((row["ts"], row["symbol"]) in days for row in events)
    assert all(row["ratio"] == "0.5" or 0.89 < float(row["ratio"]) < 1 for row in events)


def test_the_stale_bar_that_the_sources_page_names_is_the_only_one_in_the_stocks():
    rows = [row for row in rows_of(MANIFEST["stocks_1d"]) if row["symbol"] == "AAPL"]
    prices = [[row[key] for key in ("open", "high", "low", "close")] for row in rows]
    stale = [row["ts"][:10] for row, a, b in zip(rows[1:], prices, prices[1:], strict=False) if a == b]
    assert stale == ["2003-01-29"]
    assert MANIFEST["stocks_1d"]["bars_repeating_the_prices_before"] == 1


def test_eurusd_weeks_open_at_17_new_york_which_is_why_the_times_are_utc():
    times = [datetime.fromisoformat(row["ts"]) for row in rows_of(MANIFEST["eurusd_1h"])]
    opens = [b for a, b in pairwise(times) if (b - a).days >= 1]
    hours = [time.astimezone(ZoneInfo("America/New_York")).hour for time in opens]
    assert len(hours) == 51
    # Christmas Eve opens one hour late; every other week, in winter and in summer, at 17:00.
    assert [(time.date().isoformat(), hour) for time, hour in zip(opens, hours, strict=True) if hour != 17] == [
        ("2017-12-24", 18)
    ]


def test_bars_follow_the_order_of_the_trades_and_skip_quiet_minutes(make_samples):
    trades = (
        b"DateTime,Price,Volume\n"
        b"2013-09-01 17:00:00.083,10.50,8\n"
        b"2013-09-01 17:00:00.083,9.25,1\n"
        b"2013-09-01 17:00:59.999,10.00,2\n"
        b"2013-09-01 17:03:00.000,11.00,4\n"
    )
    rows, facts = make_samples.bars_from_trades(trades)
    assert rows == [
        ["2013-09-01T22:00:00Z", "10.5", "10.5", "9.25", "10", "11"],
        ["2013-09-01T22:03:00Z", "11", "11", "11", "11", "4"],
    ]
    assert facts == {"trades": 4, "trades_at_the_time_of_the_one_before": 1, "trades_unsorted": 0}


def test_eurusd_dates_are_read_day_first(make_samples):
    raw = b"Time,Open,High,Low,Close,Volume\r\n02.01.2017 01:00:00.000,1.0520,1.1,1.05,1.06,1.00532E+11\r\n"
    rows, _ = make_samples.hourly_eurusd(raw)
    assert rows == [["2017-01-02T01:00:00Z", "1.052", "1.1", "1.05", "1.06", "100532000000"]]


def test_a_source_with_other_columns_is_refused(make_samples):
    with pytest.raises(SystemExit, match="expected `DateTime,Price,Volume`"):
        make_samples.bars_from_trades(b"time,price,size\n1,2,3\n")


def test_the_check_names_a_missing_and_a_changed_file(make_samples, tmp_path):
    (tmp_path / "same.csv").write_bytes(b"abc\n")
    (tmp_path / "changed.csv").write_bytes(b"abd\n")
    (tmp_path / "short.csv").write_bytes(b"ab")
    files = dict.fromkeys(("same.csv", "changed.csv", "short.csv", "missing.csv"), b"abc\n")
    assert make_samples.differing(files, tmp_path) == [
        "changed.csv: differs from byte 2 on (4 bytes, expected 4)",
        "short.csv: differs from byte 2 on (2 bytes, expected 4)",
        "missing.csv: missing; run make_samples.py",
    ]


@pytest.mark.skipif(
    os.environ.get("TRADEPIT_NETWORK") != "1",
    reason="downloads three packages; set TRADEPIT_NETWORK=1 to run it",
)
def test_the_committed_files_can_be_made_again_byte_for_byte():
    run = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
