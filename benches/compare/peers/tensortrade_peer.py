"""TensorTrade with its buy-sell-hold actions, behind a few lines that give it Gymnasium's interface."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

from gym_roads import roads
from measure import Peer, Row, Run, levels, main
from venvs import Venv

PEER = Peer(
    name="TensorTrade",
    # Alone, because it asks for TensorFlow, which only its agents use.
    venv=Venv(
        "tensortrade",
        (
            "numpy==1.26.4",
            "pandas==2.3.3",
            "gym==0.26.2",
            "gymnasium==1.4.0",
            "pyyaml",
            "deprecated",
            "stochastic==0.6.0",
            "ipython==8.37.0",
            "matplotlib",
            "plotly",
        ),
        alone=("tensortrade==1.0.3",),
    ),
    package="tensortrade",
    envs=(1, 8),
    # An episode is all rows, and the broker looks at every order since its start: as many as tradepit's episodes have.
    bars=1_001,
    note="all in or all out at the close that was seen; a fee in percent, no slippage, no short positions; 16 features, no "
    "account in the observation; every episode begins at the first bar; its interface of 2021 wrapped",
)


def rows(run: Run) -> Iterator[Row]:
    """One environment, and several under ``SyncVectorEnv``."""
    # Its agents import TensorFlow; nothing of them is used.
    sys.modules["tensortrade.agents"] = types.ModuleType("tensortrade.agents")
    import gymnasium
    import numpy as np
    import tensortrade.env.default as default
    from tensortrade.feed.core import DataFeed, Stream
    from tensortrade.oms.exchanges import Exchange, ExchangeOptions
    from tensortrade.oms.instruments import USD, Instrument
    from tensortrade.oms.services.execution.simulated import execute_order
    from tensortrade.oms.wallets import Portfolio, Wallet

    market = run.market()
    close, features = market["close"].tolist(), market["features"].T.tolist()
    contract = Instrument("ES", 4, "E-mini S&P 500")

    def made() -> Any:
        options = ExchangeOptions(commission=0.0001)
        prices = Stream.source(close, dtype="float").rename("USD-ES")
        exchange = Exchange("exchange", service=execute_order, options=options)(prices)
        cash, asset = Wallet(exchange, 1_000_000 * USD), Wallet(exchange, 0 * contract)
        feed = DataFeed([Stream.source(one, dtype="float").rename(f"feature_{i}") for i, one in enumerate(features)])
        return default.create(
            portfolio=Portfolio(USD, [cash, asset]),
            action_scheme=default.actions.BSH(cash=cash, asset=asset),
            reward_scheme=default.rewards.SimpleProfit(),
            feed=feed,
            window_size=1,
            max_allowed_loss=1.0,
        )

    class Wrapped(gymnasium.Env[Any, Any]):
        observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (1, len(features)), np.float64)
        action_space = gymnasium.spaces.Discrete(2)

        def __init__(self) -> None:
            self.inner = made()

        def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
            super().reset(seed=seed)
            return self.inner.reset(), {}

        def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
            observation, reward, done, info = self.inner.step(int(action))
            return observation, reward, False, done, info

    yield from roads(run, Wrapped, lambda envs: levels(2, envs), lambda env: len(env.inner.action_scheme.broker.trades))


if __name__ == "__main__":
    main(PEER, rows)
