"""Many trading environments in one step, for Stable-Baselines3."""

from __future__ import annotations

import copy as copying
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

try:
    from stable_baselines3.common.monitor import Monitor
    from stable_baselines3.common.vec_env.base_vec_env import VecEnv, VecEnvStepReturn
except ImportError as error:  # pragma: no cover
    raise ImportError("tradepit.sb3 needs Stable-Baselines3: pip install 'tradepit[sb3]'") from error

from . import _core, anchors, scenarios
from .data import Data, Stamp, market_data
from .env import Normalized, RewardFunction, normalizing, read_json, split_reward
from .errors import SpecError
from .extractor import WindowExtractor, read_windows
from .spaces import make_space
from .spec import EnvSpec

__all__ = ["ENV_ID", "TradepitVecEnv", "WindowExtractor", "make_vec_env", "read_windows"]

ENV_ID = "tradepit/SingleAsset-v0"

Indices: TypeAlias = "int | Iterable[int] | None"


def make_vec_env(
    env_id: str = ENV_ID,
    num_envs: int | None = None,
    *,
    n_envs: int | None = None,
    seed: int | None = None,
    **options: Any,
) -> TradepitVecEnv:
    """A batch for Stable-Baselines3, by the arguments that its users know.

    >>> from tradepit.sb3 import make_vec_env
    >>> envs = make_vec_env("tradepit/SingleAsset-v0", n_envs=4, seed=0, data="es_1m")
    >>> envs.reset().shape
    (4, 517)

    Args:
        env_id: ``"tradepit/SingleAsset-v0"``, another scenario (:data:`tradepit.scenarios.IDS`), or
            ``"tradepit/anchor/<name>-v0"``, whose options are the parameters of the problem.
        num_envs: How many; 1 without it.
        n_envs: The same, by Stable-Baselines3's name.
        seed: Environment ``i`` gets ``seed + i`` at the next reset.
        options: ``data`` and everything else that :class:`TradepitVecEnv` takes.
    """
    problem = re.fullmatch(r"tradepit/anchor/([\w-]+)-v0", env_id)
    if problem is not None:
        rows, spec = anchors.environment(problem[1], **options)
        options = {"data": rows, **spec}
    elif env_id in scenarios.IDS:
        name = scenarios.IDS[env_id]
        data, spec = scenarios.environment(name, options.pop("data", None), **options)
        options = {"data": scenarios.given(name, data), **spec}
    else:
        raise SpecError(f"env_id: {env_id!r} is not one of this package; use {', '.join(scenarios.IDS)}")
    if num_envs is not None and n_envs is not None and num_envs != n_envs:
        raise SpecError(f"num_envs: {num_envs}, and n_envs: {n_envs}; name one")
    count = next((value for value in (num_envs, n_envs) if value is not None), 1)
    envs = TradepitVecEnv(count, **options)
    if seed is not None:
        envs.seed(seed)
    return envs


class _Info(dict[str, Any]):
    """The empty info of an environment that did not end. Whoever writes to it keeps it: the next step gets a new one."""

    __slots__ = ("_index", "_written")

    def __init__(self, index: int, written: set[int]) -> None:
        super().__init__()
        self._index = index
        self._written = written

    def __setitem__(self, key: str, value: Any) -> None:
        self._written.add(self._index)
        super().__setitem__(key, value)

    def update(self, *args: Any, **kwargs: Any) -> None:
        self._written.add(self._index)
        super().update(*args, **kwargs)

    def setdefault(self, key: str, default: Any = None) -> Any:
        self._written.add(self._index)
        return super().setdefault(key, default)

    def __ior__(self, other: Any) -> _Info:  # type: ignore[override,misc]
        self.update(other)
        return self

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (dict(self),)


