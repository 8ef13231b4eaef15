"""Environments by name: one engine, each with another market, action and reward.

>>> import gymnasium, tradepit
>>> env = gymnasium.make("tradepit/MarketMaking-v0", holding=3.0)
>>> observation, info = env.reset(seed=0)
>>> observation, reward, terminated, truncated, info = env.step([-0.3, -0.3])
>>> [name for name in names() if environment(name)[0] is None]  # these trade on data of yours
['single_asset', 'portfolio', 'spread']

Every field of a spec can be given as a keyword, in place of the scenario's, and any data in place of a market that is drawn.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from . import _core
from .data import Data, MarketData
from .env import TradingEnv
from .errors import SpecError
from .vector import TradingVectorEnv

__all__ = ["IDS", "environment", "given", "make", "make_vec", "names"]

#: The ids that Gymnasium knows, with their scenarios.
IDS = {f"tradepit/{''.join(word.title() for word in name.split('_'))}-v0": name for name in _core.scenario_names()}


def names() -> list[str]:
    """The scenarios."""
    return list(_core.scenario_names())


def environment(name: str, data: Data | None = None, **fields: Any) -> tuple[Data | None, dict[str, Any]]:
    """Data and spec of a scenario, for whatever takes ``data`` and the fields of a spec.

    >>> from tradepit.agents import PPO
    >>> data, spec = environment("execution")
    >>> model = PPO(data=data, num_envs=8, n_steps=16, batch_size=64, **spec)

    Where data are given and ``market`` is not, the scenario trades on them and draws nothing.
    """
    rows: MarketData | None
    rows, spec_json = _known(name)
    spec: dict[str, Any] = json.loads(spec_json)
    if data is not None and "market" not in fields:
        spec["market"] = {"kind": "data"}
    return (rows if data is None else data), {**spec, **fields}


@functools.cache
def _known(name: str) -> tuple[MarketData | None, str]:
    # Made once: environments over the same rows share the features of these as well.
    return _core.scenario_environment(name)


def make(scenario: str, data: Data | None = None, **options: Any) -> TradingEnv:
    """The environment of a scenario; ``gymnasium.make("tradepit/Hedging-v0", **options)`` makes the same."""
    data, options = environment(scenario, data, **options)
    return TradingEnv(given(scenario, data), **options)


def make_vec(scenario: str, num_envs: int, data: Data | None = None, **options: Any) -> TradingVectorEnv:
    """Environments of a scenario, as ``gymnasium.make_vec`` makes them."""
    data, options = environment(scenario, data, **options)
    return TradingVectorEnv(num_envs, given(scenario, data), **options)


def given(scenario: str, data: Data | None) -> Data:
    """The data, which a scenario that draws no market needs."""
    if data is None:
        several = {"portfolio": " of several instruments", "spread": " of two instruments"}.get(scenario, "")
        how = " (tradepit.align makes them)" if several else ""
        raise SpecError(f"data: the scenario {scenario} trades on data of yours; give some{several}{how}")
    return data
