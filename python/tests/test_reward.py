"""A reward written in Python: once for a batch, on what happened before any autoreset."""

from __future__ import annotations

import copy
import json
import pickle

import gymnasium
import numpy as np
import pytest
from conftest import targets
from gymnasium.vector import AutoresetMode

from tradepit import errors
from tradepit.sb3 import make_vec_env

ID = "tradepit/SingleAsset-v0"
COLUMNS = [
    *("equity_before", "equity", "initial_capital", "fees", "slippage", "financing", "drawdown", "drawdown_before"),
    *("position", "position_before", "price", "price_before", "closed_trades", "winning_streak", "fills", "step"),
    *("steps_left", "terminated", "truncated", "multiplier", "first_price", "true_range", "expected_change", "traded"),
    *("realised", "wins"),
]


def profit(columns):
    return 100.0 * (columns["equity"] - columns["equity_before"]) / columns["initial_capital"]


def batch(data, spec, n=4, **more):
    return gymnasium.make_vec(ID, num_envs=n, data=data, **{**spec, **more})


def trace(envs, mode, steps=25):
    seen = [envs.reset(seed=1)[0]]
    for step in targets(envs.single_action_space, envs.num_envs, steps):
        obs, rewards, terminated, truncated, infos = envs.step(step)
        seen += [obs, rewards, terminated, truncated]
        if "episode" in infos:
            seen += [infos["episode"]["r"], infos["episode"]["l"]]
        if mode is AutoresetMode.DISABLED and truncated.any():
            seen.append(envs.reset(options={"reset_mask": truncated.copy()})[0])
    return seen, envs.stats()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("mode", list(AutoresetMode), ids=lambda mode: mode.name)
def test_the_same_reward_in_python_gives_the_bits_of_the_one_in_rust(data, spec, mode, threads):
    n = 4 if threads == 1 else 130
    make = lambda reward: batch(data, spec, n, autoreset_mode=mode, info="episode", threads=threads, reward=reward)  # noqa: E731
    ours, stats = trace(make(profit), mode)
    theirs, expected = trace(make({"kind": "profit", "scale": 100.0}), mode)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)
    assert stats == expected
    assert stats["reward"] != 0.0


def test_it_is_called_once_a_step_with_read_only_columns(data, spec):
    seen = []

    def reward(columns):
        seen.append(columns)
        return -np.abs(columns["position"] - columns["position_before"])

    envs = batch(data, spec, reward=reward)
    envs.reset(seed=0)
    steps = targets(envs.single_action_space, 4, 12)
    rewards = [envs.step(step)[1] for step in steps]
    assert len(seen) == len(steps)
    for columns, given in zip(seen, rewards, strict=True):
        assert list(columns) == COLUMNS
        assert all(column.dtype == np.float64 and column.shape == (4,) for column in columns.values())
        np.testing.assert_array_equal(given, -np.abs(columns["position"] - columns["position_before"]))
    # Kept columns stay as they were, and none can be written.
    assert [columns["step"][0] for columns in seen] == [1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="read-only"):
        seen[0]["equity"][0] = 1.0
    with pytest.raises(TypeError):
        seen[0]["equity"] = None


def test_columns_are_those_before_autoreset(data, spec):
    last = {}

    def reward(columns):
        last.update({name: values.copy() for name, values in columns.items()})
        return columns["equity"] / columns["initial_capital"] - 1.0

    envs = batch(data, spec, autoreset_mode="SameStep", info="step", reward=reward)
    envs.reset(seed=0)
    for step in targets(envs.single_action_space, 4, 7):
        _, rewards, _, truncated, infos = envs.step(step)
    assert truncated.all()
    np.testing.assert_array_equal(last["step"], np.full(4, 7.0))
    np.testing.assert_array_equal(last["equity"], infos["final_info"]["equity"])
    np.testing.assert_array_equal(rewards, (last["equity"] / 100_000 - 1.0).astype(np.float32))


def test_environments_that_only_reset_show_facts_at_rest(data, spec):
    with np.errstate(all="raise"):
        envs = batch(data, spec, reward=lambda columns: columns["equity"] / columns["equity_before"])
        envs.reset(seed=0)
        rewards = [envs.step(step)[1] for step in targets(envs.single_action_space, 4, 8)]
    assert all(values.all() for values in rewards[:7])
    # It gave 1 there: nothing happened, so it counts as nothing.
    np.testing.assert_array_equal(rewards[7], np.zeros(4))


def test_single_environments_have_columns_of_one(data, spec):
    env = gymnasium.make(ID, data=data, **{**spec, "reward": profit})
    twin = gymnasium.make(ID, data=data, **spec)
    env.reset(seed=0), twin.reset(seed=0)
    for target in np.random.default_rng(0).uniform(-1, 1, (7, 1)).astype(np.float32):
        a, b = env.step(target), twin.step(target)
        assert a[1] == b[1]
        np.testing.assert_array_equal(a[0], b[0])
    assert env.unwrapped.equity_curve().equals(twin.unwrapped.equity_curve())


def test_stable_baselines3_gets_it_too(data, spec):
    envs = make_vec_env(ID, 3, data=data, **{**spec, "reward": lambda columns: np.full(3, 0.5)})
    envs.reset()
    rewards, infos = np.zeros(3), []
    for step in targets(envs.action_space, 3, 7):
        _, reward, dones, infos = envs.step(step)
        rewards += reward
    assert dones.all()
    assert [info["episode"]["r"] for info in infos] == [3.5] * 3
    np.testing.assert_array_equal(rewards, np.full(3, 3.5))


