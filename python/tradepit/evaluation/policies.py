"""Policies that need no learning: what every agent has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..spec import read_spec

Action = NDArray[Any]


class Policy(Protocol):
    """Whatever acts on an observation, as the models of Stable-Baselines3 do."""

    def predict(self, observation: Any, *, deterministic: bool = True) -> tuple[Any, Any]:
        """An action for an observation, and a state that nobody reads."""


class _Constant:
    def __init__(self, action: Action) -> None:
        self._action = action

    def predict(self, observation: Any, *, deterministic: bool = True) -> tuple[Action, None]:
        """The one action."""
        return self._action, None


class Flat(_Constant):
    """Holds nothing.

    >>> Flat({"action": "enter_exit"}).predict(None)[0]
    array(0)
    """

    name = "flat"

    def __init__(self, spec: Mapping[str, Any]) -> None:
        super().__init__(_position(spec, 0.0))


class Hold(_Constant):
    """Buys as much as the environment allows, and keeps it.

    >>> Hold({"action": {"kind": "target_levels", "levels": [-1, 0, 2]}}).predict(None)[0]
    array(2)
    """

    name = "buy-and-hold"

    def __init__(self, spec: Mapping[str, Any]) -> None:
        super().__init__(_position(spec, np.inf))


class Random:
    """Draws every action, evenly from the action space.

    >>> a, b = Random({}, seed=7), Random({}, seed=7)
    >>> bool(a.predict(None)[0] == b.predict(None)[0])
    True
    """

    name = "random"

    def __init__(self, spec: Mapping[str, Any], seed: int = 0) -> None:
        self._action = read_spec(spec)["action"]
        self._rng = np.random.default_rng(seed)

    def predict(self, observation: Any, *, deterministic: bool = True) -> tuple[Action, None]:
        """The next draw, whatever is observed."""
        action: Any = self._action
        if action["kind"] == "target_position":
            return self._rng.uniform(-1.0, 1.0, size=1).astype(np.float32), None
        choices = 5 if action["kind"] == "enter_exit" else len(action["levels"])
        return np.asarray(self._rng.integers(choices)), None


def baselines(spec: Mapping[str, Any], seed: int = 0) -> tuple[Flat, Hold, Random]:
    """Flat, buy-and-hold, and random, for the action scheme of a spec."""
    return Flat(spec), Hold(spec), Random(spec, seed)


def _position(spec: Mapping[str, Any], target: float) -> Action:
    """The action of an account that is flat, or always asks for the same, that comes nearest to a position."""
    action: Any = read_spec(spec)["action"]
    if action["kind"] == "target_position":
        return np.array([np.clip(target, -1.0, 1.0)], dtype=np.float32)
    if action["kind"] == "enter_exit":
        return np.asarray(1 if target > 0.0 else 0)
    levels = np.asarray(action["levels"], dtype=np.float64)
    return np.asarray(int(levels.argmax()) if np.isinf(target) else int(np.abs(levels - target).argmin()))
