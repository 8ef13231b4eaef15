"""gym-trading-env's ``TradingEnv``: positions short, flat and long, with the features of the market."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gym_roads import roads
from measure import Peer, Row, Run, levels, main
from venvs import Venv

PEER = Peer(
    name="gym-trading-env",
    venv=Venv("gym-trading-env", ("gym-trading-env==0.3.5", "gymnasium==1.4.0")),
    package="gym-trading-env",
    envs=(1, 8, 64),
    bars=10_000,
    note="targets -1, 0 or 1 filled at the close of the bar that was seen; a fee in percent, no slippage, no lots or margin; "
    "random starts; each environment copies the bars and makes a history as long as they are at every reset",
)


def rows(run: Run) -> Iterator[Row]:
    """One environment, and several under ``SyncVectorEnv``; 16 features, the last position and the real one."""
    import warnings

    import pandas as pd
    from gym_trading_env.environments import TradingEnv

    # Its import makes every warning of the process an error.
    warnings.resetwarnings()
    market = run.market()
    frame = pd.DataFrame({name: market[name] for name in ("open", "high", "low", "close", "volume")})
    frame.index = pd.to_datetime(market["time_ns"])
    for i in range(market["features"].shape[1]):
        frame[f"feature_{i}"] = market["features"][:, i]

    def make() -> Any:
        return TradingEnv(
            df=frame,
            positions=[-1, 0, 1],
            trading_fees=0.0001,
            initial_position=0,
            max_episode_duration=1_000,
            verbose=0,
        )

    yield from roads(run, make, lambda envs: levels(3, envs), lambda env: env._position)


if __name__ == "__main__":
    main(PEER, rows)
