"""PPO by tradepit or by Stable-Baselines3, behind one face: train, predict, save, load.

>>> import tradepit
>>> settings = Settings(num_envs=4, n_steps=16, batch_size=64, n_epochs=1)
>>> agent, history = train("native", tradepit.samples.load("es_1m")[:1000], {"window": 4}, 128, settings=settings)
>>> history[-1]["steps"], agent.spec["window"]
(128, 4)
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from .data import MarketData
from .errors import FileError

Kind = Literal["native", "sb3"]
#: Takes what is known after each iteration: ``steps``, ``total_steps``, ``ep_rew_mean``, ...
Progress = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Settings:
    """PPO's settings, the same for both agents, by the names that Stable-Baselines3 gives them."""

    num_envs: int = 64
    n_steps: int = 64
    batch_size: int = 1024
    n_epochs: int = 4
    learning_rate: float = 1e-3
    #: Whether the learning rate falls to 0.
    anneal_lr: bool = True
    gamma: float = 0.99
    gae_lambda: float = 0.95
    ent_coef: float = 0.0
    log_std_init: float = 0.0


class Agent(Protocol):
    """A trained policy, with the environment that it was trained for."""

    kind: Kind

    @property
    def spec(self) -> dict[str, Any]:
        """The environment's fields."""

    def predict(self, observation: Any, *, deterministic: bool = True) -> tuple[Any, Any]:
        """An action for an observation, as Stable-Baselines3's models give it."""

    def save(self, path: str | os.PathLike[str]) -> Any:
        """Writes policy, spec and normaliser as one file."""


def train(
    kind: Kind,
    data: MarketData,
    spec: Mapping[str, Any],
    steps: int,
    *,
    seed: int = 0,
    settings: Settings | None = None,
    on_progress: Progress | None = None,
) -> tuple[Agent, list[dict[str, Any]]]:
    """Trains PPO for ``steps`` steps of single environments, and gives it with what was known after each iteration."""
    settings = settings or Settings()
    history: list[dict[str, Any]] = []

    def on(progress: Mapping[str, Any]) -> None:
        history.append(dict(progress))
        if on_progress is not None:
            on_progress(progress)

    if kind == "sb3":
        from .training_sb3 import train_sb3

        return train_sb3(data, spec, steps, seed, settings, on), history
    from .agents import PPO

    # As many threads as there are cores learn; the result is the same for any number of them.
    ppo = PPO(data=data, seed=seed, threads=0, **asdict(settings), **spec)
    ppo.learn(steps, callback=on)
    return _Native(ppo), history


def load(path: str | os.PathLike[str]) -> Agent:
    """The agent of a file that ``save`` wrote, whichever it is."""
    if not Path(path).is_file():
        raise FileError(f"{os.fspath(path)}: no such file; `tradepit train --out {os.fspath(path)}` makes one")
    if zipfile.is_zipfile(path):
        from .training_sb3 import load_sb3

        return load_sb3(path)
    from .agents import PPO

    try:
        return _Native(PPO.load(path))
    except FileError as error:
        raise FileError(f"{os.fspath(path)}: {error}") from error


class _Native:
    kind: Kind = "native"
    name = "PPO"

    def __init__(self, ppo: Any) -> None:
        self._ppo = ppo

    @property
    def spec(self) -> dict[str, Any]:
        return dict(self._ppo.spec)

    def predict(self, observation: Any, *, deterministic: bool = True) -> tuple[Any, Any]:
        action, state = self._ppo.predict(observation, deterministic=deterministic)
        return action, state

    def save(self, path: str | os.PathLike[str]) -> Any:
        return self._ppo.save(os.fspath(path))
