"""When it pays to step environments beside the policy: env-steps a second by three roads, over the policy's cost.

    python benches/asynchronous.py                  # a few minutes; --seconds 0.1 --runs 1 to see that it works

A policy of a given cost looks at observations, a rollout keeps what it saw, and environments step, by three roads on the same
cores: ``step`` (one after the other, the step on all threads), ``step_async`` (one batch: while it steps, the rollout is
written) and ``send/recv`` (two half batches, each with half of the threads: while one steps, the policy looks at the other).
Rates are medians of the runs; the roads take turns in every run. Half of the targets change in a step, and fills are counted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

# A policy has one core: the threads of a numerical library that wait for each other beside ours are slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import gymnasium
import numpy as np

import tradepit
from tradepit.bench import machine

ID = "tradepit/SingleAsset-v0"
ROLLOUT = 16

Policy = Callable[[np.ndarray], np.ndarray]


def numpy_policy(d: int, hidden: int) -> Policy:
    """Two layers of NumPy's; with 0, nothing is computed."""
    rng = np.random.default_rng(0)
    if hidden == 0:
        return lambda obs: obs[:, -1:]
    first, second, last = (
        rng.normal(size=shape).astype(np.float32) / np.sqrt(shape[0])
        for shape in ((d, hidden), (hidden, hidden), (hidden, 1))
    )
    return lambda obs: np.tanh(np.tanh(np.tanh(obs @ first) @ second) @ last)


