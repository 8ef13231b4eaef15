"""backtesting.py: a strategy class, called for every bar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engines import job
from venvs import Venv

ENGINE = job.Engine(
    "backtesting.py",
    Venv("backtesting", ("backtesting==0.6.6",)),
    "backtesting",
    "indicators are computed for all bars beforehand with NumPy; its statistics, which it always computes, are in its time",
)


def jobs(market: Any, pairs: int) -> Iterator[job.Job]:
    """What is timed."""
    del pairs
    from backtesting import Backtest, Strategy

    class Cross(Strategy):
        def init(self) -> None:
            mean = job.means(self.data.Close)
            self.fast, self.slow = self.I(mean, job.FAST, name="fast"), self.I(mean, job.SLOW, name="slow")

        def next(self) -> None:
            if len(self.data) <= job.SLOW:
                return
            wanted = (1 if self.fast[-1] > self.slow[-1] else -1) - self.position.size
            if wanted > 0:
                self.buy(size=wanted)
            elif wanted < 0:
                self.sell(size=-wanted)

    def run() -> Any:
        return Backtest(market, Cross, cash=job.CASH).run()

    def counted(stats: Any) -> tuple[list[int], list[float]]:
        # What an order opens is a trade of its own; every order here opens one.
        strategy = stats["_strategy"]
        return [len(strategy.closed_trades) + len(strategy.trades)], [float(stats["Equity Final [$]"])]

    yield job.Job("one pair, from a frame", 1, run, counted)


if __name__ == "__main__":
    job.main(ENGINE, jobs)
