"""tradepit beside event-driven backtesters: crosses of two moving averages over 100,000 bars, orders at the next open, no costs.

    python benches/compare/backtests.py --markdown

The interpreter has tradepit installed; every other engine gets a virtual environment of its own (see ``venvs.py``), and one
that can't be installed or doesn't run is a line that says why. All engines must make as many fills and end with the same
equity, to the cent, or nothing is shown. Indicators are part of the work, unless a line says that they are made. Each engine is
run in several processes of its own, one at a time; in each it does its job twice, and the median of the first times and that
of the second times are shown. What an engine compiles, or reads for the first time, is in the first.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import venvs
from engines.job import PAIRS, Engine

Row = dict[str, Any]

HERE = Path(__file__).resolve().parent
#: Modules in ``engines``, in the order of the table.
ENGINES = ("tradepit_engine", "backtesting_engine", "backtrader_engine", "vectorbt_engine")
#: Seconds after which an engine is given up.
LIMIT = 1_800
HEADER = ["engine", "job", "fills", "bars/s, first", "bars/s, again", "tradepit is faster"]


def engine_of(module: str) -> Engine:
    """What a module in ``engines`` says of its engine, whose package need not be here."""
    found = importlib.import_module(f"engines.{module}").ENGINE
    if not isinstance(found, Engine):
        raise TypeError(f"engines/{module}.py: ENGINE is {type(found).__name__}; make it an Engine")
    return found


def write(file: Path, bars: int) -> None:
    """Seeded synthetic one-minute bars, on a grid of quarters."""
    from tradepit import samples

    data = samples.synthetic("es_1m", bars=bars, seed=0)
    np.savez(file, time_ns=data.time_ns(), **data.columns())


def measured(module: str, file: Path, *, runs: int, pairs: int, pip: tuple[str, ...] = ()) -> Iterator[Row]:
    """A row for each job of an engine, or one that says why there are none."""
    engine = engine_of(module)
    python = Path(sys.executable) if engine.venv is None else venvs.ready(engine.venv, pip=pip)
    if isinstance(python, venvs.Absent):
        yield {"engine": engine.name, "absent": f"it does not install: {python.reason}"}
        return
    words = [str(python), "-W", "ignore", "-m", f"engines.{module}", "--data", str(file), "--pairs", str(pairs)]
    found: dict[str, list[Row]] = {}
    for _ in range(runs):
        try:
            done = subprocess.run(
                words,
                cwd=HERE,
                env={**os.environ, "PYTHONPATH": str(HERE)},
                capture_output=True,
                text=True,
                timeout=LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            yield {"engine": engine.name, "absent": f"it did not end within {LIMIT} s"}
            return
        # What an engine itself prints is not a row.
        for line in done.stdout.splitlines():
            if line.startswith('{"engine": '):
                row = json.loads(line)
                found.setdefault(row["job"], []).append(row)
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
            yield {"engine": engine.name, "absent": f"it does not run: {said[-1]}"}
            return
    for rows in found.values():
        times = [[row["seconds"][i] for row in rows] for i in range(2)]
        medians = [statistics.median(each) for each in times]
        yield {**rows[0], "seconds": medians, "runs": times}


def disagreement(rows: Sequence[Row]) -> str | None:
    """The first job that was not the same for two engines; ``None`` without one."""
    known: dict[int, Row] = {}
    for row in rows:
        if "absent" in row:
            continue
        first = known.setdefault(len(row["fills"]), row)
        if row["fills"] != first["fills"]:
            return f"{row['engine']}, {row['job']}: other fills than {first['engine']}, {first['job']}"
        if not np.allclose(row["equity"], first["equity"], rtol=0, atol=0.005):
            off = np.abs(np.subtract(row["equity"], first["equity"])).max()
            return f"{row['engine']}, {row['job']}: equity is {off:.4f} off that of {first['engine']}, {first['job']}"
    return None


def cells(row: Row, rows: Sequence[Row]) -> list[str]:
    """A line of the table."""
    first, again = (row["bars"] / seconds for seconds in row["seconds"])
    ours = next((one for one in rows if one["engine"] == "tradepit" and one.get("job") == row["job"]), None)
    times = None if ours is None or ours is row else row["seconds"][1] / ours["seconds"][1]
    ratio = "" if times is None else f"{times:,.1f} times" if times < 10 else f"{times:,.0f} times"
    fills = f"{sum(row['fills']):,}"
    return [row["engine"], row["job"], fills, f"{first:,.0f}", f"{again:,.0f}", ratio]


def main(words: Sequence[str] | None = None) -> int:
    """Measures and shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", nargs="+", choices=ENGINES, default=list(ENGINES), metavar="ENGINE", help=", ".join(ENGINES)
    )
    parser.add_argument("--bars", type=int, default=100_000, help="of the market; default 100000")
    parser.add_argument(
        "--pairs", type=int, default=1_000, help=f"at once, at most {len(PAIRS)}; default 1000, 0 for none"
    )
    parser.add_argument("--runs", type=int, default=5, help="processes of each engine; default 5")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep the rows, a line of JSON each")
    args = parser.parse_args(words)
    if not 0 <= args.pairs <= len(PAIRS):
        parser.error(f"--pairs {args.pairs} must be in 0..{len(PAIRS)}")
    from tradepit import bench
    from tradepit.cli import layout

    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "market.npz"
        write(file, args.bars)
        for module in args.only:
            for row in measured(module, file, runs=args.runs, pairs=args.pairs):
                rows.append(row)
                said = row.get("absent") or f"{row['job']}: {row['bars'] / row['seconds'][1]:,.0f} bars/s"
                print(f"{row['engine']}: {said}", file=sys.stderr, flush=True)
    if args.save:
        args.save.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    wrong = disagreement(rows)
    if wrong is not None:
        print(f"the engines did not do the same job: {wrong}", file=sys.stderr)
        return 1
    lay = layout.markdown if args.markdown else layout.aligned
    print(lay(HEADER, [cells(row, rows) for row in rows if "absent" not in row], words=2))
    print()
    notes = {engine_of(module).name: engine_of(module).note for module in args.only}
    for name, version in {row["engine"]: row["version"] for row in rows if "absent" not in row}.items():
        print(f"{name} {version}: {notes[name]}.")
    for row in rows:
        if "absent" in row:
            print(f"{row['engine']} is absent: {row['absent']}")
    machine = ", ".join(f"{name} {value}" for name, value in bench.machine().items() if value is not None)
    print(f"{args.bars:,} bars; {datetime.date.today().isoformat()}; {machine}. Median of {args.runs} processes each.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
