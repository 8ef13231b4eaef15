"""Problems with a known answer, from Python and from a shell."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import tradepit
from tradepit import anchors
from tradepit.errors import SpecError

DOCS = Path(__file__).parents[2] / "docs" / "anchors.md"
ASKED = {"name", "params", "objective", "value", "se", "theory", "naive", "random"}


def command(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tradepit", "anchors", *map(str, words)], capture_output=True, text=True, check=False
    )


def document(*words: object) -> list[dict]:
    done = command(*words, "--json")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", anchors.names())
def test_gymnasium_makes_each_alone_and_in_batches(name):
    env = gymnasium.make(f"tradepit/anchor/{name}-v0")
    envs = gymnasium.make_vec(f"tradepit/anchor/{name}-v0", num_envs=3, threads=1)
    alone, _ = env.reset(seed=5)
    together, _ = envs.reset(seed=3)
    np.testing.assert_array_equal(together[2], alone)
    env.action_space.seed(0)
    for _ in range(4):
        action = env.action_space.sample()
        alone, reward, terminated, truncated, _ = env.step(action)
        together, rewards, *_ = envs.step(np.stack([action] * 3))
        np.testing.assert_array_equal(together[2], alone)
        assert rewards[2] == reward
        assert env.observation_space.contains(alone)
        assert not terminated
        assert not truncated


def test_parameters_are_keywords_and_unknown_ones_are_refused():
    env = gymnasium.make("tradepit/anchor/ou-threshold-v0", cost=0.5)
    assert env.unwrapped.core is not None
    assert anchors.problem("ou-threshold", cost=0.5)["params"] == {"rho": 0.9, "cost": 0.5}
    with pytest.raises(SpecError, match="unknown field `costs`"):
        gymnasium.make("tradepit/anchor/ou-threshold-v0", costs=0.5)
    with pytest.raises(SpecError, match=r"params\.rho: 1\.5 must be in \(0, 1\)"):
        anchors.make("ou-threshold", rho=1.5)
    with pytest.raises(SpecError, match="none of leak, null"):
        anchors.make("lead")


def test_names_of_one_slash_and_of_none_still_make():
    assert gymnasium.make("CartPole-v1").spec.id == "CartPole-v1"
    assert gymnasium.make("tradepit/SingleAsset-v0", data="es_1m").spec.id == "tradepit/SingleAsset-v0"
    assert gymnasium.make("tradepit/anchor/leak-v0").spec.id == "tradepit/anchor/leak-v0"
    with pytest.raises(gymnasium.error.Error):
        gymnasium.make("tradepit/anchor/lead-v0")


def test_a_policy_is_scored_on_the_episodes_of_the_best_one():
    best = anchors.table([anchors.problem("leak")], share=0.1, seed=2)[0]
    [sign] = anchors.scores("leak", lambda obs: np.sign(obs[:, :1]), share=0.1, seed=2)
    assert {**best, "regret": sign["regret"]} == sign
    assert sign["regret"]["value"] == 0.0
    [half] = anchors.scores("leak", lambda obs: 0.5 * np.sign(obs[:, :1]), share=0.1, seed=2)
    assert half["regret"]["value"] == pytest.approx(0.5, abs=1e-6)


def test_what_a_policy_raises_comes_out():
    with pytest.raises(ZeroDivisionError):
        anchors.scores("leak", lambda obs: 1 / 0, share=0.01)


def test_the_command_prints_all_of_them_as_asked():
    scores = document("--share", 0.03)
    assert set(scores[0]) >= ASKED
    assert {score["name"] for score in scores} == set(anchors.names())
    assert all(abs(score["off"]) < 4.5 for score in scores), scores
    assert command("--only", "leak", "--share", 0.01).stdout.startswith("problem")


def test_seed_and_parameters_of_the_command_count():
    def value(*words):
        return document("--only", "leak", "--share", 0.02, *words)[0]

    first, again, other = value("--seed", 1), value("--seed", 1), value("--seed", 2)
    assert first == again
    assert first["value"] != other["value"]
    assert first["theory"] == other["theory"]
    assert value("--set", "leak.sd=0.6")["theory"] == pytest.approx(2 * first["theory"])
    rows = document("--only", "merton,null", "--set", "merton.gamma=3", "--share", 0.01)
    assert [(row["name"], row["params"].get("gamma")) for row in rows] == [("null", None), ("merton", 3.0)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--only", "lead"), "--only: lead is none of leak"),
        (("--set", "leak=0.1"), "--set leak=0.1: expected NAME.KEY=VALUE"),
        (("--set", "leak.sd=much"), "--set leak.sd=much: much is not a number"),
        (("--set", "leak.sd=-1", "--only", "leak"), "params.sd: -1 must be above 0"),
        (("--agent", "nowhere.zip"), "--agent: an agent fits one problem"),
        (("--agent", "nowhere.zip", "--only", "leak"), "nowhere.zip: no such file"),
        (("--share", "0", "--only", "leak"), "share: expected a number in (0, 1000], got 0"),
    ],
)
def test_the_command_says_what_is_wrong(words, said):
    done = command(*words)
    assert done.returncode == 1
    assert said in done.stderr


def test_agents_of_both_kinds_are_measured(tmp_path):
    from stable_baselines3 import A2C
    from stable_baselines3.common.env_util import make_vec_env

    from tradepit.agents import PPO

    data, spec = anchors.environment("leak")
    PPO(data=data, num_envs=32, n_steps=32, batch_size=256, **spec).learn(20_000).save(tmp_path / "native.tp")
    A2C("MlpPolicy", make_vec_env("tradepit/anchor/leak-v0", 4), seed=0).learn(400).save(tmp_path / "foreign.zip")
    native, foreign = (
        document("--only", "leak", "--share", 0.02, "--agent", tmp_path / file)[0]
        for file in ("native.tp", "foreign.zip")
    )
    assert native["optimal"] == foreign["optimal"]
    assert native["regret"]["value"] < 0.5
    assert foreign["value"] < foreign["optimal"]


def test_the_page_runs():
    block = re.search(r"```python\n(.*?)```", DOCS.read_text(), re.S)
    known: dict = {}
    exec(block.group(1), known)
    assert known["scores"][0]["name"] == "leak"
    assert tradepit.anchors is anchors
