"""Observations by index: gathered they are those by window, and training on them gives the same numbers."""

from __future__ import annotations

import copy
import gc
import pickle
import re
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from conftest import SPEC, targets

import tradepit
from tradepit import _core
from tradepit.agents import PPO as NativePPO
from tradepit.errors import LayoutError, ShapeError, SpecError, StateError
from tradepit.live import PaperEnv

pytest.importorskip("stable_baselines3")

import torch
from stable_baselines3 import DQN, PPO, SAC
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecNormalize

from tradepit.gather import WindowGather
from tradepit.sb3 import WindowExtractor, make_vec_env, read_windows

ID = "tradepit/SingleAsset-v0"
SHORT = {**SPEC, "window": 6}
BY_INDEX = {"features_extractor_class": WindowExtractor}
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def other():
    return tradepit.samples.synthetic(bars=1_500, seed=1)


def batch(data, observe, n=8, **more):
    return make_vec_env(ID, n_envs=n, data=data, seed=5, observe=observe, **{**SHORT, **more})


def ppo(envs, observe, steps=3_072, **more):
    kwargs = BY_INDEX if observe == "index" else {}
    model = PPO(
        "MlpPolicy", envs, n_steps=64, batch_size=128, n_epochs=3, seed=7, device="cpu", policy_kwargs=kwargs, **more
    )
    return model.learn(steps)


def weights(model):
    return {name: value.numpy().copy() for name, value in model.policy.state_dict().items()}


