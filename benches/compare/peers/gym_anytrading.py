"""gym-anytrading's ``StocksEnv`` with the features of the market instead of the price and its change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gym_roads import roads
from measure import Peer, Row, Run, levels, main
from venvs import Venv

PEER = Peer(
    name="gym-anytrading",
    venv=Venv("gym-anytrading", ("gym-anytrading==2.0.0", "gymnasium==1.4.0")),
    package="gym-anytrading",
    envs=(1, 8, 64),
    bars=10_000,
    note="flips between short and long at the next close; fees are in its profit but not in its reward; no size, no account in "
    "the observation, a short position earns nothing; every episode begins at the first bar",
)


def rows(run: Run) -> Iterator[Row]:
    """One environment, and several under ``SyncVectorEnv``."""
    import numpy as np
    import pandas as pd
    from gym_anytrading.envs import StocksEnv

    market = run.market()
    frame = pd.DataFrame({name.capitalize(): market[name] for name in ("open", "high", "low", "close", "volume")})

    class Featured(StocksEnv):  # type: ignore[misc]
        def _process_data(self) -> tuple[Any, Any]:
            return market["close"].astype(np.float32), market["features"].astype(np.float32)

    def make() -> Any:
        return Featured(df=frame, window_size=1, frame_bound=(1, len(frame)))

    yield from roads(run, make, lambda envs: levels(2, envs), lambda env: env._position)


if __name__ == "__main__":
    main(PEER, rows)
