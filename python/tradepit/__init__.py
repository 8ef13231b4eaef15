"""A market to train trading agents in, and to trade from.

>>> import gymnasium, tradepit
>>> env = gymnasium.make("tradepit/SingleAsset-v0", data="es_1m")
>>> envs = gymnasium.make_vec("tradepit/SingleAsset-v0", num_envs=4, data="es_1m")

Importing this package registers its environments with Gymnasium. ``tradepit.sb3`` has them for Stable-Baselines3.
"""

import gymnasium as _gymnasium

from . import errors, samples, synth
from .combine import align, continuous, index_contracts, join_published, join_quotes, sessions
from .data import MarketData, bars_from_trades, check, market_data, times
from .env import TradingEnv
from .errors import TradepitError
from .leak import leakcheck
from .spec import EnvSpec, default_spec, read_spec
from .vector import TradingVectorEnv

__all__ = [
    "EnvSpec",
    "MarketData",
    "TradepitError",
    "TradingEnv",
    "TradingVectorEnv",
    "align",
    "bars_from_trades",
    "check",
    "continuous",
    "default_spec",
    "errors",
    "index_contracts",
    "join_published",
    "join_quotes",
    "leakcheck",
    "market_data",
    "read_spec",
    "samples",
    "sessions",
    "synth",
    "times",
]

_gymnasium.register(
    id="tradepit/SingleAsset-v0",
    entry_point="tradepit.env:TradingEnv",
    vector_entry_point="tradepit.vector:TradingVectorEnv",
)
