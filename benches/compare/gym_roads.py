"""Environments with Gymnasium's interface: one by itself, or several under Gymnasium's ``SyncVectorEnv``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from measure import ROUNDS, Row, Run, floats, row
from numpy.typing import NDArray

Record = Callable[[Any], object]


def roads(
    run: Run, make: Callable[[], Any], actions: Callable[[int], NDArray[Any]], record: Record | None
) -> Iterator[Row]:
    """``make()`` stepped by ``actions(envs)``, a round a row.

    ``record(env)`` reads of the environment's own records what differs after a fill: a position, a count of trades.
    """
    for envs in run.envs:
        yield _single(run, make, actions(1), record) if envs == 1 else _several(run, make, actions(envs), record)


def _single(run: Run, make: Callable[[], Any], actions: NDArray[Any], record: Record | None) -> Row:
    env = make()
    chosen = list(actions[:, 0])
    env.reset(seed=0)

    def step(i: int) -> None:
        _, _, terminated, truncated, _ = env.step(chosen[i % ROUNDS])
        if terminated or truncated:
            env.reset()

    def filled(i: int) -> int:
        before = record(env.unwrapped)
        _, _, terminated, truncated, _ = env.step(chosen[i % ROUNDS])
        after = record(env.unwrapped)
        if terminated or truncated:
            env.reset()
        return int(before != after)

    width = floats(env.observation_space)
    return row(run, "one environment", 1, step, observation=width, fills=filled if record else None)


def _several(run: Run, make: Callable[[], Any], actions: NDArray[Any], record: Record | None) -> Row:
    from gymnasium.vector import SyncVectorEnv

    envs = SyncVectorEnv([make for _ in range(actions.shape[1])])
    envs.reset(seed=0)
    count = envs.num_envs
    ended = [False] * count

    def step(i: int) -> None:
        envs.step(actions[i % ROUNDS])

    def filled(i: int) -> int:
        before = [record(env.unwrapped) for env in envs.envs]
        _, _, terminated, truncated, _ = envs.step(actions[i % ROUNDS])
        after = [record(env.unwrapped) for env in envs.envs]
        # The step after an episode's last is its reset.
        fills = sum(a != b and not e for a, b, e in zip(before, after, ended, strict=True))
        ended[:] = (terminated | truncated).tolist()
        return fills

    width = floats(envs.single_observation_space)
    return row(run, "SyncVectorEnv", count, step, observation=width, fills=filled if record else None)
