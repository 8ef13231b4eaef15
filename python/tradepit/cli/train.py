"""``tradepit train``."""

from __future__ import annotations

import argparse
from dataclasses import replace

from ..training import Settings, train
from . import options as shared
from .console import Console
from .progress import TrainingBar

HELP = "train PPO on the first part of a market"
ABOUT = """\
Writes policy, environment and normaliser as one file. The rest of the market is for
`tradepit evaluate`, which takes the same --split."""
EXAMPLE = """\
  tradepit train --data es_1m --steps 1e6 --out agent.tp --spec '{"window": 16,
      "slippage": {"kind": "fixed_ticks", "ticks": 0.5}, "episode": {"start": "random"}}'"""


def options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    shared.data_options(parser)
    shared.spec_option(parser)
    shared.agent_option(parser)
    shared.seed_option(parser)
    parser.add_argument("--steps", type=shared.positive, default=500_000, help="of single environments; default 500000")
    parser.add_argument(
        "--split",
        type=shared.share,
        default=shared.SPLIT,
        help=f"share of the rows to train on; default {shared.SPLIT}",
    )
    parser.add_argument(
        "--out", default="agent.tp", metavar="FILE", help="where the agent is written; default agent.tp"
    )
    ppo = parser.add_argument_group("PPO")
    ppo.add_argument("--num-envs", type=shared.positive, help="environments stepped at once")
    ppo.add_argument("--n-steps", type=shared.positive, help="steps of each between updates")
    ppo.add_argument("--batch-size", type=shared.positive, help="samples of a minibatch")
    ppo.add_argument("--n-epochs", type=shared.positive, help="passes over what was collected")
    ppo.add_argument("--learning-rate", type=shared.number, help="step size of Adam")
    ppo.add_argument("--gamma", type=shared.number, help="discount")


def run(args: argparse.Namespace, console: Console) -> int:
    """Trains."""
    names = ("num_envs", "n_steps", "batch_size", "n_epochs", "learning_rate", "gamma")
    given = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    settings = replace(Settings(), **given)
    shared.writable(args.out, "--out")
    data, spec = shared.read_data(args), shared.read_spec_option(args.spec)
    split = shared.split_row(data, args.split)
    console.say(f"{data}\ntraining on the first {split:,} bars")
    bar = TrainingBar(console)
    agent, history = train(
        args.agent,
        data[:split],
        spec,
        args.steps,
        seed=args.seed,
        settings=settings,
        on_progress=bar,
    )
    seconds = bar.seconds
    agent.save(args.out)
    steps = history[-1]["steps"] if history else 0
    console.say(f"{steps:,} steps in {seconds:.1f} s, {steps / seconds:,.0f} a second")
    console.say(f"wrote {args.out}; now: tradepit evaluate {args.out} --data {args.data} --split {args.split:g}")
    console.result(
        {
            "out": args.out,
            "agent": args.agent,
            "seed": args.seed,
            "steps": steps,
            "seconds": seconds,
            "train_bars": split,
            "held_out_bars": len(data) - split,
            "history": history,
            "spec": agent.spec,
        }
    )
    return 0
