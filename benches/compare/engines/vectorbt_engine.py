"""vectorbt: targets of all bars from arrays, compiled by Numba."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engines import job
from venvs import Venv

ENGINE = job.Engine(
    "vectorbt",
    Venv("vectorbt", ("vectorbt==1.2.0",)),
    "vectorbt",
    "it works on the frame as it is; its own moving averages; the first run compiles, or loads what an earlier process compiled; "
    "many pairs come in tables of 50, because one of all of them fills the memory; of many pairs final equity, fills, Sharpe "
    "ratio and drawdown are asked",
)
#: Pairs in a table.
TOGETHER = 50


def jobs(market: Any, pairs: int) -> Iterator[job.Job]:
    """What is timed."""
    import vectorbt

    close, opens = market["Close"], market["Open"].to_numpy()[:, None]

    def mean(lengths: list[int]) -> Any:
        return dict(zip(lengths, vectorbt.MA.run(close, window=lengths).ma.to_numpy().T, strict=True))

    def wanted(some: list[tuple[int, int]]) -> Any:
        known = mean(sorted({length for pair in some for length in pair}))
        held = np.full((len(close), len(some)), np.nan)
        for at, (fast, slow) in enumerate(some):
            # An order of a row fills at that row's open, so it is the decision of the row before.
            held[slow + 1 :, at] = np.where(known[fast] > known[slow], 1.0, -1.0)[slow:-1]
        return held

    def portfolio(held: Any) -> Any:
        return vectorbt.Portfolio.from_orders(
            close, size=held, size_type="targetamount", price=opens, init_cash=job.CASH, freq="1min"
        )

    def one(result: Any) -> tuple[list[int], list[float]]:
        return _listed(result.orders.count()), _listed(result.final_value())

    pair = [(job.FAST, job.SLOW)]
    held = wanted(pair)
    yield job.Job("one pair, data made", 1, lambda: portfolio(wanted(pair)), one)
    yield job.Job("one pair, data and indicators made", 1, lambda: portfolio(held), one)
    if not pairs:
        return

    def many() -> Any:
        fills, equity = [], []
        for at in range(0, pairs, TOGETHER):
            result = portfolio(wanted(job.PAIRS[at : min(at + TOGETHER, pairs)]))
            fills += _listed(result.orders.count())
            equity += _listed(result.final_value())
            result.sharpe_ratio()
            result.max_drawdown()
        return fills, equity

    yield job.Job(f"{pairs} pairs", pairs, many, lambda result: result)


def _listed(values: Any) -> list[Any]:
    return np.atleast_1d(np.asarray(values)).tolist()


if __name__ == "__main__":
    job.main(ENGINE, jobs)
