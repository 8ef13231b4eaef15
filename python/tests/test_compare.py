"""The comparison with other environments, without a network: what it counts, shows and says where a peer is absent."""

from __future__ import annotations

import dataclasses
import doctest
import functools
import importlib
import json
import subprocess
import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benches" / "compare"
sys.path.append(str(FOLDER))

import environments  # noqa: E402
import gym_roads  # noqa: E402
import measure  # noqa: E402
import plot  # noqa: E402
import show  # noqa: E402
import venvs  # noqa: E402

RUN = measure.Run(data=None, envs=(1, 4), seconds=0.01, runs=1)


@pytest.fixture(scope="module")
def rows():
    """Of a real run, as short as it can be."""
    return list(environments.measured("tradepit_envs", seconds=0.01, runs=2, envs=(1, 8)))


def in_process(module, *words):
    """Rows of a peer by this interpreter, for peers whose package is here."""
    done = subprocess.run(
        [sys.executable, "-m", f"peers.{module}", "--seconds", "0.01", "--runs", "1", *words],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_tradepit_is_measured_by_every_road_and_half_of_its_steps_trade(rows):
    roads = {(row["road"], row["envs"]) for row in rows}
    assert {("make", 1), ("Rust", 1), ("Rust", 8), ("make_vec, copy=True", 8), ("make_vec, copy=False", 8)} <= roads
    for row in rows:
        assert 0.4 < row["fills_per_step"] < 0.6
        assert len(row["runs"]) == 2
        # A thread has at most one processor; the clocks are not read at the same moment.
        assert row["steps_per_cpu_second"] > 0.5 * row["steps_per_second"] > 0


def test_market_makers_of_numpy_trade_and_their_rewards_add_up():
    (row,) = in_process("numpy_market_maker", "--envs", "256")
    assert row["observation"] == 4
    assert 0.4 < row["fills_per_step"] < 0.6
    makers = importlib.import_module("peers.numpy_market_maker").MarketMakers(50)
    earned, depths = np.zeros(50), np.full((50, 2), 0.3)
    for _ in range(199):
        state, reward, ended = makers.step(depths)
        earned += reward
        assert not ended
    cash, inventory, time, mid = state.T
    np.testing.assert_allclose(earned, cash + inventory * mid, atol=1e-9)
    np.testing.assert_allclose(time, 199 / 200)
    assert makers.step(depths)[2]


def test_vectorisers_step_an_environment_that_does_nothing():
    pytest.importorskip("stable_baselines3")
    found = in_process("noop", "--envs", "2")
    assert [(row["road"], row["envs"], row["fills"]) for row in found] == [
        ("SyncVectorEnv", 2, None),
        ("DummyVecEnv", 2, None),
    ]


class Counting(gymnasium.Env):
    """Fills once a step, in episodes of 5 steps."""

    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (3,))
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.trades, self.steps = 0, 0
        return np.zeros(3, np.float32), {}

    def step(self, action):
        self.steps += 1
        self.trades += 1
        return np.zeros(3, np.float32), 0.0, False, self.steps == 5, {}


def test_fills_are_counted_and_resets_are_not():
    single, several = gym_roads.roads(RUN, Counting, lambda envs: measure.levels(2, envs), lambda env: env.trades)
    assert single["fills"] == single["counted_steps"] == 2_048
    # Gymnasium's autoreset takes a step of its own after every five.
    assert several["fills_per_step"] == pytest.approx(5 / 6, abs=0.005)
    assert single["observation"] == several["observation"] == 3


@pytest.mark.parametrize("module", environments.PEERS)
def test_every_peer_can_be_read_where_its_package_is_absent_and_is_pinned(module):
    peer = environments.peer_of(module)
    assert peer.note
    assert peer.kind in ("trading", "engine", "vectoriser")
    if peer.venv is not None:
        pinned = [one.partition("==")[0] for one in (*peer.venv.requirements, *peer.venv.alone) if "==" in one]
        assert set(peer.packages) <= set(pinned)


def test_a_peer_that_does_not_install_is_a_row_with_the_reason(tmp_path, monkeypatch):
    peer = measure.Peer("nobody", venvs.Venv("nobody", ("no-such-peer==1.0",)), (), (1,), 0, "nothing")
    monkeypatch.setattr(environments, "peer_of", lambda module: peer)
    monkeypatch.setattr(venvs, "ready", functools.partial(venvs.ready, cache=tmp_path))
    (row,) = environments.measured("nobody", seconds=0.01, runs=1, pip=("--no-index",))
    assert row["peer"] == "nobody"
    assert "no-such-peer==1.0" in row["absent"]
    assert not (tmp_path / "nobody").exists()
    assert "nobody" not in show.table([row], markdown=True)
    assert any("no-such-peer" in line for line in show.sentences([row], {}, {}, "today", ""))


