"""Stable-Baselines3's PPO, unchanged, learns an edge that is there and leaves noise alone."""

import numpy as np
import pytest
from stable_baselines3 import PPO

import tradepit
from tradepit import samples
from tradepit.sb3 import make_vec_env

EPISODE = {"start": "random", "length": {"kind": "steps", "steps": 256}}
pytestmark = pytest.mark.usefixtures("one_thread")


def train(data, steps, **spec):
    from stable_baselines3.common.vec_env import VecNormalize

    # Rewards of a fraction of the capital are tiny; any real user scales them.
    envs = make_vec_env("tradepit/SingleAsset-v0", num_envs=64, seed=0, data=data, episode=EPISODE, **spec)
    envs = VecNormalize(envs, norm_obs=False, gamma=0.9)
    decay = lambda left: 1e-3 * left  # noqa: E731
    model = PPO("MlpPolicy", envs, n_steps=64, batch_size=1024, n_epochs=4, learning_rate=decay, gamma=0.9, seed=0)
    return model.learn(steps)


def follow(policy, data, **spec):
    """Profit over all of the data, and the mean absolute change of position by the largest one."""
    env = tradepit.TradingEnv(data, episode={"start": "first", "length": "data"}, cash=1e7, **spec)
    obs, info = env.reset(seed=0)
    over, turnover, steps = False, 0.0, 0
    while not over:
        before = info["position"]
        obs, _, terminated, truncated, info = env.step(policy(obs))
        turnover, steps = turnover + abs(info["position"] - before), steps + 1
        over = terminated or truncated
    return info["equity"] - 1e7, turnover / steps


def test_a_leak_is_learned_to_95_percent_of_the_optimum():
    spec = {"window": 1, "features": [{"kind": "column", "name": "signal"}]}
    market = [samples.planted(20_000, seed=seed, edge_ticks=8.0, noise_ticks=8.0) for seed in (0, 1)]
    model = train(market[0], 200_000, **spec)
    best, _ = follow(lambda obs: np.sign(obs[:1]), market[1], **spec)
    learned, _ = follow(lambda obs: model.predict(obs, deterministic=True)[0], market[1], **spec)
    assert best > 1e6
    assert learned > 0.95 * best


def test_independent_returns_with_costs_are_left_alone():
    spec = {
        "window": 1,
        "slippage": {"kind": "fixed_ticks", "ticks": 1.0},
        "commission": {"kind": "per_contract", "fee": 2.1},
    }
    model = train(samples.synthetic("es_1m", bars=20_000, seed=0), 300_000, **spec)
    noise = samples.synthetic("es_1m", bars=10_000, seed=1)
    _, turnover = follow(lambda obs: model.predict(obs, deterministic=True)[0], noise, **spec)
    assert turnover < 0.02
