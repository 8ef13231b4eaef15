"""The real market: training on its first part, evaluation on the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .. import evaluation, samples
from ..data import MarketData
from ..evaluation import Episode
from ..training import Agent, Kind, Progress, Settings, train

SAMPLE = "es_1m"
SPLIT = 0.7
#: Half a tick a fill, and what a broker takes for one contract and side.
COSTS: dict[str, Any] = {
    "slippage": {"kind": "fixed_ticks", "ticks": 0.5},
    "commission": {"kind": "per_contract", "fee": 2.1},
}
#: Any position between four contracts short and four long.
MARKET: dict[str, Any] = {
    **COSTS,
    "window": 16,
    "action": {"kind": "target_position", "max_lots": 4.0},
    "episode": {"start": {"kind": "random"}, "length": {"kind": "steps", "steps": 512}},
}
_SETTINGS = Settings(learning_rate=3e-4)


class Market(NamedTuple):
    """An agent with the data that it learned from and the row where the rest begins."""

    agent: Agent
    history: list[dict[str, Any]]
    data: MarketData
    split: int

    @property
    def start(self) -> int:
        """The row at whose close the held-out part is first traded: the last one that training saw."""
        return self.split - 1


def bars() -> tuple[int, int]:
    """How many bars the sample has, and how many of them training sees."""
    data = samples.load(SAMPLE)
    return len(data), int(len(data) * SPLIT)


def learn_market(kind: Kind, steps: int, *, seed: int = 0, on_progress: Progress | None = None) -> Market:
    """Trains with continuous position sizes and realistic costs on the first 70 % of the ES sample."""
    data, (_, split) = samples.load(SAMPLE), bars()
    agent, history = train(kind, data[:split], MARKET, steps, seed=seed, settings=_SETTINGS, on_progress=on_progress)
    return Market(agent, history, data, split)


def evaluate_market(market: Market, *, seed: int = 0, on_step: Callable[[int], None] | None = None) -> list[Episode]:
    """The held-out part: the agent first, then flat, buy-and-hold and random."""
    spec = market.agent.spec
    policies = (market.agent, *evaluation.baselines(spec, seed))
    return [evaluation.run(policy, market.data, spec, start=market.start, on_step=on_step) for policy in policies]
