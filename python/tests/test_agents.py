"""The native PPO from Python: it learns, stops cleanly, saves and loads, and its gradients are torch's."""

import copy
import json
import pickle
import subprocess
import sys
import textwrap
import threading
from itertools import pairwise

import numpy as np
import pytest

import tradepit
from tradepit import _core, samples
from tradepit.agents import PPO
from tradepit.errors import FileError, LayoutError, ShapeError, SpecError, StateError

SMALL = {"num_envs": 16, "n_steps": 16, "batch_size": 64, "window": 4, "threads": 1}


def follow(policy, data, **spec):
    """Profit of a policy over all of the data."""
    env = tradepit.TradingEnv(data, **{**spec, "episode": {"start": "first", "length": "data"}, "cash": 1e7})
    obs, _ = env.reset(seed=0)
    over = False
    while not over:
        obs, _, terminated, truncated, info = env.step(policy(obs))
        over = terminated or truncated
    return info["equity"] - 1e7


def test_learns_a_planted_edge_to_95_percent_of_the_optimum():
    spec = {"window": 1, "features": [{"kind": "column", "name": "signal"}]}
    episode = {"start": "random", "length": {"kind": "steps", "steps": 256}}
    market = [samples.planted(20_000, seed=seed, edge_ticks=8.0, noise_ticks=8.0) for seed in (0, 1)]
    model = PPO(
        data=market[0], num_envs=64, n_steps=64, batch_size=1024, learning_rate=1e-3, gamma=0.9, anneal_lr=True,
        episode=episode, **spec,
    )  # fmt: skip
    model.learn(250_000)
    best = follow(lambda obs: np.sign(obs[:1]), market[1], **spec)
    learned = follow(lambda obs: model.predict(obs)[0], market[1], **spec)
    assert best > 1e6
    assert learned > 0.95 * best


