"""FinRL's ``StockTradingEnv`` with one asset.

It is loaded by its file: the package around it imports libraries that nobody keeps up any more.
"""

from __future__ import annotations

import importlib.util
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gym_roads import roads
from measure import ROUNDS, Peer, Row, Run, main
from peers.torch_venv import TORCH

PEER = Peer(
    name="FinRL",
    venv=TORCH,
    package="finrl",
    envs=(1, 8, 64),
    bars=10_000,
    note="buys or sells whole shares at the close that was seen; a fee in percent, no slippage, no short positions, so that a sale "
    "without shares does nothing; 16 features, cash, price and shares; every episode begins at the first bar and has all of them",
)
MOST_SHARES = 10


def rows(run: Run) -> Iterator[Row]:
    """One environment, and several under ``SyncVectorEnv``."""
    import numpy as np
    import pandas as pd

    path = Path(sysconfig.get_path("purelib"), "finrl/meta/env_stock_trading/env_stocktrading.py")
    spec = importlib.util.spec_from_file_location("env_stocktrading", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    market = run.market()
    features = [f"feature_{i}" for i in range(market["features"].shape[1])]
    frame = pd.DataFrame(market["features"], columns=features)
    frame = frame.assign(date=pd.to_datetime(market["time_ns"]), tic="ES", close=market["close"])

    def make() -> Any:
        return module.StockTradingEnv(
            df=frame,
            stock_dim=1,
            hmax=MOST_SHARES,
            initial_amount=1_000_000_000,
            num_stock_shares=[0],
            buy_cost_pct=[0.0001],
            sell_cost_pct=[0.0001],
            reward_scaling=1e-4,
            state_space=3 + len(features),
            action_space=1,
            tech_indicator_list=features,
            print_verbosity=1_000_000_000,
        )

    def actions(envs: int) -> Any:
        """Half of the steps trade; purchases and sales take turns of two steps, so that there is mostly something to sell."""
        rng = np.random.default_rng(0)
        side = np.where(np.arange(ROUNDS) % 4 < 2, 1.0, -1.0)[:, None, None]
        return (side * (rng.random((ROUNDS, envs, 1)) < 0.5)).astype(np.float32)

    yield from roads(run, make, actions, lambda env: env.trades)


if __name__ == "__main__":
    main(PEER, rows)
