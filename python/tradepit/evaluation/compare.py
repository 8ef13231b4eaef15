"""Whether two episodes are the same, to the last bit."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .episode import Episode

#: In the order in which one leads to the next: the first difference found is the cause of the others.
_ORDER = (
    "time",
    "observation",
    "action",
    "fills",
    "price",
    "fees",
    "slippage",
    "position",
    "equity",
    "drawdown",
    "reward",
)


class Difference(NamedTuple):
    """The first place where two episodes part."""

    step: int
    what: str
    one: Any
    other: Any

    def __str__(self) -> str:
        """What differs, and where."""
        return f"step {self.step}, {self.what}: {self.one!r} against {self.other!r}"


def compare(one: Episode, other: Episode) -> Difference | None:
    """The first difference of two episodes in decisions, fills, account, rewards or observations; ``None`` without one.

    Numbers are compared as bits: 0.0 is not -0.0. Step 0 is the reset, step i follows the i-th decision.
    """
    found = []
    for rank, what in enumerate(_ORDER):
        a, b = _column(one, what), _column(other, what)
        at = _first(a, b)
        if at is not None:
            found.append((at, rank, Difference(at, what, *(_shown(c, at) for c in (a, b)))))
    if found:
        return min(found, key=lambda entry: entry[:2])[2]
    if one.steps != other.steps:
        return Difference(min(one.steps, other.steps), "length", one.steps, other.steps)
    for what in one.fills:
        a, b = one.fills[what], other.fills[what]
        at = _first(a, b)
        if at is not None or len(a) != len(b):
            where = at if at is not None else min(len(a), len(b))
            return Difference(one.steps, f"fill {where}, {what}", *(_shown(c, where) for c in (a, b)))
    return None


def _column(episode: Episode, what: str) -> NDArray[Any]:
    if what != "action":
        return episode.columns[what]
    # The reset has no decision; a row of zeros keeps the steps aligned.
    return np.concatenate([np.zeros_like(episode.actions[:1]), episode.actions])


def _first(a: NDArray[Any], b: NDArray[Any]) -> int | None:
    n = min(len(a), len(b))
    if a.dtype != b.dtype or a.shape[1:] != b.shape[1:]:
        return 0
    if n == 0:
        return None
    rows = (_bits(a[:n]) == _bits(b[:n])).reshape(n, -1).all(axis=1)
    return None if rows.all() else int(rows.argmin())


def _bits(a: NDArray[Any]) -> NDArray[Any]:
    a = np.ascontiguousarray(a)
    return a.view(f"u{a.dtype.itemsize}") if a.dtype.kind == "f" else a


def _shown(column: NDArray[Any], at: int) -> Any:
    return column[at].tolist() if at < len(column) else None
