"""The single environment against Gymnasium's contract."""

from __future__ import annotations

import copy
import pickle
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import tradepit

ID = "tradepit/SingleAsset-v0"
ACTIONS = ["target_position", {"kind": "target_levels", "levels": [-2, 0, 2]}, "enter_exit"]
INFO = {
    "time": int,
    "equity": float,
    "position": float,
    "executed_action": float,
    "price": float,
    "fees": float,
    "slippage": float,
    "drawdown": float,
    "fills": int,
    "clipped": int,
}


def make(data, spec, **more):
    return gymnasium.make(ID, data=data, **{**spec, **more})


def run(env, actions, seed=None):
    """Everything that an episode gives, over its end."""
    seen = [env.reset(seed=seed)]
    for action in actions:
        seen.append(env.step(action))
        if seen[-1][2] or seen[-1][3]:
            seen.append(env.reset())
    return seen


def same(a, b) -> bool:
    return all(
        np.array_equal(x, y) if isinstance(x, np.ndarray) else x == y
        for one, other in zip(a, b, strict=True)
        for x, y in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("action", ACTIONS, ids=str)
@pytest.mark.parametrize("render_mode", [None, "ansi", "rgb_array"])
def test_gymnasium_checks_it_without_a_warning(data, spec, action, render_mode):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = make(data, spec, action=action, render_mode=render_mode)
        check_env(env.unwrapped)


@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_stable_baselines3_checks_it_without_a_warning(data, spec, action):
    sb3 = pytest.importorskip("stable_baselines3.common.env_checker")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sb3.check_env(make(data, spec, action=action).unwrapped)


def test_the_defaults_just_work():
    env = gymnasium.make(ID, data="es_1m")
    space = env.action_space
    assert (space.shape, space.low, space.high) == ((1,), -1.0, 1.0)
    assert env.unwrapped.trading_spec["window"] == 32
    obs, _ = env.reset(seed=0)
    assert env.observation_space.contains(obs)
    assert np.isfinite(env.observation_space.low).all()
    steps, ended = 0, False
    while not ended:
        obs, _, terminated, truncated, _ = env.step(np.array([1.0], dtype=np.float32))
        steps, ended = steps + 1, terminated or truncated
    # One session of the sample, not all of it.
    assert 100 < steps < 1_500
    assert len(env.unwrapped.observation_names()) == len(obs)


def test_info_has_the_documented_keys_in_every_call(data, spec):
    env = make(data, spec)
    for info in (env.reset(seed=0)[1], env.step(np.array([1.0], dtype=np.float32))[4]):
        assert {name: type(value) for name, value in info.items()} == INFO
        assert all(
            f"\n    {name}" in tradepit.TradingEnv.__doc__ or f", {name}" in tradepit.TradingEnv.__doc__
            for name in info
        )
    assert info["executed_action"] == 1.0
    assert info["fees"] == 2.1
    assert info["slippage"] == 0.5 * 12.5
    times = data.time_ns()
    assert info["time"] in times
    assert tradepit.times(info["time"]) > np.datetime64("2024-01-01")


def test_the_frames_are_the_episode(data, spec):
    spec = {**spec, "episode": {"start": "first", "length": {"kind": "steps", "steps": 6}}}
    env = make(data, spec).unwrapped
    _, info = env.reset(seed=0)
    infos, rewards = [info], [0.0]
    for target in (1, 1, -1, 0, 0, 1):
        _, reward, _, truncated, info = env.step(np.array([target], dtype=np.float32))
        infos.append(info)
        rewards.append(reward)
    assert truncated
    curve, trades = env.equity_curve(), env.trades()
    assert list(curve["equity"]) == [info["equity"] for info in infos]
    assert list(curve["time"].to_numpy().astype("int64")) == [info["time"] for info in infos]
    assert list(curve["position"]) == [0, 1, 1, -1, 0, 0, 1]
    assert list(curve["reward"]) == rewards
    assert list(trades["qty"]) == [1, -1, 1]
    assert list(trades["open"]) == [False, False, True]
    profit = 100_000 + trades["pnl"].sum()
    assert profit == pytest.approx(infos[-1]["equity"], abs=1e-6)
    assert trades["fees"].sum() == pytest.approx(2.1 * 5)
    # A new episode begins a new record.
    env.reset()
    assert (len(env.equity_curve()), len(env.trades())) == (1, 0)


def test_frames_do_without_pandas(data, spec, monkeypatch):
    import builtins

    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "pandas":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    env = make(data, spec).unwrapped
    env.reset(seed=0)
    monkeypatch.setattr(builtins, "__import__", without)
    curve = env.equity_curve()
    assert isinstance(curve, dict)
    assert curve["time"].dtype == np.dtype("datetime64[ns]")


def test_pictures_show_what_happened(data, spec):
    env = make(
        data, {**spec, "episode": {"start": "first", "length": {"kind": "steps", "steps": 60}}}, render_mode="rgb_array"
    )
    env.reset(seed=0)
    blank = env.render()
    for step in range(60):
        env.step(np.array([1.0 if step < 30 else -1.0], dtype=np.float32))
    image = env.render()
    assert (image.shape, image.dtype) == ((400, 600, 3), np.uint8)
    colours = {tuple(colour) for colour in image.reshape(-1, 3)}
    assert {(30, 140, 60), (200, 50, 50), (40, 90, 180)} <= colours
    assert (30, 140, 60) not in {tuple(colour) for colour in blank.reshape(-1, 3)}


def test_text_shows_the_state(data, spec):
    env = make(data, spec, render_mode="ansi")
    env.reset(seed=0)
    info = env.step(np.array([-1.0], dtype=np.float32))[4]
    line = env.render()
    assert "step 1 " in line
    assert "position -1 " in line
    assert f"equity {info['equity']:.2f}" in line


def test_seeds_decide(data, spec):
    actions = np.random.default_rng(0).uniform(-1, 1, (20, 1)).astype(np.float32)
    first, second = (run(make(data, spec), actions, seed=5) for _ in range(2))
    assert same(first, second)
    assert not same(first, run(make(data, spec), actions, seed=6))
    # Without one, Gymnasium's entropy: two environments do not march in step, and the seed can be told.
    unseeded = make(data, spec).unwrapped
    trace = run(unseeded, actions)
    assert same(trace, run(make(data, spec), actions, seed=unseeded.np_random_seed))
    starts = {make(data, spec).reset()[1]["time"] for _ in range(8)}
    assert len(starts) > 1


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))], ids=["deepcopy", "pickle"]
)
@pytest.mark.parametrize("reward", ["log_return", np.ones_like], ids=["rust", "python"])
def test_copies_go_on_to_the_same_bits(data, spec, copied, reward):
    if reward is np.ones_like:
        reward = constant_reward
    actions = np.random.default_rng(1).uniform(-1, 1, (30, 1)).astype(np.float32)
    for env in (make(data, spec, reward=reward), make(data, spec, reward=reward).unwrapped):
        env.reset(seed=3)
        for action in actions[:10]:
            if any(env.step(action)[2:4]):
                env.reset()
        twin = copied(env)
        assert twin.unwrapped.equity_curve().equals(env.unwrapped.equity_curve())
        assert twin.unwrapped.trades().equals(env.unwrapped.trades())
        np.testing.assert_array_equal(twin.unwrapped.core.observe(), env.unwrapped.core.observe())
        before = env.unwrapped.equity_curve()
        one, other = run(env, actions[10:]), run(twin, actions[10:])
        assert same(one, other)
        assert not before.equals(env.unwrapped.equity_curve())