class TradepitVecEnv(Normalized, VecEnv):
    """A real ``VecEnv`` over the batch in Rust: no single environments, no copies, no info dictionaries but of ended episodes.

    >>> from stable_baselines3 import PPO
    >>> envs = TradepitVecEnv(16, data="es_1m", reward={"kind": "log_return", "scale": 1000.0})
    >>> model = PPO("MlpPolicy", envs, n_steps=8, batch_size=64, n_epochs=1, device="cpu").learn(128)

    Stable-Baselines3 keeps the last observations and dones without copying, and stores them after the next step. Two
    sets of arrays take turns here, so that what it stores is exact; what a step gave is overwritten by the second step
    after it. ``copy=True`` gives new arrays instead.

    Where an episode ended, ``infos[i]`` has ``terminal_observation``, ``TimeLimit.truncated`` and ``episode`` (``r`` the sum
    of rewards, ``l`` the length, ``t`` seconds since this object was made; ``randomised`` what it had drawn, by path, where
    the spec has ranges), as ``Monitor`` would have it: therefore
    ``env_is_wrapped(Monitor)`` is true. Elsewhere it is an empty dictionary, that is used again unless it is written to.

    The observation space knows the feature pipeline's hash (:class:`tradepit.spaces.ObservationSpace`): ``load(path, env=...)``
    and ``set_env`` refuse a model that was trained on another one, even where the shapes are the same.

    With ``observe="index"`` an observation has two numbers in place of its window, and a rollout or replay buffer is smaller by
    about the window's length: policies need :class:`WindowExtractor` then, and scaled observations (``VecNormalize`` with
    ``norm_obs``) are refused by it.

    Args:
        num_envs: How many.
        data: See :func:`tradepit.market_data`, as for ``instrument``, ``calendar``, ``stamp``, ``period``, ``columns``
            and ``symbol``.
        threads: Threads that step; 0: as many as the machine has. Fewer than 64 environments a thread step inline.
        copy: Whether every step gives new arrays.
        reward: As for :class:`tradepit.TradingVectorEnv`.
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
        copy: bool = False,
        reward: str | Mapping[str, Any] | RewardFunction | None = None,
        normalize_reward: bool | Mapping[str, float] = False,
        **spec: Any,
    ) -> None:
        from .vector import _count

        market = market_data(
            data, instrument=instrument, calendar=calendar, stamp=stamp, period=period, columns=columns, symbol=symbol
        )
        spec_json, function = split_reward(spec, reward)
        num_envs, threads = _count("num_envs", num_envs), _count("threads", threads)
        scaled = normalizing(normalize_reward)
        self.core = _core.VecEnv(
            market, spec_json, num_envs, threads, "same_step", copy, False, False, function, scaled
        )
        self._attributes: dict[str, list[Any]] = {"render_mode": [None] * num_envs, "spec": [None] * num_envs}
        #: Those that `step` hands to `step_wait`.
        self._actions: tuple[Any] | None = None
        self._seeded = False
        self._started = time.perf_counter()
        self._make_infos(num_envs)
        super().__init__(num_envs, make_space(self.core.observation_space), make_space(self.core.action_space))

    def reset(self) -> NDArray[np.float32]:
        """Starts an episode everywhere: with the seeds of :meth:`seed`, once; else the next episode of each."""
        if not self._seeded and all(seed is None for seed in self._seeds):
            # Draws from NumPy's global generator, which `set_random_seed` seeds.
            self.seed()
        seeds, self._seeded = list(self._seeds), True
        obs = self.core.reset(seeds)
        drawn = self.core.randomised()
        self.reset_infos = [{"randomised": _numbers(drawn, index)} if drawn else {} for index in range(self.num_envs)]
        self._reset_seeds()
        self._reset_options()
        return obs

    def step(self, actions: NDArray[Any]) -> VecEnvStepReturn:
        """Steps all once: observations and rewards (float32), dones (bool), infos. The caller's thread does it."""
        self._actions = (actions,)
        return self.step_wait()

    def step_async(self, actions: NDArray[Any]) -> None:
        """Has all stepped on another thread, and returns at once: actions are copied, and refused here if they are wrong.

        Until :meth:`step_wait` everything else is refused. It is :meth:`step_wait` that steps where a step takes less than
        handing it over (a few dozen environments), and where the reward is a Python function, which needs the interpreter in
        the middle of a step.
        """
        self.core.step_async(actions)

    def step_wait(self) -> VecEnvStepReturn:
        """Waits for the step of :meth:`step_async`, and gives what :meth:`step` gives."""
        actions, self._actions = self._actions, None
        stepped = self.core.step_wait() if actions is None else self.core.step(*actions)
        obs, rewards, terminated, truncated, ended = stepped
        dones = terminated | truncated
        for index in self._written:
            self._infos[index] = _Info(index, self._written)
        self._written.clear()
        infos = self._infos.copy()
        if ended:
            elapsed = round(time.perf_counter() - self._started, 6)
            drawn = self.core.randomised(ended=True)
            for index in np.flatnonzero(dones).tolist():
                reward, length = self.core.episode_end(index)
                infos[index] = {
                    "terminal_observation": self.core.final_obs(index),
                    "TimeLimit.truncated": bool(truncated[index]),
                    "episode": {"r": round(reward, 6), "l": length, "t": elapsed},
                }
                if drawn:
                    infos[index]["episode"]["randomised"] = _numbers(drawn, index)
        return obs, rewards, dones, infos

    def close(self) -> None:
        """Forgets the step that is under way, once it is done."""
        self.core.rest()

    def get_attr(self, attr_name: str, indices: Indices = None) -> list[Any]:
        """What :meth:`set_attr` stored, else the attribute of this object, for each environment asked for."""
        which = list(self._which(indices))
        if attr_name in self._attributes:
            return [self._attributes[attr_name][index] for index in which]
        if attr_name in _INFO_KEYS:
            values = self.core.infos()[attr_name]
            return [values[index].item() for index in which]
        if attr_name.startswith("_") or not hasattr(self, attr_name):
            raise AttributeError(f"the environments have no attribute {attr_name!r}")
        return [getattr(self, attr_name)] * len(which)

    def set_attr(self, attr_name: str, value: Any, indices: Indices = None) -> None:
        """Stores a value for environments, to be read by :meth:`get_attr`; the market does not see it."""
        if attr_name in _INFO_KEYS or hasattr(type(self), attr_name):
            raise AttributeError(f"{attr_name!r} can't be set; make a new environment with another spec")
        values = self._attributes.setdefault(attr_name, [None] * self.num_envs)
        for index in self._which(indices):
            values[index] = value

    def env_method(self, method_name: str, *args: Any, indices: Indices = None, **kwargs: Any) -> list[Any]:
        """Calls a method of this object for each environment asked for: ``observation_names``, ``get_wrapper_attr``, ..."""
        which = list(self._which(indices))
        if method_name in ("get_wrapper_attr", "get_attr"):
            return [self.get_attr(args[0], [index])[0] for index in which]
        if method_name in ("has_wrapper_attr", "has_attr"):
            return [self.has_attr(*args, **kwargs)] * len(which)
        if method_name == "action_masks":
            return list(self.action_masks()[which])
        method = getattr(self, method_name, None)
        if method_name in _BATCH_METHODS or method_name.startswith("_") or not callable(method):
            raise AttributeError(f"the environments have no method {method_name!r}; the batch is stepped as one")
        return [method(*args, **kwargs) for _ in which]

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Indices = None) -> list[bool]:
        """True for ``Monitor``, whose statistics the batch gives itself; false for everything else."""
        return [isinstance(wrapper_class, type) and issubclass(Monitor, wrapper_class)] * len(
            list(self._which(indices))
        )

    def get_images(self) -> Sequence[None]:
        """A batch is not rendered; make a single environment to look at."""
        return [None] * self.num_envs

    def stats(self) -> dict[str, float]:
        """Steps, fills and episodes since the last call; see :meth:`tradepit.TradingVectorEnv.stats`."""
        return self.core.stats()

    def randomised(self, ended: bool = False) -> dict[str, NDArray[np.float64]]:
        """What was drawn for the episodes; see :meth:`tradepit.TradingVectorEnv.randomised`."""
        return self.core.randomised(ended)

    def action_masks(self) -> NDArray[np.bool_]:
        """Which choices are open now, one row an environment: what sb3-contrib's ``MaskablePPO`` asks for.

        See :meth:`tradepit.TradingEnv.action_masks`.
        """
        return self.core.action_masks()

    def executed_actions(self) -> NDArray[np.float64]:
        """What the last actions came to; see :meth:`tradepit.TradingVectorEnv.executed_actions`."""
        return self.core.executed_actions()

    def observation_names(self) -> list[str]:
        """The name of every number of one environment's observation."""
        return self.core.observation_names()

    @property
    def trading_spec(self) -> EnvSpec:
        """The whole spec, defaults written out."""
        return read_json(self.core.spec_json)

    @property
    def data(self) -> _core.MarketData:
        """The market data; copies of the batch share it."""
        return self.core.data

    def _which(self, indices: Indices) -> Iterator[int]:
        return iter(self._get_indices(indices))

    def _make_infos(self, num_envs: int) -> None:
        self._written: set[int] = set()
        self._infos: list[dict[str, Any]] = [_Info(index, self._written) for index in range(num_envs)]

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        for name in ("_infos", "_written", "_started"):
            del state[name]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._started = time.perf_counter()
        self._make_infos(self.num_envs)

    def __deepcopy__(self, memo: dict[int, Any]) -> TradepitVecEnv:
        """The copy continues with the same bits, and shares the market data."""
        twin = self.__class__.__new__(self.__class__)
        memo[id(self)] = twin
        twin.__setstate__(copying.deepcopy(self.__getstate__(), memo))
        return twin


def _numbers(columns: Mapping[str, NDArray[np.float64]], index: int) -> dict[str, float]:
    return {path: float(values[index]) for path, values in columns.items()}


_INFO_KEYS = frozenset(
    ("time", "equity", "position", "executed_action", "price", "drawdown", "clipped")  # of the present state
)
_BATCH_METHODS = frozenset(
    (
        "reset",
        "step",
        "step_async",
        "step_wait",
        "close",
        "seed",
        "env_method",
        "set_attr",
        "set_options",
        "stats",
        "randomised",
    )
)
