"""The batch against Gymnasium's own batch of single environments, to the bit."""

from __future__ import annotations

import copy
import pickle
import warnings

import gymnasium
import numpy as np
import pytest
from conftest import targets
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import tradepit

ID = "tradepit/SingleAsset-v0"
MODES = list(AutoresetMode)


def batch(data, spec, n=5, **more):
    return gymnasium.make_vec(ID, num_envs=n, data=data, **{**spec, **more})


def singles(data, spec, mode, n=5, **more):
    fields = {**spec, **more}
    make = lambda: gymnasium.make(ID, data=data, disable_env_checker=True, **fields)  # noqa: E731
    return SyncVectorEnv([make] * n, autoreset_mode=mode)


def equal(a, b) -> None:
    """Deep equality of Gymnasium's results, to the bit and to the type."""
    if isinstance(a, dict):
        assert set(a) == set(b)
        for key in a:
            equal(a[key], b[key])
    elif isinstance(a, tuple):
        for x, y in zip(a, b, strict=True):
            equal(x, y)
    elif isinstance(a, np.ndarray):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        if a.dtype == object:
            for x, y in zip(a, b, strict=True):
                equal(x, y)
        else:
            np.testing.assert_array_equal(a, b)
    else:
        assert type(a) is type(b)
        assert a == b


def reset_ended(envs, ended):
    return envs.reset(options={"reset_mask": ended.copy()})