def test_a_peer_that_does_not_run_is_a_row_with_the_reason(monkeypatch):
    peer = environments.peer_of("gym_anytrading")
    elsewhere = dataclasses.replace(peer, venv=None, bars=0)
    monkeypatch.setattr(environments, "peer_of", lambda module: elsewhere)
    (row,) = environments.measured("gym_anytrading", seconds=0.01, runs=1)
    assert "does not run" in row["absent"]
    assert "gym-anytrading" in row["absent"]


def test_an_environment_is_made_once_and_again_for_other_requirements(tmp_path):
    empty = venvs.Venv("empty", ())
    python = venvs.ready(empty, cache=tmp_path)
    assert isinstance(python, Path)
    mark = tmp_path / "empty" / "mark"
    mark.touch()
    assert venvs.ready(empty, cache=tmp_path) == python
    assert mark.exists()
    other = dataclasses.replace(empty, requirements=("no-such-peer==1.0",))
    assert isinstance(venvs.ready(other, cache=tmp_path, pip=("--no-index",)), venvs.Absent)
    assert not mark.exists()


def test_the_reason_does_not_name_the_index():
    said = "Looking in indexes: https://user:word@index.example/simple\nERROR: Could not reach https://index.example/simple"
    assert venvs._reason(said) == "Could not reach the index"


def test_the_reason_of_a_build_is_what_it_ended_in():
    # As pip 23 reports of a package whose set-up loads what it needs from elsewhere.
    said = """
      urllib.error.URLError: <urlopen error [Errno -2] Name or service not known>
      [end of output]
  note: This error originates from a subprocess, and is likely not a problem with pip.
"""
    assert venvs._reason(said) == "urllib.error.URLError: <urlopen error [Errno -2] Name or service not known>"


def test_ratios_are_to_the_same_number_of_environments(rows):
    ours = next(row for row in rows if row["road"] == "make_vec, copy=True")
    half = {**ours, "peer": "half", "road": "SyncVectorEnv", "steps_per_cpu_second": ours["steps_per_cpu_second"] / 2}
    alone = {**half, "envs": 3}
    assert show.ratio(half, rows) == pytest.approx(2.0)
    assert show.ratio(alone, rows) is None
    assert show.ratio(ours, rows) is None
    other = next(row for row in rows if row["road"] == "make_vec, copy=False")
    against = {**half, "against": other["road"]}
    assert show.ratio(against, rows) == other["steps_per_cpu_second"] / half["steps_per_cpu_second"]


def test_rows_that_were_kept_are_shown_again(rows, tmp_path, capsys):
    facts = {"machine": {"cpu": "one", "torch": None}, "date": "2026-01-02", "runs": "Median of 2 runs."}
    absent = {"peer": "nobody", "kind": "trading", "absent": "it does not install: no reason"}
    file = tmp_path / "rows.jsonl"
    environments._save([facts, *rows, absent], file)
    assert environments.main(["--rows", str(file), "--markdown"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("| tradepit | ") == len(rows)
    for row in rows:
        cells = [
            "tradepit",
            row["road"],
            f"{row['envs']:,}",
            str(row["observation"]),
            f"{row['steps_per_second']:,.0f}",
        ]
        assert f"| {' | '.join(cells)} | " in shown
    assert "- nobody is absent: it does not install: no reason" in shown
    assert "2026-01-02; cpu one. Median of 2 runs." in shown
    assert environments.main(["--rows", str(file)]) == 0
    assert "|" not in capsys.readouterr().out


def test_the_plot_has_a_line_a_road_and_is_the_same_twice(rows, tmp_path):
    pytest.importorskip("matplotlib")
    absent = {"peer": "nobody", "kind": "trading", "absent": "it does not install"}
    files = [tmp_path / name for name in ("a.svg", "b.svg")]
    for file in files:
        plot.draw([*rows, absent], file, "a title")
    drawn = files[0].read_text(encoding="utf-8")
    assert drawn == files[1].read_text(encoding="utf-8")
    for peer, road in plot.lines(rows):
        assert f"{peer}: {road}" in drawn
    assert "a title" in drawn
    assert "nobody" not in drawn


@pytest.mark.parametrize("name", ["data", "measure", "plot", "venvs"])
def test_examples_of_the_comparison_run(name):
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert failed == 0 < tried
