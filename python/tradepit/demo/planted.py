"""A market whose edge is known, so that what an agent has learned can be measured."""

from __future__ import annotations

from typing import Any, NamedTuple

import gymnasium
import numpy as np

from .. import evaluation, samples
from ..data import MarketData
from ..training import Kind, Progress, Settings, train
from .sizes import Sizes

EDGE_TICKS = 8.0
NOISE_TICKS = 8.0
#: Share of the variance of a move that the signal explains.
EXPLAINED = EDGE_TICKS**2 / (EDGE_TICKS**2 + NOISE_TICKS**2)
#: Bars of the second market, on which the result is measured, in episodes as long as those of the training.
_JUDGED = 5_121
_EPISODE = 256

#: Beside the account, only the signal is observed; nothing costs, and the money never runs out.
PLANTED: dict[str, Any] = {
    "cash": 1e6,
    "window": 1,
    "features": {"features": [{"kind": "column", "name": "signal"}]},
    "episode": {"start": {"kind": "random"}, "length": {"kind": "steps", "steps": _EPISODE}},
}
#: What is done with a step's result matters no further than the next steps.
_SETTINGS = Settings(gamma=0.9)


class Planted(NamedTuple):
    """What was earned where the best that can be earned is known, in account currency."""

    earned: float
    best: float
    steps: int

    @property
    def share(self) -> float:
        """How much of the optimum was reached."""
        return self.earned / self.best


def learn_planted(kind: Kind, sizes: Sizes, *, seed: int = 0, on_progress: Progress | None = None) -> Planted:
    """Trains on one market with a planted edge, and trades another one of the same kind.

    The signal says, with noise, how the next open moves to the open after it. The best policy holds its sign.
    """
    market = _market(sizes.planted_bars, seed)
    agent, _ = train(kind, market, PLANTED, sizes.planted_steps, seed=seed, settings=_SETTINGS, on_progress=on_progress)
    other = _market(_JUDGED, seed + 1)
    return Planted(_profit(agent, other), _profit(_Sign(), other), sizes.planted_steps)


def _profit(policy: evaluation.Policy, market: MarketData) -> float:
    total = 0.0
    for row in range(0, len(market) - _EPISODE, _EPISODE):
        episode = {"start": {"kind": "at", "row": row}, "length": {"kind": "steps", "steps": _EPISODE}}
        env = gymnasium.make(evaluation.ENV_ID, data=market, **{**PLANTED, "episode": episode})
        total += evaluation.run_in(env, policy).profit
        env.close()
    return total


def _market(bars: int, seed: int) -> MarketData:
    return samples.planted(bars, seed, edge_ticks=EDGE_TICKS, noise_ticks=NOISE_TICKS)


class _Sign:
    """Holds one lot of the signal's sign: no policy earns more on average."""

    def predict(self, observation: Any, *, deterministic: bool = True) -> tuple[Any, None]:
        return np.sign(np.asarray(observation)[:1]).astype(np.float32), None
