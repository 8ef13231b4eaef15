"""How long a table of features takes, beside pandas and polars doing the same.

>>> rows = compare(bars=3_000, runs=1)
>>> rows[0]["road"], all(row["seconds"] > 0 for row in rows)
('tradepit', True)

The same 30 features, 10 of the bars themselves and 10 each of completed bars of 5 and 15 minutes, as one float32 table of
all rows. Each road starts from columns in memory and runs on one core. That they agree is measured, not believed:
``differs`` is the largest difference from ours over the last half, where the beginnings of averages are forgotten.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import samples
from .spec import to_json

TIMEFRAMES = (None, 5, 15)
BARS = 1_000_000

Row = dict[str, Any]
Table = NDArray[np.float32]


def features() -> list[dict[str, Any]]:
    """The features, as in a spec."""
    kinds: list[dict[str, Any]] = [
        {"kind": "log_return", "lag": 1},
        {"kind": "log_return", "lag": 5},
        {"kind": "log_return", "lag": 15},
        {"kind": "sma_distance", "period": 20},
        {"kind": "ema_distance", "period": 10},
        {"kind": "ema_distance", "period": 60},
        {"kind": "rsi", "period": 14},
        {"kind": "atr", "period": 14},
        {"kind": "realised_volatility", "period": 30},
        {"kind": "volume_ratio", "period": 20},
    ]
    return [{**kind, "timeframe": minutes} for minutes in TIMEFRAMES for kind in kinds]


def compare(*, bars: int = BARS, runs: int = 3) -> list[Row]:
    """A row for each road that is installed: median ``seconds`` of so many runs, ``ratio`` to ours, ``differs``."""
    # Before polars is imported for the first time, which is when it makes its threads.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    data = samples.synthetic("es_1m", bars=bars, seed=0)
    columns = {"minute": data.time_ns() // 60_000_000_000, **data.columns()}
    spec = to_json({"features": features(), "clip": 1e6})
    roads: dict[str, Callable[[], Table]] = {"tradepit": lambda: data.features(spec)[3]}
    if importlib.util.find_spec("pandas"):
        roads["pandas"] = lambda: _pandas(columns)
    if importlib.util.find_spec("polars"):
        roads["polars"] = lambda: _polars(columns)
    rows: list[Row] = []
    ours: Table | None = None
    for road, run in roads.items():
        seconds = []
        for _ in range(runs):
            began = time.perf_counter()
            table = run()
            seconds.append(time.perf_counter() - began)
        ours = table if ours is None else ours
        half = bars // 2
        rows.append(
            {
                "road": road,
                "bars": bars,
                "features": table.shape[1],
                "seconds": statistics.median(seconds),
                "ratio": statistics.median(seconds) / (rows[0]["seconds"] if rows else statistics.median(seconds)),
                "differs": float(np.abs(table[half:] - ours[half:]).max()),
                "runs": seconds,
            }
        )
    return rows


def _pandas(columns: dict[str, NDArray[Any]]) -> Table:
    import pandas as pd

    base = pd.DataFrame(columns)
    table = np.empty((len(base), 10 * len(TIMEFRAMES)), dtype=np.float32)
    for at, minutes in enumerate(TIMEFRAMES):
        bars, rows = base, None
        if minutes:
            # A bar is complete with the row that closes at its end, and is seen from there on.
            end = -(-base["minute"] // minutes) * minutes
            grouped = base.groupby(end, sort=False)
            bars = grouped.agg(
                {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
            ).reset_index(drop=False)
            rows = np.searchsorted(bars["minute"].to_numpy(), base["minute"].to_numpy(), side="right") - 1
        close, volume = bars["close"], bars["volume"]
        log = np.log(close)
        change = close.diff()
        before = close.shift()
        true_range = np.maximum(bars["high"], before) - np.minimum(bars["low"], before)
        gain = change.clip(lower=0).ewm(alpha=1 / 14, adjust=False).mean()
        loss = (-change).clip(lower=0).ewm(alpha=1 / 14, adjust=False).mean()
        made = [
            log.diff(1),
            log.diff(5),
            log.diff(15),
            close / close.rolling(20).mean() - 1,
            close / close.ewm(span=10, adjust=False).mean() - 1,
            close / close.ewm(span=60, adjust=False).mean() - 1,
            2 * gain / (gain + loss) - 1,
            true_range.ewm(alpha=1 / 14, adjust=False).mean() / close,
            np.sqrt((log.diff() ** 2).rolling(30).mean()),
            volume / volume.rolling(20).mean() - 1,
        ]
        for i, values in enumerate(made):
            table[:, 10 * at + i] = _seen(values.to_numpy(), rows)
    return table


def _polars(columns: dict[str, NDArray[Any]]) -> Table:
    import polars as pl

    base = pl.DataFrame(columns)
    table = np.empty((len(base), 10 * len(TIMEFRAMES)), dtype=np.float32)
    close, volume = pl.col("close"), pl.col("volume")
    log, change, before = close.log(), close.diff(), close.shift()
    true_range = pl.max_horizontal("high", before) - pl.min_horizontal("low", before)
    gain = change.clip(lower_bound=0).ewm_mean(alpha=1 / 14, adjust=False)
    loss = (-change).clip(lower_bound=0).ewm_mean(alpha=1 / 14, adjust=False)
    wanted = [
        log.diff(1),
        log.diff(5),
        log.diff(15),
        close / close.rolling_mean(20) - 1,
        close / close.ewm_mean(span=10, adjust=False) - 1,
        close / close.ewm_mean(span=60, adjust=False) - 1,
        2 * gain / (gain + loss) - 1,
        true_range.ewm_mean(alpha=1 / 14, adjust=False) / close,
        (log.diff() ** 2).rolling_mean(30).sqrt(),
        volume / volume.rolling_mean(20) - 1,
    ]
    named = [expression.cast(pl.Float32).alias(str(i)) for i, expression in enumerate(wanted)]
    for at, minutes in enumerate(TIMEFRAMES):
        bars, rows = base.lazy(), None
        if minutes:
            end = (-(-pl.col("minute") // minutes) * minutes).alias("end")
            bars = (
                bars.group_by(end, maintain_order=True)
                .agg(
                    pl.col("open").first(),
                    pl.col("high").max(),
                    pl.col("low").min(),
                    pl.col("close").last(),
                    pl.col("volume").sum(),
                )
                .rename({"end": "minute"})
            )
        made = bars.select(pl.col("minute"), *named).collect()
        if minutes:
            rows = np.searchsorted(made["minute"].to_numpy(), columns["minute"], side="right") - 1
        for i in range(len(named)):
            table[:, 10 * at + i] = _seen(made[str(i)].to_numpy(), rows)
    return table


def _seen(values: NDArray[Any], rows: NDArray[Any] | None) -> NDArray[Any]:
    """By row of the data, what the last completed bar says; before the first, nothing."""
    if rows is None:
        return values
    seen: NDArray[Any] = values[np.maximum(rows, 0)]
    seen[rows < 0] = np.nan
    return seen
