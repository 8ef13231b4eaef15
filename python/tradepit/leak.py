"""Whether what an environment shows knows the future: the user's own spec and data, run again with other futures.

>>> from tradepit import samples
>>> data = samples.synthetic("es_1m", bars=600, seed=0)
>>> leakcheck(data)["leaks"]
[]
>>> def tomorrow(columns):
...     close = columns["close"]
...     return np.append(close[1:] - close[:-1], 0.0)
>>> report = leakcheck(data, functions={"tomorrow": tomorrow})
>>> [leak["column"] for leak in report["leaks"]]
['tomorrow']
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import _core
from .data import MarketData
from .features import Function, with_columns
from .spec import read_spec, to_json

__all__ = ["leakcheck"]


def leakcheck(
    data: MarketData,
    spec: Mapping[str, Any] | None = None,
    *,
    functions: Mapping[str, Function] | None = None,
    cuts: int = 8,
    seed: int = 0,
    since: Any = None,
) -> dict[str, Any]:
    """Runs the spec over the data, and again over data of which what comes after a cut is another, at several cuts.

    All that is shown up to the cut must be the same to the bit: each feature of each row, and each observation and reward of
    an episode with random actions.

    Args:
        data: Market data, without the columns that ``functions`` make.
        spec: Of the environment, as for :class:`tradepit.TradingEnv`.
        functions: Functions on columns, by the names of theirs, as for :func:`tradepit.features.with_columns`; they are run
            anew for each future. Their columns are checked whether the spec names them or not.
        cuts: At how many rows the data are cut, each with two other futures.
        seed: Of the rows, the futures and the actions.
        since: Only rows that close at or after it are looked at: a ``datetime64``, or text of ISO 8601. Statistics that were
            fitted on rows of training are no leak in rows behind those.

    Returns:
        ``leaks``, the first one of each column with its ``row``, ``time``, the moment ``future`` behind which it knows
        something, what it ``shown`` and ``otherwise``, and how many ``numbers``; ``columns`` and ``numbers`` that were
        compared; ``unknown``, columns with statistics of which nobody knows the rows; and ``text``, all of it in words.
    """
    own = None if not functions else lambda other: with_columns(other, functions)
    since_ns = None if since is None else int(np.datetime64(str(since).removesuffix("Z"), "ns").astype("int64"))
    found, text = _core.leakcheck(to_json(read_spec(spec or {})), data, own, cuts, seed, since_ns)
    return {**json.loads(found), "text": text}
