"""``tradepit anchors``."""

from __future__ import annotations

import argparse
import json
from typing import Any

from .. import anchors
from . import options as shared
from .console import Console, Fault

HELP = "measure the simulation, or an agent, against problems whose best answer is known"
ABOUT = """\
Each problem is an environment like any other, over a synthetic market, and the value of its best policy is computed.
The best, a naive and a random policy play the same episodes. `off` is how many standard errors the value is from
theory; regret is the share of the way from the reference to the optimum that is missing, with its 95 % interval."""
EXAMPLE = """\
  tradepit anchors
  tradepit anchors --only merton,kelly --set merton.gamma=3 --seed 1
  tradepit anchors --only leak --agent agent.zip"""


def options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    shared.seed_option(parser)
    parser.add_argument("--only", metavar="NAMES", help="of these problems alone, as in leak,kelly")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME.KEY=VALUE",
        help="runs a problem at another parameter, as in merton.gamma=3; may be given several times",
    )
    parser.add_argument(
        "--agent", metavar="PATH", help="a saved agent, of tradepit or of Stable-Baselines3; needs --only"
    )
    parser.add_argument(
        "--share", type=float, default=1.0, metavar="X", help="episodes, as a multiple of the usual number; default 1"
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Measures."""
    chosen = _chosen(args)
    if args.agent is None:
        scores = anchors.table(chosen, share=args.share, seed=args.seed)
    else:
        if args.only is None:
            raise Fault("--agent: an agent fits one problem; name it with --only")
        agent = anchors.load(args.agent)
        scores = []
        for one in chosen:
            scores += anchors.scores(one["name"], agent, share=args.share, seed=args.seed, **one["params"])
    console.say(_text(scores, agent=args.agent is not None))
    console.result(scores)
    return 0


def _chosen(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Problems of the table; where a parameter is set, the problem once, at that one."""
    known = anchors.names()
    changed: dict[str, dict[str, Any]] = {}
    for text in args.set:
        path, equals, value = text.partition("=")
        name, dot, key = path.rpartition(".")
        if not (equals and dot and name in known):
            raise Fault(f"--set {text}: expected NAME.KEY=VALUE, with a name of {', '.join(known)}")
        try:
            changed.setdefault(name, {})[key] = json.loads(value)
        except json.JSONDecodeError as error:
            raise Fault(f"--set {text}: {value} is not a number or a list: {error}") from error
    only = known if args.only is None else [name.strip() for name in args.only.split(",")]
    if unknown := [name for name in only if name not in known]:
        raise Fault(f"--only: {unknown[0]} is none of {', '.join(known)}")
    chosen = []
    for name in known:
        if name in only and name in changed:
            chosen.append(anchors.problem(name, **changed[name]))
        elif name in only:
            chosen += [one for one in anchors.problems() if one["name"] == name]
    return chosen


def _text(scores: list[dict[str, Any]], *, agent: bool) -> str:
    """A table for people; of the parameters, those that tell two rows of a problem apart."""
    own = ("optimal", "regret") if agent else ()
    head = ("problem", "objective", "value", "+-", "theory", "off", *own, "naive", "random", "naive's regret")
    rows = [head]
    for score in scores:
        same = [other["params"] for other in scores if other["name"] == score["name"]]
        apart = [key for key, value in score["params"].items() if any(params[key] != value for params in same)]
        named = " ".join([score["name"], *(f"{key}={score['params'][key]:g}" for key in apart)])
        value, error, theory = (_number(score[key], score["theory"]) for key in ("value", "se", "theory"))
        off = "-" if score["off"] is None else f"{score['off']:+.1f}"
        optimal, naive, random = (_number(score[key], score["theory"]) for key in ("optimal", "naive", "random"))
        shown = (optimal, _regret(score["regret"])) if agent else ()
        rows.append(
            (
                named,
                score["objective"],
                value,
                error,
                theory,
                off,
                *shown,
                naive,
                random,
                _regret(score["naive_regret"]),
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = (
        "  ".join(
            text.ljust(width) if at < 2 else text.rjust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _number(value: float | None, like: float) -> str:
    """With the digits that a number of that size is worth."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(like) >= 1e4 else f"{value:.6f}" if abs(like) < 1.0 else f"{value:.4f}"


def _regret(regret: dict[str, float] | None) -> str:
    if regret is None or regret["value"] is None:
        return "-"
    return f"{regret['value']:.1%} [{regret['low']:.1%}, {regret['high']:.1%}]"
