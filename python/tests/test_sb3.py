"""The batch for Stable-Baselines3: what it stores is exact, and its tools fit."""

from __future__ import annotations

import copy
import pickle
import warnings

import gymnasium
import numpy as np
import pytest
from conftest import SPEC, targets

pytest.importorskip("stable_baselines3")

import torch
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor, VecNormalize

import tradepit
from tradepit.sb3 import TradepitVecEnv, make_vec_env

ID = "tradepit/SingleAsset-v0"
pytestmark = pytest.mark.usefixtures("one_thread")


def batch(data, n=4, **more):
    return make_vec_env(ID, num_envs=n, data=data, **{**SPEC, **more})


def scalars(data, n=4, **more):
    fields = {**SPEC, **more}
    return DummyVecEnv([lambda: Monitor(gymnasium.make(ID, data=data, **fields)) for _ in range(n)])


class OneBuffer(TradepitVecEnv):
    """What an adapter must not do: give one buffer in every step."""

    def reset(self):
        self._obs = super().reset().copy()
        self._dones = np.zeros(self.num_envs, dtype=bool)
        return self._obs

    def step_wait(self):
        obs, rewards, dones, infos = super().step_wait()
        self._obs[:], self._dones[:] = obs, dones
        return self._obs, rewards, self._dones, infos


def trained(algorithm, envs, action):
    """The buffer of a short training run on `envs`; actions are decided by the observations alone."""
    torch.manual_seed(0)
    np.random.seed(0)
    envs.seed(11)
    if algorithm is PPO:
        # A learning rate of 0: what is stored does not depend on the order of arithmetic in an update.
        model = PPO("MlpPolicy", envs, n_steps=24, batch_size=32, n_epochs=1, seed=3, device="cpu", learning_rate=0.0)
        model.learn(24 * envs.num_envs)
        buffer = model.rollout_buffer
        names = ("observations", "actions", "rewards", "episode_starts", "values", "log_probs", "advantages", "returns")
    else:
        model = DQN("MlpPolicy", envs, buffer_size=400, learning_starts=1_000, train_freq=1, seed=3, device="cpu")
        model.learn(24 * envs.num_envs)
        buffer = model.replay_buffer
        names = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
    kept = buffer.pos if algorithm is DQN else len(buffer.rewards)
    return model, {name: getattr(buffer, name)[:kept] for name in names}


@pytest.mark.parametrize(("algorithm", "action"), [(PPO, "target_position"), (DQN, "enter_exit")], ids=["PPO", "DQN"])
@pytest.mark.parametrize("copied", [False, True], ids=["in_turn", "copy"])
def test_what_is_stored_is_what_single_environments_give(data, algorithm, action, copied):
    ours, stored = trained(algorithm, batch(data, action=action, copy=copied), action)
    theirs, expected = trained(algorithm, scalars(data, action=action), action)
    for name in expected:
        np.testing.assert_array_equal(stored[name], expected[name], err_msg=name)
    assert [dict(info, t=0) for info in ours.ep_info_buffer] == [dict(info, t=0) for info in theirs.ep_info_buffer]
    assert len(ours.ep_info_buffer) >= 12


@pytest.mark.parametrize(("algorithm", "action"), [(PPO, "target_position"), (DQN, "enter_exit")], ids=["PPO", "DQN"])
def test_one_buffer_would_corrupt_what_is_stored(data, algorithm, action):
    """The test above can fail: with one buffer, every stored observation is the one after it."""
    _, expected = trained(algorithm, scalars(data, action=action), action)
    envs = OneBuffer(4, data, **{**SPEC, "action": action})
    _, stored = trained(algorithm, envs, action)
    assert not np.array_equal(stored["observations"], expected["observations"])
    if algorithm is DQN:
        ended = stored["dones"].astype(bool)
        after = stored["next_observations"][~ended]
        np.testing.assert_array_equal(stored["observations"][~ended], after)
    else:
        starts = stored["episode_starts"]
        assert not np.array_equal(starts, expected["episode_starts"])


