"""``tradepit doctor``."""

from __future__ import annotations

import argparse

from .. import scenarios, training
from ..data import Data
from ..diagnosis import doctor
from . import options as shared
from .console import Console

HELP = "examine an environment, and an agent in it: what is wrong, and what to try"
ABOUT = """\
Prints how actions are used, how large rewards are, what trading costs, what is observed and why episodes end, and
what follows from it. The exit code is 1 where there is a problem."""
EXAMPLE = """\
  tradepit doctor --data es_1m --spec spec.json
  tradepit doctor --data prices.csv --agent agent.tp
  tradepit doctor --scenario market_making"""


def options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    shared.data_options(parser)
    shared.spec_option(parser)
    parser.add_argument(
        "--scenario", choices=scenarios.names(), help="begin with this one's spec, and market if it has one"
    )
    parser.add_argument("--agent", metavar="FILE", help="a saved agent that acts; random actions without one")
    parser.add_argument("--steps", type=int, default=2_000, help="steps of each of 16 environments; default 2000")
    parser.add_argument("--seed", type=int, default=0, help="of the episodes and of random actions; default 0")
    parser.add_argument("--no-leaks", action="store_true", help="leave out the check that nothing knows the future")


def run(args: argparse.Namespace, console: Console) -> int:
    """Examines, and says what is wrong: 1 where there is a problem."""
    spec = shared.read_spec_option(args.spec)
    data: Data | None = None
    if args.scenario is not None:
        data, spec = scenarios.environment(args.scenario, **spec)
    policy = None
    if args.agent is not None:
        agent = training.load(args.agent)
        spec = {**agent.spec, **spec}
        policy = lambda obs: agent.predict(obs)[0]  # noqa: E731
    report = doctor(
        shared.read_data(args) if data is None else data,
        spec,
        policy,
        steps=args.steps,
        seed=args.seed,
        leaks=not args.no_leaks,
    )
    console.say(report["text"])
    console.result(report)
    return 1 if any(finding["severity"] == "problem" for finding in report["findings"]) else 0
