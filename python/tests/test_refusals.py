"""Bad input: each gets a clear error, by its text, and moves nothing."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

import tradepit
from tradepit import errors
from tradepit.sb3 import make_vec_env

ID = "tradepit/SingleAsset-v0"


def makers(data, spec):
    """The three faces of one environment."""
    return {
        "single": lambda **more: gymnasium.make(ID, data=data, **{**spec, **more}).unwrapped,
        "vector": lambda **more: gymnasium.make_vec(ID, num_envs=3, data=data, **{**spec, **more}),
        "sb3": lambda **more: make_vec_env(ID, n_envs=3, data=data, **{**spec, **more}),
    }


@pytest.mark.parametrize("face", ["single", "vector", "sb3"])
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"comission": "none"},
            r"^comission: unknown field; known fields are account, action, cash, commission, episode, ",
        ),
        (
            {"commission": {"kind": "per_contract", "fees": 1}},
            r"^commission: unknown field `fees`, expected one of `fee`",
        ),
        ({"commission": {"kind": "none", "bps": 5}}, r"^commission: unknown field `bps`"),
        (
            {"commission": {"kind": "per_contract", "fee": -1}},
            r"^commission.fee: -1 must be a finite number, at least 0",
        ),
        ({"commission": {"kind": "free"}}, r"^commission: unknown variant `free`, expected one of `none`"),
        ({"commission": {"fee": 1}}, r"^commission: missing field `kind`"),
        ({"slippage": "fixed_ticks"}, r"^slippage: missing field `ticks`"),
        ({"reward": "sharpe"}, r"^reward: unknown variant `sharpe`, expected one of `profit`, `log_return`"),
        ({"reward": 3}, r"^reward: "),
        ({"window": 0}, r"^window: 0 must be in 1..=10000 rows"),
        ({"window": 2.5}, r"^window: invalid type: floating point `2.5`"),
        ({"cash": float("nan")}, r"^spec: .*every number must be finite"),
        ({"cash": -5}, r"^cash: -5 must be a finite number above 0"),
        ({"cash": object()}, r"^spec: <object object at .*> of type object is not data"),
        ({"episode": {"start": "ramdom"}}, r"^episode: unknown variant `ramdom`"),
        ({"episode": {"ruin": 2}}, r"^episode.ruin: 2 must be in \[0, 1\)"),
        ({"features": ["rsi", {"kind": "column", "name": "nobody"}]}, r'column.name: "nobody" is not in the data'),
        ({"features": [{"kind": "rsi", "period": 0}]}, r"rsi.period: 0 must be from 1 to"),
        (
            {"action": {"kind": "target_position", "max_lots": 0}},
            r"^action.max_lots: 0 must be a finite number above 0",
        ),
    ],
    ids=str,
)
def test_specs(data, spec, face, fields, message):
    with pytest.raises(errors.SpecError, match=message) as caught:
        makers(data, spec)[face](**fields)
    assert isinstance(caught.value, (errors.TradepitError, ValueError))


@pytest.mark.parametrize("face", ["single", "vector", "sb3"])
def test_too_little_data(data, spec, face):
    with pytest.raises(errors.TooLittleDataError, match=r"^too little data: 100 rows, and the features need up to 225"):
        makers(data[:100], spec)[face]()
    with pytest.raises(
        errors.TooLittleDataError, match=r"^too little data: 230 rows; .* the window 10, a step 1 more: at least 235"
    ):
        makers(data[:230], spec)[face](window=10)


def test_batches_are_refused_by_their_own_fields(data, spec):
    make = makers(data, spec)
    for fields, message in [
        ({"num_envs": 0}, "num_envs: 0 must be in 1..=4194304"),
        ({"num_envs": -1}, "num_envs: -1 must be a whole number of at least 1"),
        ({"threads": 1.5}, "threads: 1.5 must be a whole number of at least 0"),
        ({"autoreset_mode": "never"}, "autoreset_mode: 'never' is unknown; use one of NextStep, SameStep, Disabled"),
        ({"info": "all"}, "info: 'all' must be 'none', 'episode' or 'step'"),
    ]:
        with pytest.raises(errors.SpecError, match=message):
            tradepit.TradingVectorEnv(**{"num_envs": 2, "data": data, **spec, **fields})
    with pytest.raises(errors.SpecError, match="render_mode: 'human' is unknown; use one of ansi, rgb_array"):
        tradepit.TradingEnv(data, render_mode="human")
    with pytest.raises(errors.ShapeError, match="seed: expected one for each environment, 3, got 2"):
        make["vector"]().reset(seed=[1, 2])


BAD_BOX = [
    (
        lambda n: np.full((n, 1), np.nan, np.float32),
        errors.ActionError,
        r"action of environment 0: value 0 is NaN; every value",
    ),
    (
        lambda n: np.array([[0.0]] * (n - 1) + [[np.inf]]),
        errors.ActionError,
        r"action of environment {last}: value 0 is inf",
    ),
    (lambda n: np.zeros((n, 2), np.float32), errors.ShapeError, r"actions: expected shape \({n}, 1\), got \({n}, 2\)"),
    (
        lambda n: np.zeros((n + 1, 1), np.float32),
        errors.ShapeError,
        r"actions: expected shape \({n}, 1\), got \({more}, 1\)",
    ),
    (lambda n: np.zeros(n, np.float32), errors.ShapeError, r"actions: expected shape \({n}, 1\), got \({n},\)"),
    (lambda n: np.full((n, 1), "up"), errors.ActionError, r"actions of dtype <U2; the action space takes numbers"),
    (lambda n: None, errors.ActionError, r"actions of dtype object; the action space takes numbers"),
]
BAD_DISCRETE = [
    (lambda n: np.full(n, 5), errors.ActionError, r"action of environment 0: 5 must be in 0..5"),
    (lambda n: np.array([0] * (n - 1) + [-1]), errors.ActionError, r"action of environment {last}: -1 must be in 0..5"),
    (lambda n: np.zeros(n), errors.ActionError, r"actions of dtype float64; the action space takes whole numbers"),
    (lambda n: np.zeros((n, 1), np.int64), errors.ShapeError, r"actions: expected shape \({n},\), got \({n}, 1\)"),
]


BAD = [("target_position", *case) for case in BAD_BOX] + [("enter_exit", *case) for case in BAD_DISCRETE]


def is_of_batches(message):
    """Whether a case is a wrong shape that only a batch of actions can have."""
    return "\\({n}" in message and "2\\)" not in message


@pytest.mark.parametrize(
    ("face", "action", "make_bad", "error", "message"),
    [
        (face, *case)
        for face in ("single", "vector", "sb3")
        for case in BAD
        if not (face == "single" and is_of_batches(case[-1]))
    ],
)
def test_a_refused_action_moves_nothing(data, spec, face, action, make_bad, error, message):
    envs, twin = (makers(data, spec)[face](action=action) for _ in range(2))
    good = np.ones((3, 1), np.float32) if action == "target_position" else np.ones(3, np.int64)
    if face == "single":
        bad = make_bad(1)
        bad = None if bad is None else bad[0]
        good = good[0]
        message = message.replace(r"\({n}, 1\), got \({n}, 2\)", r"\(1,\), got \(2,\)").replace("{last}", "0")
    else:
        bad = make_bad(3)
        message = message.replace("{n}", "3").replace("{last}", "2").replace("{more}", "4")
    for both in (envs, twin):
        if face == "sb3":
            both.seed(0)
            both.reset()
        else:
            both.reset(seed=0)
        both.step(good)
    with pytest.raises(error, match=message):
        envs.step(bad)
    for _ in range(6):
        a, b = envs.step(good), twin.step(good)
        for x, y in zip(a[:3], b[:3], strict=True):
            np.testing.assert_array_equal(x, y)


def test_what_converts_without_loss_is_taken(data, spec):
    a = makers(data, spec)["vector"]()
    b = makers(data, spec)["vector"]()
    for both in (a, b):
        both.reset(seed=0)
    exact = np.array([[1.0], [-1.0], [0.0]], np.float32)
    strided = np.zeros((3, 2), np.float32)
    strided[:, :1] = exact
    for same in (
        exact.astype(np.float64),
        exact.astype(np.int32),
        exact.tolist(),
        np.asfortranarray(exact),
        strided[:, :1],
    ):
        np.testing.assert_array_equal(a.step(same)[0], b.step(exact)[0])
    c = makers(data, spec)["single"](action="enter_exit")
    c.reset(seed=0)
    for action in (1, np.int64(1), np.int32(1), np.array(1)):
        assert c.step(action)[4]["position"] == 1.0


def test_calls_out_of_turn(data, spec):
    env = makers(data, spec)["single"]()
    with pytest.raises(errors.StateError, match="reset the environment first"):
        env.step(np.zeros(1, np.float32))
    env.reset(seed=0)
    for _ in range(7):
        env.step(np.zeros(1, np.float32))
    with pytest.raises(errors.StateError, match="the episode has ended"):
        env.step(np.zeros(1, np.float32))


def test_every_error_has_one_base_and_a_builtin():
    names = [name for name in errors.__all__ if name not in ("TradepitError", "DataWarning")]
    for name in names:
        error = getattr(errors, name)
        assert issubclass(error, errors.TradepitError)
        assert issubclass(error, (ValueError, RuntimeError, OSError))
    assert issubclass(errors.TooLittleDataError, errors.DataError)
