"""Features of one's own, as functions on columns; and statistics that are fitted once.

>>> from tradepit import samples
>>> data = samples.synthetic("es_1m", bars=200, seed=0)
>>> def momentum(columns):
...     close = columns["close"]
...     past = np.concatenate([np.full(10, np.nan), close[:-10]])
...     return close / past - 1.0
>>> data = with_columns(data, {"momentum": momentum})
>>> names, warm_up, _, table = data.features('[{"kind": "column", "name": "momentum"}]')
>>> names, warm_up, table.shape
(['momentum'], 10, (200, 1))

A function gets the columns of all rows at once, so nothing keeps it from looking ahead: ``close.mean()`` is of the whole
data. Only running it on data with another future can show that it does not. What the built-in features and those that are
written in Rust see, in contrast, ends with the row's own bar.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._core import MarketData
from .errors import DataError, SpecError
from .spec import Feature, Features, to_json

__all__ = ["Columns", "Function", "columns_of", "fit", "latest", "with_columns"]

Columns: TypeAlias = Mapping[str, NDArray[Any]]
#: Arrays of all rows in, one number a row out; NaN only in the first rows.
Function: TypeAlias = Callable[[Columns], ArrayLike]


def columns_of(data: MarketData) -> dict[str, NDArray[Any]]:
    """The columns that a function gets: ``time_ns``, the bars that features are made of, and the user's own columns.

    >>> from tradepit import samples
    >>> sorted(columns_of(samples.synthetic("es_1m", bars=5, seed=0)))
    ['close', 'high', 'low', 'open', 'time_ns', 'volume']
    """
    return {"time_ns": data.time_ns(), **data.columns(), **data.feature_bars()}


def with_columns(data: MarketData, functions: Mapping[str, Function]) -> MarketData:
    """The data with one more column for each function, in order: a later one may use the earlier ones.

    Name them as features of the kind ``{"kind": "column", "name": ..}``. They are computed here, once.

    Raises:
        DataError: When a function does not give one number a row, or NaN behind the first rows.
    """
    columns = columns_of(data)
    for name, function in functions.items():
        columns[name] = values = _column(name, function, columns)
        data = data.with_column(name, values)
    return data


def latest(functions: Mapping[str, Function], columns: Columns) -> dict[str, float]:
    """What each function says of the last row of a growing history: the columns that a live row comes with.

    The same functions, over all rows known so far, give the numbers that training saw, if they look at the past alone.

    >>> latest({"change": lambda columns: np.diff(columns["close"], prepend=np.nan)}, {"close": np.array([1.0, 3.0])})
    {'change': 2.0}
    """
    known, last = dict(columns), {}
    for name, function in functions.items():
        known[name] = values = _column(name, function, known)
        last[name] = float(values[-1])
    return last


def fit(
    features: Features | Sequence[str | Feature], data: MarketData, rows: slice | range | tuple[int, int]
) -> Features:
    """The features with the statistics of every ``frozen`` normalisation, from ``rows`` of the data and nothing behind them.

    >>> from tradepit import samples
    >>> data = samples.synthetic("es_1m", bars=500, seed=0)
    >>> fitted = fit([{"kind": "normalised", "of": "rsi", "by": "frozen"}], data, slice(0, 400))
    >>> sorted(fitted["features"][0]["by"])
    ['deviation', 'kind', 'mean', 'until']

    Args:
        features: As in a spec.
        data: Whose rows are read.
        rows: Which, as ``(start, stop)``, a slice or a range: those of training. They are asked for each time, so that no
            statistics of later rows get in unseen.

    Raises:
        SpecError: When nothing is to be fitted, or the rows are not in the data.
    """
    if isinstance(rows, tuple):
        rows = slice(*rows)
    start, stop, step = rows.indices(len(data)) if isinstance(rows, slice) else (rows.start, rows.stop, rows.step)
    if step != 1:
        raise SpecError(f"rows: step {step}; rows are taken one by one")
    given = features if isinstance(features, Mapping) else {"features": list(features)}
    return cast(Features, json.loads(data.fit_features(to_json(given), start, stop)))


def _column(name: str, function: Function, columns: Columns) -> NDArray[np.float32]:
    values = np.ascontiguousarray(function(columns), dtype=np.float32)
    rows = len(next(iter(columns.values())))
    if values.shape != (rows,):
        raise DataError(f"column {name}: its function gave shape {values.shape} for {rows} rows; give one number a row")
    known = np.isfinite(values)
    hole = known.argmax() + (~known[known.argmax() :]).argmax()
    if not known[hole] and known.any():
        raise DataError(
            f"row {hole}, column {name}: its function gave {values[hole]}; only the first rows may be unknown"
        )
    return values