def test_steps_are_those_of_single_environments(data):
    ours, theirs = batch(data), scalars(data)
    for envs in (ours, theirs):
        envs.seed(5)
    np.testing.assert_array_equal(ours.reset(), theirs.reset())
    ends = 0
    for step in targets(ours.action_space, 4, 25):
        a, b = ours.step(step), theirs.step(step)
        for x, y in zip(a[:3], b[:3], strict=True):
            assert (x.dtype, x.shape) == (y.dtype, y.shape)
            np.testing.assert_array_equal(x, y)
        for i in range(4):
            if not a[2][i]:
                assert a[3][i] == {}
                continue
            ends += 1
            np.testing.assert_array_equal(a[3][i]["terminal_observation"], b[3][i]["terminal_observation"])
            assert a[3][i]["TimeLimit.truncated"] is b[3][i]["TimeLimit.truncated"] is True
            for key in ("r", "l"):
                assert a[3][i]["episode"][key] == b[3][i]["episode"][key]
    assert ends == 12


def test_termination_is_not_truncation(data):
    envs = batch(data, episode={"start": "random", "drawdown_limit": 0.00005, "length": "data"})
    envs.reset()
    seen = []
    for step in targets(envs.action_space, 4, 60):
        _, _, dones, infos = envs.step(step)
        seen += [infos[i]["TimeLimit.truncated"] for i in np.flatnonzero(dones)]
    assert seen
    assert not any(seen)


def test_infos_can_be_kept_and_written_to(data):
    envs = batch(data)
    envs.reset()
    steps = targets(envs.action_space, 4, 8)
    kept = [envs.step(step)[3] for step in steps]
    assert [len(infos[0]) for infos in kept] == [0, 0, 0, 0, 0, 0, 3, 0]
    # Somebody writes to what he got: he keeps it, and no later step shows it.
    _, _, _, mine = envs.step(steps[0])
    mine[1]["mine"] = 1
    mine[2].update(mine=2)
    mine[3] = {"mine": 3}
    _, _, _, after = envs.step(steps[1])
    assert [dict(info) for info in after] == [{}, {}, {}, {}]
    assert [dict(info) for info in mine] == [{}, {"mine": 1}, {"mine": 2}, {"mine": 3}]
    assert type(copy.deepcopy(after)[0]) is dict
    assert pickle.loads(pickle.dumps(after)) == [{}, {}, {}, {}]


def test_rewards_can_be_written_to(data):
    envs, twin = batch(data), batch(data)
    for both in (envs, twin):
        both.seed(0)
        both.reset()
    for step in targets(envs.action_space, 4, 10):
        rewards, expected = envs.step(step)[1], twin.step(step)[1]
        np.testing.assert_array_equal(rewards, expected)
        rewards += 100


def test_seeds_apply_at_the_next_reset_and_once(data):
    envs = batch(data, n=3)
    assert envs.seed(7) == [7, 8, 9]
    first = envs.reset().copy()
    second = envs.reset().copy()
    assert not np.array_equal(first, second)
    envs.seed(7)
    np.testing.assert_array_equal(envs.reset(), first)
    np.testing.assert_array_equal(envs.reset(), second)
    again = make_vec_env(ID, n_envs=3, seed=7, data=data, **SPEC)
    np.testing.assert_array_equal(again.reset(), first)
    # Without a seed, NumPy's global generator decides, as in every other VecEnv.
    np.random.seed(1)
    one = batch(data, n=3).reset().copy()
    np.random.seed(1)
    np.testing.assert_array_equal(batch(data, n=3).reset(), one)


def test_attributes_and_methods(data):
    envs = batch(data)
    envs.reset()
    assert envs.get_attr("render_mode") == [None] * 4
    assert envs.get_attr("num_envs", indices=[0, 2]) == [4, 4]
    envs.step(np.ones((4, 1), dtype=np.float32))
    assert envs.get_attr("position") == [1.0] * 4
    assert len(set(envs.get_attr("time"))) == 4
    envs.set_attr("mine", "x", indices=1)
    assert envs.get_attr("mine") == [None, "x", None, None]
    assert envs.has_attr("mine")
    assert not envs.has_attr("nobody")
    assert envs.env_method("observation_names", indices=0) == [envs.observation_names()]
    assert envs.env_method("get_wrapper_attr", "position", indices=[1]) == [1.0]
    assert envs.env_is_wrapped(Monitor) == [True] * 4
    assert envs.env_is_wrapped(gymnasium.wrappers.TimeLimit, indices=[0]) == [False]
    for call in (
        lambda: envs.get_attr("nobody"),
        lambda: envs.env_method("step"),
        lambda: envs.set_attr("position", 1.0),
    ):
        with pytest.raises(AttributeError):
            call()


