"""How many steps a second there are, by every road to an environment.

>>> row = measure([batch_road(Setup(envs=4, seconds=0.01), copy=True)], runs=1)[0]
>>> row["road"], row["envs"], row["steps_per_second"] > 0
('make_vec, copy=True', 4, True)

What is stepped is ``tradepit/Bench-v0``; a :class:`Road` is one way to it, made ready, with its actions drawn beforehand:
targets from [-1, 1], of which a random half changes every step. :func:`measure` has roads take turns, so that a slow
moment of the machine meets all of them. A row says which ``road`` was taken, how many ``envs``, ``window`` and
``observation`` (numbers in it), the ``steps_per_second`` of single environments (median of the turns, ``runs`` has all), the
same per second that the process had a processor (``steps_per_cpu_second``, which other work on the machine does not lower),
and ``fills_per_step``, counted in the very steps that were measured: a step that trades costs more than one that doesn't.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import itertools
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from numpy.typing import NDArray

from . import _core, scenarios
from .data import MarketData, market_data
from .spec import to_json

ENV_ID = "tradepit/Bench-v0"
#: Steps of a round; the actions of as many at least are drawn beforehand, then they come again.
ROUNDS = 64
#: Actions that are drawn at least, so that those of a few environments are no matter of luck.
_DRAWN = 4_096

Row = dict[str, Any]


class Speed(NamedTuple):
    """Steps of single environments: per second of the wall's clock, and per second of a processor."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Setup:
    """One measurement: so many environments, that long a turn."""

    envs: int
    window: int = 1
    threads: int = 1
    seconds: float = 1.0

    def environment(self) -> tuple[MarketData, dict[str, Any]]:
        """Data and spec."""
        data, spec = scenarios.environment("bench", window=self.window)
        return market_data(scenarios.given("bench", data)), spec


@dataclass(frozen=True)
class Road:
    """A way to step environments, made ready."""

    name: str
    setup: Setup
    #: Numbers in an observation.
    observation: int
    #: Takes so many rounds of `ROUNDS` steps and gives the seconds that they took.
    run: Callable[[int], float]
    #: Steps and fills of single environments since the last call.
    counts: Callable[[], tuple[int, int]]


def machine() -> dict[str, Any]:
    """The machine and the versions that a table is worth nothing without."""
    packages = ("tradepit", "numpy", "gymnasium", "stable-baselines3", "torch")
    versions: dict[str, str | None] = {}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "cpu": _cpu(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **versions,
    }


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_sb3() -> bool:
    """Whether Stable-Baselines3 is installed."""
    return importlib.util.find_spec("stable_baselines3") is not None


def rust_road(setup: Setup) -> Road:
    """The batch stepped by Rust, Python not involved."""
    data, spec = setup.environment()
    batch = _core.BenchBatch(data, to_json(spec), setup.envs, setup.threads)
    return Road("Rust", setup, _observation(setup), lambda rounds: batch.run(rounds * ROUNDS), batch.counts)


def batch_road(setup: Setup, *, copy: bool, reward: Any = None) -> Road:
    """``gymnasium.make_vec``: one Rust batch, with new arrays at every step or with two that take turns."""
    envs = gymnasium.make_vec(
        ENV_ID, num_envs=setup.envs, window=setup.window, threads=setup.threads, copy=copy, **_given(reward)
    )
    envs.reset(seed=0)
    name = f"make_vec, copy={copy}" + (", reward in Python" if callable(reward) else "")
    return Road(name, setup, _observation(setup), _runs(envs.step, setup.envs), _counts(envs))


def sb3_road(setup: Setup) -> Road:
    """The ``VecEnv`` of Stable-Baselines3 over the same batch."""
    from .sb3 import make_vec_env

    envs = make_vec_env(ENV_ID, num_envs=setup.envs, window=setup.window, threads=setup.threads, seed=0)
    envs.reset()
    return Road("SB3 VecEnv", setup, _observation(setup), _runs(envs.step, setup.envs), _counts(envs))