class Planned(Exception):
    pass


def fails(columns):
    raise Planned("as planned")


@pytest.mark.parametrize(
    ("reward", "error", "message"),
    [
        (fails, Planned, "as planned"),
        (
            lambda columns: np.zeros(3),
            errors.RewardError,
            r"expected one number for each environment, shape \(.,\), got \(3,\)",
        ),
        (lambda columns: 0.0, errors.RewardError, r"shape \(.,\), got \(\)"),
        (
            lambda columns: np.full_like(columns["equity"], np.nan),
            errors.RewardError,
            "reward of environment 0: NaN must be",
        ),
        (lambda columns: columns["nobody"], KeyError, "nobody"),
        (lambda columns: "much", ValueError, "could not convert"),
    ],
)
def test_what_goes_wrong_comes_out_of_the_step(data, spec, reward, error, message):
    calls = {"n": 0}

    def sometimes(columns):
        calls["n"] += 1
        return reward(columns) if calls["n"] % 2 == 0 else np.ones_like(columns["equity"])

    env = gymnasium.make(ID, data=data, **{**spec, "reward": sometimes}).unwrapped
    envs = batch(data, spec, reward=sometimes, info="episode", autoreset_mode="SameStep")
    for n, one, step in ((None, env, np.ones(1, np.float32)), (4, envs, np.ones((4, 1), np.float32))):
        calls["n"] = 0
        one.reset(seed=0)
        one.step(step)
        for _ in range(3):
            with pytest.raises(error, match=message):
                one.step(step)
            # The step was taken and counts as 0: the environment goes on.
            last = one.step(step)
        assert last[3] if n is None else last[3].all()
        if n is None:
            assert list(env.equity_curve()["reward"]) == [0, 1, 0, 1, 0, 1, 0, 1]
        else:
            np.testing.assert_array_equal(last[4]["episode"]["r"], np.full(4, 4.0))


def test_a_reward_can_not_step_its_own_environment(data, spec):
    envs = batch(data, spec, reward=lambda columns: envs.step(np.zeros((4, 1), np.float32)))
    envs.reset(seed=0)
    with pytest.raises(errors.StateError, match=r"^step\(\) re-entered"):
        envs.step(np.zeros((4, 1), np.float32))


def test_scaled_rewards_are_those_of_stable_baselines3(data, spec):
    normalize = pytest.importorskip("stable_baselines3.common.vec_env").VecNormalize
    # Of the order of 1, where the 0.0001 of a sample that theirs begins with do not count.
    spec = {**spec, "reward": {"kind": "profit", "scale": 3_000.0}}
    ours = make_vec_env(ID, 4, seed=1, data=data, normalize_reward={"gamma": 0.9, "clip": 5.0}, **spec)
    raw = make_vec_env(ID, 4, seed=1, data=data, **spec)
    theirs = normalize(make_vec_env(ID, 4, seed=1, data=data, **spec), norm_obs=False, gamma=0.9, clip_reward=5.0)
    ours.reset(), theirs.reset(), raw.reset()
    different = 0
    for step in targets(ours.action_space, 4, 40):
        a, b, c = ours.step(step), theirs.step(step), raw.step(step)
        np.testing.assert_array_equal(a[0], b[0])
        np.testing.assert_allclose(a[1], b[1], rtol=1e-3, atol=1e-6)
        different += int(np.any(np.abs(a[1] - c[1]) > 1e-3))
        assert [info.get("episode", {}).get("r") for info in a[3]] == [
            info.get("episode", {}).get("r") for info in c[3]
        ]
    assert different > 20


def test_statistics_are_saved_frozen_and_go_on(data, spec):
    envs = batch(data, spec, normalize_reward=True)
    envs.reset(seed=0)
    steps = targets(envs.single_action_space, 4, 12)
    for step in steps:
        envs.step(step)
    state = envs.reward_normalizer
    assert state["gamma"] == 0.99
    assert state["count"] > 0
    twin, other = copy.deepcopy(envs), pickle.loads(pickle.dumps(envs))
    expected = envs.step(steps[0])[1]
    np.testing.assert_array_equal(expected, twin.step(steps[0])[1])
    np.testing.assert_array_equal(expected, other.step(steps[0])[1])
    evaluation = batch(data, spec)
    assert evaluation.reward_normalizer is None
    frozen = {**json.loads(json.dumps(state)), "frozen": True}
    evaluation.reward_normalizer = frozen
    plain = batch(data, spec)
    evaluation.reset(seed=3), plain.reset(seed=3)
    scale = np.sqrt(state["variance"] + 1e-8)
    for step in steps[:5]:
        a, b = evaluation.step(step)[1], plain.step(step)[1]
        np.testing.assert_allclose(a, np.clip(b / scale, -10, 10), rtol=1e-5)
    kept = evaluation.reward_normalizer
    assert (kept["count"], kept["mean"], kept["variance"]) == (state["count"], state["mean"], state["variance"])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"gama": 0.9}, "normalize_reward: .'gama'. are unknown"),
        ({"gamma": 2.0}, "normalize_reward.gamma: 2 must be"),
        ({"clip": 0.0}, "normalize_reward.clip: 0 must be"),
    ],
)
def test_what_can_not_scale_rewards_is_refused(data, spec, value, message):
    with pytest.raises(errors.SpecError, match=message):
        batch(data, spec, normalize_reward=value)
