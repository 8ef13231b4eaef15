"""``tradepit data``."""

from __future__ import annotations

import argparse
import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np

from .. import samples
from ..data import MarketData, check, times
from ..features import Function
from ..leak import leakcheck
from ..spec import read_spec, to_json
from . import options as shared
from .console import Console, Fault, plain

HELP = "show what is in a sample or a file, or check whether it can be trusted"
ABOUT = """\
Rows, times, sessions, gaps, and the features that environments would see.

`data check FILE` finds what is wrong (fatal) and what is odd (doubtful, or a note), each with row,
time and value. It exits with 0 when there is at most a note, 1 for something fatal, 3 for a doubt.

`data leakcheck FILE` runs the spec over the data again with other futures, and names each column that
knows what comes after it, with the first moment. It exits with 0 when there is none, 1 otherwise."""
EXAMPLE = """\
  tradepit data check prices.csv --instrument ES --calendar cme --fix mended.csv
  tradepit data leakcheck prices.csv --spec spec.json --functions mine.py"""
_LISTED = 3
_DOUBTFUL = 3


def options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    shared.data_options(parser, positional=True)
    shared.spec_option(parser)
    parser.add_argument("file", nargs="?", metavar="FILE", help="what to check, behind the word check")
    group = parser.add_argument_group("data check")
    group.add_argument("--shown", type=shared.count, default=20, help="findings of each kind to show; default 20")
    group.add_argument("--outlier", type=shared.number, default=25.0, help="times the usual range; default 25")
    group.add_argument("--fix", metavar="OUT", help="write a mended CSV file, and say each change")
    group = parser.add_argument_group("data leakcheck")
    group.add_argument("--data", dest="checked", metavar="FILE", help="the same as FILE behind the word leakcheck")
    group.add_argument(
        "--functions", metavar="FILE.py", help="a Python file with FUNCTIONS = {name: function on columns}"
    )
    group.add_argument("--cuts", type=shared.count, default=8, help="rows at which the future begins; default 8")
    group.add_argument("--seed", type=shared.count, default=0, help="of the futures; default 0")
    group.add_argument("--since", metavar="TIME", help="only rows that close at or after it, as of an evaluation")


def run(args: argparse.Namespace, console: Console) -> int:
    """Describes the data, or checks them."""
    if args.data == "check":
        return _check(args, console)
    if args.data == "leakcheck":
        return _leakcheck(args, console)
    if args.file is not None or args.fix is not None:
        raise Fault("only `tradepit data check` takes a second name, or --fix")
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
    counts = json.loads(data.check('{"shown": 0}'))["counts"]
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
        "doubts": {count["kind"]: count["count"] for count in counts if count["severity"] == "doubtful"},
        "price": {"lowest": columns["low"].min(), "highest": columns["high"].max(), "last": columns["close"][-1]},
        "volume": columns["volume"].sum(),
        "columns": own,
        "features": {"names": names, "warm_up_rows": warm_up, "numbers_clipped": clipped},
    }


def _check(args: argparse.Namespace, console: Console) -> int:
    if args.file is None:
        raise Fault("data check: name a file")
    if args.fix is not None:
        shared.writable(args.fix, "--fix")
        if Path(args.fix).exists():
            raise Fault(f"--fix: {args.fix} is there already; name a new file")
    report = check(args.file, shown=args.shown, outlier=args.outlier, mend=args.fix, **shared.reading(args))
    for change in report.get("changes", []):
        console.say(f"{change['kind']:<13}row {change['row']}: {change['message']}")
    if args.fix is not None:
        console.say(f"{len(report['changes'])} changes, written to {args.fix}; what is left:\n")
    console.say(_findings(report))
    console.result(report)
    severities = {count["severity"] for count in report["counts"]}
    return 1 if "fatal" in severities else _DOUBTFUL if "doubtful" in severities else 0


def _leakcheck(args: argparse.Namespace, console: Console) -> int:
    args.data = args.file or args.checked
    if args.data is None:
        raise Fault("data leakcheck: name a sample or a file")
    functions = None if args.functions is None else _functions(Path(args.functions))
    spec = shared.read_spec_option(args.spec)
    report = leakcheck(
        shared.read_data(args), spec, functions=functions, cuts=args.cuts, seed=args.seed, since=args.since
    )
    console.say(report["text"])
    console.result(report)
    return 1 if report["leaks"] else 0


def _functions(path: Path) -> dict[str, Function]:
    if not path.exists():
        raise Fault(f"--functions: {path}: no such file")
    functions = runpy.run_path(str(path)).get("FUNCTIONS")
    if not isinstance(functions, dict) or not functions:
        raise Fault(
            f"--functions: {path} must set FUNCTIONS to a dictionary of functions by the names of their columns"
        )
    return functions


def _findings(report: dict[str, Any]) -> str:
    lines = [f"{report['rows']:,} rows of {report['period_ns'] / 1e9:g} s, {report['first']} to {report['last']}"]
    for count in report["counts"]:
        lines.append(f"{count['severity']:<9}{count['kind']:<16}{count['count']:>9,}")
        shown = [f for f in report["findings"] if (f["kind"], f["severity"]) == (count["kind"], count["severity"])]
        lines += [f"{'':9}row {f['row']}, {f['time']}: {f['column'] or 'row'}: {f['message']}" for f in shown]
        if len(shown) < count["count"]:
            lines.append(f"{'':9}... and {count['count'] - len(shown):,} more")
    return "\n".join(lines if report["counts"] else [*lines, "nothing found"])


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
        ("doubts", ", ".join(f"{n:,} {kind}" for kind, n in shown["doubts"].items()) or "none"),
        ("prices", "{lowest:,.10g} to {highest:,.10g}, last {last:,.10g}".format(**shown["price"])),
        ("volume", f"{shown['volume']:,.10g}"),
        ("own columns", ", ".join(shown["columns"]) or "none"),
        ("features", ", ".join(features["names"])),
        ("", f"known after {features['warm_up_rows']:,} rows; {features['numbers_clipped']:,} numbers clipped"),
    ]
    if "licence" in shown:
        lines.append(("licence", shown["licence"]))
    return "\n".join(f"{name:<12}{text}" for name, text in lines)
