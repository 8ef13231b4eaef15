"""Batches that are stepped while a policy looks at another one."""

from __future__ import annotations

import copy
import os
from collections import deque
from typing import Any, TypeAlias, cast

import gymnasium
import numpy as np
from numpy.typing import NDArray

from .errors import ShapeError, SpecError, StateError
from .vector import Bools, Floats, TradingVectorEnv

__all__ = ["AsyncVectorEnv"]

Received: TypeAlias = tuple[NDArray[np.float32], Floats, Bools, Bools, dict[str, Any]]


class AsyncVectorEnv:
    """Environments in batches, each stepped by a thread of its own: ``send`` returns at once, ``recv`` waits. EnvPool's words.

    >>> from tradepit import AsyncVectorEnv
    >>> envs = AsyncVectorEnv("tradepit/SingleAsset-v0", num_envs=8, batches=2, data="es_1m")
    >>> envs.async_reset(seed=0)
    >>> for _ in range(10):
    ...     obs, rewards, terminations, truncations, info = envs.recv()
    ...     actions = obs[:, :1]  # the policy; the other batch is under way meanwhile
    ...     envs.send(actions, info["env_id"])
    >>> obs.shape, info["env_id"]
    ((4, 517), array([4, 5, 6, 7]))

    Environment ``i`` is, bit for bit, environment ``i`` of one batch (:class:`tradepit.TradingVectorEnv`) of all of them. Unlike
    EnvPool's, :meth:`recv` gives batches in the order in which they were sent: same seed, same bits.

    Args:
        id: The id of an environment of this package.
        num_envs: How many in all.
        batches: How many batches; it divides ``num_envs``. Two are enough to overlap one policy.
        threads: Threads that step a batch; 0: as many as the machine has, divided among the batches.
        options: What ``gymnasium.make_vec`` takes for this id. A reward that is a Python function is refused: it needs the
            interpreter in the middle of a step, and nothing would overlap. With ``copy=False`` two sets of arrays take
            turns in each batch: what :meth:`recv` gave is overwritten by the step that is sent after the next one.
    """

    def __init__(self, id: str, num_envs: int, batches: int = 2, *, threads: int = 0, **options: Any) -> None:
        if batches < 1 or num_envs % batches:
            raise SpecError(f"batches: {batches} must be at least 1 and divide num_envs, {num_envs}")
        if callable(options.get("reward")):
            how = "step such environments by gymnasium.make_vec, or name a reward of the spec"
            raise SpecError(f"reward: a Python function needs the interpreter in the middle of a step; {how}")
        threads = threads or max((os.cpu_count() or 1) // batches, 1)
        if not id.startswith("tradepit/"):
            raise SpecError(f"id: {id!r} is not an environment of this package")
        made = gymnasium.make_vec(id, num_envs=num_envs // batches, threads=threads, **options)
        first = cast(TradingVectorEnv, made.unwrapped)
        #: The batches, for everything else that they can do: masks, executed actions, statistics.
        self.batches: list[TradingVectorEnv] = [first, *(copy.deepcopy(first) for _ in range(1, batches))]
        self.num_envs, self.batch_size = num_envs, first.num_envs
        #: Of one batch, as all that is sent and received.
        self.observation_space, self.action_space = first.observation_space, first.action_space
        self.single_observation_space = first.single_observation_space
        self.single_action_space = first.single_action_space
        self.autoreset_mode, self.metadata = first.autoreset_mode, first.metadata
        self._ids = list(np.arange(num_envs).reshape(batches, -1))
        for ids in self._ids:
            ids.flags.writeable = False
        self._order: deque[int] = deque()
        self._begun: dict[int, Received] = {}
        self._seeded = False

    def async_reset(self, seed: int | None = None) -> None:
        """Begins episodes everywhere; :meth:`recv` gives their observations, batch by batch, with rewards of 0.

        Environment ``i`` gets ``seed + i``; without a seed, each goes on to its next episode.
        """
        if self._order:
            raise StateError(f"async_reset: batch {self._order[0]} was not received; call recv() first")
        if seed is None and not self._seeded:
            seed = int(self.batches[0].np_random.integers(2**32))
        self._seeded = True
        for batch, envs in enumerate(self.batches):
            obs, infos = envs.reset(seed=None if seed is None else seed + batch * self.batch_size)
            flags = np.zeros((2, self.batch_size), dtype=bool)
            self._begun[batch] = obs, np.zeros(self.batch_size), flags[0], flags[1], infos
            self._order.append(batch)

    def send(self, actions: Any, env_id: NDArray[Any]) -> None:
        """Has a batch stepped, and returns at once: actions are copied, and refused here if they are wrong.

        Args:
            actions: Of one batch, as ``action_space`` has them.
            env_id: The environments of that batch, as :meth:`recv` gave them in ``info["env_id"]``.
        """
        batch = self._batch(env_id)
        if batch in self._order:
            raise StateError(f"send: batch {batch} was sent and not received; call recv() first")
        self.batches[batch].step_async(actions)
        self._order.append(batch)

    def recv(self) -> Received:
        """Waits for the batch that was sent first: observations, rewards, terminations, truncations, info with ``env_id``."""
        if not self._order:
            raise StateError("recv: nothing was sent; call async_reset() or send() first")
        batch = self._order.popleft()
        begun = self._begun.pop(batch) if batch in self._begun else self.batches[batch].step_wait()
        obs, rewards, terminations, truncations, infos = begun
        infos["env_id"] = self._ids[batch]
        return obs, rewards, terminations, truncations, infos

    def stats(self) -> dict[str, float]:
        """Sums over the episodes that ended since the last call; see :meth:`tradepit.TradingVectorEnv.stats`."""
        sums = [envs.stats() for envs in self.batches]
        return {name: sum(stats[name] for stats in sums) for name in sums[0]}

    def close(self) -> None:
        """Forgets the steps that are under way, once they are done."""
        for envs in self.batches:
            envs.close()
        self._order.clear()
        self._begun.clear()

    def _batch(self, env_id: NDArray[Any]) -> int:
        for batch, ids in enumerate(self._ids):
            if env_id is ids:
                return batch
        for batch, ids in enumerate(self._ids):
            if np.array_equal(env_id, ids):
                return batch
        raise ShapeError(f"env_id: expected the environments of one batch, as recv() gives them, got {env_id!r}")
