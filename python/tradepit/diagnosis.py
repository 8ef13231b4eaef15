"""What is wrong with an environment, or with the agent in it: measured over some steps, with what to try.

>>> import tradepit
>>> report = tradepit.doctor("es_1m", {"window": 1, "reward": {"kind": "profit", "scale": 1e-6}})
>>> report["findings"][0]["what"].split(":")[0]
'the reward is small'
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _core
from .data import Data, market_data
from .spec import to_json

__all__ = ["doctor"]

#: Takes observations of shape ``(n, d)``, gives their actions: ``(n, k)`` numbers, or ``(n,)`` choices.
Acts: TypeAlias = Callable[[NDArray[np.float32]], Any]


def doctor(
    data: Data,
    spec: Mapping[str, Any] | None = None,
    policy: Acts | None = None,
    *,
    steps: int = 2_000,
    envs: int = 16,
    seed: int = 0,
    leaks: bool = True,
) -> dict[str, Any]:
    """Examines an environment, and a policy in it.

    Args:
        data: As for :func:`tradepit.market_data`.
        spec: Of the environment, as for :class:`tradepit.TradingEnv`.
        policy: Acts on batches of observations by window, as ``lambda obs: model.predict(obs)[0]``; random actions without one.
        steps: Steps of each environment.
        envs: Environments side by side.
        seed: Of the episodes and of random actions.
        leaks: Whether the spec is also run over data with other futures, as :func:`tradepit.leakcheck` does.

    Returns:
        ``findings``, the worst first, each with ``severity`` (``"problem"``, ``"doubt"``), ``what`` and what to ``try``;
        ``actions`` with a ``histogram`` each; ``reward`` (mean, sd, low, high, zeros, autocorrelation); ``costs`` (fees,
        slippage, financing, ``share`` of what equity moved by, fills); ``observations``, a row for each number; ``ends`` of
        episodes by cause; and ``text``, all of it in words.
    """
    how = json.dumps({"steps": steps, "envs": envs, "seed": seed})
    found, text = _core.examine(to_json(dict(spec or {})), market_data(data), policy, how, leaks)
    return {**json.loads(found), "text": text}
