"""``tradepit demo``."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from .. import demo, report
from ..data import times
from ..evaluation import trade_on_paper, write_report
from . import options as shared
from .console import Console, Fault
from .progress import TrainingBar

HELP = "train on a known edge and on real ES futures, evaluate, report, trade on paper"
ABOUT = """\
Everything on one road, in less than a minute on two cores. Exits with 1 if trading on paper
is not, to the last bit, what the simulator did."""
EXAMPLE = "  tradepit demo --agent native --out reports"
REPORT = "tradepit-demo.html"


def options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    shared.agent_option(parser)
    shared.seed_option(parser)
    parser.add_argument("--out", default=".", metavar="DIR", help=f"folder for {REPORT}; default the current one")
    parser.add_argument("--quick", action="store_true", help="train less: only to see that everything runs")


def run(args: argparse.Namespace, console: Console) -> int:
    """Runs the demonstration."""
    folder = Path(args.out)
    if not folder.is_dir():
        raise Fault(f"--out: {args.out} is no folder; make it first")
    sizes = demo.Sizes.small() if args.quick else demo.Sizes.of(args.agent)
    began = time.perf_counter()
    stage = _Stages(console)
    name = "tradepit's own PPO" if args.agent == "native" else "Stable-Baselines3's PPO"
    console.say(f"tradepit demo with {name}, seed {args.seed}\n")

    stage.begin("Learning an edge that is known")
    console.say(
        f"      A synthetic ES-like market, with a signal that explains {demo.EXPLAINED:.0%} of the variance of the move\n"
        "      from the next open to the one after it: what an order can still earn. The best policy holds its sign."
    )
    planted = demo.learn_planted(args.agent, sizes, seed=args.seed, on_progress=TrainingBar(console))
    stage.end(
        f"Reached {planted.share:.1%} of the optimum: {planted.earned:,.0f} USD on another such market,"
        f"\n      where the sign of the signal earns {planted.best:,.0f}."
    )

    stage.begin("Training on real ES futures")
    bars, seen = demo.bars()
    console.say(
        f"      One-minute bars, the first {seen:,} of {bars:,}; any position from -4 to 4 contracts;"
        "\n      costs 0.5 ticks of slippage and 2.10 USD a contract and side."
    )
    market = demo.learn_market(args.agent, sizes.market_steps, seed=args.seed, on_progress=TrainingBar(console))
    stage.end(f"{market.history[-1]['steps']:,} steps of 64 environments at once.")

    stage.begin("Evaluating on the bars that training never saw")
    episodes = demo.evaluate_market(market, seed=args.seed, on_step=stage.steps(market))
    agent = episodes[0]
    rows = [episode.row() for episode in episodes]
    console.say("\n".join(f"      {line}" for line in report.table(rows).splitlines()))
    stage.end(f"{_span(market)}.")

    stage.begin("Writing the report")
    spec = market.agent.spec
    title = f"{agent.policy} on ES futures, held-out bars"
    path = write_report(
        folder / REPORT,
        title,
        episodes,
        market.data,
        spec,
        start=market.start,
        source=f"sample {demo.SAMPLE}",
        history=market.history,
    )
    stage.end(f"{path}")

    stage.begin("The same policy on paper, through the live venue")
    console.say("      Bars come from another process over a socket; every order is in a journal before it leaves.")
    with tempfile.TemporaryDirectory() as journals:
        paper = trade_on_paper(
            market.agent,
            market.data,
            spec,
            agent,
            start=market.start,
            journal=Path(journals) / "paper.sqlite",
            seed=args.seed,
            on_step=stage.steps(market),
        )
    if paper.identical:
        fills = int(agent.columns["fills"].sum())
        text = (
            f"{agent.steps:,} decisions, {fills:,} fills, and the account: identical to the simulator's, bit for bit."
        )
    else:
        text = f"NOT identical to the simulator's: {paper.difference} (simulator against paper)."
    stage.end(text)

    judged = report.verdict(rows[0], rows[1:])
    console.say(f"{judged.text}\nDone in {time.perf_counter() - began:.1f} s.")
    console.result(
        {
            "agent": args.agent,
            "seed": args.seed,
            "planted": {**planted._asdict(), "share": planted.share},
            "training": {"steps": market.history[-1]["steps"], "bars": market.split},
            "evaluation": rows,
            "beats_baselines": judged.beats,
            "verdict": judged.text,
            "report": path,
            "paper": {
                "identical": paper.identical,
                "decisions": paper.episode.steps,
                "fills": int(paper.episode.columns["fills"].sum()),
                "difference": None if paper.difference is None else paper.difference._asdict(),
            },
            "seconds": {**stage.seconds, "all": time.perf_counter() - began},
        }
    )
    return 0 if paper.identical else 1


def _span(market: demo.Market) -> str:
    first, last = times(market.data.time_ns()[[market.start, -1]]).astype("datetime64[m]")
    return f"{str(first).replace('T', ' ')} to {str(last).replace('T', ' ')} UTC, the last 30 % of the sample"


class _Stages:
    """Numbered stages with their times."""

    NAMES = ("planted", "training", "evaluation", "report", "paper")

    def __init__(self, console: Console) -> None:
        self.seconds: dict[str, float] = {}
        self._console = console
        self._began = 0.0

    def begin(self, title: str) -> None:
        self._began = time.perf_counter()
        self._console.say(f"[{len(self.seconds) + 1}/{len(self.NAMES)}] {title}")

    def end(self, text: str) -> None:
        seconds = time.perf_counter() - self._began
        self.seconds[self.NAMES[len(self.seconds)]] = seconds
        self._console.say(f"      {text}  ({seconds:.1f} s)\n")

    def steps(self, market: demo.Market) -> Any:
        total = len(market.data) - 1 - market.start
        return lambda done: self._console.progress(done, total, f"{done:,} of {total:,} bars")
