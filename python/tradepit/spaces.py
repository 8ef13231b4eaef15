"""Gymnasium's spaces for what the core describes."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

__all__ = ["ObservationSpace"]


class ObservationSpace(spaces.Box):
    """A ``Box`` that also knows what its numbers are, and equals only a ``Box`` that does not know, or knows the same.

    >>> import tradepit
    >>> space = lambda period: tradepit.TradingEnv(
    ...     "es_1m", window=4, features=[{"kind": "rsi", "period": period}]).observation_space
    >>> space(14).layout.startswith("4 rows of [rsi_14] (features ")
    True
    >>> space(14).shape == space(7).shape, space(14) == space(7), space(14) == space(14)
    (True, False, True)

    So whatever compares spaces refuses a policy of another pipeline, although the shapes are the same: Stable-Baselines3's
    ``load`` and ``set_env`` do, and show both. It is a ``Box`` for everything else.

    Args:
        low: Smallest value of each number.
        high: Largest value of each.
        length: How many.
        layout: What they are, in words, with the hash of the feature pipeline.
    """

    def __init__(self, low: float, high: float, length: int, layout: str) -> None:
        super().__init__(low, high, (length,), np.float32)
        self.layout = layout

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ObservationSpace) and other.layout != self.layout:
            return False
        return super().__eq__(other)

    def __repr__(self) -> str:
        return f"{super().__repr__()} of {self.layout}"


def make_space(space: Any) -> spaces.Space[Any]:
    """Gymnasium's space of ``("box", len, low, high)`` or one with a layout, ``("discrete", n)``, ``("multi_discrete", n)``."""
    if space[0] == "discrete":
        return spaces.Discrete(space[1])
    if space[0] == "multi_discrete":
        return spaces.MultiDiscrete(space[1])
    _, length, low, high, *layout = space
    if layout:
        return ObservationSpace(low, high, length, *layout)
    return spaces.Box(low, high, (length,), np.float32)
