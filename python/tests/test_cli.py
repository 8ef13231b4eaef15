"""The command ``tradepit``, as somebody at a shell has it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tradepit
from tradepit import evaluation
from tradepit.live import ReplayEnv

COMMANDS = ("demo", "train", "evaluate", "paper", "anchors", "data", "synth", "bench")
COSTS = {"slippage": {"kind": "fixed_ticks", "ticks": 0.5}, "commission": {"kind": "per_contract", "fee": 2.1}}
SPEC = {**COSTS, "window": 4, "episode": {"start": "random", "length": {"kind": "steps", "steps": 64}}}


def command(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tradepit", *map(str, words)], capture_output=True, text=True, cwd=cwd, check=False
    )


def document(*words: object, cwd: Path | None = None) -> dict:
    done = command(*words, "--json", cwd=cwd)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with an agent in it, as ``train`` writes it."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "spec.json").write_text(json.dumps(SPEC))
    trained = document("train", "--steps", "8e3", "--spec", "spec.json", "--out", "agent.tp", cwd=folder)
    assert trained["steps"] == 8192
    assert (trained["train_bars"], trained["held_out_bars"]) == (1584, 680)
    assert [entry["steps"] for entry in trained["history"]] == [4096, 8192]
    assert trained["spec"]["window"] == 4
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_shows_an_example_that_parses(name):
    from tradepit.cli.app import _parser

    shown = command(name, "--help")
    assert shown.returncode == 0
    example = shown.stdout.partition("example:\n")[2]
    assert example.startswith(f"  tradepit {name}")
    assert "--json" in shown.stdout
    import re
    import shlex

    for one in re.split(r"\n(?=  tradepit )", example.rstrip()):
        assert _parser().parse_args(shlex.split(one)[1:]).command == name


def test_the_help_of_all_names_every_command():
    shown = command("--help").stdout
    assert all(f"    {name}" in shown for name in COMMANDS)
    assert command("--version").stdout.startswith("tradepit 0.")


def test_an_evaluation_is_what_the_prices_say(folder):
    found = document("evaluate", "agent.tp", "--report", "report.html", cwd=folder)
    assert (found["start"], found["from"]) == (1583, "2013-09-03T07:32:00Z")
    agent, flat, hold, random = found["evaluation"]
    assert [row["policy"] for row in found["evaluation"]] == ["PPO", "flat", "buy-and-hold", "random"]
    assert all(row["bars"] == row["steps"] == 680 for row in found["evaluation"])
    assert (flat["total_return"], flat["fills"], flat["sharpe"]) == (0.0, 0, None)
    columns = tradepit.samples.load("es_1m").columns()
    profit = 50.0 * (columns["close"][-1] - (columns["open"][1584] + 0.5 * 0.25)) - 2.1
    assert hold["final_equity"] == pytest.approx(100_000.0 + profit, abs=1e-6)
    assert random["fills"] > 100
    assert found["beats_baselines"] == (
        agent["total_return"] > max(row["total_return"] for row in (flat, hold, random))
    )
    assert found["verdict"].startswith("PPO")
    assert "<svg" in Path(found["report"]).read_text(encoding="utf-8")
    table = command("evaluate", "agent.tp", cwd=folder).stdout
    assert "max drawdown" in table
    assert found["verdict"] in table


def test_a_seed_gives_the_same_agent_to_the_last_bit(folder):
    document("train", "--steps", 8000, "--spec", json.dumps(SPEC), "--out", "same.tp", cwd=folder)
    document("train", "--steps", 8000, "--spec", json.dumps(SPEC), "--out", "other.tp", "--seed", 1, cwd=folder)
    first, same, other = ((folder / name).read_bytes() for name in ("agent.tp", "same.tp", "other.tp"))
    assert first == same
    assert first != other


def test_paper_is_the_simulator_and_its_journal_replays(folder):
    found = document("paper", "agent.tp", "--journal", "session.sqlite", cwd=folder)
    assert (found["identical"], found["difference"], found["decisions"]) == (True, None, 680)
    assert found["simulator"]["final_equity"] == found["paper"]["final_equity"]
    agent, data = tradepit.training.load(folder / "agent.tp"), tradepit.samples.load("es_1m")
    simulated = evaluation.run(agent, data, agent.spec, start=1583)
    assert found["fills"] == simulated.columns["fills"].sum() == len(simulated.fills["price"])
    with_journal = evaluation.run_in(ReplayEnv(folder / "session.sqlite"), agent)
    assert evaluation.compare(simulated, with_journal) is None
    # A second time, the journal is resumed: it holds the whole session, and the same comes out.
    assert document("paper", "agent.tp", "--journal", "session.sqlite", cwd=folder)["identical"]
    said = command("paper", "agent.tp", "--feed", "memory", "--start", 2000, cwd=folder)
    assert said.returncode == 0
    assert "identical to the simulator's, bit for bit" in said.stdout


def test_stable_baselines3_goes_the_same_road(folder):
    pytest.importorskip("stable_baselines3")
    trained = document(
        "train", "--agent", "sb3", "--steps", 4096, "--spec", "spec.json", "--out", "sb3.zip", cwd=folder
    )
    assert (trained["agent"], trained["steps"]) == ("sb3", 4096)
    found = document("evaluate", "sb3.zip", cwd=folder)
    assert found["evaluation"][0]["policy"] == "SB3 PPO"
    assert document("paper", "sb3.zip", "--feed", "memory", cwd=folder)["identical"]


def test_data_counts_what_the_sample_is_known_for():
    known = tradepit.samples.manifest("es_1m")
    found = document("data", "es_1m")
    assert (found["rows"], found["bar_seconds"]) == (known["rows"], 60.0)
    assert (found["gaps"]["count"], found["gaps"]["bars"]) == (known["gaps"], known["bars_missing_in_gaps"])
    widest = found["gaps"]["widest"][0]
    assert (widest["after"], widest["until"]) == ("2013-09-02T15:30:00Z", "2013-09-02T22:01:00Z")
    assert found["volume"] == known["volume"]
    assert found["features"]["warm_up_rows"] > 0
    assert found["instrument"]["tick"] == 0.25
    assert "2,264 of 60 s" in command("data").stdout


def test_data_reads_files_as_it_is_told(tmp_path):
    lines = ["ts,open,high,low,close,volume"]
    lines += [f"2024-03-01T14:{minute:02}:00Z,10,11,9,10.25,5" for minute in (30, 31, 33)]
    (tmp_path / "bars.csv").write_text("\n".join(lines))
    spec = '{"features": ["log_return"]}'
    how = ("--instrument", '{"name": "ES", "multiplier": 7}', "--stamp", "close", "--calendar", "utc", "--period", 60)
    found = document("data", "bars.csv", *how, "--spec", spec, cwd=tmp_path)
    assert (found["rows"], found["last_close"]) == (3, "2024-03-01T14:33:00Z")
    assert (found["instrument"]["multiplier"], found["instrument"]["tick"]) == (7.0, 0.25)
    assert found["features"]["names"] == ["log_return_1"]
    assert found["gaps"]["bars"] == 1


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ["data", "nowhere.csv"],
            "nowhere.csv: no such file, and no sample; the samples are es_1m, stocks_1d, eurusd_1h",
        ),
        (["data", "stocks_1d"], "stocks_1d holds AAPL, FB, GOOG, IBM, MSFT; choose one with --symbol"),
        (["evaluate", "none.tp"], "none.tp: no such file; `tradepit train --out none.tp` makes one"),
        (["evaluate", "spec.json"], "spec.json: not a saved policy"),
        (["evaluate", "agent.tp", "--start", "3"], "episode.start.row: 3 must be in"),
        (["evaluate", "agent.tp", "--report", "no/such.html"], "--report: no/such.html: there is no folder"),
        (["paper", "agent.tp", "--journal", "spec.json"], "venue: journal spec.json"),
        (["train", "--spec", '{"windw": 3}'], "windw: unknown field"),
        (["train", "--spec", '{"commission": {"kind": "per_contract", "fee": -1}}'], "commission.fee: -1"),
        (["train", "--spec", "{"], "--spec: no valid JSON"),
        (["train", "--spec", "none.toml"], "--spec: none.toml: no such file"),
        (["train", "--spec", "agent.tp"], "--spec: 'agent.tp' is neither JSON nor a .json or .toml file"),
        (["train", "--out", "."], "--out: . is a folder; name a file"),
        (["train", "--learning-rate", "-1"], "learning_rate: expected a number above 0, got -1"),
        (["demo", "--out", "nowhere"], "--out: nowhere is no folder; make it first"),
    ],
)
def test_what_can_be_put_right_is_said_in_one_line(words, text, folder):
    failed = command(*words, "--json", cwd=folder)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith(f"error: {text}")
    assert failed.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [[], ["dance"], ["train", "--split", "2"], ["train", "--steps", "0"], ["evaluate"]])
def test_wrong_usage_exits_with_2(words):
    wrong = command(*words)
    assert wrong.returncode == 2
    assert "usage: tradepit" in wrong.stderr


def test_a_spec_may_be_toml(tmp_path):
    (tmp_path / "spec.toml").write_text('window = 3\nreward = "log_return"\n[commission]\nkind = "bps"\nbps = 1.5\n')
    trained = document("train", "--steps", 100, "--spec", "spec.toml", cwd=tmp_path)
    assert trained["out"] == "agent.tp"
    assert trained["spec"]["commission"] == {"kind": "bps", "bps": 1.5, "minimum": 0.0}
    assert trained["spec"]["reward"]["kind"] == "log_return"


@pytest.mark.skipif(os.name == "nt", reason="signals of a Unix shell")
def test_ctrl_c_ends_training_with_130(tmp_path):
    words = [sys.executable, "-m", "tradepit", "train", "--steps", "1e12"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as training:
        while "training on" not in training.stdout.readline():
            pass
        training.send_signal(signal.SIGINT)
        _, said = training.communicate()
    assert (training.returncode, said) == (130, "interrupted\n")
    assert not (tmp_path / "agent.tp").exists()


@pytest.mark.skipif(os.name == "nt", reason="a terminal of Unix")
def test_progress_is_for_a_terminal(tmp_path):
    import pty

    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "tradepit", "train", "--steps", "8192", "--json"]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=theirs, text=True, cwd=tmp_path, check=True)
    os.close(theirs)
    shown = os.read(ours, 65_536).decode()
    os.close(ours)
    assert "8,192 of 8,192 steps" in shown
    assert json.loads(done.stdout)["steps"] == 8192


def test_bench_measures_every_road():
    found = document("bench", "--envs", 1, 3, "--window", 2, "--seconds", 0.01, "--runs", 2)
    roads = {(row["road"], row["envs"]) for row in found["steps"]}
    assert {("Rust", 1), ("make", 1), ("make_vec, copy=True", 3), ("make_vec, copy=False", 3)} <= roads
    assert ("make", 3) not in roads
    width = tradepit.TradingEnv(tradepit.samples.synthetic(bars=1000), window=2).observation_space.shape[0]
    assert all(row["observation"] == width for row in found["steps"])
    assert all(len(row["runs"]) == 2 and row["steps_per_second"] > 0 for row in found["steps"])
    assert all(0.1 < row["fills_per_step"] < 0.6 for row in found["steps"])
    assert found["machine"]["cores"] >= 1


def test_bench_prints_markdown():
    shown = command("bench", "--envs", 2, "--window", 1, "--seconds", 0.01, "--runs", 1, "--markdown").stdout
    assert "| road | envs | threads | window | numbers observed | env-steps/s | fills a step |" in shown
    assert "| Rust | 2 | 1 | 1 | 21 |" in shown


def test_bench_trains_ppo_on_one_core():
    found = document("bench", "--only-ppo", "--runs", 1, "--ppo-iterations", 1)
    assert found["steps"] == []
    assert found["ppo"][0]["road"] == "tradepit PPO"
    assert found["ppo"][0]["steps"] == 64 * 128
    assert all(row["steps_per_second"] > 0 for row in found["ppo"])
    assert np.isfinite([row["steps_per_second"] for row in found["ppo"]]).all()
