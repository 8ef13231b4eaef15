"""Numbers of the models that every episode draws: seen in infos, observations, records and errors."""

from __future__ import annotations

import copy
import pickle

import gymnasium
import numpy as np
import pytest
from conftest import targets

import tradepit
from tradepit import evaluation
from tradepit.errors import SpecError

ID = "tradepit/SingleAsset-v0"
PATHS = ["commission.fee", "slippage.ticks"]
RANGES = {"slippage.ticks": [0, 2], "commission.fee": {"kind": "log_uniform", "low": 0.1, "high": 10.0}}


@pytest.fixture
def drawn(spec):
    return {**spec, "randomise": {"ranges": RANGES, "observe": True}}


def places(values):
    return [np.log10(values["commission.fee"]), values["slippage.ticks"] - 1.0]


def test_an_episode_says_what_it_has_drawn_and_runs_with_it(data, drawn):
    env = gymnasium.make(ID, data=data, **drawn)
    own = env.unwrapped
    assert own.observation_names()[-2:] == [f"randomised.{path}" for path in PATHS]
    seen = set()
    for seed in [0, 1, None, None, 0]:
        obs, info = env.reset(seed=seed)
        values = info["randomised"]
        assert list(values) == PATHS
        assert 0 <= values["slippage.ticks"] <= 2
        assert 0.1 <= values["commission.fee"] <= 10
        assert env.observation_space.contains(obs)
        np.testing.assert_allclose(obs[-2:], places(values), atol=1e-6)
        over = False
        while not over:
            obs, _, terminated, truncated, info = env.step(env.action_space.high)
            over = terminated or truncated
            np.testing.assert_allclose(obs[-2:], places(values), atol=1e-6)
        assert "randomised" not in info
        fills = own.fills()
        qty = np.abs(np.asarray(fills["qty"]))
        np.testing.assert_allclose(fills["fee"], qty * values["commission.fee"])
        slipped = np.abs(np.asarray(fills["price"]) - np.asarray(fills["reference"]))
        np.testing.assert_allclose(slipped, 0.25 * values["slippage.ticks"], atol=1e-9)
        seen.add(tuple(values.values()))
    assert len(seen) == 4, "seed 0 drew the same twice, every other episode its own"


def test_the_same_seed_differs_only_in_what_was_drawn(data, spec):
    one = tradepit.TradingEnv(data, **{**spec, "slippage": {"kind": "fixed_ticks", "ticks": 1.5}})
    collapsed = {"ranges": {"slippage.ticks": [1.5, 1.5]}}
    other = tradepit.TradingEnv(data, **spec, randomise=collapsed)
    plain = tradepit.TradingEnv(data, **spec)
    actions = targets(one.action_space, 1, 7)[:, 0]
    (a, info), (b, _), _ = (env.reset(seed=5) for env in (one, other, plain))
    assert "randomised" not in info
    costs = 0.0
    for action in actions:
        np.testing.assert_array_equal(a, b)
        (a, reward, *_), (b, same, *_), (_, unlike, *_) = (env.step(action) for env in (one, other, plain))
        assert reward == same <= unlike
        costs += unlike - reward
    assert costs > 0
    np.testing.assert_array_equal(one.equity_curve()["price"], plain.equity_curve()["price"])
    np.testing.assert_array_equal(one.equity_curve()["time"], plain.equity_curve()["time"])


@pytest.mark.parametrize("info", ["none", "episode", "step"])
@pytest.mark.parametrize("mode", ["next_step", "same_step"])
def test_a_batch_draws_for_every_environment_and_episode(data, drawn, mode, info):
    envs = tradepit.TradingVectorEnv(6, data, **drawn, autoreset_mode=mode, info=info)
    obs, infos = envs.reset(seed=3)
    singles = [tradepit.TradingEnv(data, **drawn).reset(seed=3 + i)[1]["randomised"] for i in range(6)]
    for path in PATHS:
        values = infos["randomised"][path]
        assert values.tolist() == [single[path] for single in singles] == envs.randomised()[path].tolist()
        assert infos["_randomised"].all()
        assert infos["randomised"][f"_{path}"].all()
        assert len(set(values)) == 6
    first = envs.randomised()
    for step, actions in enumerate(targets(envs.single_action_space, 6, 8)):
        obs, _, _, truncations, infos = envs.step(actions)
        np.testing.assert_allclose(obs[:, -1], envs.randomised()["slippage.ticks"] - 1.0, atol=1e-6)
        assert truncations.all() == (step == 6)
        if step == 6:
            assert envs.randomised(ended=True)["slippage.ticks"].tolist() == first["slippage.ticks"].tolist()
            if info == "episode":
                assert infos["episode"]["randomised"]["slippage.ticks"].tolist() == first["slippage.ticks"].tolist()
    assert not np.isin(envs.randomised()["slippage.ticks"], first["slippage.ticks"]).any()
    assert envs.randomised(ended=True)["slippage.ticks"].tolist() == first["slippage.ticks"].tolist()