def constant_reward(columns):
    return np.ones_like(columns["equity"])


def test_deep_copies_share_the_data_and_pickles_do_not(data, spec):
    env = make(data, spec)
    twin = copy.deepcopy(env)
    assert twin is not env
    assert twin.unwrapped.core is not env.unwrapped.core
    assert twin.unwrapped.core.shares_data(env.unwrapped.core)
    assert twin.unwrapped.data is env.unwrapped.data
    assert copy.deepcopy(data) is data
    loaded = pickle.loads(pickle.dumps(env))
    assert not loaded.unwrapped.core.shares_data(env.unwrapped.core)
    # Environments of one data object with equal features have one feature table.
    assert make(data, spec, window=5).unwrapped.core.shares_data(env.unwrapped.core)


def test_arrays_are_fresh(data, spec):
    env = make(data, spec).unwrapped
    seen = [env.reset(seed=0)[0]]
    kept = [seen[0].copy()]
    for _ in range(5):
        seen.append(env.step(np.array([1.0], dtype=np.float32))[0])
        kept.append(seen[-1].copy())
    assert len({array.ctypes.data for array in seen}) == len(seen)
    np.testing.assert_array_equal(seen, kept)


def test_gymnasium_wrappers_fit(data, spec):
    env = gymnasium.wrappers.RecordEpisodeStatistics(make(data, spec))
    env.reset(seed=0)
    total = 0.0
    for _ in range(7):
        _, reward, _, truncated, info = env.step(np.array([1.0], dtype=np.float32))
        total += reward
    assert truncated
    assert info["episode"]["r"] == pytest.approx(total)
    assert info["episode"]["l"] == 7
