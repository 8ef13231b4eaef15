"""A market to train trading agents in, and to trade from.

>>> import gymnasium, tradepit
>>> env = gymnasium.make("tradepit/SingleAsset-v0", data="es_1m")
>>> envs = gymnasium.make_vec("tradepit/SingleAsset-v0", num_envs=4, data="es_1m")

Importing this package registers its environments with Gymnasium. ``tradepit.sb3`` has them for Stable-Baselines3.
"""

import re as _re

import gymnasium as _gymnasium
from gymnasium.envs import registration as _registration

from . import anchors, errors, samples, scenarios, synth
from .asynchronous import AsyncVectorEnv
from .backtesting import Backtest, Backtests, backtest
from .combine import align, continuous, index_contracts, join_published, join_quotes, sessions
from .data import MarketData, bars_from_trades, check, market_data, times
from .diagnosis import doctor
from .env import TradingEnv
from .errors import TradepitError
from .leak import leakcheck
from .spec import EnvSpec, default_spec, read_spec
from .vector import TradingVectorEnv

__all__ = [
    "AsyncVectorEnv",
    "Backtest",
    "Backtests",
    "EnvSpec",
    "MarketData",
    "TradepitError",
    "TradingEnv",
    "TradingVectorEnv",
    "align",
    "anchors",
    "backtest",
    "bars_from_trades",
    "check",
    "continuous",
    "default_spec",
    "doctor",
    "errors",
    "index_contracts",
    "join_published",
    "join_quotes",
    "leakcheck",
    "market_data",
    "read_spec",
    "samples",
    "scenarios",
    "sessions",
    "synth",
    "times",
]

_gymnasium.register(
    id="tradepit/SingleAsset-v0",
    entry_point="tradepit.env:TradingEnv",
    vector_entry_point="tradepit.vector:TradingVectorEnv",
)

for _id, _name in scenarios.IDS.items():
    if _name != "single_asset":
        _gymnasium.register(
            id=_id,
            entry_point="tradepit.scenarios:make",
            vector_entry_point="tradepit.scenarios:make_vec",
            kwargs={"scenario": _name},
        )

# Gymnasium knows names with one slash; those of the problems have two. Every name that it took it still takes.
_registration.ENV_ID_RE = _re.compile(r"^(?:(?P<namespace>[\w:/-]+)\/)?(?:(?P<name>[\w:.-]+?))(?:-v(?P<version>\d+))?$")

for _name in anchors.names():
    _gymnasium.register(
        id=f"tradepit/anchor/{_name}-v0",
        entry_point="tradepit.anchors:make",
        vector_entry_point="tradepit.anchors:make_vec",
        kwargs={"name": _name},
    )
