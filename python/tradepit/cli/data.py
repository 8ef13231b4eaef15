"""``tradepit data``."""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np

from .. import samples
from ..data import MarketData, times
from ..spec import read_spec, to_json
from . import options as shared
from .console import Console, Fault, plain

HELP = "show what is in a sample or a file"
ABOUT = "Rows, times, sessions, gaps, and the features that environments would see."
EXAMPLE = "  tradepit data prices.csv --instrument ES --calendar cme"
_LISTED = 3


def options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    shared.data_options(parser, positional=True)
    shared.spec_option(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Describes the data."""
    if args.data in samples.NAMES and args.symbol is None and len(samples.symbols(args.data)) > 1:
        raise Fault(f"{args.data} holds {', '.join(samples.symbols(args.data))}; choose one with --symbol")
    data = shared.read_data(args)
    facts = {"data": args.data, **describe(data, shared.read_spec_option(args.spec))}
    if args.data in samples.NAMES:
        facts["licence"] = samples.manifest(args.data)["licence"]
    console.say(_page(facts))
    console.result(facts)
    return 0


def describe(data: MarketData, spec: dict[str, Any]) -> dict[str, Any]:
    """What there is to know of market data, and of the features that a spec asks for."""
    time, columns = data.time_ns(), data.columns()
    missing = np.diff(time) // data.period_ns - 1
    widest = np.argsort(-missing, kind="stable")[:_LISTED]
    wanted: Any = read_spec(spec)["features"]
    names, warm_up, clipped, _ = data.features(None if wanted is None else to_json(wanted))
    own = [name for name in columns if name not in ("open", "high", "low", "close", "volume")]
    return {
        "instrument": json.loads(data.instrument_json),
        "calendar": data.calendar,
        "rows": len(data),
        "bar_seconds": data.period_ns / 1e9,
        "first_close": times(time[0]),
        "last_close": times(time[-1]),
        "sessions": len(data.session_starts()),
        "gaps": {
            "count": int((missing > 0).sum()),
            "bars": int(missing.sum()),
            "widest": [
                {"after": times(time[i]), "until": times(time[i + 1]), "bars": int(missing[i])}
                for i in widest
                if missing[i] > 0
            ],
        },
        "price": {"lowest": columns["low"].min(), "highest": columns["high"].max(), "last": columns["close"][-1]},
        "volume": columns["volume"].sum(),
        "columns": own,
        "features": {"names": names, "warm_up_rows": warm_up, "numbers_clipped": clipped},
    }


def _page(facts: dict[str, Any]) -> str:
    shown = plain(facts)
    gaps, instrument, features = shown["gaps"], shown["instrument"], shown["features"]
    lines = [
        ("data", shown["data"]),
        ("instrument", f"{instrument['name']}, tick {instrument['tick']}, multiplier {instrument['multiplier']}"),
        ("rows", f"{shown['rows']:,} of {shown['bar_seconds']:g} s, all complete and in order"),
        ("closes", f"{shown['first_close']} to {shown['last_close']}"),
        ("sessions", f"{shown['sessions']:,} ({shown['calendar']})"),
        ("gaps", f"{gaps['count']:,} with {gaps['bars']:,} bars in them, nights and weekends included"),
        *(("", f"{gap['bars']:,} bars from {gap['after']} to {gap['until']}") for gap in gaps["widest"]),
        ("prices", "{lowest:,.10g} to {highest:,.10g}, last {last:,.10g}".format(**shown["price"])),
        ("volume", f"{shown['volume']:,.10g}"),
        ("own columns", ", ".join(shown["columns"]) or "none"),
        ("features", ", ".join(features["names"])),
        ("", f"known after {features['warm_up_rows']:,} rows; {features['numbers_clipped']:,} numbers clipped"),
    ]
    if "licence" in shown:
        lines.append(("licence", shown["licence"]))
    return "\n".join(f"{name:<12}{text}" for name, text in lines)
