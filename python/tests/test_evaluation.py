"""Policies over held-out bars, and the comparison of what they did."""

from __future__ import annotations

from dataclasses import replace

import gymnasium
import numpy as np
import pytest

import tradepit
from tradepit import evaluation
from tradepit.evaluation import Difference, Flat, Hold, Random

COSTS = {"slippage": {"kind": "fixed_ticks", "ticks": 0.5}, "commission": {"kind": "per_contract", "fee": 2.1}}
SCHEMES = (
    {"kind": "target_position", "max_lots": 3.0},
    {"kind": "target_levels", "levels": [2.0, 0.0, -1.0, 3.0]},
    {"kind": "enter_exit", "lots": 3.0},
)


@pytest.fixture(scope="module")
def data():
    return tradepit.samples.load("es_1m")


@pytest.fixture
def episode(data):
    return evaluation.run(Random({**COSTS, "window": 2}, seed=3), data, {**COSTS, "window": 2}, start=2_000)


@pytest.mark.parametrize("action", SCHEMES, ids=lambda action: action["kind"])
def test_baselines_hold_what_they_say_under_every_action_scheme(action, data):
    spec = {"action": action}
    flat, hold, random = (evaluation.run(policy, data, spec, start=2_000) for policy in evaluation.baselines(spec))
    assert not flat.columns["position"].any()
    assert (hold.columns["position"][1:] == 3.0).all()
    assert hold.columns["fills"].sum() == 1
    assert random.columns["fills"].sum() > 50
    assert len(set(random.columns["position"])) >= 3
    assert random.columns["position"].min() < 0.0 < random.columns["position"].max()


def test_nothing_before_the_first_held_out_bar_is_traded(data, episode):
    times = data.time_ns()
    assert episode.columns["time"][[0, -1]].tolist() == times[[2_000, -1]].tolist()
    assert episode.steps == len(data) - 1 - 2_000
    # A decision that falls as row 2,000 closes is filled as row 2,001 opens.
    bars = np.searchsorted(times, episode.fills["time"].astype("int64"), side="right")
    assert bars.min() == 2_001
    assert np.array_equal(episode.fills["reference"], data.columns()["open"][bars])
    assert episode.performance["bars"] == episode.steps


def test_rows_before_the_start_only_warm_features_up(data):
    """The same bars with a longer past: the same observations, once the features know enough."""
    spec = {"window": 4, "features": {"features": [{"kind": "log_return"}, {"kind": "sma_distance", "period": 20}]}}
    spec["features"]["features"][1] = {"kind": "rsi", "period": 14}
    spec["features"]["features"].pop()
    whole = evaluation.run(Hold(spec), data, spec, start=2_000)
    part = evaluation.run(Hold(spec), data[1_900:], spec, start=100)
    assert evaluation.compare(whole, part) is None


def test_a_run_of_the_report_is_the_episode(episode):
    run = episode.as_run()
    assert run["fees"][-1] == pytest.approx(episode.performance["fees"])
    assert run["slippage"][-1] == pytest.approx(episode.performance["slippage"])
    assert len(run["trades"]) == episode.performance["trades"]
    assert {trade["side"] for trade in run["trades"]} == {"long", "short"}
    for trade in run["trades"]:
        sign = 1.0 if trade["side"] == "long" else -1.0
        gross = sign * (trade["exit_price"] - trade["entry_price"]) * trade["qty"] * 50.0
        assert trade["gross"] == pytest.approx(gross)
        assert trade["net"] == pytest.approx(trade["gross"] - trade["fees"])
    open_now = episode.trades["open"]
    nets = sum(trade["net"] for trade in run["trades"]) + episode.trades["pnl"][open_now.astype(bool)].sum()
    assert episode.profit == pytest.approx(nets, abs=1e-6)


def test_equal_episodes_do_not_differ(data, episode):
    spec = {**COSTS, "window": 2}
    assert evaluation.compare(episode, episode) is None
    again = evaluation.run(Random(spec, seed=3), data, spec, start=2_000)
    assert evaluation.compare(episode, again) is None


@pytest.mark.parametrize(
    "what", ["time", "equity", "position", "price", "fees", "slippage", "drawdown", "reward", "fills"]
)
def test_the_smallest_difference_is_found_where_it_is(what, episode):
    column = episode.columns[what].copy()
    column[17] = np.nextafter(column[17], np.inf) if column.dtype.kind == "f" else column[17] + 1
    other = replace(episode, columns={**episode.columns, what: column})
    found = evaluation.compare(episode, other)
    assert (found.step, found.what) == (17, what)
    assert found.one != found.other
    assert f"step 17, {what}" in str(found)


def test_the_cause_comes_before_its_consequences(episode):
    columns = {name: episode.columns[name].copy() for name in ("equity", "price", "reward")}
    for name, step in (("equity", 9), ("price", 9), ("reward", 5)):
        columns[name][step] += 1.0
    found = evaluation.compare(episode, replace(episode, columns={**episode.columns, **columns}))
    assert (found.step, found.what) == (5, "reward")
    columns["reward"] = episode.columns["reward"]
    found = evaluation.compare(episode, replace(episode, columns={**episode.columns, **columns}))
    assert (found.step, found.what) == (9, "price")


def test_zero_is_not_minus_zero_and_actions_and_fills_count(episode):
    assert episode.columns["fees"][0] == 0.0
    fees = episode.columns["fees"].copy()
    fees[0] = -0.0
    found = evaluation.compare(episode, replace(episode, columns={**episode.columns, "fees": fees}))
    assert (found.step, found.what) == (0, "fees")
    actions = episode.actions.copy()
    actions[4] = -actions[4]
    found = evaluation.compare(episode, replace(episode, actions=actions))
    assert (found.step, found.what) == (5, "action")
    price = episode.fills["price"].copy()
    price[2] += 0.25
    found = evaluation.compare(episode, replace(episode, fills={**episode.fills, "price": price}))
    assert found.what == "fill 2, price"


def test_a_shorter_episode_differs(data, episode):
    spec = {**COSTS, "window": 2}
    shorter = evaluation.run(Random(spec, seed=3), data[:-1], spec, start=2_000)
    assert evaluation.compare(episode, shorter) == Difference(shorter.steps, "length", episode.steps, shorter.steps)


def test_any_environment_can_be_followed(data):
    env = gymnasium.make(evaluation.ENV_ID, data=data, window=2, episode={"length": {"kind": "steps", "steps": 5}})
    steps = []
    episode = evaluation.run_in(env, Flat({}), name="still", on_step=steps.append)
    assert (episode.policy, episode.steps, steps) == ("still", 5, [1, 2, 3, 4, 5])
    assert episode.row()["policy"] == "still"
