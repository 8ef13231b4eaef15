"""Agents that learn in Rust, on a batch of environments of their own.

>>> import tradepit
>>> from tradepit.agents import PPO
>>> model = PPO("tradepit/SingleAsset-v0", data="es_1m", num_envs=8, n_steps=16, batch_size=64, window=4)
>>> model.learn(256).num_timesteps
256
>>> env = tradepit.TradingEnv("es_1m", window=4)
>>> obs, info = env.reset(seed=0)
>>> action, _ = model.predict(obs)
>>> action.shape
(1,)
"""

from __future__ import annotations

import copy
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from .data import Data, Stamp, market_data
from .env import RewardFunction, read_json, split_reward
from .errors import ShapeError, SpecError
from .spec import EnvSpec

__all__ = ["PPO", "Progress"]

ENVIRONMENTS = ("tradepit/SingleAsset-v0",)

#: What a callback of :meth:`PPO.learn` gets: steps, total_steps, iterations, episodes, ep_rew_mean, ep_len_mean,
#: policy_loss, value_loss, entropy, approx_kl, clip_fraction, explained_variance, grad_norm, learning_rate.
Progress = dict[str, Any]


class PPO:
    """Proximal policy optimisation (Schulman et al., 2017), native: environments, networks and updates in Rust.

    The interpreter's lock is released while it learns. The same seed gives the same bits, whatever ``threads``. Settings
    have the names and defaults of Stable-Baselines3 where it has them, but for those that a large batch asks for
    (``n_steps``, ``batch_size``, ``n_epochs``), and observations and rewards are normalised unless told otherwise.

    Args:
        env_id: ``"tradepit/SingleAsset-v0"``.
        data: See :func:`tradepit.market_data`, as for ``instrument``, ``calendar``, ``stamp``, ``period``, ``columns``
            and ``symbol``.
        num_envs: Environments that learn together; episodes end and begin within a step.
        threads: Of environments and updates; 0 is as many as the machine has.
        reward: A name or mapping, as any field of the spec, or a callable on columns: see :class:`tradepit.TradingEnv`.
        seed: Of weights, actions, shuffles, and of the first environment (the others count up from it).
        net_arch: Widths of the hidden layers of the policy's network, and of the value's.
        **spec: The fields of :class:`tradepit.EnvSpec`.

    Raises:
        tradepit.errors.SpecError: For a setting or field that is unknown or out of its range, by its name.
    """

    def __init__(
        self,
        env_id: str = "tradepit/SingleAsset-v0",
        *,
        data: Data,
        num_envs: int = 512,
        threads: int = 0,
        reward: str | Mapping[str, Any] | RewardFunction | None = None,
        seed: int = 0,
        learning_rate: float = 3e-4,
        n_steps: int = 64,
        batch_size: int = 4096,
        n_epochs: int = 4,
        gamma: float = 0.99,
        gae_lambda: float = 0.95,
        clip_range: float = 0.2,
        clip_range_vf: float | None = None,
        normalize_advantage: bool = True,
        ent_coef: float = 0.0,
        vf_coef: float = 0.5,
        max_grad_norm: float = 0.5,
        target_kl: float | None = None,
        net_arch: Iterable[int] = (64, 64),
        log_std_init: float = 0.0,
        anneal_lr: bool = False,
        normalize_obs: bool = True,
        normalize_reward: bool = True,
        instrument: str | Mapping[str, Any] | None = None,
        calendar: str | None = None,
        stamp: Stamp | None = None,
        period: float | None = None,
        columns: Iterable[str] = (),
        symbol: str | None = None,
        **spec: Any,
    ) -> None:
        if env_id not in ENVIRONMENTS:
            raise SpecError(f"env_id: {env_id!r} is unknown; use one of {', '.join(ENVIRONMENTS)}")
        market = market_data(
            data, instrument=instrument, calendar=calendar, stamp=stamp, period=period, columns=columns, symbol=symbol
        )
        config = {
            "learning_rate": learning_rate,
            "n_steps": n_steps,
            "batch_size": batch_size,
            "n_epochs": n_epochs,
            "gamma": gamma,
            "gae_lambda": gae_lambda,
            "clip_range": clip_range,
            "clip_range_vf": clip_range_vf,
            "normalize_advantage": normalize_advantage,
            "ent_coef": ent_coef,
            "vf_coef": vf_coef,
            "max_grad_norm": max_grad_norm,
            "target_kl": target_kl,
            "hidden": list(net_arch),
            "log_std_init": log_std_init,
            "anneal_lr": anneal_lr,
            "normalize_obs": normalize_obs,
            "normalize_reward": normalize_reward,
            "seed": seed,
            "threads": threads or os.cpu_count() or 1,
        }
        for name, value in config.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise SpecError(f"{name}: {value} must be a finite number")
        spec_json, function = split_reward(spec, reward)
        self._take(_core.Ppo(market, spec_json, num_envs, threads, json.dumps(config), function))

    def _take(self, core: _core.Ppo) -> None:
        self.core = core
        self._discrete = core.action_space[0] == "discrete"

    def learn(self, total_timesteps: int, callback: Callable[[Progress], Any] | None = None) -> PPO:
        """Learns for that many steps of single environments, rounded up to whole rollouts.

        ``callback`` gets a :data:`Progress` after each rollout and its update; if it returns ``False``, learning ends.
        Ctrl-C raises ``KeyboardInterrupt`` after the present update, and the agent stays usable.
        """
        self.core.learn(total_timesteps, callback)
        return self

    def predict(
        self,
        observation: ArrayLike,
        state: None = None,
        episode_start: Any = None,
        deterministic: bool = True,
        action_masks: ArrayLike | None = None,
    ) -> tuple[NDArray[Any], None]:
        """Actions for one observation of shape ``(d,)`` or several of shape ``(n, d)``, as Stable-Baselines3 gives them.

        Continuous actions are float32 of shape ``(k,)`` or ``(n, k)`` within the action space, discrete ones int64; with
        ``action_masks`` (:meth:`tradepit.TradingEnv.action_masks`, a row for each observation) among those that are open.
        Training keeps to the masks by itself. Observations by index are gathered, while an environment that gives such lives.
        """
        obs = np.ascontiguousarray(observation, dtype=np.float32)
        if obs.ndim not in (1, 2):
            raise ShapeError(f"observations: expected shape (d,) or (n, d), got {obs.shape}")
        masks = None if action_masks is None else np.ascontiguousarray(action_masks, dtype=np.bool_)
        actions = self.core.predict(np.atleast_2d(obs), deterministic, masks)
        return (actions[0] if obs.ndim == 1 else actions), None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes one file (safetensors): weights, normaliser, spec of the environment, and what learning needs to go on."""
        self.core.save(os.fspath(path))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        data: Data | None = None,
        num_envs: int = 512,
        threads: int = 0,
        reward: str | Mapping[str, Any] | RewardFunction | None = None,
        instrument: str | Mapping[str, Any] | None = None,
        calendar: str | None = None,
        stamp: Stamp | None = None,
        period: float | None = None,
        columns: Iterable[str] = (),
        symbol: str | None = None,
        **spec: Any,
    ) -> PPO:
        """Reads a saved agent: for predictions, or with ``data`` to learn on.

        The environment is the one that it was saved with, unless fields of a spec are named. One whose observations are made
        of something else is refused.

        Raises:
            tradepit.errors.FileError: If the file can't be read, or is no agent.
            tradepit.errors.LayoutError: If the observations differ; both layouts are shown.
        """
        core = _core.Ppo.load(os.fspath(path))
        if data is not None:
            market = market_data(
                data,
                instrument=instrument,
                calendar=calendar,
                stamp=stamp,
                period=period,
                columns=columns,
                symbol=symbol,
            )
            known = {**json.loads(core.spec_json or "{}"), **spec}
            spec_json, function = split_reward(known, reward)
            core = core.attach(market, spec_json, num_envs, threads, function)
        elif spec or reward is not None:
            raise SpecError("data: is missing; fields of a spec make sense with data to learn on")
        model = cls.__new__(cls)
        model._take(core)
        return model

    @property
    def spec(self) -> EnvSpec:
        """The whole spec of the environment that it learned from, to make others with: ``TradingEnv(data, **spec)``."""
        return read_json(self.core.spec_json or "{}")

    @property
    def config(self) -> dict[str, Any]:
        """Its settings."""
        return json.loads(self.core.config_json)  # type: ignore[no-any-return]

    @property
    def layout(self) -> str:
        """What its observations are made of, in words."""
        return self.core.layout or ""

    @property
    def num_timesteps(self) -> int:
        """Steps of single environments that it has learned from."""
        return self.core.steps

    def check(self, data: Data, **spec: Any) -> None:
        """Refuses data and spec whose observations are not those of the policy.

        Raises:
            tradepit.errors.LayoutError: If they are not; both layouts are shown.
        """
        spec_json, _ = split_reward(spec, None)
        self.core.check(market_data(data), spec_json)

    def __getstate__(self) -> dict[str, Any]:
        """For pickle: the agent without its environments, as :meth:`save` writes it."""
        return {"bytes": self.core.to_bytes()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._take(_core.Ppo.from_bytes(state["bytes"]))

    def __deepcopy__(self, memo: dict[int, Any]) -> PPO:
        twin = self.__class__.__new__(self.__class__)
        twin.__setstate__(copy.deepcopy(self.__getstate__(), memo))
        return twin