def test_a_masked_reset_says_whose_numbers_are_new(data, drawn):
    envs = tradepit.TradingVectorEnv(3, data, **drawn, autoreset_mode="disabled")
    envs.reset(seed=0)
    before = envs.randomised()["slippage.ticks"]
    mask = np.array([True, False, True])
    _, infos = envs.reset(options={"reset_mask": mask})
    assert infos["_randomised"].tolist() == mask.tolist()
    assert (infos["randomised"]["slippage.ticks"] != before).tolist() == mask.tolist()


def test_without_ranges_nothing_is_said(data, spec):
    envs = tradepit.TradingVectorEnv(2, data, **spec)
    assert envs.reset(seed=0)[1] == {}
    assert envs.randomised() == {}


def test_copies_and_pickles_go_on_with_what_was_drawn(data, drawn):
    envs = tradepit.TradingVectorEnv(4, data, **drawn, autoreset_mode="same_step")
    env = tradepit.TradingEnv(data, **drawn)
    env.reset(seed=1)
    envs.reset(seed=1)
    for twin in (copy.deepcopy(envs), pickle.loads(pickle.dumps(envs))):
        mine = copy.deepcopy(envs)
        for actions in targets(envs.single_action_space, 4, 20, seed=2):
            one, other = mine.step(actions), twin.step(actions)
            np.testing.assert_array_equal(one[0], other[0])
            np.testing.assert_array_equal(one[1], other[1])
    for twin in (copy.deepcopy(env), pickle.loads(pickle.dumps(env))):
        mine = copy.deepcopy(env)
        for action in targets(env.action_space, 1, 7)[:, 0]:
            one, other = mine.step(action), twin.step(action)
            np.testing.assert_array_equal(one[0], other[0])
            assert one[1] == other[1]


def test_an_evaluation_and_paper_run_with_the_nominal_numbers(data, drawn, spec):
    class Long:
        name = "long"

        def predict(self, observation, deterministic=True):
            return np.ones(1, np.float32), None

    nominal = evaluation.run(Long(), data[:1_200], drawn, start=1_000)
    assert nominal.randomised == {"commission.fee": 2.1, "slippage.ticks": 0.5}
    plain = evaluation.run(Long(), data[:1_200], spec, start=1_000)
    assert plain.randomised == {}
    for name in ("equity", "fees", "slippage"):
        np.testing.assert_array_equal(nominal.columns[name], plain.columns[name])
    on_paper = evaluation.trade_on_paper(Long(), data[:1_200], drawn, nominal, start=1_000, feed="memory")
    assert on_paper.identical, on_paper.difference
    assert on_paper.episode.randomised == nominal.randomised
    page = "".join(s.html() for s in tradepit.report.evaluation_sections([nominal.as_run()], spec=drawn))
    assert "slippage.ticks, of this episode" in page


@pytest.mark.parametrize(
    ("randomise", "message"),
    [
        ({"ranges": {"slippage.tick": [0, 1]}}, r"randomise\.ranges\.slippage\.tick: is no number .*slippage\.ticks"),
        ({"ranges": {"slippage.ticks": [1, 0]}}, r"slippage\.ticks: low 1 is above high 0"),
        ({"ranges": {"slippage.ticks": [-1, 0]}}, r"slippage\.ticks: -1 can't be drawn: .* of at least 0"),
        ({"ranges": {"slippage.ticks": [0, float("nan")]}}, "finite"),
        ({"ranges": {"slippage.ticks": [0, 1, 2]}}, r"randomise: invalid length 3, expected a range: \[low, high\]"),
        ({"ranges": {"slippage.ticks": {"kind": "normal"}}}, "randomise: unknown variant `normal`"),
        ({"range": {}}, "randomise: unknown field `range`"),
    ],
)
def test_what_can_not_be_drawn_is_refused(data, spec, randomise, message):
    with pytest.raises(SpecError, match=message):
        tradepit.TradingEnv(data, **spec, randomise=randomise)


def test_stable_baselines3_sees_it(data, drawn):
    pytest.importorskip("stable_baselines3")
    from tradepit.sb3 import TradepitVecEnv

    envs = TradepitVecEnv(3, data, **drawn)
    envs.seed(4)
    envs.reset()
    first = envs.randomised()
    for i, info in enumerate(envs.reset_infos):
        assert info["randomised"] == {path: first[path][i] for path in PATHS}
    for _ in range(7):
        _, _, dones, infos = envs.step(np.ones((3, 1), np.float32))
    assert dones.all()
    for i, info in enumerate(infos):
        assert info["episode"]["randomised"] == {path: first[path][i] for path in PATHS}
