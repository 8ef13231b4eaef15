"""The binding against the core and the stubs: nothing is missing, nothing can be changed, nothing blocks."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import get_args, get_type_hints

import gymnasium
import numpy as np
import pytest

import tradepit
from tradepit import _core
from tradepit.spec import Feature, Reward

ID = "tradepit/SingleAsset-v0"
PACKAGE = Path(tradepit.__file__).parent
CLASSES = [value for value in vars(_core).values() if inspect.isclass(value)]
#: Modules whose examples must be there.
SHOWN = {
    f"tradepit{name}"
    for name in (
        "",
        ".backtesting",
        ".data",
        ".env",
        ".features",
        ".frames",
        ".render",
        ".samples",
        ".sb3",
        ".spec",
        ".synth",
        ".vector",
    )
}
MODULES = [
    "tradepit",
    *(m.name for m in pkgutil.walk_packages(tradepit.__path__, "tradepit.") if "__main__" not in m.name),
]


def leaves(value, path=()):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    else:
        yield path, value


def nested(path, value):
    for name in reversed(path):
        value = {name: value}
    return value


@pytest.mark.parametrize(("path", "value"), list(leaves(tradepit.default_spec())), ids=str)
def test_every_field_of_a_spec_is_reached_by_its_name(data, path, value):
    default = tradepit.default_spec()
    inner = default
    for name in path[:-1]:
        inner = inner[name]
    given = nested(path[:-1], {**inner, path[-1]: value}) if len(path) > 1 else {path[0]: value}
    env = gymnasium.make(ID, data=data, **given).unwrapped
    read = env.trading_spec
    assert {**read, "features": None} == {**default, "features": None}


CHANGES = {
    "market": {"kind": "bootstrap", "blocks": {"mean_bars": 30.0, "sessions": False, "flip": True}, "rows": 1500},
    "cash": 5_000.0,
    "holding": 2.0,
    "fill": {"kind": "next_close"},
    "slippage": {"kind": "volume_share", "impact": 0.2, "limit": 0.5},
    "commission": {"kind": "per_share", "fee": 0.5, "minimum": 1.0},
    "latency": {"kind": "jittered", "ms": 2.0, "jitter_ms": 1.0},
    "matching": {
        "path": {"kind": "nearest_first"},
        "limit": {"kind": "penetration", "ticks": 3.0},
        "participation": 0.25,
        "protection_ticks": 8.0,
        "stale": {"kind": "wait", "after_ns": 60_000_000_000},
    },
    "financing": {"kind": "funding", "rate": 0.0002, "hours": 4},
    "margin": {"kind": "leverage", "max": 20.0, "maintenance": 0.25},
    "flatten": {"kind": "session_end"},
    "features": {
        "version": 1,
        "clip": 3.0,
        "features": [
            {"kind": "rsi", "period": 5, "timeframe": None, "instrument": 0, "scale": 1.0},
            {
                "kind": "bollinger",
                "line": "bandwidth",
                "period": 5,
                "deviations": 2.5,
                "timeframe": None,
                "instrument": 0,
                "scale": 1.0,
            },
            {
                "kind": "normalised",
                "of": {"kind": "rsi", "period": 4, "timeframe": None, "instrument": 0, "scale": 1.0},
                "by": {"kind": "frozen", "mean": 0.25, "deviation": 0.5, "until": None},
                "scale": 2.0,
            },
        ],
    },
    "window": 3,
    "observe": {"kind": "index"},
    "account": ["drawdown", "position", "price_since_start"],
    "action": {"kind": "target_levels", "levels": [-1.0, 0.0, 3.0]},
    "limits": {"position": 4.0, "drawdown": 0.25, "daily_loss": 0.125},
    "reward": {"kind": "weighted", "scale": 2.0, "risk_penalty": 0.5, "bonus": 0.25},
    "episode": {
        "start": {"kind": "at", "row": 300},
        "length": {"kind": "steps", "steps": 9},
        "drawdown_limit": 0.5,
        "ruin": 0.25,
    },
    "randomise": {
        # A number that every other change and the default have.
        "ranges": {"matching.limit.ticks": {"kind": "choice", "values": [1.0, 2.0]}},
        "observe": True,
        "draw": False,
    },
}


def test_every_field_of_a_spec_can_be_changed(data):
    assert set(CHANGES) == set(tradepit.default_spec()) == set(tradepit.EnvSpec.__annotations__)
    for name, value in CHANGES.items():
        assert tradepit.default_spec()[name] != value
        read = tradepit.TradingEnv(data, **{name: value}).trading_spec
        assert read[name] == value
    # A market of each episode has no table of features that rows could be named in.
    together = {**CHANGES, "observe": {"kind": "window"}}
    assert tradepit.TradingVectorEnv(2, data, **together).trading_spec == together


def test_every_kind_of_reward_is_known_by_its_name_and_its_fields(data):
    with pytest.raises(tradepit.errors.SpecError) as unknown:
        tradepit.read_spec({"reward": "no such kind"})
    kinds = re.findall(r"`(\w+)`", str(unknown.value))
    assert set(kinds) == set(get_args(get_type_hints(Reward)["kind"]))
    known, needed = set(get_type_hints(Reward)) - {"kind"}, set()
    length = {"start": "first", "length": {"kind": "steps", "steps": 50}}
    # So that 50 steps show something.
    moving = {"eta": 0.1}
    wanted = {
        "composite": {"parts": [{"reward": "log_return"}]},
        "exercise": {"strike": 1.1},
        "differential_sharpe": moving,
        "differential_downside": moving,
    }
    for kind in kinds:
        given = wanted.get(kind, {})
        spec = tradepit.read_spec({"reward": {"kind": kind, **given}, "episode": length})["reward"]
        assert tradepit.read_spec({"reward": spec, "episode": length})["reward"] == spec
        needed |= set(spec) - {"kind"}
        if kind == "expected_profit":
            with pytest.raises(tradepit.errors.SpecError, match="reward: needs the column expected_change"):
                tradepit.TradingEnv(data, reward=kind, episode=length)
            continue
        env = tradepit.TradingEnv(data, reward=spec, episode=length)
        env.reset(seed=0)
        rewards = [env.step(np.full(1, 1.0 if step % 3 else -1.0, np.float32))[1] for step in range(50)]
        assert np.isfinite(rewards).all()
        assert np.any(rewards), kind
    assert needed == known


def test_every_kind_of_feature_is_known_by_its_name_and_its_fields():
    with pytest.raises(tradepit.errors.SpecError) as unknown:
        tradepit.read_spec({"features": ["no such kind"]})
    kinds = re.findall(r"`(\w+)`", str(unknown.value))
    assert set(kinds) == set(get_args(get_type_hints(Feature)["kind"]))
    needed = {"column": {"name": "x"}, "normalised": {"of": "rsi", "by": "z_score"}}
    with pytest.raises(tradepit.errors.SpecError, match="is not registered"):
        tradepit.read_spec({"features": [{"kind": "custom", "name": "x", "version": 1}]})
    for kind in set(kinds) - {"custom"}:
        given = {"kind": kind, **needed.get(kind, {})}
        read = tradepit.read_spec({"features": [given]})["features"]["features"]
        assert set(read[0]) <= set(Feature.__annotations__)


def test_short_forms():
    spec = tradepit.read_spec(
        {"reward": "log_return", "features": ["rsi"], "episode": {"start": "first", "length": "data"}}
    )
    assert spec["reward"] == {"kind": "log_return", "scale": 1.0}
    assert spec["features"]["features"][0]["kind"] == "rsi"
    assert spec["episode"]["start"] == {"kind": "first"}
    assert spec["episode"]["length"] == {"kind": "data"}
    assert tradepit.read_spec({}) == tradepit.default_spec()
    assert tradepit.read_spec({"cash": np.float32(5), "window": np.int64(3)})["window"] == 3


def journal(data, spec, path):
    """The journal of a short session."""
    env = _core.PaperEnv(data, spec, 500, 0, str(path))
    env.reset()
    env.step(np.ones(1, np.float32))
    env.close()
    return str(path)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_classes_are_frozen(cls, data, tmp_path):
    assert cls.__module__ == "tradepit._core"
    spec = tradepit.spec.to_json({})
    by_index = tradepit.TradingEnv(data, observe="index")
    made = {
        "MarketData": lambda: data,
        "Backtest": lambda: _core.backtest(data, spec, np.zeros(len(data))),
        "BarBuilder": lambda: _core.BarBuilder('{"kind": "ticks", "count": 2}'),
        "BarTable": lambda: _core.BarTable.read(str(PACKAGE / "samples" / "es_1m.csv"), "{}"),
        "Env": lambda: _core.Env(data, spec),
        "VecEnv": lambda: _core.VecEnv(data, spec, 2, 1, "same_step", True, True, False),
        "BenchBatch": lambda: _core.BenchBatch(data, spec, 2, 1),
        "BenchCopies": lambda: _core.BenchCopies(100, 4, 2, 3),
        "FeatureTable": lambda: _core.feature_table(int(by_index.reset(seed=0)[0][0])),
        "Ppo": lambda: _core.Ppo(data, spec, 2, 1, "{}"),
        "FeedServer": lambda: _core.FeedServer(data, 500),
        "PaperEnv": lambda: _core.PaperEnv(data, spec, 500, 0),
        "ReplayEnv": lambda: _core.ReplayEnv(journal(data, spec, tmp_path / "journal.db")),
    }
    thing = made[cls.__name__]()
    for name in [name for name in dir(cls) if not name.startswith("__")]:
        with pytest.raises((AttributeError, TypeError)):
            setattr(thing, name, None)
    with pytest.raises(AttributeError):
        thing.anything = 1
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Sub", (cls,), {})


def test_lent_memory_is_frozen_too(data):
    envs = tradepit.TradingVectorEnv(2, data, copy=False)
    buffer = envs.reset(seed=0)[0].base
    assert type(buffer).__name__ == "Buffer"
    with pytest.raises(AttributeError):
        buffer.anything = 1
    with pytest.raises(TypeError, match="cannot create"):
        type(buffer)()


def test_everything_of_the_core_has_a_docstring():
    names = [name for name in dir(_core) if not name.startswith("_")]
    assert {"Env", "MarketData", "VecEnv"} < set(names)
    for name in names:
        value = getattr(_core, name)
        assert value.__doc__, name
        for attribute, member in vars(value).items() if inspect.isclass(value) else ():
            assert attribute.startswith("__") or member.__doc__, f"{name}.{attribute}"


def run_tool(*arguments):
    # Away from the package: beside its files, those of other packages would count as ours.
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=280
        )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_stubs_are_true():
    pytest.importorskip("mypy.stubtest")
    run_tool("mypy.stubtest", "tradepit._core")


def test_the_package_is_typed():
    pytest.importorskip("mypy")
    assert (PACKAGE / "py.typed").exists()
    root = next((parent for parent in PACKAGE.parents if (parent / "pyproject.toml").exists()), None)
    if root is None:
        pytest.skip("not in a clone")
    run_tool("mypy", "--config-file", str(root / "pyproject.toml"), "-p", "tradepit")


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name):
    module = importlib.import_module(name)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, tried = doctest.testmod(module, optionflags=flags)
    assert failed == 0
    assert tried > 0 or name not in SHOWN


def test_the_interpreter_is_free_during_a_step(data, spec):
    """Another thread gets on while a step is inside Rust. No clock decides: nobody is made to give the lock up."""
    envs = gymnasium.make_vec(ID, num_envs=8_192, data=data, threads=1, **{**spec, "window": 64})
    envs.reset(seed=0)
    actions = np.ones((8_192, 1), np.float32)
    counts, stop, started = {"n": 0}, threading.Event(), threading.Event()

    def count():
        while not stop.is_set():
            counts["n"] += 1
            started.set()
            # Gives the lock up after every count; the main thread does so in a step, or never.
            time.sleep(0)

    interval = sys.getswitchinterval()
    thread = threading.Thread(target=count, daemon=True)
    thread.start()
    started.wait()
    try:
        sys.setswitchinterval(1_000.0)
        idle = counts["n"]
        for _ in range(10_000):
            idle_after = counts["n"]
        for _ in range(50):
            envs.step(actions)
        after = counts["n"]
    finally:
        sys.setswitchinterval(interval)
        stop.set()
        thread.join()
    assert idle_after == idle
    assert after > idle


def test_two_threads_can_not_be_inside_one_environment(data, spec):
    """The second caller hears of it, and the first one's step is good."""
    arrived, leave = threading.Event(), threading.Event()

    def reward(columns):
        arrived.set()
        assert leave.wait(30)
        return np.zeros_like(columns["equity"])

    envs = gymnasium.make_vec(ID, num_envs=4, data=data, **{**spec, "reward": reward})
    envs.reset(seed=0)
    results = []
    thread = threading.Thread(target=lambda: results.append(envs.step(np.ones((4, 1), np.float32))))
    thread.start()
    assert arrived.wait(30)
    try:
        for call in (lambda: envs.step(np.ones((4, 1), np.float32)), lambda: envs.reset(seed=1), envs.stats):
            with pytest.raises(tradepit.errors.StateError, match="re-entered"):
                call()
    finally:
        leave.set()
        thread.join()
    assert results[0][0].shape[0] == 4
