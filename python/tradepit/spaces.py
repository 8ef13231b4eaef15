"""Gymnasium's spaces for what the core describes."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from .errors import SpecError

__all__ = ["IndexedSpace", "ObservationSpace"]


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

    def __init__(
        self, low: float | NDArray[np.float32], high: float | NDArray[np.float32], length: int, layout: str
    ) -> None:
        super().__init__(low, high, (length,), np.float32)
        self.layout = layout

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ObservationSpace) and other.layout != self.layout:
            return False
        return super().__eq__(other)

    def __repr__(self) -> str:
        return f"{super().__repr__()} of {self.layout}"


class IndexedSpace(ObservationSpace):
    """Observations by index: the number of a table of features and that of a row, whole numbers below 2^24, then the account's.

    >>> import tradepit
    >>> space = tradepit.TradingEnv("es_1m", observe="index").observation_space
    >>> space.shape, space.window, space.gathered.shape
    ((7,), 32, (517,))
    >>> space.low[:3].tolist(), space.high[:3].tolist()
    ([0.0, 0.0, -10.0], [16777215.0, 16777215.0, 10.0])

    A network that reads such numbers learns nothing, so Stable-Baselines3's policies refuse it without
    :class:`tradepit.sb3.WindowExtractor`, by Gymnasium's ``flatdim``.

    Args:
        numbers: How many are behind the two.
        window: Rows of a window.
        gathered: What a network sees: :class:`tradepit.gather.WindowGather` makes it.
    """

    def __init__(self, numbers: int, window: int, gathered: ObservationSpace) -> None:
        low, high = (bound[len(bound) - numbers :] for bound in (gathered.low, gathered.high))
        most = np.full(2, 2**24 - 1, np.float32)
        super().__init__(
            np.concatenate([0 * most, low]), np.concatenate([most, high]), 2 + numbers, f"index of {gathered.layout}"
        )
        self.window, self.gathered = window, gathered


@spaces.utils.flatdim.register(IndexedSpace)
def _refuse(space: IndexedSpace) -> int:
    raise SpecError(
        "observe: an observation by index is no input of a network; use "
        'policy_kwargs={"features_extractor_class": tradepit.sb3.WindowExtractor}, or tradepit.gather.WindowGather'
    )


def make_space(space: Any) -> spaces.Space[Any]:
    """Gymnasium's space of ``("box", len, low, high)`` or one with a layout, ``("discrete", n)``, ``("multi_discrete", n)``.

    By index ``("indexed", numbers, window, box)``.
    """
    if space[0] == "indexed":
        return IndexedSpace(space[1], space[2], make_space(space[3]))  # type: ignore[arg-type]
    if space[0] == "discrete":
        return spaces.Discrete(space[1])
    if space[0] == "multi_discrete":
        return spaces.MultiDiscrete(space[1])
    _, length, low, high, *layout = space
    if layout:
        return ObservationSpace(low, high, length, *layout)
    return spaces.Box(low, high, (length,), np.float32)
