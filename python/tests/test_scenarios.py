"""Scenarios by name: Gymnasium, batches, Stable-Baselines3, the doctor."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import tradepit
import tradepit.features
from tradepit import errors, samples, scenarios


def stocks(*symbols):
    return tradepit.align([samples.load("stocks_1d", symbol=symbol) for symbol in symbols], missing="drop")


DATA = {
    "single_asset": lambda: samples.load("es_1m"),
    "portfolio": lambda: stocks("AAPL", "IBM", "MSFT"),
    "spread": lambda: stocks("AAPL", "MSFT"),
}


@pytest.mark.parametrize("env_id", scenarios.IDS)
def test_an_id_makes_an_environment_that_gymnasium_accepts(env_id):
    own = DATA.get(scenarios.IDS[env_id])
    given = {} if own is None else {"data": own()}
    env = gymnasium.make(env_id, **given)
    check_env(env.unwrapped, skip_render_check=True)
    observation, _ = env.reset(seed=1)
    envs = gymnasium.make_vec(env_id, num_envs=3, **given)
    rows, _ = envs.reset(seed=1)
    np.testing.assert_array_equal(rows[0], observation)
    for _ in range(5):
        rows, rewards, *_ = envs.step(envs.action_space.sample())
        assert np.isfinite(rows).all()
        assert np.isfinite(rewards).all()


def test_fields_and_data_stand_in_place_of_the_scenarios_own():
    env = gymnasium.make("tradepit/MarketMaking-v0", holding=3.0).unwrapped
    assert env.trading_spec["holding"] == 3.0
    assert env.trading_spec["action"]["kind"] == "two_sided_quotes"
    env = scenarios.make("execution", "es_1m", holding=10.0, action={"kind": "execution_rate", "lots": -10})
    assert env.trading_spec["market"] == {"kind": "data"}
    with pytest.raises(
        errors.SpecError, match=r"data: the scenario portfolio trades on data of yours; give some of several"
    ):
        gymnasium.make("tradepit/Portfolio-v0")
    with pytest.raises(errors.SpecError, match="instrument"):
        gymnasium.make("tradepit/Spread-v0", data="es_1m")


def test_a_portfolio_keeps_its_weights_within_the_equity():
    env = gymnasium.make("tradepit/Portfolio-v0", data=DATA["portfolio"](), cash=1e6).unwrapped
    names = env.observation_names()
    weights = [names.index(f"weight_{i}") for i in range(3)]
    env.reset(seed=0)
    for _ in range(20):
        observation, *_ = env.step(np.array([1.0, 0.0, -1.0], np.float32))
    # Shares from 0 to 1, scaled down to 1 together: two thirds, a third, none.
    np.testing.assert_allclose(observation[weights], [2 / 3, 1 / 3, 0.0], atol=0.05)


def test_sb3_trains_on_a_scenario():
    sb3 = pytest.importorskip("tradepit.sb3")
    ppo = pytest.importorskip("stable_baselines3").PPO
    envs = sb3.make_vec_env("tradepit/Hedging-v0", n_envs=4, seed=0)
    ppo("MlpPolicy", envs, n_steps=16, batch_size=32, n_epochs=1, device="cpu").learn(128)
    with pytest.raises(errors.SpecError, match="tradepit/SingleAsset-v0"):
        sb3.make_vec_env("tradepit/Nothing-v0", n_envs=4)


def test_the_doctor_says_what_is_wrong_and_what_to_try():
    data = samples.load("es_1m")

    def found(spec, policy=None, **options):
        report = tradepit.doctor(data, {"window": 1, **spec}, policy, steps=400, **options)
        return report, [finding["what"] for finding in report["findings"]]

    report, what = found({"reward": {"kind": "log_return", "scale": 1000.0}}, leaks=False)
    assert report["steps"] == 400 * 16
    assert sum(report["actions"][0]["histogram"]) == report["steps"]
    assert len(report["observations"]) == len(tradepit.TradingEnv(data, window=1).observation_names())
    assert not [text for text in what if text.startswith("the reward")]
    _, what = found({"reward": {"kind": "profit", "scale": 1e6}}, leaks=False)
    assert [text for text in what if text.startswith("the reward is large")]
    costly = {"commission": {"kind": "per_contract", "fee": 500.0}, "reward": {"kind": "log_return", "scale": 1000.0}}
    _, what = found(costly, leaks=False)
    assert [text for text in what if text.endswith("of what equity moved was cost")]
    _, what = found({"action": {"kind": "target_position", "max_lots": 0.4}}, leaks=False)
    assert "no order filled" in what
    always_long = lambda obs: np.ones((len(obs), 1), np.float32)  # noqa: E731
    _, what = found({}, always_long, leaks=False)
    assert [text for text in what if text.startswith("the policy does one thing in 100 %")]
    _, what = found({"cash": 400.0, "episode": {"drawdown_limit": 0.1}}, leaks=False)
    assert [text for text in what if "end in ruin or at the drawdown limit" in text]
    scaled = {"features": [{"kind": "log_return", "scale": 1e6}, {"kind": "rsi", "scale": 0.001}]}
    _, what = found(scaled, leaks=False)
    assert [text for text in what if text.startswith("log_return_1 is at its bound")]
    assert [text for text in what if text.startswith("rsi_14 is small")]


def test_the_doctor_finds_a_leak():
    data = samples.load("es_1m")
    frozen = {"kind": "normalised", "of": "rsi", "by": "frozen"}
    fitted = tradepit.features.fit([frozen], data, (0, len(data)))
    report = tradepit.doctor(data, {"window": 1, "features": fitted}, steps=50)
    assert [finding["what"] for finding in report["findings"] if "knows the future" in finding["what"]]
    assert not tradepit.doctor(data, {"window": 1}, steps=50)["text"].count("knows the future")


def test_a_policy_that_fails_is_heard():
    def policy(obs):
        raise RuntimeError("no idea")

    with pytest.raises(RuntimeError, match="no idea"):
        tradepit.doctor("es_1m", {"window": 1}, policy, steps=5, leaks=False)
