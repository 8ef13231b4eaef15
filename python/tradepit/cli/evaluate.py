"""``tradepit evaluate``."""

from __future__ import annotations

import argparse

from .. import evaluation, report
from ..data import times
from ..training import load
from . import options as shared
from .console import Console

HELP = "run a trained agent over held-out bars, beside flat, buy-and-hold and random"
ABOUT = """\
The agent acts deterministically, in the environment that it was trained in, in one episode
from the first held-out bar to the last one."""
EXAMPLE = "  tradepit evaluate agent.tp --data es_1m --report report.html"


def options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("model", metavar="AGENT", help="the file that `tradepit train` wrote")
    shared.data_options(parser)
    shared.start_options(parser)
    shared.seed_option(parser)
    parser.add_argument("--report", metavar="FILE", help="also write an HTML report")


def run(args: argparse.Namespace, console: Console) -> int:
    """Evaluates."""
    if args.report:
        shared.writable(args.report, "--report")
    agent, data = load(args.model), shared.read_data(args)
    start = shared.start_row(args, data)
    total = len(data) - 1 - start
    policies = (agent, *evaluation.baselines(agent.spec, args.seed))
    episodes = [
        evaluation.run(
            policy,
            data,
            agent.spec,
            start=start,
            on_step=lambda done: console.progress(done, total, f"{done:,} of {total:,} bars"),
        )
        for policy in policies
    ]
    rows = [episode.row() for episode in episodes]
    judged = report.verdict(rows[0], rows[1:])
    path = None
    if args.report:
        path = evaluation.write_report(
            args.report,
            f"{episodes[0].policy} on {data.instrument_name}",
            episodes,
            data,
            agent.spec,
            start=start,
            source=args.data,
        )
    first, last = times(data.time_ns()[[start, -1]])
    console.say(f"{data}\nfrom the close of row {start:,} ({str(first)[:16].replace('T', ' ')} UTC) to the end\n")
    console.say(f"{report.table(rows)}\n\n{judged.text}")
    if path is not None:
        console.say(f"report: {path}")
    console.result(
        {
            "model": args.model,
            "agent": agent.kind,
            "data": args.data,
            "start": start,
            "from": first,
            "to": last,
            "evaluation": rows,
            "beats_baselines": judged.beats,
            "verdict": judged.text,
            "report": path,
        }
    )
    return 0
