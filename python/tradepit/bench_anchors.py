"""What PPO of Stable-Baselines3 reaches on problems whose optimum is known."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import anchors

ENVS, STEPS, SEEDS = 64, 400_000, (0, 1, 2)


@dataclass(frozen=True)
class Case:
    """A problem, how it is learnt, and what is asked for."""

    name: str
    #: The most that it may miss: of the optimum (regret), or of turnover a step.
    target: float
    steps: int = STEPS
    #: How far ahead an action counts.
    gamma: float = 0.95
    log_std: float = -1.0
    params: dict[str, Any] = field(default_factory=dict)


CASES = (
    Case("leak", 0.005, steps=200_000, gamma=0.0),
    Case("null", 0.02, gamma=0.0),
    Case("garleanu-pedersen", 0.08),
    Case("ou-threshold", 0.05, params={"cost": 0.25}),
    Case("cartea-jaimungal", 0.03, gamma=0.99),
)


def compare(
    *, seeds: tuple[int, ...] = SEEDS, on_run: Callable[[str, int], None] | None = None
) -> list[dict[str, Any]]:
    """A row for each problem: what is missed by the mean of the seeds, beside what is asked for."""
    rows = []
    for case in CASES:
        missed, runs = [], []
        for seed in seeds:
            if on_run is not None:
                on_run(case.name, seed)
            began = time.perf_counter()
            policy = _train(case, seed)
            seconds = time.perf_counter() - began
            score = anchors.scores(case.name, policy, seed=10_000 + seed, **case.params)[0]
            # What never trades is worth 0, so there is nothing to divide by: the cost of trading is the turnover.
            miss = -score["value"] / score["params"]["cost"] if case.name == "null" else score["regret"]["value"]
            missed.append(miss)
            runs.append(
                {"seed": seed, "missed": miss, "value": score["value"], "theory": score["theory"], "seconds": seconds}
            )
        mean = statistics.fmean(missed)
        rows.append(
            {
                "name": case.name,
                "of": "turnover a step" if case.name == "null" else "regret",
                "missed": mean,
                "target": case.target,
                "reached": mean <= case.target,
                "steps": case.steps,
                "runs": runs,
            }
        )
    return rows


def _train(case: Case, seed: int) -> anchors.Acts:
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import VecNormalize

    from .sb3 import make_vec_env

    envs = make_vec_env(f"tradepit/anchor/{case.name}-v0", n_envs=ENVS, seed=seed, **case.params)
    scaled = VecNormalize(envs, gamma=case.gamma)
    threads = torch.get_num_threads()
    # For networks this small, waking a second thread takes many times as long as the work.
    torch.set_num_threads(1)
    try:
        model = PPO(
            "MlpPolicy",
            scaled,
            n_steps=128,
            batch_size=1024,
            n_epochs=6,
            learning_rate=lambda left: 1e-3 * left,
            gamma=case.gamma,
            gae_lambda=0.95,
            ent_coef=0.0,
            policy_kwargs={"log_std_init": case.log_std},
            seed=seed,
            device="cpu",
        ).learn(case.steps)
    finally:
        torch.set_num_threads(threads)

    def act(obs: Any) -> Any:
        return model.predict(scaled.normalize_obs(np.asarray(obs)), deterministic=True)[0]

    return act
