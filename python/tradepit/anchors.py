"""Problems with a known answer: is it the environment, the reward or the agent?

>>> import gymnasium, tradepit
>>> env = gymnasium.make("tradepit/anchor/ou-threshold-v0", cost=0.5)
>>> obs, info = env.reset(seed=0)
>>> [score] = scores("leak", lambda obs: obs[:, :1].clip(-1.0, 1.0), share=0.05)
>>> 0.2 < score["value"] < score["theory"]
True

Every problem is an environment like any other, a spec over a synthetic market of which every episode draws a path of its
own, with the value of its best policy computed. What they are, and what comes out: docs/anchors.md, and ``tradepit anchors``.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _core
from .data import MarketData
from .env import TradingEnv
from .errors import FileError
from .vector import TradingVectorEnv

__all__ = ["environment", "load", "make", "make_vec", "names", "problem", "problems", "scores", "table"]

#: Takes observations of shape ``(n, d)``, gives their actions: ``(n, k)`` numbers, or ``(n,)`` choices.
Acts = Callable[[NDArray[np.float32]], Any]
#: ``name`` and ``params``.
Problem = dict[str, Any]


def names() -> list[str]:
    """The problems.

    >>> names()[:3]
    ['leak', 'null', 'merton']
    """
    return list(_core.anchor_names())


def problem(name: str, **params: Any) -> Problem:
    """A problem with all of its parameters, those that are given in place of the usual ones.

    >>> problem("kelly", p=0.55)
    {'name': 'kelly', 'params': {'p': 0.55}}
    """
    found: Problem = json.loads(_core.anchor_problem(name, json.dumps(params)))
    return found


def problems() -> list[Problem]:
    """Those of the table: every one, at each of the parameters for which the literature has a value."""
    found: list[Problem] = json.loads(_core.anchor_problems())
    return found


def environment(name: str, **params: Any) -> tuple[MarketData, dict[str, Any]]:
    """Rows and spec of a problem's environment, for whatever takes ``data`` and the fields of a spec.

    >>> from tradepit.agents import PPO
    >>> data, spec = environment("leak")
    >>> model = PPO(data=data, num_envs=8, n_steps=16, batch_size=64, **spec)
    """
    data, spec = _core.anchor_environment(json.dumps(problem(name, **params)))
    return data, json.loads(spec)


def make(name: str, *, render_mode: str | None = None, **params: Any) -> TradingEnv:
    """The environment of a problem; ``gymnasium.make("tradepit/anchor/<name>-v0", **params)`` makes the same."""
    data, spec = environment(name, **params)
    return TradingEnv(data, render_mode=render_mode, **spec)


_BATCH = ("threads", "autoreset_mode", "copy", "info")


def make_vec(name: str, num_envs: int, *, render_mode: None = None, **params: Any) -> TradingVectorEnv:
    """Environments of a problem, as ``gymnasium.make_vec`` makes them.

    The keywords are parameters of the problem, and of the batch: threads, autoreset_mode, copy, info.
    """
    batch = {key: params.pop(key) for key in _BATCH if key in params}
    data, spec = environment(name, **params)
    return TradingVectorEnv(num_envs, data, render_mode=render_mode, **batch, **spec)


def scores(name: str, agent: Acts, *, share: float = 1.0, seed: int = 0, **params: Any) -> list[dict[str, Any]]:
    """How a policy does at each objective of a problem.

    A score has its ``value`` and the standard error ``se`` of it, the exact value ``theory`` of the best policy, by how many
    standard errors they are ``off``, what the best (``optimal``), a ``naive`` and a ``random`` policy got on the same
    episodes, and ``regret``: the share of the way from the reference to the optimum that is missing, as ``value`` with the
    95 % interval ``low`` to ``high``.

    Args:
        name: Which problem.
        agent: The policy, on batches of observations.
        share: How many episodes, as a multiple of those that tell policies well apart.
        seed: Of the episodes; every policy plays the same ones.
        params: Parameters of the problem.
    """
    found: list[dict[str, Any]] = json.loads(
        _core.anchor_scores(json.dumps(problem(name, **params)), agent, float(share), seed)
    )
    return found


def table(
    problems: Iterable[Mapping[str, Any]] | None = None, *, share: float = 1.0, seed: int = 0
) -> list[dict[str, Any]]:
    """The scores of the best policies themselves, of all problems unless told which."""
    chosen = globals()["problems"]() if problems is None else list(problems)
    found: list[dict[str, Any]] = json.loads(_core.anchor_table(json.dumps(chosen), float(share), seed))
    return found


def load(path: str | os.PathLike[str]) -> Acts:
    """The policy of a file: of tradepit's own agents, or any model of Stable-Baselines3 that acts on plain observations."""
    from . import training

    try:
        agent: Any = training.load(path)
    except FileError:
        if not (os.path.isfile(path) and zipfile.is_zipfile(path)):
            raise
        agent = _plain_sb3(path)
    return lambda obs: agent.predict(obs, deterministic=True)[0]


def _plain_sb3(path: str | os.PathLike[str]) -> Any:
    """A model that Stable-Baselines3 saved by itself: the file does not say by which algorithm."""
    import stable_baselines3

    why = "no algorithm"
    for algorithm in ("PPO", "A2C", "DQN", "SAC", "TD3", "DDPG"):
        try:
            return getattr(stable_baselines3, algorithm).load(path, device="cpu")
        except Exception as error:  # nobody knows what another algorithm's file makes a reader raise
            why = f"{why}; {algorithm}: {error}"
    raise FileError(f"{os.fspath(path)}: Stable-Baselines3 can't read it: {why}")
