"""Every action scheme through Gymnasium and Stable-Baselines3: spaces, refusals, masks."""

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env

import tradepit
from tradepit import samples
from tradepit.sb3 import make_vec_env

ID = "tradepit/SingleAsset-v0"
STEPS = {"start": "random", "length": {"kind": "steps", "steps": 64}}
UNIT = spaces.Box(-1.0, 1.0, (1,), np.float32)
#: A scheme, and its space.
SCHEMES = {
    "target_position": ({"kind": "target_position", "max_lots": 4}, UNIT),
    "target_levels": ({"kind": "target_levels", "levels": [-2, 0, 3]}, spaces.Discrete(3)),
    "enter_exit": ({"kind": "enter_exit"}, spaces.Discrete(5)),
    "portfolio_weights": (
        {"kind": "portfolio_weights", "weights": {"kind": "long_short", "leverage": 20}},
        UNIT,
    ),
    "softmax": (
        {"kind": "portfolio_weights", "weights": "softmax"},
        spaces.Box(-1.0, 1.0, (2,), np.float32),
    ),
    "two_sided_quotes": (
        {"kind": "two_sided_quotes", "offset_ticks": [0, 4], "lots": [1, 3]},
        spaces.Box(-1.0, 1.0, (4,), np.float32),
    ),
    "quote_grid": ({"kind": "quote_grid", "offset_ticks": [None, 0, 1]}, spaces.MultiDiscrete([3, 3])),
    "order_ticket": ({"kind": "order_ticket"}, spaces.MultiDiscrete([5, 1, 4, 3, 3, 3])),
    "ticket_in_numbers": ({"kind": "order_ticket", "continuous": True}, spaces.Box(-1.0, 1.0, (6,), np.float32)),
    "execution_rate": ({"kind": "execution_rate", "lots": -40}, UNIT),
}
CHOOSING = [name for name, (_, space) in SCHEMES.items() if not isinstance(space, spaces.Box)]


def spec(name, **more):
    return {"action": SCHEMES[name][0], "episode": STEPS, "window": 2, "cash": 1e6, **more}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", SCHEMES)
def test_a_scheme_is_an_environment_for_gymnasium(data, name):
    env = gymnasium.make(ID, data=data, **spec(name)).unwrapped
    assert env.action_space == SCHEMES[name][1]
    check_env(env, skip_render_check=True)


@pytest.mark.parametrize("name", SCHEMES)
def test_a_batch_is_its_environments_one_by_one(data, name):
    envs = gymnasium.make_vec(ID, num_envs=3, data=data, **spec(name))
    ones = [tradepit.TradingEnv(data, **spec(name)) for _ in range(3)]
    obs, _ = envs.reset(seed=5)
    assert np.array_equal(obs, [env.reset(seed=5 + index)[0] for index, env in enumerate(ones)])
    envs.action_space.seed(1)
    traded = 0
    for _ in range(63):
        actions = envs.action_space.sample()
        obs, rewards, *_ = envs.step(actions)
        for index, env in enumerate(ones):
            one, reward, *_, info = env.step(actions[index])
            assert np.array_equal(obs[index], one)
            assert rewards[index] == reward
            traded += info["fills"]
    assert traded > 0


@pytest.mark.parametrize("name", CHOOSING)
def test_masks_have_an_entry_for_every_choice(data, name):
    space = SCHEMES[name][1]
    choices = [space.n] if isinstance(space, spaces.Discrete) else space.nvec.tolist()
    envs = make_vec_env(ID, 4, data=data, **spec(name, limits={"position": 1}))
    envs.reset()
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(100):
        masks = envs.action_masks()
        assert masks.shape == (4, sum(choices))
        assert masks.dtype == np.bool_
        assert np.array_equal(np.stack(envs.env_method("action_masks")), masks)
        assert np.array_equal(envs.env_method("action_masks", indices=[2])[0], masks[2])
        seen.add(masks.tobytes())
        parts = [np.split(row, np.cumsum(choices)[:-1]) for row in masks]
        actions = np.array([[rng.choice(np.flatnonzero(part)) for part in row] for row in parts])
        envs.step(actions[:, 0] if len(choices) == 1 else actions)
    assert len(seen) > 1
    env = tradepit.TradingEnv(data, **spec(name, limits={"position": 1}))
    env.reset(seed=0)
    assert env.action_masks().shape == (sum(choices),)


