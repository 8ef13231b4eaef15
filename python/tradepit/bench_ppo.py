"""PPO by tradepit beside PPO by Stable-Baselines3: the same environment, network, batch and epochs, one core each."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from . import bench
from .evaluation.episode import ENV_ID

#: Two hidden layers of 64, tanh, for the policy and for the value: what both have by default.
SHARED: dict[str, Any] = {"num_envs": 64, "n_steps": 128, "batch_size": 1024, "n_epochs": 4}


def compare(*, iterations: int = 10, runs: int = 3, window: int = 8) -> list[bench.Row]:
    """Environment steps a second, learning included; the last row says how many times faster the native one is.

    Both learn on the same batch of Rust environments, stepped inline, with rewards and observations as they are, on one
    core to which this process is bound where the system can do that.
    """
    steps = iterations * SHARED["num_envs"] * SHARED["n_steps"]
    data, fields = bench.Setup(SHARED["num_envs"], window).environment()
    spec = {"data": data, "seed": 0, **fields}
    cores = _bind()
    try:
        roads: dict[str, Callable[[], float]] = {"tradepit PPO": lambda: _native(spec, steps)}
        if bench.has_sb3():
            roads["Stable-Baselines3 PPO"] = lambda: _sb3(spec, steps)
        # One after the other in turns, so that a slow moment of the machine meets both.
        speeds: dict[str, list[float]] = {name: [] for name in roads}
        for _ in range(runs):
            for name, road in roads.items():
                speeds[name].append(steps / road())
    finally:
        _release(cores)
    return [
        {"road": name, "steps": steps, "steps_per_second": statistics.median(own), "runs": own, **SHARED}
        for name, own in speeds.items()
    ]


def _native(spec: dict[str, Any], steps: int) -> float:
    from .agents import PPO

    ppo = PPO(ENV_ID, threads=1, normalize_obs=False, normalize_reward=False, **SHARED, **spec)
    began = time.perf_counter()
    ppo.learn(steps)
    return time.perf_counter() - began


def _sb3(spec: dict[str, Any], steps: int) -> float:
    import torch
    from stable_baselines3 import PPO

    from .sb3 import make_vec_env

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        own = {name: value for name, value in SHARED.items() if name != "num_envs"}
        envs = make_vec_env(ENV_ID, num_envs=SHARED["num_envs"], threads=1, **spec)
        model = PPO("MlpPolicy", envs, device="cpu", seed=0, **own)
        began = time.perf_counter()
        model.learn(steps)
        return time.perf_counter() - began
    finally:
        torch.set_num_threads(threads)


def _bind() -> set[int] | None:
    if not hasattr(os, "sched_setaffinity"):
        return None
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    return cores


def _release(cores: set[int] | None) -> None:
    if cores is not None:
        os.sched_setaffinity(0, cores)
