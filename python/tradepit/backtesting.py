"""Target positions over a whole market, from NumPy arrays: one strategy, or thousands at once.

>>> import numpy as np, tradepit
>>> data = tradepit.samples.load("es_1m")
>>> close = data.columns()["close"]
>>> targets = np.sign(np.diff(close, prepend=close[0])).astype("int8")  # long behind a rise, short behind a fall
>>> result = backtest(data, targets, commission={"kind": "per_contract", "fee": 2.1}, slippage="volume_share")
>>> result.equity.shape == (len(data),) and result.performance()["fees"] > 0
True

A target is the whole number of lots to hold, decided when the bar of its row has closed; the order for what is missing meets
the next bar. It is the simulator of the environments, with all of its models.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from .data import Data, MarketData, Stamp, market_data
from .errors import ShapeError, SpecError
from .frames import frame
from .spec import Commission, Financing, Flatten, Latency, Margin, Matching, NoNumbers, Slippage, to_json

__all__ = ["Backtest", "Backtests", "backtest"]

_DTYPES = ("int8", "int32", "float32", "float64")


class Backtest:
    """What one strategy did.

    >>> import numpy as np
    >>> from tradepit import samples
    >>> data = samples.load("es_1m")
    >>> result = backtest(data, np.ones(len(data)))
    >>> result.orders, result.performance()["fills"], result.trades()["open"].tolist()
    (1, 1, [True])
    """

    def __init__(self, core: _core.Backtest, data: MarketData) -> None:
        self.core = core
        #: What was traded.
        self.data = data

    @property
    def orders(self) -> int:
        """Orders sent."""
        return self.core.orders

    @property
    def equity(self) -> NDArray[np.float64]:
        """Equity at the close of each bar, in account currency, shape ``(bars,)``; of the first bar, what it opens with."""
        return self.core.equity()

    @property
    def positions(self) -> NDArray[np.float64]:
        """Units held at the close of each bar, shape ``(bars,)``, of several instruments ``(bars, instruments)``."""
        positions = self.core.positions()
        n = len(self.data.instruments)
        return positions if n == 1 else positions.reshape(-1, n)

    def equity_curve(self) -> Any:
        """Time and equity at the close of each bar, as a pandas frame (a dict of arrays without pandas)."""
        return frame({"time": self.data.time_ns(), "equity": self.equity}, "time")

    def fills(self) -> Any:
        """Every fill, as :meth:`equity_curve`: time, order, qty, price, reference, fee."""
        return frame(self.core.fills(), "time")

    def trades(self) -> Any:
        """The round trips, as :meth:`tradepit.TradingEnv.trades`; what is still held comes last, marked ``open``."""
        return frame(self.core.trades(), "entry_time", "exit_time")

    def performance(self, periods_per_year: float | None = None) -> dict[str, Any]:
        """Statistics, as :meth:`tradepit.TradingEnv.performance`: total_return, sharpe, sharpe_interval, max_drawdown, ..."""
        return json.loads(self.core.performance(periods_per_year))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Backtests:
    """What each of many strategies did: arrays of shape ``(strategies,)``. Money is in account currency.

    >>> import numpy as np
    >>> from tradepit import samples
    >>> data = samples.load("es_1m")
    >>> lots = np.broadcast_to(np.arange(3, dtype="int8"), (len(data), 3))
    >>> results = backtest(data, lots, cash=1e6)
    >>> results.fills.tolist(), len(results)
    ([0, 1, 1], 3)
    """

    #: Equity at the end.
    final_equity: NDArray[np.float64]
    #: Orders sent.
    orders: NDArray[np.int64]
    #: Fills.
    fills: NDArray[np.int64]
    #: Trades that came to their end.
    trades: NDArray[np.int64]
    #: Fees paid.
    fees: NDArray[np.float64]
    #: What slippage cost.
    slippage: NDArray[np.float64]
    #: Sharpe ratio of a year; NaN where equity did not vary, or reached 0. The best of many is good by chance.
    sharpe: NDArray[np.float64]
    #: Largest share of a peak that was lost.
    max_drawdown: NDArray[np.float64]

    def __len__(self) -> int:
        """How many strategies."""
        return len(self.final_equity)

    def frame(self) -> Any:
        """A row for each strategy, as a pandas frame (a dict of arrays without pandas)."""
        return frame(dict(self.__dict__))


def backtest(
    data: Data,
    targets: ArrayLike,
    *,
    cash: float = 100_000.0,
    holding: float = 0.0,
    fill: str | NoNumbers | None = None,
    slippage: str | Slippage | None = None,
    commission: str | Commission | None = None,
    latency: str | Latency | None = None,
    matching: Matching | None = None,
    financing: str | Financing | None = None,
    margin: str | Margin | None = None,
    flatten: str | Flatten | None = None,
    instrument: str | Mapping[str, Any] | None = None,
    calendar: str | None = None,
    stamp: Stamp | None = None,
    period: float | None = None,
    symbol: str | None = None,
    seed: int = 0,
    threads: int = 0,
    periods_per_year: float | None = None,
) -> Backtest | Backtests:
    """Holds target positions over all bars of a market.

    >>> import numpy as np
    >>> bars = {"ts": ["2024-03-01T14:30Z", "2024-03-01T14:31Z", "2024-03-01T14:32Z"], "open": [10, 11, 12],
    ...         "high": [11, 12, 13], "low": [9, 10, 11], "close": [11, 12, 12.5], "volume": [100, 100, 100]}
    >>> backtest(bars, [2, 0, 0], instrument={"name": "XYZ"}).equity - 100_000  # bought at 11, sold at 12
    array([0., 2., 2.])

    Args:
        data: As for :func:`tradepit.market_data`. Make market data of it once where you run more than one backtest.
        targets: Whole numbers of lots. Of one instrument: ``(bars,)`` for one strategy, ``(bars, strategies)`` for many; of
            several: ``(bars, instruments)`` and ``(bars, strategies, instruments)``. Arrays of int8, int32, float32 and
            float64 that lie row by row, or column by column, are read where they are; others are copied first. int8 is the
            fastest to read.
        cash: At the beginning, in account currency.
        holding: Lots of the first instrument held at the beginning.
        fill: Where orders fill; this and what follows as the field of :class:`tradepit.EnvSpec`.
        slippage: How much worse.
        commission: For which fee.
        latency: After what delay.
        matching: How orders in the book meet a bar.
        financing: What it costs to hold cash and positions.
        margin: What an account must be worth.
        flatten: What happens to positions where a session ends.
        instrument: This and what follows as for :func:`tradepit.market_data`.
        calendar: What a session is.
        stamp: Whether times are those of a bar's open or close.
        period: Length of a bar in seconds.
        symbol: The one to take, of several.
        seed: Of what the models draw; all strategies meet the same draws.
        threads: For many strategies; 0 is as many as the machine has. Results are the same bits for any number.
        periods_per_year: Bars in a year, for the Sharpe ratios of many strategies; without it, of calendar and bars.

    Returns:
        :class:`Backtest` with curve, fills and trades for one strategy, :class:`Backtests` with a number each for many.

    Raises:
        ShapeError: For another number of targets than of bars.
        SpecError: For a target that is no whole number of lots, by its row, and for fields that can't be used.
    """
    market = market_data(data, instrument=instrument, calendar=calendar, stamp=stamp, period=period, symbol=symbol)
    models = {
        "fill": fill,
        "slippage": slippage,
        "commission": commission,
        "latency": latency,
        "matching": matching,
        "financing": financing,
        "margin": margin,
        "flatten": flatten,
    }
    given = {name: value for name, value in models.items() if value is not None}
    spec = to_json({"cash": cash, "holding": holding, **given})
    wanted = _numbers(targets)
    alone = 1 if len(market.instruments) == 1 else 2
    _check_shape(wanted, market, alone)
    if wanted.ndim == alone:
        return Backtest(_core.backtest(market, spec, np.require(wanted, requirements=["C", "A"]), seed), market)
    if periods_per_year is not None and not periods_per_year > 0:
        raise SpecError(f"periods_per_year: {periods_per_year} is not above 0; say how many bars a year has")
    by_strategy = np.moveaxis(wanted, 1, 0)
    turned = by_strategy.flags.c_contiguous
    table = np.require(by_strategy if turned else wanted, requirements=["C", "A"])
    return Backtests(**_core.backtests(market, spec, table, turned, seed, threads, periods_per_year))


def _numbers(targets: ArrayLike) -> NDArray[Any]:
    array = np.asarray(targets.to_numpy() if hasattr(targets, "to_numpy") else targets)
    if array.dtype.name in _DTYPES and array.dtype.isnative:
        return array
    if array.dtype.kind not in "biuf":
        raise SpecError(f"targets: {array.dtype} is no number of lots; use int8, int32, float32 or float64")
    return array.astype("int8" if array.dtype.kind == "b" else "float64")


def _check_shape(targets: NDArray[Any], market: MarketData, alone: int) -> None:
    bars, n = len(market), len(market.instruments)
    fits = targets.ndim in (alone, alone + 1) and targets.shape[0] == bars and (n == 1 or targets.shape[-1] == n)
    if not fits:
        shapes = "({0},) or ({0}, strategies)" if n == 1 else "({0}, {1}) or ({0}, strategies, {1})"
        raise ShapeError(f"targets: expected shape {shapes.format(bars, n)}, got {targets.shape}")
