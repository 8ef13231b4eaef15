"""TorchTrade's batch of environments on torch tensors, and its single environment."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from measure import ROUNDS, Peer, Row, Run, levels, main, row
from peers.torch_venv import TORCH

PEER = Peer(
    name="TorchTrade",
    venv=TORCH,
    packages=("torchtrade",),
    envs=(1, 8, 64, 512, 4_096),
    bars=100_000,
    note="targets -1, 0 or 1 of the cash, filled at the close of the bar that was seen; a fee in percent, a random slippage that "
    "helps as often as it hurts, isolated margin and liquidation, no lots; 16 features and 6 numbers of the account; random "
    "starts, episodes of 1,000 steps, gaps between sessions closed",
)


def rows(run: Run) -> Iterator[Row]:
    """``SequentialTradingEnv`` for one, ``VectorizedSequentialTradingEnv`` for more, both with TorchRL's own autoreset."""
    import pandas as pd
    import torch
    from torchtrade.envs.offline.sequential import SequentialTradingEnv, SequentialTradingEnvConfig
    from torchtrade.envs.offline.vectorized_sequential import (
        VectorizedSequentialTradingEnv,
        VectorizedSequentialTradingEnvConfig,
    )

    torch.set_num_threads(1)
    # The single one warns of a balance a rounding error below zero.
    logging.disable(logging.WARNING)
    market = run.market()
    frame = pd.DataFrame({name: market[name] for name in ("open", "high", "low", "close", "volume")})
    for i in range(market["features"].shape[1]):
        frame[f"features_{i}"] = market["features"][:, i]
    # It fills every minute between the first and the last, so sessions are put end to end.
    frame["timestamp"] = pd.date_range("2024-01-01", periods=len(frame), freq="min")
    settings: dict[str, Any] = {
        "time_frames": "1Min",
        "window_sizes": 1,
        "execute_on": "1Min",
        "initial_cash": 1_000_000,
        "transaction_fee": 0.0001,
        "slippage": 0.0001,
        "max_traj_length": 1_000,
        "action_levels": [-1, 0, 1],
        # Without leverage it has no short positions.
        "leverage": 2,
    }

    def single() -> Any:
        return SequentialTradingEnv(frame, SequentialTradingEnvConfig(**settings), pd.DataFrame.reset_index)

    def batch(envs: int) -> Any:
        config = VectorizedSequentialTradingEnvConfig(num_envs=envs, **settings)
        return VectorizedSequentialTradingEnv(frame, config, pd.DataFrame.reset_index)

    def held(env: Any) -> Any:
        """The position of a single environment, the positions of a batch."""
        return (
            env._position_sizes.clone()
            if hasattr(env, "_position_sizes")
            else torch.tensor([env.position.position_size])
        )

    for envs in run.envs:
        env = single() if envs == 1 else batch(envs)
        drawn = torch.from_numpy(levels(3, envs))
        actions = list(drawn[:, 0]) if envs == 1 else list(drawn)
        state = [env.reset()]

        def step(i: int, env: Any = env, actions: Any = actions, state: Any = state) -> Any:
            state[0]["action"] = actions[i % ROUNDS]
            taken, state[0] = env.step_and_maybe_reset(state[0])
            return taken

        def filled(i: int, env: Any = env, step: Any = step) -> int:
            before = held(env)
            done = step(i)["next", "done"].reshape(-1)
            # A position that a reset closed was not traded.
            return int(((held(env) != before) & ~done).sum())

        seen = env.observation_spec
        width = sum(seen[key].shape[len(env.batch_size) :].numel() for key in seen.keys(True, True))
        road = "SequentialTradingEnv" if envs == 1 else "torch batch"
        with torch.no_grad():
            yield row(run, road, envs, step, observation=width, fills=filled)


if __name__ == "__main__":
    main(PEER, rows)
