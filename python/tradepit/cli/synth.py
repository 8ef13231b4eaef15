"""``tradepit synth``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, get_args

import numpy as np

from .. import synth
from ..data import MarketData
from . import options as shared
from .console import Console, Fault

HELP = "fit a synthetic market to real bars, and compare the two"
ABOUT = "Fits a process, draws paths on the same rows, and prints what real markets have in common, for both."
EXAMPLE = "  tradepit synth es_1m --kind intraday --seeds 8 --out process.json"
_FACTS = {
    "volatility_bps": "volatility of a bar, bps",
    "kurtosis_winsorised": "excess kurtosis, winsorised",
    "kurtosis": "excess kurtosis, raw",
    "autocorrelation_1": "autocorrelation of |r|, 1 bar",
    "autocorrelation_10": "autocorrelation of |r|, 10 bars",
    "autocorrelation_60": "autocorrelation of |r|, 60 bars",
    "zero_share": "share of returns that are 0",
}


def options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    shared.data_options(parser, positional=True)
    parser.add_argument("--kind", choices=get_args(synth.Kind), default="intraday", help="default intraday")
    parser.add_argument("--seeds", type=shared.positive, default=8, metavar="N", help="paths that are drawn; default 8")
    parser.add_argument(
        "--volume", metavar="FILE", help="longer bars that have the volume, spread evenly over the bars"
    )
    parser.add_argument("--out", metavar="FILE", help="where to write the process, as JSON")


def run(args: argparse.Namespace, console: Console) -> int:
    """Fits, draws and compares."""
    if args.out is not None:
        shared.writable(args.out, "--out")
    data = shared.read_data(args) if args.volume is None else _with_volume(args)
    process = synth.fit(data, args.kind)
    real = _flat(synth.stylised_facts(data))
    drawn = []
    for seed in range(args.seeds):
        drawn.append(_flat(synth.stylised_facts(synth.market_like(data, process, seed=seed))))
        console.progress(seed + 1, args.seeds, "paths")
    if args.out is not None:
        Path(args.out).write_text(json.dumps(process, indent=2) + "\n", encoding="utf-8")
    rows = {name: _row(real[name], [facts[name] for facts in drawn]) for name in real}
    console.say(_page(args, rows))
    console.result({"data": args.data, "process": process, "facts": rows})
    return 0


def _flat(facts: dict[str, Any]) -> dict[str, float]:
    one, ten, sixty = facts["autocorrelation"]
    flat = {name: float(facts[name]) for name in ("volatility_bps", "kurtosis_winsorised", "kurtosis", "zero_share")}
    flat |= {"autocorrelation_1": one, "autocorrelation_10": ten, "autocorrelation_60": sixty}
    profile = facts["volume_profile"]
    hours = {f"volume {i // 2:02}:{30 * (i % 2):02}": value for i, value in enumerate(profile) if value > 0.0}
    return {**{name: flat[name] for name in _FACTS}, **hours}


def _row(real: float, drawn: list[float]) -> dict[str, float]:
    low, middle, high = (float(np.quantile(drawn, q)) for q in (0.0, 0.5, 1.0))
    return {"real": real, "lowest": low, "median": middle, "highest": high}


def _page(args: argparse.Namespace, rows: dict[str, dict[str, float]]) -> str:
    lines = [
        f"{args.data}: {args.kind}, {args.seeds} paths on the same rows (volume: half hours of the local day, over the mean)",
        f"{'':34}{'real':>10}{'lowest':>10}{'median':>10}{'highest':>10}{'median/real':>13}",
    ]
    for name, row in rows.items():
        ratio = row["median"] / row["real"] if row["real"] else float("nan")
        numbers = "".join(f"{row[key]:10.3f}" for key in ("real", "lowest", "median", "highest"))
        lines.append(f"{_FACTS.get(name, name):34}{numbers}{ratio:13.2f}")
    return "\n".join(lines)


def _with_volume(args: argparse.Namespace) -> MarketData:
    """The bars with the volume of longer ones, spread evenly; their own is not read."""
    data = shared.read_data(args)
    other = argparse.Namespace(**{**vars(args), "data": args.volume, "period": None})
    longer = shared.read_data(other)
    share = longer.period_ns // data.period_ns
    if longer.period_ns % data.period_ns or share < 1:
        raise Fault(f"--volume: its bars of {longer.period_ns} ns are no multiple of {data.period_ns} ns")
    columns, times = data.columns(), data.time_ns()
    at = np.searchsorted(longer.time_ns(), times)
    volume = longer.columns()["volume"]
    within = at < len(volume)
    within[within] &= longer.time_ns()[at[within]] - times[within] < longer.period_ns
    spread = np.zeros(len(times))
    spread[within] = volume[at[within]] / share
    opens, highs, lows, closes = (columns[name] for name in ("open", "high", "low", "close"))
    facts = (data.instrument_json, data.calendar, "close", data.period_ns)
    return MarketData(times, opens, highs, lows, closes, spread, {}, *facts)