def test_what_does_not_fit_is_refused_by_index_and_value(data):
    env = tradepit.TradingEnv(data, **spec("order_ticket"))
    env.reset(seed=0)
    with pytest.raises(tradepit.errors.ActionError, match=r"value 2 is 4; it must be in 0\.\.4"):
        env.step(np.array([0, 0, 4, 0, 0, 0]))
    with pytest.raises(tradepit.errors.ShapeError, match=r"expected shape \(6,\), got \(5,\)"):
        env.step(np.zeros(5, int))
    with pytest.raises(tradepit.errors.ActionError, match="takes whole numbers"):
        env.step(np.zeros(6, np.float32))
    envs = tradepit.TradingVectorEnv(2, data, **spec("order_ticket"))
    envs.reset(seed=0)
    with pytest.raises(tradepit.errors.ActionError, match=r"environment 1: value 0 is -1; it must be in 0\.\.5"):
        envs.step(np.array([[0, 0, 0, 0, 0, 0], [-1, 0, 0, 0, 0, 0]]))
    box = tradepit.TradingEnv(data)
    box.reset(seed=0)
    with pytest.raises(tradepit.errors.ActionError, match="only whole numbers have masks"):
        box.action_masks()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"action": {"kind": "order_ticket", "lots": [0.5]}}, r"action.lots: \[0.5\] must be at least 1 finite number"),
        ({"action": {"kind": "quote_grid", "offset_ticks": []}}, "action.offset_ticks"),
        ({"limits": {"position": 0}}, "limits.position: 0 must be a finite number of lots"),
        ({"limits": {"daily_loss": 2}}, r"limits.daily_loss: 2 must be in \(0, 1\]"),
        ({"action": {"kind": "execution_rate"}}, "episode.length: execution_rate needs to know the last step"),
        ({"holding": 0.25}, "holding: 0.25 must be a whole number of lots"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(fields, message):
    with pytest.raises(tradepit.errors.SpecError, match=message):
        tradepit.read_spec(fields)


@pytest.mark.parametrize(
    ("fields", "asked", "executed"),
    [
        ({"max_lots": 4}, [0.6], 0.5),  # rounded to two lots of four
        ({"max_lots": 4, "dead_band": 0.75}, [0.6], 0.0),
        ({"max_lots": 4, "threshold": 0.5}, [1.0, 0.5], 0.75),  # three quarters of the size
        ({"max_lots": 4, "threshold": 0.5}, [1.0, -0.5], 0.0),
    ],
)
def test_the_executed_action_stands_beside_the_requested_one(data, fields, asked, executed):
    more = {"action": {"kind": "target_position", **fields}, "episode": STEPS}
    envs = tradepit.TradingVectorEnv(2, data, **more)
    envs.reset(seed=0)
    envs.step(np.array([asked, asked], np.float32))
    assert np.array_equal(envs.executed_actions(), [[executed], [executed]])
    env = tradepit.TradingEnv(data, **more)
    env.reset(seed=0)
    assert env.step(np.array(asked, np.float32))[-1]["executed_action"] == executed
    limited = tradepit.TradingEnv(data, limits={"position": 1}, **more)
    limited.reset(seed=0)
    assert limited.step(np.array(asked, np.float32))[-1]["executed_action"] == min(executed, 0.25)


def test_an_account_that_begins_with_a_position_shows_it(data):
    env = tradepit.TradingEnv(data, **spec("enter_exit", holding=-3))
    _, info = env.reset(seed=1)
    assert (info["position"], info["equity"], info["fills"]) == (-3.0, 1e6, 0)
    env.step(0)
    open_trade = env.trades().iloc[0]
    assert open_trade["qty"] == -3
    assert open_trade["open"]
    assert len(env.fills()) == 0


@pytest.mark.parametrize("name", ["quote_grid", "order_ticket", "softmax"])
def test_ppo_of_stable_baselines_learns_on_it(data, name):
    from stable_baselines3 import PPO

    envs = make_vec_env(ID, 8, seed=0, data=data, **spec(name))
    PPO("MlpPolicy", envs, n_steps=16, batch_size=64, n_epochs=1, device="cpu", seed=0).learn(256)


@pytest.mark.parametrize("name", ["enter_exit", "quote_grid", "order_ticket"])
def test_native_ppo_learns_on_it(data, name):
    from tradepit.agents import PPO

    agent = PPO(data, num_envs=8, n_steps=16, batch_size=64, n_epochs=1, hidden=[8], **spec(name))
    agent.learn(256)
    obs, _ = tradepit.TradingEnv(data, **spec(name)).reset(seed=0)
    action, _ = agent.predict(obs)
    assert SCHEMES[name][1].contains(np.asarray(action))


#: Three levels that the account can carry, and twelve that the venue refuses: an action that does nothing.
LEVELS = [-1.0, 0.0, 1.0, *np.linspace(100, 155, 6), *np.linspace(-155, -100, 6)]


def learned(maskable, seed):
    """Profit of a short training, on another market, as a share of the best."""
    import torch
    from sb3_contrib import MaskablePPO
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import VecNormalize

    fields = {
        "window": 1,
        "features": [{"kind": "column", "name": "signal"}],
        "action": {"kind": "target_levels", "levels": LEVELS},
        "margin": {"kind": "leverage", "max": 2, "maintenance": 0.1},
        "cash": 1e7,
    }
    market = [samples.planted(4_000, seed=seed, edge_ticks=8.0, noise_ticks=8.0) for seed in (0, 1)]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        envs = VecNormalize(
            make_vec_env(ID, 64, seed=seed, data=market[0], episode={**STEPS}, **fields), norm_obs=False, gamma=0.5
        )
        kind = MaskablePPO if maskable else PPO
        model = kind(
            "MlpPolicy",
            envs,
            n_steps=16,
            batch_size=256,
            n_epochs=4,
            learning_rate=1e-3,
            gamma=0.5,
            seed=seed,
            device="cpu",
        ).learn(8_192)
    finally:
        torch.set_num_threads(threads)

    def profit(act):
        env = tradepit.TradingEnv(market[1], episode={"start": "first", "length": "data"}, **fields)
        obs, info = env.reset(seed=0)
        assert env.action_masks().mean() == pytest.approx(0.2)
        over = False
        while not over:
            obs, _, terminated, truncated, info = env.step(act(env, obs))
            over = terminated or truncated
        return info["equity"] - 1e7

    def act(env, obs):
        masks = {"action_masks": env.action_masks()} if maskable else {}
        return model.predict(obs, deterministic=False, **masks)[0]

    return profit(act) / profit(lambda env, obs: 2 if obs[0] > 0 else 0)


def test_masks_beat_no_masks_where_most_actions_are_invalid():
    masked, unmasked = ([learned(maskable, seed) for seed in (0, 1)] for maskable in (True, False))
    assert min(masked) > 0.7
    assert min(masked) > max(unmasked) + 0.1, (masked, unmasked)
