"""Backtests of target positions from NumPy: one and many are the same, in any layout, and what does not fit is refused."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import tradepit
from tradepit.errors import ShapeError, SpecError

COSTS = {"commission": {"kind": "per_contract", "fee": 2.1}, "slippage": {"kind": "fixed_ticks", "ticks": 1}}
DRAWN = {"slippage": {"kind": "probabilistic_tick", "probability": 0.5}}


@pytest.fixture(scope="module")
def market():
    return tradepit.samples.synthetic("es_1m", bars=2_000, seed=3)


@pytest.fixture(scope="module")
def two(market):
    other = tradepit.samples.synthetic("es_1m", bars=2_000, seed=4)
    bars = {"ts": other.time_ns(), **other.columns()}
    return tradepit.align(
        [market, tradepit.market_data(bars, instrument="NQ", calendar="utc", stamp="close", period=60)]
    )


def held(bars, strategies, seed=0):
    """Targets in [-2, 2] that are held for a few bars each."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(-2, 3, size=(-(-bars // 5), strategies))
    return np.repeat(drawn, 5, axis=0)[:bars].astype("int8")


def test_profit_is_that_of_next_opens_less_costs(market):
    targets = held(len(market), 1)[:, 0]
    result = tradepit.backtest(market, targets, cash=1e6, **COSTS)
    bars = market.columns()
    traded = np.diff(targets.astype("float64"), prepend=0.0)[:-1]
    price = bars["open"][1:] + np.sign(traded) * 0.25
    cash = -np.cumsum(traded * price * 50 + np.abs(traded) * 2.1)
    equity = 1e6 + cash + 50 * targets[:-1] * bars["close"][1:]
    assert np.allclose(result.equity, np.concatenate([[1e6], equity]), rtol=0, atol=1e-6)
    assert np.array_equal(result.positions, np.concatenate([[0], targets[:-1]]))
    assert result.orders == len(result.fills()) == np.count_nonzero(traded)
    trades = result.trades()
    assert trades["pnl"].sum() == pytest.approx(result.equity[-1] - 1e6)
    performance = result.performance()
    assert performance["fees"] == pytest.approx(2.1 * np.abs(traded).sum())
    assert performance["final_equity"] == result.equity[-1]
    assert performance["trades"] == np.count_nonzero(~trades["open"])
    assert list(result.equity_curve().columns) == ["time", "equity"]


def test_it_is_the_environment_with_the_same_targets(market):
    fields = {**COSTS, "latency": {"kind": "fixed", "ms": 90_000}}
    action = {"kind": "target_position", "max_lots": 2}
    env = gymnasium.make("tradepit/SingleAsset-v0", data=market, action=action, **fields)
    _, info = env.reset(seed=0)
    first = int(np.flatnonzero(market.time_ns() == info["time"])[0])
    targets = held(len(market), 1)[:, 0]
    targets[:first] = 0
    equity = [info["equity"]]
    for target in targets[first : first + 300]:
        equity.append(env.step(np.array([target / 2], dtype="float32"))[4]["equity"])
    result = tradepit.backtest(market, targets, **fields)
    assert len(set(equity)) > 200
    assert np.array_equal(result.equity[first : first + 301], equity)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "float32", "float64", ">f8"])
@pytest.mark.parametrize("order", ["C", "F", "strided"])
def test_many_are_each_alone_in_any_form_and_number_of_threads(market, dtype, order):
    targets = held(len(market), 70).astype(dtype)
    given = np.repeat(targets, 2, axis=1)[:, ::2] if order == "strided" else np.asarray(targets, order=order)
    results = [tradepit.backtest(market, given, threads=threads, seed=5, **DRAWN) for threads in (1, 2, 7)]
    for name, values in results[0].__dict__.items():
        assert values.shape == (70,)
        assert all(np.array_equal(values, other.__dict__[name], equal_nan=True) for other in results[1:])
    for k in (0, 69):
        alone = tradepit.backtest(market, targets[:, k], seed=5, **DRAWN)
        performance = alone.performance()
        for name in ("final_equity", "fills", "trades", "fees", "slippage", "max_drawdown", "sharpe"):
            assert getattr(results[0], name)[k] == performance[name], name
        assert results[0].orders[k] == alone.orders


def test_of_several_instruments_each_has_a_target(two):
    targets = np.stack([held(len(two), 6, seed) for seed in (0, 1)], axis=-1)
    alone = tradepit.backtest(two, targets[:, 0])
    assert alone.positions.shape == (len(two), 2)
    assert np.array_equal(alone.positions[1:], targets[:-1, 0])
    for given in (
        targets,
        np.asfortranarray(targets),
        np.moveaxis(np.ascontiguousarray(np.moveaxis(targets, 1, 0)), 0, 1),
    ):
        many = tradepit.backtest(two, given)
        assert len(many) == 6
        assert many.final_equity[0] == alone.equity[-1]
        assert many.fills[0] == len(alone.fills())