def test_its_tools_fit(data, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        train = VecNormalize(batch(data, n=8), norm_obs=True, norm_reward=True)
        evaluation = VecNormalize(batch(data, n=2), training=False, norm_reward=False)
        model = PPO("MlpPolicy", train, n_steps=16, batch_size=64, n_epochs=2, seed=0, device="cpu")
        callback = EvalCallback(
            evaluation, n_eval_episodes=3, eval_freq=16, best_model_save_path=str(tmp_path), verbose=0
        )
        model.learn(512, callback=callback)
        assert (tmp_path / "best_model.zip").exists()
        rewards, lengths = evaluate_policy(model, evaluation, n_eval_episodes=5, return_episode_rewards=True)
        assert lengths == [7] * 5
        assert all(np.isfinite(rewards))
        model.save(tmp_path / "model")
        train.save(str(tmp_path / "normalise.pkl"))
        loaded_envs = VecNormalize.load(str(tmp_path / "normalise.pkl"), batch(data, n=8))
        np.testing.assert_array_equal(loaded_envs.obs_rms.mean, train.obs_rms.mean)
        loaded = PPO.load(tmp_path / "model", env=loaded_envs, device="cpu")
        obs = loaded_envs.reset()
        np.testing.assert_array_equal(
            loaded.predict(obs, deterministic=True)[0], model.predict(obs, deterministic=True)[0]
        )
    with pytest.warns(UserWarning, match="already wrapped with a `Monitor`"):
        monitored = VecMonitor(batch(data))
    monitored.reset()
    infos = [monitored.step(step)[3] for step in targets(monitored.action_space, 4, 7)]
    assert infos[-1][0]["episode"]["l"] == 7


@pytest.mark.parametrize("wrap", [lambda envs: envs, VecNormalize], ids=["plain", "normalised"])
def test_a_saved_model_refuses_another_pipeline_of_the_same_shape(data, tmp_path, wrap):
    def envs(period):
        return wrap(batch(data, n=2, features=[{"kind": "rsi", "period": period}]))

    model = PPO("MlpPolicy", envs(14), n_steps=8, batch_size=16, n_epochs=1, seed=0, device="cpu").learn(16)
    model.save(tmp_path / "model")
    with pytest.raises(ValueError, match=r"spaces do not match: .*rsi_14.* != .*rsi_7"):
        PPO.load(tmp_path / "model", env=envs(7), device="cpu")
    loaded = PPO.load(tmp_path / "model", device="cpu")
    with pytest.raises(ValueError, match="do not match"):
        loaded.set_env(envs(7))
    loaded.set_env(envs(14))
    loaded.learn(16)


def test_dqn_learns_on_it(data):
    model = DQN(
        "MlpPolicy", batch(data, n=4, action="enter_exit"), learning_starts=50, train_freq=4, device="cpu", seed=0
    )
    before = [p.clone() for p in model.q_net.parameters()]
    model.learn(400)
    assert any(not torch.equal(a, b) for a, b in zip(before, model.q_net.parameters(), strict=True))


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda envs: pickle.loads(pickle.dumps(envs))], ids=["deepcopy", "pickle"]
)
def test_copies_go_on_to_the_same_bits(data, copied):
    envs = batch(data)
    envs.seed(4)
    envs.reset()
    steps = targets(envs.action_space, 4, 20)
    for step in steps[:9]:
        envs.step(step)
    twin = copied(envs)
    if copied is copy.deepcopy:
        assert twin.core.shares_data(envs.core)
    for step in steps[9:]:
        a, b = envs.step(step), twin.step(step)
        for x, y in zip(a[:3], b[:3], strict=True):
            np.testing.assert_array_equal(x, y)
        assert [info.get("episode", {}).get("r") for info in a[3]] == [
            info.get("episode", {}).get("r") for info in b[3]
        ]


def test_bad_calls_are_refused(data):
    with pytest.raises(tradepit.errors.SpecError, match="env_id: 'CartPole-v1'"):
        make_vec_env("CartPole-v1", 2, data=data)
    with pytest.raises(tradepit.errors.SpecError, match="num_envs: 2, and n_envs: 3; name one"):
        make_vec_env(ID, 2, n_envs=3, data=data)
    envs = batch(data)
    envs.reset()
    with pytest.raises(tradepit.errors.StateError, match="there are no actions"):
        envs.step_wait()
