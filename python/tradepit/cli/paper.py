"""``tradepit paper``."""

from __future__ import annotations

import argparse

from .. import evaluation, report
from ..training import load
from . import options as shared
from .console import Console

HELP = "let a trained agent trade on paper, through the live venue over a replayed feed"
ABOUT = """\
Every order is in the journal before it leaves. The session is compared with the simulator
step by step; exits with 1 at a difference, and names the first one."""
EXAMPLE = "  tradepit paper agent.tp --data es_1m --journal session.sqlite"


def options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("model", metavar="AGENT", help="the file that `tradepit train` wrote")
    shared.data_options(parser)
    shared.start_options(parser)
    shared.seed_option(parser)
    parser.add_argument(
        "--journal", metavar="FILE", help="keep the journal (SQLite) in this file; a session that it holds is resumed"
    )
    parser.add_argument(
        "--feed",
        choices=("process", "memory"),
        default="process",
        help="bars from another process over a socket (the default), or from memory",
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Trades on paper."""
    if args.journal is not None:
        shared.writable(args.journal, "--journal")
    agent, data = load(args.model), shared.read_data(args)
    start = shared.start_row(args, data)
    total = len(data) - 1 - start
    simulated = evaluation.run(agent, data, agent.spec, start=start, seed=args.seed)
    paper = evaluation.trade_on_paper(
        agent,
        data,
        agent.spec,
        simulated,
        start=start,
        journal=args.journal,
        feed=args.feed,
        seed=args.seed,
        on_step=lambda done: console.progress(done, total, f"{done:,} of {total:,} bars"),
    )
    rows = [{**simulated.row(), "policy": "simulator"}, {**paper.episode.row(), "policy": "paper"}]
    console.say(report.table(rows))
    if paper.identical:
        console.say("\ndecisions, fills and account are identical to the simulator's, bit for bit")
    else:
        console.say(f"\nNOT identical to the simulator's: {paper.difference} (simulator against paper)")
    if args.journal is not None:
        console.say(f"journal: {args.journal}")
    console.result(
        {
            "model": args.model,
            "data": args.data,
            "start": start,
            "identical": paper.identical,
            "difference": None if paper.difference is None else paper.difference._asdict(),
            "decisions": paper.episode.steps,
            "fills": int(paper.episode.columns["fills"].sum()),
            "simulator": rows[0],
            "paper": rows[1],
            "journal": args.journal,
        }
    )
    return 0 if paper.identical else 1
