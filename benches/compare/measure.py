"""How a peer is measured: its own process, one thread, actions drawn beforehand, the median of several runs.

A peer is a module in ``peers`` with ``PEER``, what is to be known of it, and ``rows``, its measurements. Only functions
import the peer's package, so that the module can be read where the package is absent.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from venvs import Venv

Row = dict[str, Any]
#: Rounds of actions that are drawn beforehand.
ROUNDS = 1_024


@dataclass(frozen=True)
class Peer:
    """What is to be known of a peer before it runs."""

    #: As it is called in the table.
    name: str
    #: Where it is installed; without one it runs in tradepit's own interpreter.
    venv: Venv | None
    #: The package whose version is printed.
    package: str | None
    #: Numbers of environments; 1 is a single environment.
    envs: tuple[int, ...]
    #: Rows of the market that it gets; 0 for what trades no market.
    bars: int
    #: What its step does of what a step of tradepit does, and what not, in one phrase.
    note: str
    #: "trading" for what trades a market, "engine" for what only steps something, "vectoriser" for what steps no-ops.
    kind: str = "trading"
    #: Whether its process is kept on one core; not where threads of its own do the work.
    pinned: bool = True


@dataclass(frozen=True)
class Run:
    """What is asked of a peer."""

    data: Path | None
    envs: tuple[int, ...]
    seconds: float
    runs: int

    def market(self) -> dict[str, NDArray[Any]]:
        """The columns that ``data.py`` wrote."""
        if self.data is None:
            raise ValueError("data: this peer trades a market; name the file with --data")
        with np.load(self.data) as columns:
            return dict(columns)


def row(
    run: Run,
    road: str,
    envs: int,
    step: Callable[[int], object],
    *,
    observation: int,
    fills: Callable[[int], int] | None,
) -> Row:
    """One measurement of ``step(i)``, which steps ``envs`` environments once with the actions of round ``i``.

    ``fills(i)`` does the same and tells how many fills the peer's own records show for it. It is asked beside the clock, for
    at least two thousand steps of single environments.
    """
    wall, cpu = speeds(step, envs, run)
    rounds = max(2_048 // envs, 16) if fills else 0
    filled = sum(fills(i) for i in range(rounds)) if fills else None
    return {
        "road": road,
        "envs": envs,
        "observation": observation,
        "steps_per_second": statistics.median(wall),
        "steps_per_cpu_second": statistics.median(cpu),
        "runs": wall,
        "fills": filled,
        "counted_steps": rounds * envs,
        "fills_per_step": None if filled is None else filled / (rounds * envs),
    }


def speeds(step: Callable[[int], object], envs: int, run: Run) -> tuple[list[float], list[float]]:
    """Steps of single environments per second of the wall's clock and of this process's, once a run.

    >>> wall, cpu = speeds(lambda i: sum(range(100)), 1, Run(None, (1,), 0.01, 2))
    >>> len(wall) == len(cpu) == 2 and min(wall + cpu) > 0
    True
    """
    # So many steps at once that asking the clocks does not count: found while warming up.
    chunk, done, took = 1, 0, 0.0
    while took < run.seconds / 20:
        began = time.perf_counter()
        for i in range(done, done + chunk):
            step(i)
        done, took, chunk = done + chunk, time.perf_counter() - began, chunk * 2
    chunk = max(chunk // 4, 1)
    wall, cpu = [], []
    for _ in range(run.runs):
        steps, began, worked = 0, time.perf_counter(), time.process_time()
        while (elapsed := time.perf_counter() - began) < run.seconds:
            for i in range(done, done + chunk):
                step(i)
            steps, done = steps + chunk, done + chunk
        wall.append(steps * envs / elapsed)
        cpu.append(steps * envs / max(time.process_time() - worked, 1e-9))
    return wall, cpu


def levels(count: int, envs: int, seed: int = 0) -> NDArray[np.int64]:
    """Choices among ``count`` levels, one round a row, of which a random half differs from the round before.

    >>> drawn = levels(3, 500)
    >>> 0.48 < (np.diff(drawn, axis=0) != 0).mean() < 0.52
    True
    """
    rng = np.random.default_rng(seed)
    moves = rng.integers(1, count, size=(ROUNDS, envs)) * (rng.random((ROUNDS, envs)) < 0.5)
    return np.cumsum(moves, axis=0) % count


def floats(space: Any) -> int:
    """Numbers in an observation of a space."""
    return int(np.prod(space.shape, dtype=np.int64))


def main(peer: Peer, rows: Callable[[Run], Iterator[Row]], words: Sequence[str] | None = None) -> None:
    """Measures a peer as the command line asks, and prints a line of JSON a measurement."""
    parser = argparse.ArgumentParser(description=f"{peer.name}: {peer.note}")
    parser.add_argument("--data", type=Path, help="the market, as data.py writes it")
    parser.add_argument("--envs", type=int, nargs="+", default=list(peer.envs), help="numbers of environments")
    parser.add_argument("--seconds", type=float, default=1.0, help="of one run")
    parser.add_argument("--runs", type=int, default=5, help="of which the median counts")
    args = parser.parse_args(words)
    if peer.pinned and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    version = importlib.metadata.version(peer.package) if peer.package else None
    for measured in rows(Run(args.data, tuple(args.envs), args.seconds, args.runs)):
        print(json.dumps({"peer": peer.name, "kind": peer.kind, "version": version, **measured}), flush=True)
