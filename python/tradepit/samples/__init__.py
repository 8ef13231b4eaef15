"""Small real data sets that come with the package, and synthetic ones with known properties.

``SOURCES.md`` beside this file says where each sample comes from, under which licence, and what is odd in it.

>>> data = load("es_1m")
>>> data
MarketData(ES, 2264 bars of 60 s, 2013-09-01T22:01:00Z to 2013-09-03T18:52:00Z)
"""

from __future__ import annotations

import csv
import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .. import _core
from .._core import MarketData
from ..errors import SpecError

__all__ = ["NAMES", "load", "manifest", "planted", "symbols", "synthetic"]

_HERE = Path(__file__).parent
_MANIFEST: dict[str, dict[str, Any]] = {
    entry["name"]: entry for entry in json.loads((_HERE / "manifest.json").read_text(encoding="utf-8"))["samples"]
}
NAMES: tuple[str, ...] = tuple(_MANIFEST)
"""Names of the samples."""
#: The ratio of the splits in ``stocks_1d``, each two for one.
_HALF = 0.5


def manifest(name: str) -> dict[str, Any]:
    """What is known of a sample: source, licence, checksum, and what was counted in it."""
    return json.loads(json.dumps(_entry(name)))  # type: ignore[no-any-return]


def symbols(name: str) -> list[str]:
    """The instruments of a sample.

    >>> symbols("stocks_1d")
    ['AAPL', 'FB', 'GOOG', 'IBM', 'MSFT']
    """
    return list(_entry(name)["instruments"])


def load(name: str, *, symbol: str | None = None, adjust: bool | Literal["events"] = True) -> MarketData:
    """A sample as market data, with its instrument and calendar. The same call gives the same object.

    >>> load("stocks_1d", symbol="IBM")
    MarketData(IBM, 3270 bars of 86400 s, 2000-03-02T00:00:00Z to 2013-03-02T00:00:00Z)

    Args:
        name: ``"es_1m"``, ``"stocks_1d"`` or ``"eurusd_1h"``.
        symbol: Which instrument, where a sample holds several (``stocks_1d``).
        adjust: Whether the prices of ``stocks_1d`` before a split or a dividend are multiplied by its ratio, and volumes
            before a split divided by it, so that neither looks like a loss. Adjusted prices are off the tick. With
            ``"events"`` prices are raw and splits and dividends happen to the account; features are adjusted.

    >>> data = load("stocks_1d", symbol="AAPL", adjust="events")
    >>> [(event["kind"], str(np.datetime64(event["time"], "ns"))[:10]) for event in data.events()][:2]
    [('split', '2000-06-21'), ('split', '2005-02-28')]
    """
    entry = _entry(name)
    if symbol is None and len(entry["instruments"]) == 1:
        (symbol,) = entry["instruments"]
    if symbol not in entry["instruments"]:
        raise SpecError(
            f"symbol: {symbol!r} is not in the sample {name}; choose one of {', '.join(entry['instruments'])}"
        )
    return _load(name, symbol, adjust)


@lru_cache(maxsize=32)
def _load(name: str, symbol: str, adjust: bool | str) -> MarketData:
    entry = _MANIFEST[name]
    preset = _core.instrument_preset(entry["preset"]) or _core.instrument_equity(symbol)
    # Sessions of a single bar are none: daily bars are one long session.
    calendar = "none" if entry["timeframe"] == "1d" else entry["calendar"]
    several = symbol if "symbol" in entry["columns"] else None
    options = json.dumps({"stamp": entry["stamp"], "symbol": several})

    def read(events: str = "[]") -> MarketData:
        return _core.BarTable.read(str(_HERE / entry["file"]), options).market(preset, calendar, events=events)

    data = read()
    if not adjust or "adjustments" not in entry:
        return data
    ratios = _ratios(entry, symbol)
    if adjust == "events":
        events = _events(data, ratios)
        return read(json.dumps(events))
    times = data.time_ns()
    columns = data.columns()
    for time, ratio in ratios:
        # Times are closes: the bar that opens at this moment closes one period later.
        before = times <= time
        for price in ("open", "high", "low", "close"):
            columns[price][before] *= ratio
        if ratio == _HALF:
            columns["volume"][before] /= ratio
    own = ("open", "high", "low", "close", "volume")
    opens, highs, lows, closes, volume = (columns[name] for name in own)
    instrument, period = data.instrument_json, data.period_ns
    return MarketData(times, opens, highs, lows, closes, volume, {}, instrument, calendar, "close", period)


def _ratios(entry: dict[str, Any], symbol: str) -> list[tuple[int, float]]:
    """What prices before a moment are multiplied by, to compare with those from then on."""
    with (_HERE / entry["adjustments"]["file"]).open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["symbol"] == symbol]
    return [
        (int(np.datetime64(row["ts"].removesuffix("Z"), "ns").astype("int64")), float(row["ratio"])) for row in rows
    ]


def _events(data: MarketData, ratios: list[tuple[int, float]]) -> list[dict[str, Any]]:
    """A ratio of a half is a split; any other one is what a dividend left of the close before it."""
    times, closes = data.time_ns(), data.columns()["close"]
    events: list[dict[str, Any]] = []
    for time, ratio in ratios:
        close = float(closes[np.searchsorted(times, time, side="right") - 1])
        paid = {"kind": "dividend", "amount": close * (1.0 - ratio)}
        events.append({"time": time, **({"kind": "split", "ratio": 2.0} if ratio == _HALF else paid)})
    return events


def _entry(name: str) -> dict[str, Any]:
    if name not in _MANIFEST:
        raise SpecError(f"sample: {name!r} is unknown; the samples are {', '.join(NAMES)}")
    return _MANIFEST[name]


def synthetic(name: Literal["es_1m"] = "es_1m", bars: int = 350_000, seed: int = 0) -> MarketData:
    """A synthetic market: seeded, the same on every machine.

    >>> len(synthetic("es_1m", bars=1_000, seed=0))
    1000

    Args:
        name: ``"es_1m"``: one-minute bars of a random walk on ES's tick grid, in UTC-day sessions.
        bars: How many.
        seed: Which one.
    """
    if name != "es_1m":
        raise SpecError(f"name: {name!r} is unknown; the synthetic markets are es_1m")
    return _core.synthetic_es(bars, seed)


def planted(
    bars: int = 50_000,
    seed: int = 0,
    *,
    leak: Literal["open_to_open", "close_to_open"] = "open_to_open",
    edge_ticks: float = 4.0,
    noise_ticks: float = 4.0,
) -> MarketData:
    """An ES-like market with a known edge in the column ``signal``, in units of its standard deviation.

    Use it with ``features=[{"kind": "column", "name": "signal"}]``. Filled at the next open without costs, the best policy
    holds the sign of the signal and earns ``edge_ticks * sqrt(2 / pi)`` ticks a step under ``"open_to_open"``, and
    nothing under ``"close_to_open"``: what jumps before the next open can't be earned.

    >>> sorted(planted(500).columns())
    ['close', 'high', 'low', 'open', 'signal', 'volume']
    """
    return _core.planted_es(bars, seed, leak, edge_ticks, noise_ticks)
