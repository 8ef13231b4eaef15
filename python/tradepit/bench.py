"""How many steps a second there are, by every road to an environment.

>>> row = batch_road(Setup(envs=4, window=1, seconds=0.01), runs=1, copy=True)
>>> row["road"], row["envs"], row["steps_per_second"] > 0
('make_vec, copy=True', 4, True)

A row says which ``road`` was taken, how many ``envs``, ``window`` and ``observation`` (numbers in it), the
``steps_per_second`` of single environments (median of ``runs``), the same per second that the process had a processor
(``steps_per_cpu_second``, which other work on the machine does not lower), and ``fills_per_step``, because a step that trades costs
more than one that doesn't. Targets are drawn from [-1, 1] beforehand; a random half of them changes every step.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import numpy as np

from . import _core, samples
from .evaluation.episode import ENV_ID
from .spec import to_json

BARS = 350_000
_ACTIONS = 64

Row = dict[str, Any]


class Speed(NamedTuple):
    """Steps of single environments: per second of the wall's clock, and per second of a processor."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Setup:
    """One measurement: so many environments, that long."""

    envs: int
    window: int
    threads: int = 1
    seconds: float = 1.0

    def spec(self) -> dict[str, Any]:
        """Random starts over a long market, so that environments don't share their bars."""
        return {"window": self.window, "episode": {"start": "random", "length": {"kind": "steps", "steps": 1_000}}}


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
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **versions,
    }


def has_sb3() -> bool:
    """Whether Stable-Baselines3 is installed."""
    return importlib.util.find_spec("stable_baselines3") is not None


def rust_road(setup: Setup, *, runs: int) -> Row:
    """The batch stepped by Rust, Python not involved."""
    spec = to_json(setup.spec())

    def measure(steps: int) -> tuple[float, Speed]:
        began, worked = time.perf_counter(), time.process_time()
        seconds, taken, _ = _core.bench_steps(_data(), spec, setup.envs, setup.threads, steps)
        # Only the steps are timed there; the whole call tells how much of a processor they had.
        share = (time.process_time() - worked) / (time.perf_counter() - began)
        return seconds, Speed(taken / seconds, taken / (seconds * max(share, 1e-9)))

    steps = 200_000 // setup.envs + 1
    steps = max(int(steps * setup.seconds / max(measure(steps)[0], 1e-6)), 10)
    return _row("Rust", setup, [measure(steps)[1] for _ in range(runs)])


def batch_road(setup: Setup, *, runs: int, copy: bool) -> Row:
    """``gymnasium.make_vec``: one Rust batch, with new arrays at every step or with two that take turns."""
    envs = gymnasium.make_vec(
        ENV_ID, num_envs=setup.envs, data=_data(), threads=setup.threads, copy=copy, **setup.spec()
    )
    actions = _actions(setup.envs)
    envs.reset(seed=0)

    def step(i: int) -> None:
        envs.step(actions[i % _ACTIONS])

    speeds = list(_speeds(step, setup, runs))
    envs.close()
    return _row(f"make_vec, copy={copy}", setup, speeds)


def sb3_road(setup: Setup, *, runs: int) -> Row:
    """The ``VecEnv`` of Stable-Baselines3 over the same batch."""
    from .sb3 import make_vec_env

    envs = make_vec_env(ENV_ID, num_envs=setup.envs, data=_data(), threads=setup.threads, seed=0, **setup.spec())
    actions = _actions(setup.envs)
    envs.reset()

    def step(i: int) -> None:
        envs.step(actions[i % _ACTIONS])

    speeds = list(_speeds(step, setup, runs))
    envs.close()
    return _row("SB3 VecEnv", setup, speeds)


def single_road(setup: Setup, *, runs: int) -> Row:
    """``gymnasium.make``: one environment, with Gymnasium's own wrappers, infos, and the episode's record."""
    env = gymnasium.make(ENV_ID, data=_data(), **setup.spec())
    actions = _actions(1)
    env.reset(seed=0)

    def step(i: int) -> None:
        _, _, terminated, truncated, _ = env.step(actions[i % _ACTIONS, 0])
        if terminated or truncated:
            env.reset()

    speeds = list(_speeds(step, setup, runs))
    env.close()
    return _row("make", setup, speeds)


def table(setups: list[Setup], *, runs: int, on_row: Callable[[Row], None] | None = None) -> list[Row]:
    """Every road for every setup; the single environment where there is one."""
    rows: list[Row] = []
    roads: list[Callable[[Setup], Row]] = [
        lambda setup: rust_road(setup, runs=runs),
        lambda setup: batch_road(setup, runs=runs, copy=False),
        lambda setup: batch_road(setup, runs=runs, copy=True),
    ]
    if has_sb3():
        roads.append(lambda setup: sb3_road(setup, runs=runs))

    def single(setup: Setup) -> Row:
        return single_road(setup, runs=runs)

    for setup in setups:
        for road in [*roads, single] if setup.envs == 1 else roads:
            rows.append(road(setup))
            if on_row is not None:
                on_row(rows[-1])
    return rows


def _data() -> Any:
    if not _CACHE:
        _CACHE.append(samples.synthetic("es_1m", bars=BARS, seed=0))
    return _CACHE[0]


_CACHE: list[Any] = []


def _actions(envs: int) -> Any:
    """Targets of which a random half changes from one step to the next, as ``_core.bench_steps`` draws them."""
    rng = np.random.default_rng(0)
    actions = np.zeros((_ACTIONS, envs, 1), dtype=np.float32)
    for i in range(1, _ACTIONS):
        drawn = rng.uniform(-1.0, 1.0, size=(envs, 1))
        actions[i] = np.where(rng.random((envs, 1)) < 0.5, drawn, actions[i - 1])
    return actions


def _speeds(step: Callable[[int], None], setup: Setup, runs: int) -> Iterator[Speed]:
    """How fast ``step`` is, once a run, after a warm-up of a tenth of one."""
    for run in range(runs + 1):
        limit = setup.seconds * (0.1 if run == 0 else 1.0)
        done, began, worked = 0, time.perf_counter(), time.process_time()
        while (elapsed := time.perf_counter() - began) < limit:
            # The clock is asked once for so many steps that it does not count.
            for i in range(16):
                step(done + i)
            done += 16
        if run:
            taken = done * setup.envs
            yield Speed(taken / elapsed, taken / max(time.process_time() - worked, 1e-9))


def _facts(setup: Setup) -> tuple[int, float]:
    """Numbers in an observation, and fills a step, counted beside the clock."""
    envs = gymnasium.make_vec(
        ENV_ID, num_envs=setup.envs, data=_data(), threads=setup.threads, info="step", **setup.spec()
    )
    actions, fills = _actions(setup.envs), 0
    envs.reset(seed=0)
    steps = max(4_096 // setup.envs, 16)
    for i in range(steps):
        fills += int(envs.step(actions[i % _ACTIONS])[4]["fills"].sum())
    envs.close()
    return int(envs.single_observation_space.shape[0]), fills / (steps * setup.envs)  # type: ignore[index]


def _row(road: str, setup: Setup, speeds: list[Speed]) -> Row:
    width, fills = _facts(setup)
    return {
        "road": road,
        "envs": setup.envs,
        "threads": setup.threads,
        "window": setup.window,
        "observation": width,
        "steps_per_second": statistics.median(speed.wall for speed in speeds),
        "steps_per_cpu_second": statistics.median(speed.cpu for speed in speeds),
        "fills_per_step": fills,
        "runs": [speed.wall for speed in speeds],
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