def test_save_load_pickle_and_copy_give_the_same_actions(tmp_path):
    model = PPO(data="es_1m", seed=3, **SMALL).learn(1024)
    obs = np.random.default_rng(0).normal(size=(5, model.core.observation_space[1])).astype(np.float32)
    expected = model.predict(obs)[0]
    model.save(tmp_path / "model.safetensors")
    loaded = PPO.load(tmp_path / "model.safetensors")
    for other in (loaded, pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert np.array_equal(other.predict(obs)[0], expected)
        assert other.num_timesteps == 1024
        assert other.spec == model.spec
    with pytest.raises(StateError, match="loaded for predictions: give load\\(\\) the data"):
        loaded.learn(256)
    again = PPO.load(tmp_path / "model.safetensors", data="es_1m", num_envs=16, threads=1)
    assert again.learn(1024).num_timesteps == 2048
    assert not np.array_equal(again.predict(obs)[0], expected)


def test_a_policy_for_another_observation_layout_is_refused_with_both_shown(tmp_path):
    PPO(data="es_1m", **SMALL).save(tmp_path / "model.safetensors")
    with pytest.raises(LayoutError) as refused:
        PPO.load(tmp_path / "model.safetensors", data="es_1m", window=5)
    assert "policy:      4 rows of [log_return_1, " in str(refused.value)
    assert "environment: 5 rows of [log_return_1, " in str(refused.value)
    model = PPO.load(tmp_path / "model.safetensors")
    with pytest.raises(LayoutError, match="ema_distance_7"):
        model.check("es_1m", window=4, features=[{"kind": "ema_distance", "period": 7}])


def test_errors_name_the_field(tmp_path):
    with pytest.raises(SpecError, match="learning_rate: expected a number above 0, got -1"):
        PPO(data="es_1m", learning_rate=-1.0, **SMALL)
    with pytest.raises(SpecError, match="gamma: nan must be a finite number"):
        PPO(data="es_1m", gamma=float("nan"), **SMALL)
    with pytest.raises(SpecError, match="num_envs: 1000000000000000 must be in"):
        PPO(data="es_1m", **{**SMALL, "num_envs": 10**15})
    with pytest.raises(SpecError, match="windw: unknown field"):
        PPO(data="es_1m", windw=3)
    with pytest.raises(SpecError, match="env_id: 'CartPole-v1' is unknown"):
        PPO("CartPole-v1", data="es_1m")
    with pytest.raises(ShapeError, match=r"expected shape \(n, 69\), got \(1, 3\)"):
        PPO(data="es_1m", **SMALL).predict(np.zeros(3))
    (tmp_path / "broken").write_bytes(b"nothing")
    with pytest.raises(FileError, match="not a saved policy"):
        PPO.load(tmp_path / "broken")


def test_a_callback_sees_progress_and_can_end_it():
    seen = []
    model = PPO(data="es_1m", **SMALL)
    model.learn(10_000, lambda progress: seen.append(progress) or len(seen) < 3)
    assert [progress["steps"] for progress in seen] == [256, 512, 768]
    assert all(np.isfinite(progress["policy_loss"]) for progress in seen)
    with pytest.raises(ZeroDivisionError):
        model.learn(10_000, lambda _: 1 / 0)


def test_other_threads_run_while_it_learns():
    model, counted, over = PPO(data="es_1m", **SMALL), [0], threading.Event()

    def count():
        while not over.is_set():
            counted[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    before = counted[0]
    model.learn(20_000)
    after = counted[0]
    over.set()
    thread.join()
    assert after > before


def test_ctrl_c_ends_learning_and_leaves_the_agent_usable():
    program = textwrap.dedent("""
        import os, signal
        from tradepit.agents import PPO
        model = PPO(data="es_1m", num_envs=16, n_steps=16, batch_size=64, window=4, threads=1)
        try:
            model.learn(10**9, lambda progress: os.kill(os.getpid(), signal.SIGINT) if progress["iterations"] == 3 else None)
        except KeyboardInterrupt:
            print("stopped after", model.num_timesteps)
            print("goes on", model.learn(256).num_timesteps)
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    first, second = done.stdout.splitlines()
    steps = int(first.removeprefix("stopped after "))
    assert 256 * 3 <= steps <= 256 * 5
    assert second == f"goes on {steps + 256}"


def test_a_reward_in_python_is_what_it_learns_from():
    calls = []

    def shy(facts):
        calls.append(facts["position"].shape)
        return -np.abs(facts["position"])

    spec = {**SMALL, "episode": {"start": "random", "length": {"kind": "steps", "steps": 64}}}
    model = PPO(data="es_1m", reward=shy, learning_rate=3e-3, **spec).learn(8192)
    assert set(calls) == {(16,)}
    env = tradepit.TradingEnv("es_1m", window=4)
    obs, _ = env.reset(seed=0)
    held = []
    for _ in range(100):
        obs, *_, info = env.step(model.predict(obs)[0])
        held.append(abs(info["position"]))
    assert np.mean(held) < 0.2

    def broken(facts):
        raise ZeroDivisionError("planned")

    with pytest.raises(ZeroDivisionError, match="planned"):
        PPO(data="es_1m", reward=broken, **SMALL).learn(256)


def test_the_same_bits_for_any_number_of_threads():
    def weights(threads):
        spec = {**SMALL, "num_envs": 128, "batch_size": 1024, "threads": threads}
        model = PPO(data="es_1m", **spec).learn(8192)
        return model.predict(np.ones((1, model.core.observation_space[1]), np.float32))[0].tobytes()

    assert weights(1) == weights(2) == weights(3)


@pytest.mark.parametrize("discrete", [False, True])
@pytest.mark.parametrize("clip_range_vf", [None, 0.2])
def test_gradients_are_those_of_torch(discrete, clip_range_vf):
    import torch

    rng = np.random.default_rng(1)
    n, inputs, actions, hidden = 96, 7, 3, [16, 16]
    config = {"hidden": hidden, "ent_coef": 0.01, "vf_coef": 0.5, "clip_range": 0.2, "clip_range_vf": clip_range_vf}

    def net(outputs):
        sizes = [inputs, *hidden, outputs]
        layers = []
        for before, after in pairwise(sizes):
            layers += [torch.nn.Linear(before, after), torch.nn.Tanh()]
        return torch.nn.Sequential(*layers[:-1])

    torch.manual_seed(0)
    actor, critic = net(actions), net(1)
    log_std = torch.nn.Parameter(torch.tensor([0.1, -0.2, 0.3]))
    obs = torch.tensor(rng.normal(size=(n, inputs)), dtype=torch.float32)
    with torch.no_grad():
        if discrete:
            taken = torch.tensor(rng.integers(actions, size=n))
            old = torch.distributions.Categorical(logits=actor(obs)).log_prob(taken)
        else:
            taken = torch.tensor(rng.normal(size=(n, actions)), dtype=torch.float32)
            old = torch.distributions.Normal(actor(obs), log_std.exp()).log_prob(taken).sum(1)
        old = old + torch.tensor(rng.normal(size=n) * 0.2, dtype=torch.float32)
        values = critic(obs)[:, 0] + torch.tensor(rng.normal(size=n) * 0.3, dtype=torch.float32)
    advantages = torch.tensor(rng.normal(size=n), dtype=torch.float32)
    returns = torch.tensor(rng.normal(size=n), dtype=torch.float32)

    if discrete:
        policy = torch.distributions.Categorical(logits=actor(obs))
        log_prob, entropy = policy.log_prob(taken), policy.entropy().mean()
        parameters = [*actor.parameters(), *critic.parameters()]
    else:
        policy = torch.distributions.Normal(actor(obs), log_std.exp())
        log_prob, entropy = policy.log_prob(taken).sum(1), policy.entropy().sum(1).mean()
        parameters = [*actor.parameters(), log_std, *critic.parameters()]
    scaled = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    ratio = (log_prob - old).exp()
    surrogate = -torch.min(scaled * ratio, scaled * ratio.clamp(0.8, 1.2)).mean()
    said = critic(obs)[:, 0]
    if clip_range_vf is not None:
        said = values + (said - values).clamp(-clip_range_vf, clip_range_vf)
    value_loss = ((returns - said) ** 2).mean()
    total = surrogate + 0.5 * value_loss - 0.01 * entropy
    expected = torch.cat([g.flatten() for g in torch.autograd.grad(total, parameters)]).numpy()

    flat = torch.cat([p.detach().flatten() for p in parameters]).tolist()
    columns = tuple(c.flatten().to(torch.float32).tolist() for c in (obs, taken, old, advantages, returns, values))
    terms, gradients = _core.ppo_gradients(json.dumps(config), inputs, actions, discrete, flat, columns)
    parts = [term.item() for term in (surrogate, value_loss, entropy, total)]
    assert terms == pytest.approx(parts, rel=1e-5, abs=1e-6)
    assert np.abs(expected).max() > 1e-2
    assert np.abs(gradients - expected).max() <= 1e-5 * np.abs(expected).max()
