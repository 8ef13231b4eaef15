"""Environments in other processes: forked and spawned, before and after threads have started."""

from __future__ import annotations

import multiprocessing
import os
import sys

import gymnasium
import numpy as np
import pytest
from conftest import SPEC, targets

import tradepit

ID = "tradepit/SingleAsset-v0"
METHODS = [m for m in ("fork", "spawn") if m in multiprocessing.get_all_start_methods()]


def make_single():
    """Each process makes its own; the data is synthesised there."""
    import tradepit

    return gymnasium.make(ID, data=tradepit.samples.synthetic(bars=2_000, seed=0), **SPEC)


def start_threads():
    """A batch whose pool of threads has run."""
    envs = gymnasium.make_vec(ID, num_envs=256, data=tradepit.samples.synthetic(bars=2_000, seed=0), threads=2, **SPEC)
    envs.reset(seed=0)
    envs.step(np.zeros((256, 1), dtype=np.float32))
    assert envs.core.threads == 2
    return envs


def traces(envs, steps=10):
    seen = [envs.reset(seed=3)[0]]
    for step in targets(envs.single_action_space, envs.num_envs, steps):
        seen += envs.step(step)[:4]
    return seen


@pytest.mark.parametrize("method", METHODS)
def test_gymnasiums_async_batch(method):
    threads = start_threads()
    envs = gymnasium.vector.AsyncVectorEnv([make_single] * 2, context=method)
    try:
        expected = gymnasium.make_vec(ID, num_envs=2, data=tradepit.samples.synthetic(bars=2_000, seed=0), **SPEC)
        for a, b in zip(traces(envs), traces(expected), strict=True):
            np.testing.assert_array_equal(a, b)
    finally:
        envs.close()
    threads.step(np.ones((256, 1), dtype=np.float32))


@pytest.mark.parametrize("method", METHODS)
def test_stable_baselines3s_subprocesses(method):
    vec = pytest.importorskip("stable_baselines3.common.vec_env")
    from tradepit.sb3 import make_vec_env

    threads = start_threads()
    envs = vec.SubprocVecEnv([make_single] * 2, start_method=method)
    try:
        ours = make_vec_env(ID, 2, data=tradepit.samples.synthetic(bars=2_000, seed=0), **SPEC)
        envs.seed(5), ours.seed(5)
        np.testing.assert_array_equal(envs.reset(), ours.reset())
        for step in targets(ours.action_space, 2, 10):
            for a, b in zip(envs.step(step)[:3], ours.step(step)[:3], strict=True):
                np.testing.assert_array_equal(a, b)
    finally:
        envs.close()
    threads.step(np.ones((256, 1), dtype=np.float32))


@pytest.mark.skipif("fork" not in METHODS, reason="this system can't fork")
def test_a_batch_with_threads_goes_on_in_a_forked_child():
    envs = start_threads()
    actions = targets(envs.single_action_space, 256, 5)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        # The child's own threads: those of the parent are not in it.
        status = 1
        try:
            sums = [float(envs.step(step)[0].sum(dtype=np.float64)) for step in actions]
            os.write(write, repr(sums).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    expected = [float(envs.step(step)[0].sum(dtype=np.float64)) for step in actions]
    with os.fdopen(read) as pipe:
        assert pipe.read() == repr(expected)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_travels_to_another_process(method, data):
    envs = gymnasium.make_vec(ID, num_envs=130, data=data, threads=2, **SPEC)
    envs.reset(seed=0)
    steps = targets(envs.single_action_space, 130, 6)
    envs.step(steps[0])
    context = multiprocessing.get_context(method)
    with context.Pool(1) as pool:
        there = pool.apply(go_on, (envs, steps[1:]))
    for a, b in zip(there, go_on(envs, steps[1:]), strict=True):
        np.testing.assert_array_equal(a, b)


def go_on(envs, steps):
    return [array for step in steps for array in envs.step(step)[:4]]


if sys.platform == "win32":  # pragma: no cover
    pytest.skip("written for processes of POSIX systems", allow_module_level=True)
