"""The vectorisers of Gymnasium and Stable-Baselines3 over an environment that does nothing: their own cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gym_roads import roads
from measure import ROUNDS, Peer, Row, Run, levels, main, row
from peers.torch_venv import TORCH

WIDTH = 20
PEER = Peer(
    name="no-op in Python",
    venv=TORCH,
    package="gymnasium",
    envs=(1, 8, 64, 512),
    bars=0,
    note="returns the same 20 zeros at every step: what no environment written in Python can pass under these vectorisers",
    kind="vectoriser",
)


def rows(run: Run) -> Iterator[Row]:
    """``SyncVectorEnv``, and ``DummyVecEnv`` of Stable-Baselines3."""
    import gymnasium
    import numpy as np
    from stable_baselines3.common.vec_env import DummyVecEnv

    class Nothing(gymnasium.Env[Any, Any]):
        observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (WIDTH,), np.float32)
        action_space = gymnasium.spaces.Discrete(3)

        def __init__(self) -> None:
            self.zeros = np.zeros(WIDTH, np.float32)

        def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
            return self.zeros, {}

        def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
            return self.zeros, 0.0, False, False, {}

    yield from roads(run, Nothing, lambda envs: levels(3, envs), None)
    for count in run.envs:
        if count > 1:
            dummies = DummyVecEnv([Nothing for _ in range(count)])
            dummies.reset()
            actions = levels(3, count)
            yield row(
                run,
                "DummyVecEnv",
                count,
                lambda i, dummies=dummies, actions=actions: dummies.step(actions[i % ROUNDS]),
                observation=WIDTH,
                fills=None,
            )


if __name__ == "__main__":
    main(PEER, rows)
