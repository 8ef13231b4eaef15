"""Synthetic markets from Python: made, fitted, drawn anew, and one for every episode."""

from __future__ import annotations

import json
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import tradepit
from tradepit import samples, synth
from tradepit.cli import main
from tradepit.errors import SpecError

KINDS = ("brownian", "ornstein_uhlenbeck", "jump_diffusion", "heston", "garch", "regime_switching", "intraday")
EXACT = {
    "arithmetic": ["expected_change"],
    "ar1": ["level", "expected_change"],
    "hidden_drift": ["change", "belief", "expected_change"],
    "coin": ["expected_change"],
    "geometric": ["expected_change"],
}
SHARED = Path(__file__).parents[3] / "shared" / "data"


def closes(data):
    return data.columns()["close"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_made_fitted_and_drawn_like_the_sample(kind):
    data = synth.market(kind, bars=800, seed=3)
    assert len(data) == 800
    assert np.array_equal(closes(data), closes(synth.market({"kind": kind}, bars=800, seed=3)))
    assert not np.array_equal(closes(data), closes(synth.market(kind, bars=800, seed=4)))
    columns = data.columns()
    assert (columns["high"] >= np.maximum(columns["open"], columns["close"])).all()
    assert (columns["close"] % 0.25 == 0.0).all()
    process = synth.fit("es_1m", kind)
    assert process["kind"] == kind
    like = synth.market_like("es_1m", process, seed=1)
    assert np.array_equal(like.time_ns(), samples.load("es_1m").time_ns())


@pytest.mark.parametrize("kind", EXACT)
def test_an_exact_kind_opens_at_the_close_before_and_publishes(kind):
    data = synth.market(kind, bars=800, seed=3, instrument="UNIT", calendar="none", price=100.0)
    columns = data.columns()
    assert np.array_equal(columns["open"][1:], columns["close"][:-1])
    assert np.array_equal(columns["high"], np.maximum(columns["open"], columns["close"]))
    assert list(columns)[-len(EXACT[kind]) :] == EXACT[kind]
    process = {"kind": kind, "factors": [{"phi": 0.5, "sd": 1}]} if kind == "arithmetic" else kind
    features = [{"kind": "column", "name": name} for name in EXACT[kind]]
    envs = tradepit.TradingVectorEnv(
        3, data, market={"kind": "synthetic", "process": process, "rows": 100}, features=features, window=1
    )
    first, _ = envs.reset(seed=1)
    assert not np.array_equal(first[0], first[1]) or kind in ("coin", "geometric")


def test_wrong_numbers_are_refused_by_name():
    for process, field in [({"kind": "garch", "tails": 1}, r"synthetic\.tails"), ("gauss", "process")]:
        with pytest.raises(SpecError, match=field):
            synth.market(process)
    with pytest.raises(SpecError, match="kind"):
        synth.fit("es_1m", "nothing")  # type: ignore[arg-type]
    with pytest.raises(SpecError, match=r"rows\.price"):
        synth.market(price=0.0)
    with pytest.raises(SpecError, match="mean_bars"):
        synth.bootstrap("es_1m", mean_bars=0.0)


def test_bootstrap_and_mirror_keep_times_and_bars():
    real = samples.load("es_1m")
    for data in (synth.bootstrap(real, flip=True), synth.bootstrap(real, sessions=True, seed=2), synth.mirror(real)):
        assert np.array_equal(data.time_ns(), real.time_ns())
        assert set(data.columns()["volume"]) <= set(real.columns()["volume"])
    assert np.array_equal(closes(synth.bootstrap(real, seed=5, path=2)), closes(synth.bootstrap(real, seed=5, path=2)))


def test_the_facts_are_those_that_numpy_finds():
    data = synth.market("garch", bars=20_000, calendar="utc")
    facts = synth.stylised_facts(data)
    r = np.diff(np.log(closes(data)))
    assert facts["returns"] == len(r)
    assert facts["volatility_bps"] == pytest.approx(r.std() * 1e4)
    assert facts["kurtosis"] == pytest.approx(((r - r.mean()) ** 4).mean() / r.var() ** 2 - 3)
    w = np.clip(r, *np.quantile(r, [5e-5, 1 - 5e-5]))
    assert facts["kurtosis_winsorised"] == pytest.approx(((w - w.mean()) ** 4).mean() / w.var() ** 2 - 3)
    for lag, value in zip((1, 10, 60), facts["autocorrelation"], strict=True):
        assert value == pytest.approx(np.corrcoef(np.abs(r[:-lag]), np.abs(r[lag:]))[0, 1])
    assert facts["zero_share"] == pytest.approx((r == 0).mean())


MARKETS = (
    {"kind": "synthetic", "process": "garch", "rows": 600},
    {"kind": "bootstrap", "blocks": {"mean_bars": 30, "flip": True}, "rows": 600},
)


@pytest.mark.parametrize("market", MARKETS, ids=lambda market: market["kind"])
def test_every_episode_has_a_path_of_its_own_and_a_batch_is_its_environments(market):
    options = {"data": "es_1m", "market": market, "window": 4, "episode": {"length": {"kind": "steps", "steps": 20}}}
    env = gymnasium.make("tradepit/SingleAsset-v0", **options)
    envs = gymnasium.make_vec(
        "tradepit/SingleAsset-v0", num_envs=3, vectorization_mode="vector_entry_point", info="step", **options
    )
    many, infos = envs.reset(seed=7)
    one, info = env.reset(seed=8)
    assert np.array_equal(many[1], one)
    # The price of an info is that of the environment's own market.
    assert infos["price"][1] == info["price"]
    assert len(set(infos["price"])) == 3
    prices = {info["price"]}
    for _ in range(3):
        prices.add(env.reset()[1]["price"])
    assert len(prices) == 4
    if market["kind"] == "synthetic":
        rows = samples.load("es_1m")[:600]
        _, info = env.reset(seed=8)
        at = int(np.flatnonzero(rows.time_ns() == info["time"])[0])
        assert closes(synth.market_like(rows, "garch", seed=8))[at] == info["price"]


def test_stable_baselines_trains_on_fresh_paths():
    sb3 = pytest.importorskip("tradepit.sb3")
    envs = sb3.make_vec_env(n_envs=2, seed=0, data="es_1m", market=MARKETS[0], window=4)
    first = envs.reset().copy()
    obs = [envs.step(np.ones((2, 1), np.float32))[0].copy() for _ in range(3)]
    envs.seed(0)
    assert np.array_equal(envs.reset(), first)
    assert np.array_equal(envs.step(np.ones((2, 1), np.float32))[0], obs[0])


def test_the_command_prints_the_table_and_writes_the_process(tmp_path, capsys):
    out = tmp_path / "process.json"
    assert main(["synth", "es_1m", "--seeds", "3", "--out", str(out)]) == 0
    page = capsys.readouterr().out
    assert "autocorrelation of |r|, 60 bars" in page
    assert "median/real" in page
    process = json.loads(out.read_text())
    assert len(synth.market_like("es_1m", process)) == 2264


def test_a_market_fitted_to_a_year_of_minutes_has_its_facts(capsys):
    """At least four of the six facts within a quarter of the real ones; the page of the documentation is this table."""
    minutes, volume = SHARED / "es_1m.parquet", SHARED / "es_5m.parquet"
    if not minutes.exists():
        pytest.skip(f"{minutes} is not there: it belongs to no package, and can't be shipped")
    pytest.importorskip("polars")
    words = ["synth", str(minutes), "--volume", str(volume), "--instrument", "ES", "--calendar", "cme", "--json"]
    assert main(words) == 0
    facts = json.loads(capsys.readouterr().out)["facts"]
    names = ("volatility_bps", "kurtosis_winsorised", "autocorrelation_1", "autocorrelation_10", "autocorrelation_60")
    known = json.loads((SHARED / "stylised_facts.json").read_text())["ES_1m_all_hours"]
    assert facts["volatility_bps"]["real"] == pytest.approx(known["std_per_minute_bp"], rel=1e-3)
    assert facts["kurtosis_winsorised"]["real"] == pytest.approx(known["excess_kurtosis_winsor_99.99"], rel=1e-2)
    assert facts["autocorrelation_60"]["real"] == pytest.approx(known["acf_abs_r"]["60"], rel=1e-3)
    ratios = {name: facts[name]["median"] / facts[name]["real"] for name in (*names, "zero_share")}
    close = [name for name, ratio in ratios.items() if abs(ratio - 1.0) <= 0.25]
    assert len(close) >= 4, ratios
    assert {"kurtosis_winsorised", "autocorrelation_1", "autocorrelation_10", "autocorrelation_60"} <= set(close)
