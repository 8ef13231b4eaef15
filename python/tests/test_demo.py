"""The demonstration, from the first line to the exit code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tradepit import cli
from tradepit.cli import demo as command


def run(folder: Path, *words: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "tradepit", "demo", "--quick", "--json", "--out", str(folder), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@pytest.mark.parametrize("agent", ["native", "sb3"])
def test_it_learns_evaluates_reports_and_trades_on_paper(agent, tmp_path):
    if agent == "sb3":
        pytest.importorskip("stable_baselines3")
    found = run(tmp_path, "--agent", agent)
    assert found["planted"]["best"] > 0.0
    assert found["planted"]["share"] >= 0.95
    assert found["planted"]["share"] == found["planted"]["earned"] / found["planted"]["best"]
    assert found["training"]["bars"] == 1584
    rows = found["evaluation"]
    assert [row["policy"] for row in rows[1:]] == ["flat", "buy-and-hold", "random"]
    assert all(row["bars"] == 680 for row in rows)
    assert found["beats_baselines"] == (rows[0]["total_return"] > max(row["total_return"] for row in rows[1:]))
    assert ("does not beat the baselines" in found["verdict"]) != found["beats_baselines"]
    assert found["paper"] == {"identical": True, "decisions": 680, "fills": rows[0]["fills"], "difference": None}
    page = Path(found["report"])
    assert page == tmp_path / "tradepit-demo.html"
    assert_self_contained(page.read_text(encoding="utf-8"), found)


def assert_self_contained(page: str, found: dict) -> None:
    titles = ("Equity, USD", "Drawdown", "Position, units", "ES with entries and exits", "Paid so far", "ep_rew_mean")
    assert all(title in page for title in titles)
    assert found["verdict"] in page
    # Nothing is fetched: no scripts, styles, fonts or pictures from anywhere else.
    assert re.findall(r"(?:src|href)=|@import|url\(", page) == []


def test_people_read_numbered_stages_and_a_plain_verdict(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["demo", "--quick"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert re.findall(r"^\[(\d)/5\]", said.out, re.MULTILINE) == list("12345")
    assert "of the optimum" in said.out
    assert "identical to the simulator's, bit for bit" in said.out
    assert str(tmp_path / "tradepit-demo.html") in said.out
    assert (tmp_path / "tradepit-demo.html").exists()


def test_a_difference_on_paper_is_said_and_fails(tmp_path, capsys, monkeypatch):
    honest = command.trade_on_paper

    def with_one_dollar_less(policy, data, spec, simulated, **options):
        return honest(policy, data, {**spec, "cash": spec["cash"] - 1.0}, simulated, **options)

    monkeypatch.setattr(command, "trade_on_paper", with_one_dollar_less)
    assert cli.main(["demo", "--quick", "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "NOT identical to the simulator's: step 0, observation" in said or "step 0, equity" in said


def test_the_same_seed_gives_the_same_demo(tmp_path):
    one, two = run(tmp_path), run(tmp_path)
    assert one["evaluation"] == two["evaluation"]
    assert one["planted"] == two["planted"]
