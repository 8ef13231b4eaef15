"""tradepit's own: targets from NumPy, one call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engines import job

ENGINE = job.Engine(
    "tradepit",
    None,
    "tradepit",
    "targets of all bars are computed with NumPy, then handed over in one call; a frame becomes market data first, every bar of "
    "it checked, which is needed once for any number of backtests",
)
#: A share: as many money as points, one unit a lot.
SHARE = {"name": "XYZ", "tick": 0.25}


def jobs(market: Any, pairs: int) -> Iterator[job.Job]:
    """What is timed."""
    import tradepit

    def data() -> Any:
        return tradepit.market_data(market, instrument=SHARE)

    def wanted(data: Any) -> Any:
        return job.targets(job.means(data.columns()["close"]), job.FAST, job.SLOW)

    def run(data: Any, targets: Any) -> Any:
        return tradepit.backtest(data, targets, cash=job.CASH)

    def one(result: Any) -> tuple[list[int], list[float]]:
        return [len(result.fills())], [result.equity[-1]]

    def whole() -> Any:
        ready = data()
        return run(ready, wanted(ready))

    def judged() -> Any:
        result = whole()
        result.performance()
        return result

    made = data()
    targets = wanted(made)
    yield job.Job("one pair, from a frame", 1, whole, one)
    yield job.Job("one pair, from a frame, with statistics", 1, judged, one)
    yield job.Job("one pair, data made", 1, lambda: run(made, wanted(made)), one)
    yield job.Job("one pair, data and indicators made", 1, lambda: run(made, targets), one)
    if not pairs:
        return

    def table() -> Any:
        known: dict[int, Any] = {}
        mean = job.means(made.columns()["close"])
        held = np.empty((pairs, len(made)), dtype="int8")
        for row, (fast, slow) in zip(held, job.PAIRS[:pairs], strict=True):
            for length in (fast, slow):
                if length not in known:
                    known[length] = mean(length)
            row[:] = job.targets(known.__getitem__, fast, slow)
        return held.T

    def many(result: Any) -> tuple[list[int], list[float]]:
        return result.fills.tolist(), result.final_equity.tolist()

    ready = table()
    yield job.Job(f"{pairs} pairs", pairs, lambda: run(made, table()), many)
    yield job.Job(f"{pairs} pairs, indicators made", pairs, lambda: run(made, ready), many)


if __name__ == "__main__":
    job.main(ENGINE, jobs)
