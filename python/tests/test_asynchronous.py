"""A step that is waited for later is the same step, and says where it is when it is asked too early or too late."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import pickle
import re
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from conftest import SPEC, targets
from gymnasium.vector import AutoresetMode
from test_vector import batch, equal, reset_ended

from tradepit import AsyncVectorEnv
from tradepit.errors import ActionError, ShapeError, SpecError, StateError

ID = "tradepit/SingleAsset-v0"
MODES = list(AutoresetMode)
UNDER_WAY = r"a step is under way; call step_wait\(\) first"


@pytest.mark.parametrize("action", ["target_position", "enter_exit"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("copied", [True, False], ids=["copy", "in_turn"])
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_a_step_that_is_waited_for_is_that_step(data, spec, mode, copied, threads, action):
    options = {"autoreset_mode": mode, "copy": copied, "info": "step", "threads": threads, "action": action, "n": 130}
    ours, theirs = batch(data, spec, **options), batch(data, spec, **options)
    equal(ours.reset(seed=7), theirs.reset(seed=7))
    for step in targets(ours.single_action_space, 130, 200):
        given = step.copy()
        ours.step_async(given)
        given[:] = 0  # they were copied
        expected = theirs.step(step)
        equal(ours.step_wait(), expected)
        if mode is AutoresetMode.DISABLED and (ended := expected[2] | expected[3]).any():
            equal(reset_ended(ours, ended), reset_ended(theirs, ended))
    assert ours.stats() == theirs.stats()


def test_a_batch_of_stable_baselines3_as_well(data):
    sb3 = pytest.importorskip("tradepit.sb3")
    ours, theirs = (sb3.make_vec_env(ID, num_envs=130, data=data, threads=2, seed=3, **SPEC) for _ in range(2))
    np.testing.assert_array_equal(ours.reset(), theirs.reset())
    ends = 0
    for step in targets(ours.action_space, 130, 200):
        ours.step_async(step)
        expected, got = theirs.step(step), ours.step_wait()
        for x, y in zip(got[:3], expected[:3], strict=True):
            assert x.dtype == y.dtype
            np.testing.assert_array_equal(x, y)
        for x, y in zip(got[3], expected[3], strict=True):
            assert set(x) == set(y)
            if x:
                ends += 1
                np.testing.assert_array_equal(x["terminal_observation"], y["terminal_observation"])
                assert dict(x["episode"], t=0) == dict(y["episode"], t=0)
    assert ends == 130 * (200 // 7)


@pytest.mark.usefixtures("one_thread")
def test_ppo_learns_the_same_by_either_road(data):
    sb3 = pytest.importorskip("tradepit.sb3")
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import VecEnvWrapper

    class Waits(VecEnvWrapper):
        """As every wrapper does: it sends and waits, where the batch by itself steps at once."""

        sent = 0

        def reset(self):
            return self.venv.reset()

        def step_async(self, actions):
            self.sent += 1
            super().step_async(actions)

        def step_wait(self):
            return self.venv.step_wait()

    def learned(wrap):
        envs = wrap(sb3.make_vec_env(ID, num_envs=8, data=data, seed=1, **SPEC))
        model = PPO("MlpPolicy", envs, n_steps=32, batch_size=64, n_epochs=2, seed=0, device="cpu").learn(512)
        episodes = [dict(info, t=0) for info in model.ep_info_buffer]
        return envs, episodes, [p.detach().numpy() for p in model.policy.parameters()]

    (wrapped, episodes, weights), (_, expected, expected_weights) = learned(Waits), learned(lambda envs: envs)
    assert wrapped.sent == 64
    assert episodes == expected
    for a, b in zip(weights, expected_weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP], ids=lambda mode: mode.name)
@pytest.mark.parametrize("batches", [1, 2, 4])
def test_batches_are_the_environments_of_one(data, spec, batches, mode):
    options = {"data": data, "autoreset_mode": mode, "info": "step", **spec}
    whole = gymnasium.make_vec(ID, num_envs=128, **options)
    envs = AsyncVectorEnv(ID, 128, batches, **options)
    assert all(part.core.shares_data(whole.core) for part in envs.batches)
    envs.async_reset(seed=5)
    expected_obs, expected_infos = whole.reset(seed=5)
    expected = [(expected_obs, np.zeros(128), *np.zeros((2, 128), dtype=bool), expected_infos)]
    steps = targets(whole.single_action_space, 128, 200)
    expected += [whole.step(step) for step in steps]
    for at, step in enumerate([*steps, None]):
        for ids in np.arange(128).reshape(batches, -1):
            *arrays, infos = envs.recv()
            np.testing.assert_array_equal(infos.pop("env_id"), ids)
            for x, y in zip(arrays, expected[at][:4], strict=True):
                equal(x, y[ids])
            of_these = {name: part(values, ids) for name, values in expected[at][4].items()}
            held = {name for name in of_these if name.startswith("_") and of_these[name].any()}
            for name in held:
                if name == "_final_info":
                    continue
                equal(infos[name], of_these[name])
                equal(infos[name[1:]], of_these[name[1:]])
            if step is not None:
                envs.send(step[ids], ids)
    sums, all_sums = envs.stats(), whole.stats()
    assert {k: sums[k] for k in ("episodes", "length", "fills", "trades")} == {
        k: all_sums[k] for k in ("episodes", "length", "fills", "trades")
    }


def part(values, ids):
    return {name: part(one, ids) for name, one in values.items()} if isinstance(values, dict) else values[ids]


def test_the_arrays_of_a_batch_take_turns(data, spec):
    envs = AsyncVectorEnv(ID, 8, 2, data=data, copy=False, **spec)
    envs.async_reset(seed=0)
    seen = {0: [], 4: []}
    for _ in range(8):
        obs, *_, info = envs.recv()
        seen[info["env_id"][0]].append(obs)
        envs.send(np.ones((4, 1), dtype=np.float32), info["env_id"])
    for a, b, c, d in seen.values():
        assert a is c
        assert b is d
        assert a is not b
    fresh = AsyncVectorEnv(ID, 8, 2, data=data, **spec)
    fresh.async_reset(seed=0)
    assert len({id(x) for x in [fresh.recv()[0], fresh.recv()[0]]}) == 2


def test_calls_out_of_order_say_which_one_is_missing(data, spec):
    envs = batch(data, spec, n=4)
    ones = np.ones((4, 1), dtype=np.float32)
    with pytest.raises(StateError, match="reset them first"):
        envs.step_async(ones)
    envs.reset(seed=0)
    with pytest.raises(StateError, match="there are no actions"):
        envs.step_wait()
    twin = copy.deepcopy(envs)
    envs.step_async(ones)
    calls = (
        lambda: envs.step(ones),
        lambda: envs.step_async(ones),
        lambda: envs.reset(seed=0),
        envs.stats,
        lambda: copy.deepcopy(envs),
        lambda: pickle.dumps(envs),
    )
    for call in calls:
        with pytest.raises(StateError, match=UNDER_WAY):
            call()
    equal(envs.step_wait(), twin.step(ones))
    with pytest.raises(StateError, match="there are no actions"):
        envs.step_wait()


def test_bad_actions_are_refused_where_they_are_sent(data, spec):
    envs = batch(data, spec, n=4)
    envs.reset(seed=0)
    twin = copy.deepcopy(envs)
    with pytest.raises(ActionError, match="environment 2: value 0 is NaN"):
        envs.step_async(np.array([[0], [0], [np.nan], [0]], dtype=np.float32))
    with pytest.raises(ShapeError, match=r"expected shape \(4, 1\), got \(3, 1\)"):
        envs.step_async(np.ones((3, 1), dtype=np.float32))
    # Nothing was sent, and nothing has moved.
    ones = np.ones((4, 1), dtype=np.float32)
    envs.step_async(ones)
    equal(envs.step_wait(), twin.step(ones))


@pytest.mark.parametrize("road", ["gymnasium", "sb3"])
def test_a_reward_in_python_is_paid_where_the_step_is_waited_for(data, spec, road):
    def reward(facts):
        asked.append(1)
        if fails:
            raise ValueError("planned")
        return facts["position"]

    asked, fails = [], []
    if road == "sb3":
        make = pytest.importorskip("tradepit.sb3").make_vec_env
        envs, twin = (make(ID, num_envs=5, data=data, seed=0, **{**spec, "reward": reward}) for _ in range(2))
        for both in (envs, twin):
            both.reset()
    else:
        envs, twin = (batch(data, spec, reward=reward) for _ in range(2))
        for both in (envs, twin):
            both.reset(seed=0)
    for step in targets(getattr(envs, "single_action_space", envs.action_space), 5, 20):
        envs.step_async(step)
        before = len(asked)
        with pytest.raises(StateError, match=UNDER_WAY):
            envs.step_async(step)
        assert len(asked) == before
        got = envs.step_wait()
        assert len(asked) == before + 1
        equal(got[:3], twin.step(step)[:3])
    fails.append(True)
    envs.step_async(step)
    with pytest.raises(ValueError, match="planned"):
        envs.step_wait()
    fails.clear()
    envs.step_async(step)
    envs.step_wait()


def test_send_and_recv_refuse_what_does_not_fit(data, spec):
    for batches in (0, 3):
        with pytest.raises(SpecError, match=f"batches: {batches} must be at least 1 and divide num_envs, 4"):
            AsyncVectorEnv(ID, 4, batches, data=data, **spec)
    with pytest.raises(SpecError, match="needs the interpreter in the middle of a step"):
        AsyncVectorEnv(ID, 4, data=data, **{**spec, "reward": lambda facts: facts["position"]})
    with pytest.raises(SpecError, match="is not an environment of this package"):
        AsyncVectorEnv("CartPole-v1", 4)
    envs = AsyncVectorEnv(ID, 4, data=data, **spec)
    with pytest.raises(StateError, match="nothing was sent"):
        envs.recv()
    ones, first = np.ones((2, 1), dtype=np.float32), np.arange(2)
    envs.async_reset(seed=0)
    with pytest.raises(StateError, match="batch 0 was sent and not received"):
        envs.send(ones, first)
    with pytest.raises(StateError, match="batch 0 was not received"):
        envs.async_reset(seed=0)
    for _ in range(2):
        envs.recv()
    with pytest.raises(ShapeError, match="expected the environments of one batch"):
        envs.send(ones, np.array([1, 2]))
    with pytest.raises(ActionError, match="environment 1"):
        envs.send(np.array([[0], [np.inf]], dtype=np.float32), first)
    envs.send(ones, first)
    envs.recv()
    envs.async_reset()
    assert envs.recv()[4]["env_id"].tolist() == [0, 1]


@pytest.mark.parametrize("end", ["close", "collect"])
@pytest.mark.parametrize("copied", [True, False], ids=["copy", "in_turn"])
def test_ended_while_under_way(data, spec, end, copied):
    ones = np.ones((512, 1), dtype=np.float32)
    for _ in range(20):
        envs = batch(data, spec, n=512, threads=2, copy=copied)
        held, _ = envs.reset(seed=0)
        envs.step_async(ones)
        if end == "close":
            envs.close()
            with pytest.raises(StateError, match="there are no actions"):
                envs.core.step_wait()
            envs.core.step(ones)
        del envs
        gc.collect()
        assert np.isfinite(held).all()
    both = AsyncVectorEnv(ID, 512, data=data, **spec)
    both.async_reset(seed=0)
    for _ in range(2):
        both.send(ones[:256], both.recv()[4]["env_id"])
    if end == "close":
        both.close()
        with pytest.raises(StateError, match="nothing was sent"):
            both.recv()


def _forked(envs, ones, results):
    """In the child, a step of the parent is nobody's; a batch that is here goes on."""
    try:
        envs[0].step_wait()
        results.put("received")
    except StateError as error:
        results.put(str(error))
    envs[1].step_async(ones)
    results.put(envs[1].step_wait()[0].copy())


# Windows starts processes anew only: there a batch under way can't get into another process.
@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="there is no fork")
def test_a_fork_while_under_way(data, spec):
    ones = np.ones((512, 1), dtype=np.float32)
    envs = [batch(data, spec, n=512, threads=1) for _ in range(2)]
    for one in envs:
        one.reset(seed=0)
        one.step_async(ones)
        one.step_wait()
    twin = copy.deepcopy(envs[1])
    envs[0].step_async(ones)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_forked, args=(envs, ones, results))
    child.start()
    said, obs = results.get(timeout=60), results.get(timeout=60)
    child.join()
    assert child.exitcode == 0
    # Whether the step had begun, or was done, when the process was forked is chance; it is never waited for in vain.
    assert said == "received" or "forked while a step was under way" in said
    expected = twin.step(ones)
    equal(obs, expected[0])
    envs[0].step_wait()
    envs[1].step_async(ones)
    equal(envs[1].step_wait(), expected)


def test_the_page_runs(tmp_path, monkeypatch):
    page = Path(__file__).parents[2] / "docs" / "asynchronous.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    assert len(blocks) == 2
    monkeypatch.chdir(tmp_path)
    known = {}
    for block in blocks:
        exec(block, known)
