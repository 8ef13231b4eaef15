"""backtrader: a strategy class, called for every bar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engines import job
from venvs import Venv

ENGINE = job.Engine(
    "backtrader",
    Venv("backtrader", ("backtrader==1.9.78.123", "pandas==2.3.3", "numpy==2.2.6")),
    "backtrader",
    "its own moving averages, computed for all bars beforehand; without its observers",
)


def jobs(market: Any, pairs: int) -> Iterator[job.Job]:
    """What is timed."""
    del pairs
    import backtrader

    class Cross(backtrader.Strategy):  # type: ignore[misc]
        def __init__(self) -> None:
            closes = self.data.close
            self.fast = backtrader.indicators.SimpleMovingAverage(closes, period=job.FAST)
            self.slow = backtrader.indicators.SimpleMovingAverage(closes, period=job.SLOW)
            self.filled = 0

        def notify_order(self, order: Any) -> None:
            self.filled += order.status == order.Completed

        def next(self) -> None:
            if len(self) > job.SLOW:
                wanted = 1 if self.fast[0] > self.slow[0] else -1
                if wanted != self.position.size:
                    self.order_target_size(target=wanted)

    def run() -> Any:
        engine = backtrader.Cerebro(stdstats=False)
        engine.broker.setcash(job.CASH)
        engine.adddata(backtrader.feeds.PandasData(dataname=market))
        engine.addstrategy(Cross)
        return engine.run()[0]

    def counted(strategy: Any) -> tuple[list[int], list[float]]:
        return [int(strategy.filled)], [float(strategy.broker.getvalue())]

    yield job.Job("one pair, from a frame", 1, run, counted)


if __name__ == "__main__":
    job.main(ENGINE, jobs)