def assert_equal(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


def test_ppo_learns_the_same_weights_to_the_bit(data):
    short, long = (ppo(batch(data, observe), observe) for observe in ("index", "window"))
    assert_equal(weights(short), weights(long))
    assert any(np.any(value != 0) for value in weights(short).values())
    # Table, row and account; window and account.
    assert short.rollout_buffer.observations.nbytes == 64 * 8 * (2 + 5) * 4
    assert long.rollout_buffer.observations.nbytes == 64 * 8 * (6 * 16 + 5) * 4
    assert list(short.ep_info_buffer)[-1]["r"] == list(long.ep_info_buffer)[-1]["r"]


@pytest.mark.parametrize(("algorithm", "action"), [(DQN, "enter_exit"), (SAC, "target_position")], ids=["DQN", "SAC"])
def test_replay_buffers_hold_indices(data, algorithm, action):
    made = {}
    for observe in ("index", "window"):
        envs = batch(data, observe, n=4, action=action)
        kwargs = BY_INDEX if observe == "index" else {}
        model = algorithm(
            "MlpPolicy", envs, buffer_size=800, learning_starts=64, batch_size=64, train_freq=4, seed=3, device="cpu",
            policy_kwargs={**kwargs, "net_arch": [16]},
        )  # fmt: skip
        made[observe] = model.learn(400)
    assert_equal(weights(made["index"]), weights(made["window"]))
    assert made["index"].replay_buffer.observations.shape[-1] == 7


def test_a_saved_model_goes_on_with_an_environment_and_carries_no_features(data, other, tmp_path):
    envs = batch(data, "index")
    model = ppo(envs, "index", steps=512)
    assert not any("table" in name for name in model.policy.state_dict())
    assert len(pickle.dumps(model.policy.features_extractor)) < 20_000
    model.save(tmp_path / "model")
    loaded = PPO.load(tmp_path / "model", env=batch(data, "index"), device="cpu")
    obs = batch(data, "index").reset()
    np.testing.assert_array_equal(loaded.predict(obs, deterministic=True)[0], model.predict(obs, deterministic=True)[0])
    loaded.learn(512)
    # Other data of the same pipeline: rows of their own table, without a word.
    loaded.set_env(batch(other, "index"))
    loaded.learn(512)
    for refused in (batch(data, "index", window=5), batch(data, "window"), batch(data, "index", features=["rsi"] * 1)):
        with pytest.raises(ValueError, match="Observation spaces do not match"):
            loaded.set_env(refused)
    alone = PPO.load(tmp_path / "model", device="cpu")
    np.testing.assert_array_equal(alone.predict(obs, deterministic=True)[0], model.predict(obs, deterministic=True)[0])


def test_an_evaluation_on_other_data_sees_those(data, other, tmp_path):
    # So many lots that small differences of the policy's output show.
    many = {"action": {"kind": "target_position", "max_lots": 1_000}}
    model = ppo(batch(data, "index", **many), "index", steps=512)

    def score(model, data, observe):
        return evaluate_policy(model, batch(data, observe, **many), n_eval_episodes=16, return_episode_rewards=True)

    here, elsewhere = (score(model, market, "index") for market in (data, other))
    model.save(tmp_path / "model")
    by_window = read_windows(PPO.load(tmp_path / "model", device="cpu"))
    assert (here, elsewhere) == tuple(score(by_window, market, "window") for market in (data, other))
    assert len(set(here[0])) > 8


def test_a_model_by_index_acts_in_a_live_session_and_goes_on_learning_by_window(data, tmp_path):
    model = ppo(batch(data, "index"), "index", steps=512)
    obs = {observe: batch(data, observe).reset() for observe in ("index", "window")}
    expected = model.predict(obs["index"], deterministic=True)[0]
    with pytest.raises(ValueError, match="Unexpected observation shape"):
        model.predict(obs["window"])
    read_windows(model)
    np.testing.assert_array_equal(model.predict(obs["window"], deterministic=True)[0], expected)
    with pytest.raises(SpecError, match="its observations are not by index"):
        read_windows(model)
    paper = PaperEnv(data, start=600, observe="index", **SHORT)
    assert paper.trading_spec["observe"] == {"kind": "window"}
    shown, _ = paper.reset()
    for _ in range(5):
        shown, *_ = paper.step(model.predict(shown, deterministic=True)[0])
    paper.close()
    model.save(tmp_path / "model")
    PPO.load(tmp_path / "model", env=batch(data, "window"), device="cpu").learn(512)


def test_networks_and_normalisers_that_do_not_gather_are_refused(data):
    with pytest.raises(SpecError, match="an observation by index is no input of a network"):
        PPO("MlpPolicy", batch(data, "index"), device="cpu")
    scaled = VecNormalize(batch(data, "index"))
    with pytest.raises(StateError, match="norm_obs=False"):
        ppo(scaled, "index", steps=64)
    # Rewards may be scaled.
    ppo(VecNormalize(batch(data, "index"), norm_obs=False), "index", steps=512)
    with pytest.raises(SpecError, match="can't read observations of Dict"):
        WindowExtractor(gymnasium.spaces.Dict())


@pytest.mark.parametrize("window", [1, 2, 32])
def test_gathered_observations_are_those_by_window(data, window):
    fields = {**SPEC, "window": window, "account": ["position", "drawdown"]}
    fields["randomise"] = {"observe": True, "ranges": {"commission.fee": [1, 3]}}
    envs = [gymnasium.make_vec(ID, num_envs=6, data=data, observe=kind, **fields) for kind in ("index", "window")]
    gather = WindowGather(window)
    space = envs[0].single_observation_space
    assert (space.window, space.gathered) == (window, envs[1].single_observation_space)
    assert envs[0].observation_names()[:2] == ["table", "row"]
    (short, _), (long, _) = (env.reset(seed=3) for env in envs)
    for actions in targets(envs[0].single_action_space, 6, 20):
        assert short.shape == (6, 2 + 2 + 1)
        assert space.contains(short[0])
        gathered = gather(torch.as_tensor(short))
        np.testing.assert_array_equal(gathered.numpy(), long)
        (short, *ours), (long, *theirs) = (env.step(actions) for env in envs)
        np.testing.assert_array_equal(ours[0], theirs[0])
    # Time by environments, as rollouts have it.
    np.testing.assert_array_equal(gather(torch.as_tensor(short).reshape(2, 3, -1)).reshape(6, -1).numpy(), long)
    assert gather.state_dict() == {}


def test_the_table_is_a_view_that_can_not_be_written_and_outlives_its_environments(data):
    env = gymnasium.make(ID, data=data, observe="index", **SHORT)
    obs, _ = env.reset(seed=0)
    table = _core.feature_table(int(obs[0]))
    numbers, again = table.numbers(), table.numbers()
    assert numbers.ctypes.data == again.ctypes.data
    assert numbers.shape == (len(data), 16)
    assert (table.number, numbers.base) == (int(obs[0]), table)
    with pytest.raises(ValueError, match="read-only"):
        numbers[0, 0] = 1.0
    with pytest.raises(ValueError, match="WRITEABLE"):
        numbers.flags.writeable = True
    gather = WindowGather(6)
    first = gather(torch.as_tensor(obs)[None])
    assert gather._tables[int(obs[0])].data_ptr() == numbers.ctypes.data
    # A copy of an environment knows its table too; a module keeps what it has.
    twin = pickle.loads(pickle.dumps(gymnasium.make(ID, data=data, observe="index", **SHORT).unwrapped))
    np.testing.assert_array_equal(twin.reset(seed=0)[0], obs)
    kept = np.array(numbers)
    del env, twin, table, again
    gc.collect()
    np.testing.assert_array_equal(numbers, kept)
    assert torch.equal(gather(torch.as_tensor(obs)[None]), first)
    assert copy.deepcopy(gather)._tables == {}


def test_what_is_no_observation_is_refused(data, other):
    obs = torch.as_tensor(batch(data, "index").reset())
    gather = WindowGather(6)
    keep = [batch(data, "index"), batch(other, "index")]
    mixed = torch.cat([obs, torch.as_tensor(keep[1].reset())])
    nothing, near, early, late = (obs.clone() for _ in range(4))
    nothing[:, 0], early[0, 1], late[0, 1] = 3.0, 4.0, 2_000.0
    near[:, 0] += 1.0
    gather(obs)
    for wrong in (mixed, nothing, near, obs * 0.1, obs * float("nan"), obs * float("inf"), early, late, obs[:0]):
        with pytest.raises(StateError, match="observations: "):
            gather(wrong)
    for market in ("synthetic", "bootstrap"):
        with pytest.raises(SpecError, match="observe: index: a market is drawn for every episode"):
            tradepit.TradingEnv(data, market=market, observe="index")
    with pytest.raises(SpecError, match="observe: index: takes 2 numbers in place of a window of 1"):
        tradepit.TradingEnv(data, window=1, features=["rsi"], observe="index")


def test_the_environment_passes_the_checkers(data):
    check_env(tradepit.TradingEnv(data, observe="index", **SHORT), warn=False)


def test_the_native_agent_learns_the_same_by_index(data, other, tmp_path):
    small = {"num_envs": 16, "n_steps": 16, "batch_size": 64, "threads": 1, "seed": 2, **SHORT}
    short, long = (NativePPO(data=data, observe=observe, **small).learn(1_024) for observe in ("index", "window"))
    assert short.layout == long.layout
    obs = {observe: batch(data, observe).reset() for observe in ("index", "window")}
    shown = batch(data, "index")  # while it lives, its observations can be gathered
    expected = long.predict(obs["window"])[0]
    for model in (short, long):
        np.testing.assert_array_equal(model.predict(obs["window"])[0], expected)
        np.testing.assert_array_equal(model.predict(obs["index"])[0], expected)
    short.save(tmp_path / "model.safetensors")
    assert short.spec["observe"] == {"kind": "index"}
    # By window, by index, on other data, on paper: it is the same policy.
    for observe in ("window", "index"):
        again = NativePPO.load(tmp_path / "model.safetensors", data=other, num_envs=16, threads=1, observe=observe)
        assert again.learn(256).num_timesteps == 1_280
    loaded = NativePPO.load(tmp_path / "model.safetensors")
    loaded.check(data, **{**SHORT, "observe": "window"})
    with pytest.raises(LayoutError):
        loaded.check(data, **{**SHORT, "window": 5, "observe": "index"})
    paper = PaperEnv(data, start=600, **loaded.spec)
    np.testing.assert_array_equal(loaded.predict(paper.reset()[0])[0].shape, (1,))
    paper.close()
    with pytest.raises(ShapeError, match=r"expected shape \(n, 101\), got \(8, 7\)"):
        loaded.predict(obs["index"] * 0.1)
    assert len(shown.reset()) == 8


def test_the_page_runs(tmp_path, monkeypatch):
    page = Path(__file__).parents[2] / "docs" / "observations.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    assert len(blocks) == 4
    monkeypatch.chdir(tmp_path)
    known = {}
    for block in blocks:
        exec(block, known)
