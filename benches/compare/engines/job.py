"""The job of the event-driven engines, and how one of them is timed.

A strategy holds one unit long while the mean of the last 10 closes is above that of the last 50, and one unit short elsewhere;
it decides when a bar has closed, from bar 50 on, and its orders fill at the next open, without costs. One million of cash is
enough for every price. Prices are multiples of a quarter, so that every engine finds the same means, to the bit.

>>> import numpy as np
>>> closes = np.array([1.0, 2.0, 4.0, 4.0, 2.0, 1.0])
>>> targets(means(closes), 1, 2, slow_from=2).tolist()
[0, 0, 1, -1, -1, -1]
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from venvs import Venv

FAST, SLOW, CASH = 10, 50, 1_000_000.0
#: Pairs of lengths for the jobs of many pairs: as many as there are asked for, from the first.
PAIRS = [(fast, fast + 5 * k) for fast in range(2, 27) for k in range(1, 41)]


@dataclass(frozen=True)
class Engine:
    """What is to be known of an engine before it runs."""

    #: As it is called in the table.
    name: str
    #: Where it is installed; without one it runs in tradepit's own interpreter.
    venv: Venv | None
    #: The package whose version is printed.
    package: str
    #: What of its own ways one should know, in one phrase.
    note: str


@dataclass(frozen=True)
class Job:
    """A piece of work to be timed."""

    #: What it does, as it stands in the table.
    name: str
    #: How many backtests of the whole market it makes.
    strategies: int
    #: Does it.
    work: Callable[[], Any]
    #: Fills of each strategy, and final equity, of what ``work`` gave; beside the clock.
    counted: Callable[[Any], tuple[list[int], list[float]]]


def means(closes: NDArray[np.float64]) -> Callable[[int], NDArray[np.float64]]:
    """Means of the last so many closes, by their number; those of the first rows mean nothing."""
    sums = np.concatenate([[0.0], np.cumsum(closes)])

    def mean(length: int) -> NDArray[np.float64]:
        found = np.zeros(len(closes))
        np.subtract(sums[length:], sums[:-length], out=found[length - 1 :])
        found /= length
        return found

    return mean


def targets(
    mean: Callable[[int], NDArray[np.float64]], fast: int, slow: int, slow_from: int | None = None
) -> NDArray[np.int8]:
    """What is to be held when each bar has closed."""
    held = np.greater(mean(fast), mean(slow)).view("int8") * np.int8(2) - np.int8(1)
    held[: slow if slow_from is None else slow_from] = 0
    return held


def frame(file: Path) -> Any:
    """The market as a pandas frame: Open, High, Low, Close, Volume, with times."""
    import pandas

    with np.load(file) as columns:
        prices = {name.capitalize(): columns[name] for name in ("open", "high", "low", "close", "volume")}
        return pandas.DataFrame(prices, index=pandas.DatetimeIndex(columns["time_ns"].astype("datetime64[ns]")))


def main(engine: Engine, jobs: Callable[[Any, int], Iterator[Job]]) -> None:
    """Does each job twice, and prints a line of JSON for it."""
    parser = argparse.ArgumentParser(description=f"{engine.name}: {engine.note}")
    parser.add_argument("--data", type=Path, required=True, help="the market, as backtests.py writes it")
    parser.add_argument("--pairs", type=int, required=True, help="of the jobs of many pairs; 0 for none")
    args = parser.parse_args()
    market, version = frame(args.data), importlib.metadata.version(engine.package)
    for job in jobs(market, args.pairs):
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            result = job.work()
            seconds.append(time.perf_counter() - began)
        fills, equity = job.counted(result)
        row = {
            "job": job.name,
            "bars": len(market) * job.strategies,
            "seconds": seconds,
            "fills": fills,
            "equity": equity,
        }
        print(json.dumps({"engine": engine.name, "version": version, **row}), flush=True)