def torch_policy(d: int, hidden: int) -> Policy:
    """The same of torch's, on the processor."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(d, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 1), nn.Tanh()
    )

    def act(obs: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return net(torch.from_numpy(obs)).numpy()

    return act


class Player:
    """The caller: a policy, noise so that targets change, and a rollout that keeps what it saw."""

    def __init__(self, policy: Policy, n: int, d: int) -> None:
        self.policy = policy
        rng = np.random.default_rng(1)
        self.noise = rng.uniform(-1, 1, size=(ROLLOUT, n, 1)).astype(np.float32)
        for at in range(1, ROLLOUT):  # half of the targets stay as they were
            stay = rng.random(n) < 0.5
            self.noise[at, stay] = self.noise[at - 1, stay]
        self.obs = np.zeros((ROLLOUT, n, d), dtype=np.float32)
        self.rewards = np.zeros((ROLLOUT, n), dtype=np.float32)
        self.actions = np.zeros((ROLLOUT, n, 1), dtype=np.float32)
        self.at = 0

    def act(self, obs: np.ndarray) -> np.ndarray:
        """Actions for what is seen."""
        return self.policy(obs) * 0.1 + self.noise[self.at % ROLLOUT]

    def keep(self, obs: np.ndarray, actions: np.ndarray, rewards: np.ndarray) -> None:
        """Writes the rollout."""
        at = self.at % ROLLOUT
        self.obs[at], self.actions[at], self.rewards[at] = obs, actions, rewards
        self.at += 1


class Step:
    """One after the other."""

    name = "step"

    def __init__(self, policy: Policy, n: int, threads: int, options: dict[str, Any]) -> None:
        self.envs = gymnasium.make_vec(ID, num_envs=n, threads=threads, **options)
        self.seen, _ = self.envs.reset(seed=0)
        self.player = Player(policy, n, self.seen.shape[1])
        self.rewards = np.zeros(n)

    def turn(self) -> None:
        """One step of all environments."""
        actions = self.player.act(self.seen)
        obs, rewards, *_ = self.envs.step(actions)
        self.player.keep(self.seen, actions, self.rewards)
        self.seen, self.rewards = obs, rewards


class StepAsync(Step):
    """While it steps, the rollout is written."""

    name = "step_async"

    def turn(self) -> None:
        """One step of all environments."""
        actions = self.player.act(self.seen)
        self.envs.step_async(actions)
        self.player.keep(self.seen, actions, self.rewards)
        self.seen, self.rewards, *_ = self.envs.step_wait()


class SendRecv:
    """While one half steps, the policy looks at the other."""

    name = "send/recv"

    def __init__(self, policy: Policy, n: int, threads: int, options: dict[str, Any]) -> None:
        self.envs = tradepit.AsyncVectorEnv(ID, n, 2, threads=max(threads // 2, 1), **options)
        self.envs.async_reset(seed=0)
        d = self.envs.single_observation_space.shape[0]
        self.players = [Player(policy, n // 2, d) for _ in range(2)]

    def turn(self) -> None:
        """One step of all environments."""
        for player in self.players:
            obs, rewards, _, _, info = self.envs.recv()
            actions = player.act(obs)
            self.envs.send(actions, info["env_id"])
            player.keep(obs, actions, rewards)


def rate(turn: Callable[[], Any], seconds: float) -> float:
    """Calls a second."""
    calls, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        for _ in range(4):
            turn()
        calls += 4
    return calls / passed


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envs", type=int, nargs="+", default=[64, 512, 4096], help="even numbers")
    parser.add_argument("--window", type=int, default=1, help="rows of 16 features in an observation")
    parser.add_argument("--threads", type=int, default=0, help="threads that step, in all; 0: one a core")
    parser.add_argument("--policies", nargs="+", default=["none", "numpy:32", "numpy:128", "torch:64", "torch:256"])
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()

    facts = machine()
    threads = args.threads or facts["cores"]
    print(
        f"{facts['cpu']}, {facts['cores']} cores, {threads} threads step; numpy {facts['numpy']}, torch {facts['torch']}"
    )
    print(f"OMP_NUM_THREADS={os.environ['OMP_NUM_THREADS']}; {args.runs} runs of {args.seconds} s, medians\n")
    print(
        "| envs | policy | policy alone, us | step alone, us | step | step_async | send/recv | best / step | fills a step |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    options = {
        "data": tradepit.samples.synthetic(bars=350_000, seed=0),
        "window": args.window,
        "slippage": {"kind": "fixed_ticks", "ticks": 0.5},
        "commission": {"kind": "per_contract", "fee": 2.1},
        "episode": {"start": "random", "length": {"kind": "steps", "steps": 50}},
        "autoreset_mode": "SameStep",
        "copy": False,
    }
    for n in args.envs:
        for name in args.policies:
            kind, _, hidden = name.partition(":")
            if kind == "torch" and facts["torch"] is None:
                print(f"| {n} | {name} | torch is absent |")
                continue
            make = torch_policy if kind == "torch" else numpy_policy
            line(args, n, name, lambda d: make(d, int(hidden or 0)), threads, options)  # noqa: B023


def line(
    args: argparse.Namespace,
    n: int,
    name: str,
    make: Callable[[int], Policy],
    threads: int,
    options: dict[str, Any],
) -> None:
    """Measures and prints one row of the table."""
    probe = gymnasium.make_vec(ID, num_envs=n, threads=threads, **options)
    obs, _ = probe.reset(seed=0)
    policy = make(obs.shape[1])
    roads = [road(policy, n, threads, options) for road in (Step, StepAsync, SendRecv)]
    noise = roads[0].player.noise
    alone, env, rates = [], [], {road.name: [] for road in roads}
    steps = iter(range(1 << 62))
    for road in roads:
        rate(road.turn, args.seconds / 5)
    for _ in range(args.runs):
        alone.append(1e6 / rate(lambda: policy(obs), args.seconds / 5))
        env.append(1e6 / rate(lambda: probe.step(noise[next(steps) % ROLLOUT]), args.seconds / 5))
        for road in roads:
            rates[road.name].append(n * rate(road.turn, args.seconds))
    probe.stats()
    for _ in range(200):
        probe.step(noise[next(steps) % ROLLOUT])
    fills = probe.stats()["fills"] / (200 * n)
    medians = {road: statistics.median(values) for road, values in rates.items()}
    speeds = " | ".join(f"{medians[road.name] / 1e6:.2f} M" for road in roads)
    gain = max(medians["step_async"], medians["send/recv"]) / medians["step"]
    times = f"{statistics.median(alone):.0f} | {statistics.median(env):.0f}"
    print(f"| {n} | {name} | {times} | {speeds} | {gain:.2f} | {fills:.2f} |", flush=True)


if __name__ == "__main__":
    main()
