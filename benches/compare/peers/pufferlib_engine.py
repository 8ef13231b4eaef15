"""PufferLib's C environments as an engine: CartPole, and Breakout, whose observation has 118 numbers."""

from __future__ import annotations

from collections.abc import Iterator

from measure import ROUNDS, Peer, Row, Run, floats, levels, main, row
from venvs import Venv

PEER = Peer(
    name="PufferLib",
    venv=Venv("pufferlib", ("pufferlib==3.0.0",)),
    package="pufferlib",
    envs=(64, 512, 4_096),
    bars=0,
    note="CartPole and Breakout in C over memory of the caller's: what a plain loop in C reaches, no market",
    kind="engine",
)


def rows(run: Run) -> Iterator[Row]:
    """CartPole and Breakout."""
    from pufferlib.ocean import env_creator

    for name in ("cartpole", "breakout"):
        for envs in run.envs:
            made = env_creator(f"puffer_{name}")(num_envs=envs)
            made.reset(seed=0)
            actions = levels(made.single_action_space.n, envs).astype(made.actions.dtype)

            def step(i: int, made: object = made, actions: object = actions) -> None:
                made.step(actions[i % ROUNDS])

            width = floats(made.single_observation_space)
            yield row(run, name, envs, step, observation=width, fills=None)
            made.close()


if __name__ == "__main__":
    main(PEER, rows)