def test_lists_frames_and_flags_are_targets_too(market):
    pandas = pytest.importorskip("pandas")
    flags = market.columns()["close"] > market.columns()["open"]
    expected = tradepit.backtest(market, flags.astype("float64")).equity
    for targets in (flags, flags.tolist(), pandas.Series(flags), pandas.Series(flags.astype("int64"))):
        assert np.array_equal(tradepit.backtest(market, targets).equity, expected)
    many = tradepit.backtest(market, pandas.DataFrame({"a": flags, "b": ~flags}))
    assert many.final_equity[0] == expected[-1]
    assert many.frame().columns[0] == "final_equity"


def test_what_is_held_at_the_beginning_is_part_of_it(market):
    result = tradepit.backtest(market, np.full(len(market), 2), holding=2)
    assert result.orders == 0
    assert np.array_equal(np.unique(result.positions), [2.0])
    assert result.trades()["open"].tolist() == [True]


def test_a_year_has_as_many_bars_as_is_said(market):
    many = [tradepit.backtest(market, held(len(market), 3), periods_per_year=year) for year in (100, 400)]
    assert np.allclose(many[1].sharpe, 2 * many[0].sharpe)
    flat = tradepit.backtest(market, np.zeros((len(market), 2), dtype="int8"))
    assert np.isnan(flat.sharpe).all()
    assert flat.max_drawdown.tolist() == [0.0, 0.0]


def broken(bars, row, value, strategies=None):
    targets = np.zeros(bars if strategies is None else (bars, strategies))
    targets[row] = value
    return targets


@pytest.mark.parametrize(
    ("targets", "error", "says"),
    [
        (lambda n: broken(n, 7, np.nan), SpecError, "targets[7]: NaN must be a whole number of lots"),
        (lambda n: broken(n, -1, np.inf), SpecError, "targets[1999]: inf must be a whole number of lots"),
        (lambda n: broken(n, 7, 0.5), SpecError, "targets[7]: 0.5 must be a whole number of lots"),
        (
            lambda n: broken(n, (7, 90), 0.5, 100),
            SpecError,
            "strategy 90: targets[7]: 0.5 must be a whole number of lots",
        ),
        (lambda n: np.zeros(n - 1), ShapeError, "targets: expected shape (2000,) or (2000, strategies), got (1999,)"),
        (
            lambda n: np.zeros((3, n)),
            ShapeError,
            "targets: expected shape (2000,) or (2000, strategies), got (3, 2000)",
        ),
        (
            lambda n: np.zeros((n, 3, 1)),
            ShapeError,
            "targets: expected shape (2000,) or (2000, strategies), got (2000, 3, 1)",
        ),
        (lambda n: ["up"] * n, SpecError, "targets: <U2 is no number of lots; use int8, int32, float32 or float64"),
    ],
)
def test_what_is_no_target_is_refused_by_name(market, targets, error, says):
    with pytest.raises(error) as refused:
        tradepit.backtest(market, targets(len(market)))
    assert str(refused.value) == says


def test_fields_are_refused_by_name(market):
    targets = np.zeros((len(market), 2))
    for fields in ({"cash": -1}, {"slippage": "nothing"}, {"periods_per_year": -1}):
        with pytest.raises(SpecError) as refused:
            tradepit.backtest(market, targets, **fields)
        assert str(refused.value).startswith(f"{next(iter(fields))}: ")
    with pytest.raises(TypeError, match="comission"):
        tradepit.backtest(market, targets, comission="none")


def test_the_blocks_of_the_page_run():
    page = (Path(__file__).parents[2] / "docs" / "backtest.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "backtest.md", "exec"), names)
    assert len(names["many"]) == 100


def test_the_comparison_measures_what_is_here(tmp_path):
    script = Path(__file__).parents[2] / "benches" / "compare" / "backtests.py"
    words = ["--only", "tradepit_engine", "--bars", "600", "--pairs", "3", "--runs", "1"]
    done = subprocess.run([sys.executable, script, *words], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("tradepit  one pair")]
    assert len(lines) == 4
    assert len({line.split()[-3] for line in lines}) == 1, "every road makes the same fills"
    assert re.search(r"^tradepit  3 pairs, indicators made", done.stdout, re.MULTILINE)


def test_engines_that_did_another_job_are_found(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benches" / "compare"))
    backtests = importlib.import_module("backtests")
    ours = {"engine": "tradepit", "job": "one", "fills": [7], "equity": [100.0]}
    other = {"engine": "other", "job": "one", "fills": [7], "equity": [100.004]}
    absent = {"engine": "gone", "absent": "it does not install"}
    assert backtests.disagreement([ours, absent, other]) is None
    assert "other fills" in backtests.disagreement([ours, {**other, "fills": [8]}])
    assert "0.0100 off" in backtests.disagreement([ours, {**other, "equity": [100.01]}])
