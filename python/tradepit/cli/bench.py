"""``tradepit bench``."""

from __future__ import annotations

import argparse
from typing import Any

from .. import bench, bench_anchors, bench_csv, bench_features, bench_ppo, bench_targets
from . import layout
from . import options as shared
from .console import Console

HELP = "measure environment steps a second, by every road"
ABOUT = """\
What tradepit/Bench-v0 must reach, and what it does; with --envs a table of every road for
those numbers of environments. Medians of turns that all roads take, on 350,000 synthetic
bars, with random actions. What else runs on the machine is in the numbers: let it be nothing."""
EXAMPLE = "  tradepit bench --markdown\n  tradepit bench --envs 1 64 4096 --ppo --markdown"


def options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "--envs", type=shared.positive, nargs="+", metavar="N", help="every road for these, in place of the targets"
    )
    parser.add_argument(
        "--window", type=shared.positive, nargs="+", default=[1, 32], metavar="ROWS", help="default 1 32, in turn"
    )
    parser.add_argument("--threads", type=shared.count, default=1, help="0: as many as there are cores; default 1")
    parser.add_argument("--seconds", type=shared.seconds, default=0.2, help="of one turn; default 0.2")
    parser.add_argument("--runs", type=shared.positive, default=15, help="turns; default 15")
    parser.add_argument("--ppo", action="store_true", help="also PPO, learning included, beside Stable-Baselines3's")
    parser.add_argument("--only-ppo", action="store_true", help="PPO alone")
    parser.add_argument("--ppo-iterations", type=shared.positive, default=10, help="of one run of PPO; default 10")
    parser.add_argument(
        "--anchors",
        action="store_true",
        help="only what PPO of Stable-Baselines3 reaches on problems with a known answer",
    )
    parser.add_argument("--csv", action="store_true", help="only how fast bars are read from CSV, beside polars")
    parser.add_argument(
        "--features", action="store_true", help="a table of 30 features alone, beside pandas and polars"
    )
    parser.add_argument(
        "--bars", type=shared.positive, default=bench_features.BARS, help="of --csv and --features; default 1000000"
    )
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")


def run(args: argparse.Namespace, console: Console) -> int:
    """Measures."""
    facts = bench.machine()
    if args.anchors:
        return _anchors(console, facts)
    if args.csv:
        row = bench_csv.compare(bars=args.bars, runs=args.runs)
        console.say(
            f"{row['bars']:,} bars, {row['bytes']:,} bytes: tradepit {row['tradepit_seconds']:.3f} s, "
            f"polars {row['polars_seconds']:.3f} s; {row['ratio']:.2f} times polars' speed"
        )
        console.result({"machine": facts, "csv": row})
        return 0
    if args.features:
        return _features(args, console, facts)
    envs = args.envs or []
    setups = [bench.Setup(n, window, args.threads, args.seconds) for window in args.window for n in envs]
    total = len(setups) * (3 + bench.has_sb3()) + envs.count(1) * len(args.window)
    done = 0

    def on_row(row: bench.Row) -> None:
        nonlocal done
        done += 1
        console.progress(done, total, f"{row['road']}, {row['envs']:,} envs: {row['steps_per_second']:,.0f}/s")

    rows = [] if args.only_ppo else bench.table(setups, runs=args.runs, on_row=on_row)
    found: dict[str, Any] = {}
    if not envs and not args.only_ppo:
        found = bench_targets.compare(
            seconds=args.seconds, runs=args.runs, on_turn=lambda turn: console.progress(turn, args.runs, "turns")
        )
    ppo = []
    if args.ppo or args.only_ppo:
        console.progress(0, 1, "PPO")
        ppo = bench_ppo.compare(iterations=args.ppo_iterations, runs=args.runs)
    known = ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None)
    console.say(f"{known}\n")
    laid = layout.markdown if args.markdown else layout.aligned
    if found:
        console.say(f"{bench.ENV_ID}, {found['costs']}; one core, and two; medians of {args.runs} turns\n")
        header = ["what", "found", "on 2 cores", "fills a step", "asked for", "reached"]
        console.say(laid(header, [_claim(claim) for claim in found["claims"]]))
        console.say(
            "\nAllocations in a steady step, 0: cargo test --test allocations; instructions: cargo bench --bench instructions"
        )
    if rows:
        header = ["road", "envs", "threads", "window", "numbers observed", "env-steps/s", "fills a step"]
        console.say(laid(header, [_cells(row) for row in rows]))
    if ppo:
        console.say(
            "\nPPO, learning included: 64 environments, 128 steps, batch 1,024, 4 epochs, 64 x 64, one core each\n"
        )
        lines = [[row["road"], f"{row['steps_per_second']:,.0f}"] for row in ppo]
        console.say(laid(["agent", "env-steps/s"], lines))
        if len(ppo) == 2:
            times = ppo[0]["steps_per_second"] / ppo[1]["steps_per_second"]
            console.say(f"\n{ppo[0]['road']} is {times:.1f} times as fast")
    if not bench.has_sb3():
        console.say("\nStable-Baselines3 is not installed, so its roads are missing: pip install 'tradepit[sb3]'")
    console.result({"machine": facts, "targets": found, "steps": rows, "ppo": ppo})
    return 0


def _features(args: argparse.Namespace, console: Console, facts: dict[str, Any]) -> int:
    console.progress(0, 1, f"{args.bars:,} bars")
    rows = bench_features.compare(bars=args.bars, runs=args.runs)
    known = ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None)
    console.say(f"{known}\n")
    header = ["features of one-minute bars", "rows", "features", "seconds", "times as long", "largest difference"]
    cells = [
        [
            row["road"],
            f"{row['bars']:,}",
            str(row["features"]),
            f"{row['seconds']:.2f}",
            f"{row['ratio']:.1f}",
            f"{row['differs']:.1e}",
        ]
        for row in rows
    ]
    console.say((layout.markdown if args.markdown else layout.aligned)(header, cells))
    console.result({"machine": facts, "features": rows})
    return 0


def _claim(claim: bench_targets.Claim) -> list[str]:
    fills = claim.get("fills")
    reached = {None: "", True: "yes", False: "no"}[claim["reached"]]
    found = [claim["what"], claim["found"], claim["two_cores"] or ""]
    return [*found, "" if fills is None else f"{fills:.2f}", claim["target"], reached]


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        row["road"],
        *(f"{row[name]:,}" for name in ("envs", "threads", "window", "observation")),
        f"{row['steps_per_second']:,.0f}",
        f"{row['fills_per_step']:.2f}",
    ]


def _anchors(console: Console, facts: dict[str, Any]) -> int:
    total = len(bench_anchors.CASES) * len(bench_anchors.SEEDS)
    done = iter(range(total))
    rows = bench_anchors.compare(on_run=lambda name, seed: console.progress(next(done), total, f"{name}, seed {seed}"))
    console.say(f"PPO of Stable-Baselines3, {bench_anchors.ENVS} environments, seeds {bench_anchors.SEEDS}\n")
    console.say("| problem | steps | missed, mean | target | by seed |\n|---|---|---|---|---|")
    for row in rows:
        each = ", ".join(f"{run['missed']:.2%}" for run in row["runs"])
        console.say(
            f"| {row['name']} | {row['steps']:,} | {row['missed']:.2%} {row['of']} | {row['target']:.1%} | {each} |"
        )
    console.result({"machine": facts, "anchors": rows})
    return 0
