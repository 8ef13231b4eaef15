"""Many trading environments in one step, for Gymnasium's vector interface."""

from __future__ import annotations

import copy as copying
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from . import _core
from .data import Data, Stamp, market_data
from .env import Normalized, RewardFunction, normalizing, read_json, split_reward
from .errors import ShapeError, SpecError
from .spaces import make_space
from .spec import EnvSpec

__all__ = ["TradingVectorEnv"]

_MODES = {
    AutoresetMode.NEXT_STEP: "next_step",
    AutoresetMode.SAME_STEP: "same_step",
    AutoresetMode.DISABLED: "disabled",
}

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: What a step of the core gives: observations, rewards, terminations, truncations, and how many episodes ended.
Stepped: TypeAlias = tuple[NDArray[np.float32], Floats, Bools, Bools, int]


class TradingVectorEnv(Normalized, gymnasium.vector.VectorEnv[NDArray[np.float32], Any, NDArray[Any]]):
    """Environments of one spec over shared data, stepped by Rust on a pool of threads without the interpreter's lock.

    >>> import gymnasium, tradepit
    >>> envs = gymnasium.make_vec("tradepit/SingleAsset-v0", num_envs=8, data="es_1m", reward="log_return")
    >>> obs, infos = envs.reset(seed=0)
    >>> obs, rewards, terminations, truncations, infos = envs.step(envs.action_space.sample())
    >>> obs.shape, rewards.dtype, infos
    ((8, 517), dtype('float64'), {})

    Environment ``i`` is, bit for bit, the single environment (:class:`tradepit.TradingEnv`) that is reset with
    ``seed + i``, whatever the number of threads. Autoreset follows ``autoreset_mode``, announced in ``metadata`` and as an
    attribute, in Gymnasium's layout: under SAME_STEP ``infos`` has ``final_obs`` and ``final_info`` with their masks; under
    DISABLED reset with ``options={"reset_mask": mask}``.

    Args:
        num_envs: How many.
        data: See :func:`tradepit.market_data`, as for ``instrument``, ``calendar``, ``stamp``, ``period``, ``columns``
            and ``symbol``.
        threads: Threads that step; 0: as many as the machine has. Fewer than 64 environments a thread step inline.
        autoreset_mode: An ``AutoresetMode``, or its value or name.
        copy: Whether every step gives new arrays. With ``False`` two sets take turns: what a step gave stays as it is
            during the next step, and is overwritten by the one after that. Do not write to it, nor read it from another
            thread while a step runs.
        info: What ``infos`` holds beside the keys of autoreset. ``"none"``: nothing (:meth:`stats` has the sums over
            episodes). ``"episode"``: where episodes ended, ``episode`` = ``{"r": returns, "l": lengths}`` with the mask
            ``_episode``, and ``randomised`` in it where the spec has ranges; Gymnasium's ``RecordEpisodeStatistics``,
            which wants to write that key itself, then refuses to. ``"step"``: the keys of
            :class:`tradepit.TradingEnv`, as arrays with masks, in every step. The infos of a reset have ``randomised``, as
            arrays by path, where the spec has ranges.
        reward: As for :class:`tradepit.TradingEnv`; a callable is called once a step, for the whole batch, on columns of
            shape ``(num_envs,)`` taken before any autoreset. Environments that only reset in a step (NEXT_STEP) show
            facts at rest and get 0, whatever it gives.
        normalize_reward: Whether rewards are divided by the running deviation of their discounted sum, as
            ``VecNormalize`` of Stable-Baselines3 does; ``{"gamma": 0.99, "clip": 10.0}`` unless it says otherwise.
            Episodes are counted in rewards as they are; :attr:`reward_normalizer` has the statistics.
        spec: The fields of :class:`tradepit.EnvSpec`.
    """

    def __init__(
        self,
        num_envs: int,
        data: Data,
        *,
        instrument: str | Mapping[str, Any] | None = None,
        calendar: str | None = None,
        stamp: Stamp | None = None,
        period: float | None = None,
        columns: Iterable[str] = (),
        symbol: str | None = None,
        threads: int = 0,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        copy: bool = True,
        info: Literal["none", "episode", "step"] = "none",
        reward: str | Mapping[str, Any] | RewardFunction | None = None,
        normalize_reward: bool | Mapping[str, float] = False,
        render_mode: None = None,
        **spec: Any,
    ) -> None:
        market = market_data(
            data, instrument=instrument, calendar=calendar, stamp=stamp, period=period, columns=columns, symbol=symbol
        )
        if info not in ("none", "episode", "step"):
            raise SpecError(f"info: {info!r} must be 'none', 'episode' or 'step'")
        if render_mode is not None:
            raise SpecError("render_mode: a batch is not rendered; make a single environment to look at")
        mode = _autoreset_mode(autoreset_mode)
        spec_json, function = split_reward(spec, reward)
        num_envs, threads = _count("num_envs", num_envs), _count("threads", threads)
        self.core = _core.VecEnv(
            market,
            spec_json,
            num_envs,
            threads,
            _MODES[mode],
            copy,
            True,
            info == "step",
            function,
            normalizing(normalize_reward),
        )
        self.num_envs = num_envs
        self.autoreset_mode = mode
        self.metadata = {"render_modes": [], "render_fps": 10, "autoreset_mode": mode}
        self.render_mode = None
        self.single_observation_space = make_space(self.core.observation_space)
        self.single_action_space = make_space(self.core.action_space)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._info = info
        self._seeded = False

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Resets all, or those of ``options["reset_mask"]`` (bool, shape ``(num_envs,)``).

        Environment ``i`` gets ``seed + i``, or ``seed[i]``; those without a seed go on to the next episode of theirs.
        """
        mask = None if options is None else options.get("reset_mask")
        if mask is not None:
            mask = self._check_mask(mask)
        if isinstance(seed, (int, np.integer)):
            super().reset(seed=int(seed))
        seeds = self._seeds(seed)
        obs = self.core.reset(seeds, mask)
        infos = self._masked(self.core.infos(mask), mask) if self._info == "step" else {}
        drawn = self.core.randomised()
        if drawn:
            infos |= self._masked({"randomised": self._masked(drawn, mask)}, mask)
        return obs, infos

    def step(self, actions: Any) -> tuple[NDArray[np.float32], Floats, Bools, Bools, dict[str, Any]]:
        """Steps all once: observations (float32), rewards (float64), terminations, truncations (bool), infos."""
        return self._told(self.core.step(actions))

    def step_async(self, actions: Any) -> None:
        """Has all stepped on another thread, and returns at once: actions are copied, and refused here if they are wrong.

        >>> import gymnasium, numpy, tradepit
        >>> envs = gymnasium.make_vec("tradepit/SingleAsset-v0", num_envs=8, data="es_1m")
        >>> obs, infos = envs.reset(seed=0)
        >>> envs.step_async(numpy.ones((8, 1)))
        >>> mean = obs.mean()  # anything else that is to be done
        >>> obs, rewards, terminations, truncations, infos = envs.step_wait()

        Until :meth:`step_wait` everything else is refused. It is :meth:`step_wait` that steps where a step takes less than
        handing it over (a few dozen environments), and where the reward is a Python function, which needs the interpreter in
        the middle of a step.
        """
        self.core.step_async(actions)

    def step_wait(self) -> tuple[NDArray[np.float32], Floats, Bools, Bools, dict[str, Any]]:
        """Waits for the step of :meth:`step_async`, and gives what :meth:`step` gives."""
        return self._told(self.core.step_wait())

    def close_extras(self, **kwargs: Any) -> None:
        """Forgets the step that is under way, once it is done."""
        if hasattr(self, "core"):  # Gymnasium closes what could not be made, too
            self.core.rest()

    def _told(self, stepped: Stepped) -> tuple[NDArray[np.float32], Floats, Bools, Bools, dict[str, Any]]:
        obs, rewards, terminations, truncations, ended = stepped
        infos: dict[str, Any] = {}
        if self._info == "step":
            infos = self._masked(self.core.infos(), None)
        if ended:
            self._add_ended(infos, terminations | truncations)
        return obs, rewards, terminations, truncations, infos

    def stats(self) -> dict[str, float]:
        """What was done since the last call, counted in Rust when it is asked for.

        ``steps`` and ``fills`` of all environments, in whatever episodes (a call that only begins an episode is no step); and
        sums over the episodes that ended: ``episodes``, ``reward``, ``length``, ``profit`` and ``fees`` (account currency),
        ``trades``, ``terminated``.
        """
        return self.core.stats()

    def randomised(self, ended: bool = False) -> dict[str, Floats]:
        """The numbers that each environment has drawn for its episode, by their paths, shape ``(num_envs,)``.

        With ``ended``, those of the last episode that each has ended. Empty where ``randomise`` has no ranges.
        """
        return self.core.randomised(ended)

    def action_masks(self) -> Bools:
        """Which choices are open now, one row an environment; see :meth:`tradepit.TradingEnv.action_masks`."""
        return self.core.action_masks()

    def executed_actions(self) -> Floats:
        """What the last actions came to, ``(num_envs, instruments)``: positions in the unit of an action.

        With what orders at the market have yet to fill. It differs from what was asked for by rounding to lots, dead bands,
        limits and what the venue refused. Where SAME_STEP began a new episode it is what that one began with.
        """
        return self.core.executed_actions()

    def observation_names(self) -> list[str]:
        """The name of every number of one environment's observation."""
        return self.core.observation_names()

    @property
    def trading_spec(self) -> EnvSpec:
        """The whole spec, defaults written out. (``envs.spec`` is Gymnasium's own.)"""
        return read_json(self.core.spec_json)

    @property
    def data(self) -> _core.MarketData:
        """The market data; copies of the batch share it."""
        return self.core.data

    def _add_ended(self, infos: dict[str, Any], ended: Bools) -> None:
        if self._info == "episode":
            returns, lengths = self.core.episode_ends()
            infos["episode"] = {"r": np.where(ended, returns, 0.0), "l": np.where(ended, lengths, 0)}
            if drawn := self.core.randomised(ended=True):
                infos["episode"]["randomised"] = drawn
            infos["_episode"] = ended.copy()
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            final = np.full(self.num_envs, None, dtype=object)
            for index in np.flatnonzero(ended).tolist():
                final[index] = self.core.final_obs(index)
            infos["final_obs"], infos["_final_obs"] = final, ended.copy()
            infos["final_info"] = self._masked(self.core.final_infos(), ended)
            infos["_final_info"] = ended.copy()

    def _masked(self, columns: Mapping[str, Any], mask: Bools | None) -> dict[str, Any]:
        """Gymnasium's layout: beside every key ``k`` the mask ``_k`` of the environments that have it."""
        infos: dict[str, Any] = {}
        for name, values in columns.items():
            infos[name] = values
            infos[f"_{name}"] = np.ones(self.num_envs, dtype=bool) if mask is None else mask.copy()
        return infos

    def _seeds(self, seed: int | Sequence[int | None] | None) -> list[int | None] | None:
        if seed is None and not self._seeded:
            # Nobody named a seed yet: Gymnasium draws one.
            self._np_random_seed = seed = int(self.np_random.integers(2**32))
        if seed is None:
            return None
        self._seeded = True
        if isinstance(seed, (int, np.integer)):
            return [int(seed) + index for index in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ShapeError(f"seed: expected one for each environment, {self.num_envs}, got {len(seed)}")
        return [None if one is None else int(one) for one in seed]

    def _check_mask(self, mask: Any) -> Bools:
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
            raise ShapeError(
                f"reset_mask: expected a NumPy array of bool, got {getattr(mask, 'dtype', type(mask).__name__)}"
            )
        if mask.shape != (self.num_envs,):
            raise ShapeError(f"reset_mask: expected shape ({self.num_envs},), got {mask.shape}")
        if not mask.any():
            raise ShapeError("reset_mask: is false everywhere; name at least one environment to reset")
        return np.ascontiguousarray(mask)

    def __deepcopy__(self, memo: dict[int, Any]) -> TradingVectorEnv:
        """The copy continues with the same bits, and shares the market data."""
        twin = self.__class__.__new__(self.__class__)
        memo[id(self)] = twin
        for name, value in self.__dict__.items():
            setattr(twin, name, value if name == "spec" else copying.deepcopy(value, memo))
        return twin


def _autoreset_mode(mode: AutoresetMode | str) -> AutoresetMode:
    if isinstance(mode, AutoresetMode):
        return mode
    for known in AutoresetMode:
        if mode in (known.value, known.name, known.name.lower()):
            return known
    raise SpecError(f"autoreset_mode: {mode!r} is unknown; use one of {', '.join(m.value for m in AutoresetMode)}")


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise SpecError(f"{name}: {value!r} must be a whole number of at least {int(name == 'num_envs')}")
    return int(value)
