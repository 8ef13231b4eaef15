"""EnvPool as an engine: its two cheapest environments, one thread of its own, all environments a step."""

from __future__ import annotations

from collections.abc import Iterator

from measure import ROUNDS, Peer, Row, Run, floats, levels, main, row
from venvs import Venv

PEER = Peer(
    name="EnvPool",
    venv=Venv("envpool", ("envpool==1.2.5", "gymnasium==1.4.0")),
    package="envpool",
    envs=(64, 512, 4_096),
    bars=0,
    note="CartPole and Pendulum in C++, a few numbers observed: how fast the engine hands out steps, no market",
    kind="engine",
    pinned=False,
)


def rows(run: Run) -> Iterator[Row]:
    """CartPole and Pendulum, in lockstep."""
    import envpool
    import numpy as np

    for name in ("CartPole-v1", "Pendulum-v1"):
        for envs in run.envs:
            pool = envpool.make(name, env_type="gymnasium", num_envs=envs, num_threads=1)
            pool.reset()
            if name == "CartPole-v1":
                actions = levels(2, envs).astype(np.int32)
            else:
                actions = np.random.default_rng(0).uniform(-2, 2, (ROUNDS, envs, 1)).astype(np.float32)

            def step(i: int, pool: envpool.EnvPool = pool, actions: object = actions) -> None:
                pool.step(actions[i % ROUNDS])

            # Its space is that of one environment.
            yield row(run, f"{name}, one thread", envs, step, observation=floats(pool.observation_space), fills=None)
            pool.close()


if __name__ == "__main__":
    main(PEER, rows)