def single_road(setup: Setup) -> Road:
    """``gymnasium.make``: one environment, with Gymnasium's own wrappers, infos, and the episode's record."""
    env = gymnasium.make(ENV_ID, window=setup.window)
    actions = itertools.cycle([action[0] for action in _actions(1)])
    env.reset(seed=0)

    def run(rounds: int) -> float:
        step, reset = env.step, env.reset
        began = time.perf_counter()
        for action in itertools.islice(actions, rounds * ROUNDS):
            _, _, terminated, truncated, _ = step(action)
            if terminated or truncated:
                reset()
        return time.perf_counter() - began

    return Road("make", setup, _observation(setup), run, _counts(env.unwrapped))


def roads(setup: Setup) -> list[Road]:
    """Every road for a setup; the single environment where there is one."""
    made = [rust_road(setup), batch_road(setup, copy=False), batch_road(setup, copy=True)]
    if has_sb3():
        made.append(sb3_road(setup))
    if setup.envs == 1:
        made.append(single_road(setup))
    return made


def measure(roads: Sequence[Road], *, runs: int, on_turn: Callable[[int], None] | None = None) -> list[Row]:
    """A row for each road: so many turns of each, one after the other."""
    rounds = [_warm(road) for road in roads]
    for road in roads:
        road.counts()
    speeds: list[list[Speed]] = [[] for _ in roads]
    for run in range(runs):
        if on_turn is not None:
            on_turn(run)
        for road, own, turns in zip(roads, speeds, rounds, strict=True):
            began, worked = time.perf_counter(), time.process_time()
            seconds = road.run(turns)
            # Only the steps are timed by the road; the whole call tells how much of a processor they had.
            share = (time.process_time() - worked) / (time.perf_counter() - began)
            taken = turns * ROUNDS * road.setup.envs
            own.append(Speed(taken / seconds, taken / (seconds * max(share, 1e-9))))
    return [_row(road, own) for road, own in zip(roads, speeds, strict=True)]


def table(setups: Sequence[Setup], *, runs: int, on_row: Callable[[Row], None] | None = None) -> list[Row]:
    """Every road for every setup."""
    rows: list[Row] = []
    for setup in setups:
        for row in measure(roads(setup), runs=runs):
            rows.append(row)
            if on_row is not None:
                on_row(row)
    return rows


def _warm(road: Road) -> int:
    """Rounds of a turn, after some of them."""
    rounds = 1
    while (seconds := road.run(rounds)) < 0.1 * road.setup.seconds:
        rounds *= 2
    return max(round(rounds * road.setup.seconds / seconds), 1)


def _row(road: Road, speeds: Sequence[Speed]) -> Row:
    steps, fills = road.counts()
    return {
        "road": road.name,
        "envs": road.setup.envs,
        "threads": road.setup.threads,
        "window": road.setup.window,
        "observation": road.observation,
        "steps_per_second": statistics.median(speed.wall for speed in speeds),
        "steps_per_cpu_second": statistics.median(speed.cpu for speed in speeds),
        "fills_per_step": fills / steps,
        "runs": [speed.wall for speed in speeds],
    }


def _actions(envs: int) -> list[NDArray[np.float32]]:
    """Targets of which a random half changes from one step to the next, as in Rust."""
    rng = np.random.default_rng(0)
    actions = np.zeros((max(ROUNDS, _DRAWN // envs), envs, 1), dtype=np.float32)
    for i in range(1, len(actions)):
        drawn = rng.uniform(-1.0, 1.0, size=(envs, 1))
        actions[i] = np.where(rng.random((envs, 1)) < 0.5, drawn, actions[i - 1])
    return list(actions)


def _runs(step: Callable[[Any], object], envs: int) -> Callable[[int], float]:
    actions = itertools.cycle(_actions(envs))

    def run(rounds: int) -> float:
        began = time.perf_counter()
        for action in itertools.islice(actions, rounds * ROUNDS):
            step(action)
        return time.perf_counter() - began

    return run


def _counts(envs: Any) -> Callable[[], tuple[int, int]]:
    def counts() -> tuple[int, int]:
        stats: Mapping[str, Any] = envs.stats()
        return int(stats["steps"]), int(stats["fills"])

    return counts


def _given(reward: Any) -> dict[str, Any]:
    return {} if reward is None else {"reward": reward}


def _observation(setup: Setup) -> int:
    data, spec = setup.environment()
    return len(_core.Env(data, to_json(spec)).observation_names())


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
