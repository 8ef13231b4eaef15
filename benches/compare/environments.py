"""tradepit beside other trading environments, engines and vectorisers: one run, one machine, one thread each, one at a time.

    python benches/compare/environments.py --markdown --plot benches/compare/environments.svg

The interpreter has tradepit installed; every peer gets a virtual environment of its own (see ``venvs.py``). A peer that can't
be installed or doesn't run is a line that says why. ``--save`` keeps the rows, ``--rows`` shows such rows again.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import data
import show
import venvs
from measure import Peer, Row
from tradepit import bench

HERE = Path(__file__).resolve().parent
#: Modules in ``peers``, in the order of the table.
PEERS = (
    "tradepit_envs",
    "torchtrade_peer",
    "gym_anytrading",
    "gym_trading_env",
    "finrl_stock",
    "tensortrade_peer",
    "numpy_market_maker",
    "pufferlib_engine",
    "envpool_engine",
    "noop",
)
PLOT = venvs.Venv("plot", ("matplotlib==3.11.2",))
#: One thread, for every library that would take more.
ONE_THREAD = {
    name: "1"
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "POLARS_MAX_THREADS")
}
#: Seconds after which a peer is given up.
LIMIT = 1_800


def peer_of(module: str) -> Peer:
    """What a module in ``peers`` says of its peer; its package need not be here."""
    found = importlib.import_module(f"peers.{module}").PEER
    if not isinstance(found, Peer):
        raise TypeError(f"peers/{module}.py: PEER is {type(found).__name__}; make it a Peer")
    return found


def measured(module: str, *, seconds: float, runs: int, envs: Sequence[int] = (), pip: tuple[str, ...] = ()) -> Iterator[Row]:
    """The rows of one peer, measured in a process of its own; or one row that says why there are none."""
    peer = peer_of(module)
    python = Path(sys.executable) if peer.venv is None else venvs.ready(peer.venv, pip=pip)
    if isinstance(python, venvs.Absent):
        yield {"peer": peer.name, "kind": peer.kind, "absent": f"it does not install: {python.reason}"}
        return
    words = [str(python), "-W", "ignore", "-m", f"peers.{module}", "--seconds", str(seconds), "--runs", str(runs)]
    if peer.bars:
        words += ["--data", str(data.written(peer.bars))]
    if envs:
        words += ["--envs", *map(str, envs)]
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(HERE)}
    try:
        done = subprocess.run(
            words, cwd=HERE, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        yield {"peer": peer.name, "kind": peer.kind, "absent": f"it did not end within {LIMIT} s"}
        return
    # What a peer itself prints is not a row.
    yield from (json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"peer": '))
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        yield {"peer": peer.name, "kind": peer.kind, "absent": f"it does not run: {said[-1]}"}


def drawn(rows: Sequence[Row], out: Path, title: str) -> str | None:
    """Draws the plot in an environment that has matplotlib, or says why it can't."""
    python = venvs.ready(PLOT)
    if isinstance(python, venvs.Absent):
        return python.reason
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        _save(rows, file)
        words = [str(python), str(HERE / "plot.py"), str(file), str(out), "--title", title]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it failed"])[-1]


def main(words: Sequence[str] | None = None) -> int:
    """Measures, or reads what was measured, and shows it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS), metavar="PEER", help=", ".join(PEERS))
    parser.add_argument("--seconds", type=float, default=1.0, help="of one run; default 1")
    parser.add_argument("--runs", type=int, default=5, help="of which the median counts; default 5")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw an SVG or a PNG")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep the rows, a line of JSON each")
    parser.add_argument("--rows", type=Path, metavar="FILE", help="show these rows instead of measuring")
    args = parser.parse_args(words)
    facts = {"peer": None, "machine": bench.machine(), "date": datetime.date.today().isoformat()}
    facts["runs"] = f"Median of {args.runs} runs of {args.seconds:g} s, one at a time, one thread each."
    if args.rows:
        facts, *rows = [json.loads(line) for line in args.rows.read_text(encoding="utf-8").splitlines()]
    else:
        rows = []
        for module in args.only:
            for row in measured(module, seconds=args.seconds, runs=args.runs):
                rows.append(row)
                print(_progress(row), file=sys.stderr, flush=True)
    if args.save:
        _save([facts, *rows], args.save)
    notes = {peer.name: peer.note for peer in map(peer_of, PEERS)}
    print(show.table(rows, markdown=args.markdown))
    print()
    for sentence in show.sentences(rows, notes, facts["machine"], facts["date"], facts["runs"]):
        print(f"- {sentence}" if args.markdown else sentence)
    if args.plot:
        title = f"One thread, {facts['date']}, {facts['machine']['cpu']}"
        reason = drawn(rows, args.plot, title)
        if reason is not None:
            print(f"no plot: {reason}", file=sys.stderr)
            return 1
    return 0


def _progress(row: Row) -> str:
    if "absent" in row:
        return f"{row['peer']}: absent, {row['absent']}"
    return f"{row['peer']}, {row['road']}, {row['envs']:,} envs: {row['steps_per_second']:,.0f}/s"


def _save(rows: Sequence[Row], file: Path) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