@pytest.mark.parametrize("action", ["target_position", "enter_exit"])
@pytest.mark.parametrize("copied", [True, False], ids=["copy", "in_turn"])
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_it_is_gymnasiums_batch_of_single_environments(data, spec, mode, copied, action):
    ours = batch(data, spec, autoreset_mode=mode, copy=copied, info="step", action=action)
    theirs = singles(data, spec, mode, action=action)
    assert ours.metadata["autoreset_mode"] is mode
    assert ours.autoreset_mode is mode
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    for seed in (7, [3, 1, 4, 1, 5], None):
        equal(theirs.reset(seed=seed), ours.reset(seed=seed))
        episodes = 0
        for step in targets(ours.single_action_space, 5, 25):
            a, b = theirs.step(step), ours.step(step)
            equal(a, b)
            ended = a[2] | a[3]
            episodes += ended.sum()
            if mode is AutoresetMode.DISABLED and ended.any():
                equal(reset_ended(theirs, ended), reset_ended(ours, ended))
        assert episodes >= 15


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_threads_change_no_bit(data, spec, mode):
    traces = []
    for threads in (1, 2, 3):
        envs = batch(data, spec, n=200, autoreset_mode=mode, threads=threads)
        assert envs.core.threads == threads
        trace = [envs.reset(seed=1)[0]]
        for step in targets(envs.single_action_space, 200, 9):
            obs, rewards, terminated, truncated, infos = envs.step(step)
            trace += [obs, rewards, terminated, truncated]
            if mode is AutoresetMode.DISABLED and (terminated | truncated).any():
                trace.append(reset_ended(envs, terminated | truncated)[0])
            trace += [x for x in infos.get("final_obs", []) if x is not None]
        traces.append([array.copy() for array in trace])
    for other in traces[1:]:
        for a, b in zip(traces[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_gymnasiums_wrappers_fit(data, spec, mode):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        envs = batch(data, spec, autoreset_mode=mode)
        envs = gymnasium.wrappers.vector.RecordEpisodeStatistics(envs)
        envs = gymnasium.wrappers.vector.NormalizeReward(envs)
        if mode is AutoresetMode.NEXT_STEP:
            envs = gymnasium.wrappers.vector.NormalizeObservation(envs)
        envs.reset(seed=0)
        lengths = []
        for step in targets(envs.single_action_space, 5, 20):
            _, _, terminated, truncated, infos = envs.step(step)
            if "episode" in infos:
                lengths += list(infos["episode"]["l"][infos["_episode"]])
            if mode is AutoresetMode.DISABLED and (terminated | truncated).any():
                reset_ended(envs, terminated | truncated)
    assert len(lengths) >= 10
    assert set(lengths) == {7}


def test_episodes_are_summed_in_rust(data, spec):
    envs = batch(data, spec, autoreset_mode="SameStep", info="episode")
    envs.reset(seed=0)
    returns, episodes, sums = np.zeros(5), 0, 0.0
    for step in targets(envs.single_action_space, 5, 21):
        _, rewards, _, truncated, infos = envs.step(step)
        returns += rewards
        assert ("episode" in infos) == truncated.any()
        if truncated.any():
            np.testing.assert_allclose(infos["episode"]["r"], returns, rtol=1e-12)
            np.testing.assert_array_equal(infos["episode"]["l"], np.full(5, 7))
            np.testing.assert_array_equal(infos["_episode"], truncated)
            episodes += truncated.sum()
            sums += returns.sum()
            returns[:] = 0
    stats = envs.stats()
    assert (stats["episodes"], stats["length"]) == (episodes, 7 * episodes)
    assert stats["reward"] == pytest.approx(sums)
    assert stats["profit"] == pytest.approx(sums * 1_000)
    contracts = stats["fees"] / 2.1
    assert contracts == pytest.approx(round(contracts))
    assert stats["fills"] < contracts < 2 * stats["fills"]
    assert envs.stats()["episodes"] == 0


def test_infos_are_empty_unless_asked_for(data, spec):
    envs = batch(data, spec)
    assert envs.reset(seed=0)[1] == {}
    assert all(envs.step(step)[4] == {} for step in targets(envs.single_action_space, 5, 10))


def test_two_sets_of_arrays_take_turns(data, spec):
    envs, twin = batch(data, spec, copy=False), batch(data, spec)
    seen = [envs.reset(seed=0)[0]]
    kept = [twin.reset(seed=0)[0]]
    for step in targets(envs.single_action_space, 5, 6):
        given, fresh = envs.step(step), twin.step(step)
        for a, b in zip(given[:4], fresh[:4], strict=True):
            np.testing.assert_array_equal(a, b)
        # What the step before gave is as it was; what the one before that gave is overwritten.
        np.testing.assert_array_equal(seen[-1], kept[-1])
        seen.append(given[0])
        kept.append(fresh[0])
        assert len(seen) < 3 or seen[-1] is seen[-3]
    assert seen[0] is not seen[1]
    with pytest.raises(ValueError, match="does not own its data"):
        seen[0].resize((1, 1), refcheck=False)
    # A refused action costs nobody the observations that he holds.
    last = seen[-1]
    for _ in range(3):
        with pytest.raises(tradepit.errors.ActionError):
            envs.step(np.full((5, 1), np.nan, dtype=np.float32))
        np.testing.assert_array_equal(last, kept[-1])
    assert envs.step(np.zeros((5, 1), dtype=np.float32))[0] is not last
    np.testing.assert_array_equal(last, kept[-1])


def test_arrays_outlive_their_environment(data, spec):
    envs = batch(data, spec, copy=False)
    obs, _ = envs.reset(seed=0)
    kept = obs.copy()
    del envs
    np.testing.assert_array_equal(obs, kept)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda envs: pickle.loads(pickle.dumps(envs))], ids=["deepcopy", "pickle"]
)
def test_copies_go_on_to_the_same_bits(data, spec, mode, copied):
    envs = batch(data, spec, autoreset_mode=mode, info="step")
    envs.reset(seed=2)
    steps = targets(envs.single_action_space, 5, 20)
    for step in steps[:7]:
        envs.step(step)
    twin = copied(envs)
    assert twin.autoreset_mode is mode
    if copied is copy.deepcopy:
        assert twin.core.shares_data(envs.core)
        assert twin.data is envs.data
    if mode is AutoresetMode.DISABLED:
        mask = np.ones(5, dtype=bool)
        equal(envs.reset(options={"reset_mask": mask}), twin.reset(options={"reset_mask": mask}))
        steps = steps[:14]
    for step in steps[7:]:
        equal(envs.step(step), twin.step(step))
    assert envs.stats() == twin.stats()


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.ones(4, dtype=bool), r"expected shape \(5,\), got \(4,\)"),
        (np.ones(5), "expected a NumPy array of bool, got float64"),
        ([True] * 5, "expected a NumPy array of bool, got list"),
        (np.zeros(5, dtype=bool), "is false everywhere"),
    ],
)
def test_bad_masks_are_refused(data, spec, mask, message):
    envs = batch(data, spec, autoreset_mode=AutoresetMode.DISABLED)
    envs.reset(seed=0)
    with pytest.raises(ValueError, match=message):
        envs.reset(options={"reset_mask": mask})


def test_stepping_an_ended_environment_is_an_error(data, spec):
    envs = batch(data, spec, autoreset_mode=AutoresetMode.DISABLED)
    with pytest.raises(tradepit.errors.StateError, match="reset them first"):
        envs.step(np.zeros((5, 1), dtype=np.float32))
    envs.reset(seed=0)
    for _ in range(7):
        envs.step(np.zeros((5, 1), dtype=np.float32))
    with pytest.raises(tradepit.errors.StateError, match="environment 0 has ended; reset it first"):
        envs.step(np.zeros((5, 1), dtype=np.float32))


def test_unseeded_batches_differ(data, spec):
    first, second = batch(data, spec, n=16), batch(data, spec, n=16)
    obs, _ = first.reset()
    assert not np.array_equal(obs, second.reset()[0])
    np.testing.assert_array_equal(obs, batch(data, spec, n=16).reset(seed=first.np_random_seed)[0])


def test_gymnasium_counts_its_steps(data, spec):
    from gymnasium.utils.performance import benchmark_vector_step

    assert benchmark_vector_step(batch(data, spec), target_duration=0.05, seed=0) > 0
