"""One trading environment, for Gymnasium."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, SupportsFloat

import gymnasium
import numpy as np
from numpy.typing import NDArray

from . import _core, render
from .data import Data, Stamp, market_data
from .errors import SpecError
from .frames import frame
from .spaces import make_space
from .spec import EnvSpec, to_json

__all__ = ["RewardFunction", "TradingEnv"]

#: Takes read-only columns of a step's facts by name, float64 of shape ``(num_envs,)``; gives as many rewards.
RewardFunction = Callable[[Mapping[str, NDArray[np.float64]]], Any]


class TradingEnv(gymnasium.Env[NDArray[np.float32], Any]):
    """A market to trade in: a window of features and the account in, a target position out.

    >>> import gymnasium, tradepit
    >>> env = gymnasium.make("tradepit/SingleAsset-v0", data="es_1m", commission={"kind": "per_contract", "fee": 2.1})
    >>> obs, info = env.reset(seed=0)
    >>> obs, reward, terminated, truncated, info = env.step(env.action_space.sample())
    >>> env.unwrapped.trades().columns.tolist()
    ['entry_time', 'exit_time', 'qty', 'entry_price', 'exit_price', 'pnl', 'fees', 'open']

    The decision of a step is taken when a bar has closed; its order fills from the next bar on, at the next open unless
    ``fill`` says otherwise. Observations are float32 of shape ``(window * features + 5,)`` unless ``account``
    says otherwise, within the finite bounds of ``observation_space``; :meth:`observation_names` names each number. Every
    step gives new arrays.

    ``info`` has the same keys after every reset and step:

    ==================  ==============================================================================================
    time                when the last bar closed: int, nanoseconds since 1970 UTC (see :func:`tradepit.times`)
    equity              in account currency
    position            units held, signed
    executed_action     what the action came to: the position as a share of the largest one, in [-1, 1]
    price               close of the last bar
    fees, slippage      paid in this step, in account currency
    drawdown            ``1 - equity / peak``
    fills               in this step
    clipped             account numbers of observations that had to be clipped, since the episode began
    ==================  ==============================================================================================

    Where ``randomise`` has ranges, the info of a reset has ``randomised`` besides: what the episode runs with, by path.

    Without a seed, the first ``reset`` draws one as Gymnasium does (``np_random_seed`` tells it); later ones go on to the
    next episode of the same seed. The same data, spec, seed and actions give the same bits.

    Args:
        data: See :func:`tradepit.market_data`, as for ``instrument``, ``calendar``, ``stamp``, ``period``, ``columns``
            and ``symbol``.
        reward: A name or mapping, as any field of the spec, or a callable: it takes a read-only mapping of columns
            (``equity_before``, ``equity``, ``initial_capital``, ``fees``, ``slippage``, ``financing``, ``drawdown``,
            ``drawdown_before``, ``position``, ``position_before``, ``price``, ``price_before``, ``closed_trades``,
            ``winning_streak``, ``fills``, ``step``, ``steps_left``, ``terminated``, ``truncated``, ``multiplier``,
            ``first_price``, ``true_range``, ``expected_change``, ``traded``, ``realised``, ``wins``; float64, one number an
            environment, here one) and gives as many rewards. What it raises comes out of ``step``; the step has been
            taken then, with reward 0.
        render_mode: ``"ansi"`` (a line of text) or ``"rgb_array"`` (a picture of price and equity).
        spec: The fields of :class:`tradepit.EnvSpec`: market (a path of its own for every episode, see
            :mod:`tradepit.synth`), cash, fill, slippage, commission, features, window, observe, account,
            action, episode, randomise.

    Raises:
        tradepit.errors.TradepitError: One of its subclasses, for data or a spec that can't be used.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi", "rgb_array"], "render_fps": 10}  # type: ignore[misc]

    def __init__(
        self,
        data: Data,
        *,
        instrument: str | Mapping[str, Any] | None = None,
        calendar: str | None = None,
        stamp: Stamp | None = None,
        period: float | None = None,
        columns: Iterable[str] = (),
        symbol: str | None = None,
        reward: str | Mapping[str, Any] | RewardFunction | None = None,
        render_mode: str | None = None,
        **spec: Any,
    ) -> None:
        market = market_data(
            data, instrument=instrument, calendar=calendar, stamp=stamp, period=period, columns=columns, symbol=symbol
        )
        spec_json, function = split_reward(spec, reward)
        check_render_mode(render_mode, self.metadata["render_modes"])
        self.core = _core.Env(market, spec_json, function)
        self.observation_space = make_space(self.core.observation_space)
        self.action_space = make_space(self.core.action_space)
        self.render_mode = render_mode

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Starts an episode: of ``seed`` the first one, else the next one."""
        if seed is None and self._np_random_seed is None:
            # Nobody named a seed yet: Gymnasium draws one.
            seed = int(self.np_random.integers(2**32))
            self._np_random_seed = seed
        elif seed is not None:
            super().reset(seed=seed)
        return self.core.reset(seed)

    def step(self, action: Any) -> tuple[NDArray[np.float32], SupportsFloat, bool, bool, dict[str, Any]]:
        """Takes one action; see the class for what it gives."""
        return self.core.step(action)

    def action_masks(self) -> NDArray[np.bool_]:
        """Which choices are open now: one bool for each value of each whole number of an action.

        Closed is what halts, the end of a session that ends flat, limits or margin would not let through, and what would
        do nothing. sb3-contrib's ``MaskablePPO`` calls it. A box has no masks.

        >>> env = TradingEnv("es_1m", action="enter_exit")
        >>> _ = env.reset(seed=0)
        >>> env.action_masks().tolist()  # flat: there is nothing to exit
        [True, True, False, True, False]
        """
        return self.core.action_masks()

    def render(self) -> Any:
        """A line of text, a picture (uint8, 400 x 600 x 3), or ``None`` without a render mode."""
        if self.render_mode == "ansi":
            return render.text(self.core.info(), len(self.core.equity_curve()["time"]) - 1)
        if self.render_mode == "rgb_array":
            return render.picture(self.core.equity_curve())
        return None

    def trades(self) -> Any:
        """The round trips of the present or last episode, as a pandas frame (a dict of arrays without pandas).

        One row from flat to flat, or to the other side: ``entry_time``, ``exit_time`` (UTC), ``qty`` (negative: short),
        ``entry_price`` and ``exit_price`` (averages), ``pnl`` (after fees), ``fees``, ``open``. A position that is still
        held is the last row, marked ``open`` and valued at the last price.
        """
        return frame(self.core.trades(), "entry_time", "exit_time")

    def equity_curve(self) -> Any:
        """The account at the reset and after every step, as :meth:`trades`.

        Columns: time, equity, position, price, reward, and the fees and the slippage so far.
        """
        return frame(self.core.equity_curve(), "time")

    def fills(self) -> Any:
        """Every fill of the present or last episode, as :meth:`trades`: time, order, qty, price, reference, fee."""
        return frame(self.core.fills(), "time")

    def stats(self) -> dict[str, int]:
        """``steps`` and ``fills`` since the last call, whatever episodes they were in."""
        return self.core.stats()

    def performance(self, periods_per_year: float | None = None) -> dict[str, Any]:
        """Statistics of the present or last episode: total_return, sharpe, sharpe_interval (95 %), max_drawdown, ...

        Annual numbers are those of ``periods_per_year`` bars; without it, of the calendar and the length of the bars. A
        number that does not exist, as the Sharpe ratio of a flat account, is ``None``.
        """
        return json.loads(self.core.performance(periods_per_year))  # type: ignore[no-any-return]

    def observation_names(self) -> list[str]:
        """The name of every number of an observation: ``feature[-rows ago]``, then those of the account."""
        return self.core.observation_names()

    @property
    def trading_spec(self) -> EnvSpec:
        """The whole spec, defaults written out. (``env.spec`` is Gymnasium's own.)"""
        return read_json(self.core.spec_json)

    @property
    def data(self) -> _core.MarketData:
        """The market data; copies of the environment share it."""
        return self.core.data

    def __deepcopy__(self, memo: dict[int, Any]) -> TradingEnv:
        """The copy continues with the same bits, and shares the market data."""
        twin = self.__class__.__new__(self.__class__)
        memo[id(self)] = twin
        for name, value in self.__dict__.items():
            # What the environment was made from may hold frames; it never changes.
            setattr(twin, name, value if name == "spec" else copy.deepcopy(value, memo))
        return twin


def split_reward(spec: dict[str, Any], reward: Any) -> tuple[str, RewardFunction | None]:
    """The spec as JSON, and the reward where it is a callable."""
    function = reward if callable(reward) else None
    if reward is not None and function is None:
        spec = {**spec, "reward": reward}
    return to_json(spec), function


def normalizing(normalize_reward: bool | Mapping[str, float]) -> tuple[float, float] | None:
    """Discount and clip of a batch's scaled rewards, where they are."""
    if isinstance(normalize_reward, bool):
        return (0.99, 10.0) if normalize_reward else None
    unknown = set(normalize_reward) - {"gamma", "clip"}
    if unknown:
        raise SpecError(f"normalize_reward: {sorted(unknown)} are unknown; known are gamma and clip")
    return float(normalize_reward.get("gamma", 0.99)), float(normalize_reward.get("clip", 10.0))


class Normalized:
    """What scales the rewards of a batch, as data; shared by the batches for Gymnasium and Stable-Baselines3."""

    core: _core.VecEnv

    @property
    def reward_normalizer(self) -> dict[str, Any] | None:
        """Statistics of the scaled rewards, to be saved as JSON beside a model; ``None`` where nothing is scaled.

        Set it to go on with those of another batch of as many environments: ``{**saved, "frozen": True}`` keeps them as
        they are, for an evaluation.
        """
        state = self.core.reward_normalizer
        return None if state is None else json.loads(state)

    @reward_normalizer.setter
    def reward_normalizer(self, state: Mapping[str, Any] | None) -> None:
        self.core.set_reward_normalizer(None if state is None else json.dumps(dict(state)))


def read_json(spec_json: str) -> EnvSpec:
    """A spec from its JSON."""
    return json.loads(spec_json)  # type: ignore[no-any-return]


def check_render_mode(render_mode: str | None, known: list[str]) -> None:
    """Refuses a render mode that does not exist."""
    if render_mode is not None and render_mode not in known:
        raise SpecError(f"render_mode: {render_mode!r} is unknown; use one of {', '.join(known)} or None")
