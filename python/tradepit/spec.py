"""An environment as data: the keywords of ``gymnasium.make`` are the fields of the spec, by the same names.

Where a field takes a variant, a bare string means the variant with its defaults: ``reward="log_return"`` is
``reward={"kind": "log_return"}``. Unknown fields and values out of range raise :class:`tradepit.errors.SpecError`.

>>> spec = read_spec({"reward": "log_return", "commission": {"kind": "per_contract", "fee": 2.1}})
>>> spec["reward"], spec["commission"], spec["window"]
({'kind': 'log_return', 'scale': 1.0}, {'kind': 'per_contract', 'fee': 2.1, 'per_order': 0.0, 'minimum': 0.0}, 32)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, TypedDict, cast

from . import _core
from .errors import SpecError

__all__ = ["EnvSpec", "default_spec", "read_spec"]


class NoNumbers(TypedDict):
    """A variant without numbers."""

    kind: Literal[
        "none",
        "next_open",
        "next_close",
        "look_ahead_close",
        "quote",
        "session",
        "random",
        "first",
        "data",
        "window",
        "index",
    ]


class TargetPosition(TypedDict, total=False):
    """A number in [-1, 1]: the target position as a share of ``max_lots``.

    ``dead_band``: nothing is ordered while the target is nearer to what is held than this share of ``max_lots``.
    ``threshold``: with it a second number is the strength of the signal, from 0 at -1 to 1 at 1; the target is size times
    strength where the strength is above the threshold, and flat elsewhere.
    """

    kind: Literal["target_position"]
    max_lots: float
    dead_band: float
    threshold: float | None


class TargetLevels(TypedDict, total=False):
    """A choice between target positions in lots."""

    kind: Literal["target_levels"]
    levels: list[float]


class EnterExit(TypedDict, total=False):
    """0 hold, 1 enter long, 2 exit long, 3 enter short, 4 exit short."""

    kind: Literal["enter_exit"]
    lots: float


class Weights(TypedDict, total=False):
    """From the numbers of an action to weights.

    ``simplex`` (at least 0, at most 1 together, the rest is cash), ``softmax`` (the same with one number more, for cash;
    ``scale``) or ``long_short`` (absolute values of at most ``leverage`` together).
    """

    kind: Literal["simplex", "softmax", "long_short"]
    scale: float
    leverage: float


class PortfolioWeights(TypedDict, total=False):
    """Numbers in [-1, 1], one an instrument: the shares of the equity that each is to hold."""

    kind: Literal["portfolio_weights"]
    weights: str | Weights


class SpreadPosition(TypedDict, total=False):
    """A number in [-1, 1]: so many lots of the first instrument, and of the second ``ratio`` times as many the other way."""

    kind: Literal["spread_position"]
    max_lots: float
    ratio: float


class TwoSidedQuotes(TypedDict, total=False):
    """A bid and an ask for one bar: numbers in [-1, 1] for the offset of each, and, if ``lots`` is a range, its size.

    ``offset_ticks``: ticks from the last close at -1 and at 1; ``lots``: size of a quote at -1 and at 1; ``max_lots``: the most
    that is held on either side.
    """

    kind: Literal["two_sided_quotes"]
    offset_ticks: list[float]
    lots: list[float]
    max_lots: float


class ExecutionRate(TypedDict, total=False):
    """A number in [-1, 1]: how much of what is left of ``lots`` (below 0: to sell) is traded now; the last step trades all."""

    kind: Literal["execution_rate"]
    lots: float


class QuoteGrid(TypedDict, total=False):
    """A bid and an ask for one bar, each at one of ``offset_ticks`` (``None`` is no quote): a whole number for each."""

    kind: Literal["quote_grid"]
    offset_ticks: list[float | None]
    lots: float
    max_lots: float


class OrderTicket(TypedDict, total=False):
    """An order with all that belongs to it: six whole numbers, each a place in a list, or six numbers in [-1, 1].

    The first: sell at the market, sell at a limit, nothing, buy at a limit, buy at the market; then places in ``lots``,
    ``offset_ticks`` (from the last close to the limit), ``life`` (``ioc``, ``bar``, ``day``, ``gtc``), ``stop_ticks`` and
    ``target_ticks`` (0 is none). ``max_lots``: the most that is held on either side; ``continuous``: numbers in [-1, 1].
    """

    kind: Literal["order_ticket"]
    lots: list[float]
    offset_ticks: list[float]
    life: list[str]
    stop_ticks: list[float]
    target_ticks: list[float]
    max_lots: float
    continuous: bool


class Limits(TypedDict, total=False):
    """What an account may not do, whatever the actions say: orders are cut down to it, and masks show what is left.

    ``position``: lots of an instrument on either side; ``drawdown`` and ``daily_loss``: shares of the equity at which nothing
    more is opened. ``None`` is no limit.
    """

    position: float | None
    drawdown: float | None
    daily_loss: float | None


class Reward(TypedDict, total=False):
    """A reward; the Rust documentation of ``RewardSpec`` has each one's formula, units, source and caveat.

    Which of these fields it takes: ``profit``, ``log_return`` (scale), ``atr_profit`` (period, units, scale),
    ``mean_variance`` (kappa, scale), ``differential_sharpe``, ``differential_downside`` (eta, clip, scale, floor),
    ``volatility_scaled`` (target, span, cost, units, scale), ``drawdown_increment``, ``turnover_penalty`` (coefficient),
    ``inventory_penalty`` (coefficient, power, held, terminal), ``implementation_shortfall`` (target, scale),
    ``trade_quality`` (scale, loss_aversion, win, loss), ``expected_profit`` (scale, held; synthetic markets only),
    ``hedged_option`` (right, strike, years, volatility, rate, units, scale, risk_aversion),
    ``exercise`` (right, strike, years, rate, scale), ``potential_shaping`` (potential, gamma, coefficient, cut_is_end),
    ``weighted`` (scale, risk_penalty, bonus), ``composite`` (parts, each ``{"weight": 1.0, "reward": ...}``).
    """

    kind: Literal[
        "profit",
        "log_return",
        "atr_profit",
        "mean_variance",
        "differential_sharpe",
        "differential_downside",
        "volatility_scaled",
        "drawdown_increment",
        "turnover_penalty",
        "inventory_penalty",
        "implementation_shortfall",
        "trade_quality",
        "expected_profit",
        "hedged_option",
        "exercise",
        "potential_shaping",
        "weighted",
        "composite",
    ]
    scale: float
    period: int
    units: float
    kappa: float
    eta: float
    clip: float
    floor: float
    target: float
    span: int
    cost: float
    coefficient: float
    power: int
    held: Literal["before", "after"]
    terminal: float
    loss_aversion: float
    risk_aversion: float
    win: float
    loss: float
    right: Literal["call", "put"]
    strike: float
    years: float
    volatility: float
    rate: float
    potential: Literal["drawdown", "position"]
    gamma: float
    cut_is_end: bool
    risk_penalty: float
    bonus: float
    parts: list[RewardPart]


class RewardPart(TypedDict, total=False):
    """One reward of a composite, with its weight."""

    weight: float
    reward: str | Reward


#: A number of the account in an observation; the Rust documentation of ``AccountNumber`` has each one's unit.
AccountNumber = Literal[
    "position",
    "weight",
    "unrealised",
    "time_in_position",
    "equity",
    "drawdown",
    "time_left",
    "price_since_start",
    "reward_memory",
]


class StartAt(TypedDict):
    """Start when a given row has closed."""

    kind: Literal["at"]
    row: int


class Steps(TypedDict):
    """Truncate after a number of steps."""

    kind: Literal["steps"]
    steps: int


class Episode(TypedDict, total=False):
    """Where episodes start and end."""

    start: str | NoNumbers | StartAt
    length: str | NoNumbers | Steps
    drawdown_limit: float | None
    ruin: float


class Feature(TypedDict, total=False):
    """One feature; the Rust documentation has each one's formula, and which of these fields it takes.

    ``period`` and ``lag`` are counts of bars, as ``fast``, ``slow``, ``signal``, ``k`` and ``d``. ``line`` chooses a number of
    ``macd`` (``line``, ``signal``, ``histogram``), ``stochastic`` (``fast_k``, ``k``, ``d``), ``bollinger`` (``percent_b``,
    ``bandwidth``) or ``adx`` (``adx``, ``plus_di``, ``minus_di``), ``part`` one of ``candle`` (``body``, ``upper_wick``,
    ``lower_wick``), ``estimator`` one of ``range_volatility`` (``parkinson``, ``garman_klass``, ``rogers_satchell``,
    ``yang_zhang``). ``name`` is that of a ``column``, or with ``version`` that of a ``custom`` indicator, which only Rust can
    register. ``normalised`` is another feature, ``of``, normalised ``by`` its past. ``pair_ratio``, ``pair_spread`` and
    ``pair_beta`` compare with the instrument ``other``. ``timeframe`` is a bar size in minutes, ``instrument`` an index.
    """

    kind: Literal[
        "log_return",
        "sma_distance",
        "ema_distance",
        "rsi",
        "atr",
        "volume_ratio",
        "realised_volatility",
        "simple_return",
        "high_distance",
        "low_distance",
        "open_distance",
        "wma_distance",
        "macd",
        "stochastic",
        "bollinger",
        "adx",
        "cci",
        "obv",
        "rolling_vwap_distance",
        "range_volatility",
        "volume_zscore",
        "amihud",
        "roll_spread",
        "candle",
        "time_of_day",
        "bid_ask_spread",
        "microprice",
        "order_flow_imbalance",
        "session_vwap_distance",
        "pair_ratio",
        "pair_spread",
        "pair_beta",
        "time_of_week",
        "time_to_close",
        "roll_day",
        "custom",
        "column",
        "normalised",
    ]
    period: int
    lag: int
    fast: int
    slow: int
    signal: int
    k: int
    d: int
    deviations: float
    line: str
    part: str
    estimator: str
    name: str
    version: int
    of: str | Feature
    by: str | Normalise
    timeframe: int | None
    instrument: int
    other: int
    scale: float


class Normalise(TypedDict, total=False):
    """How a feature is normalised: by its last ``window`` values, by all ``after`` so many, or by frozen statistics.

    ``z_score`` (mean and deviation), ``rank`` and ``min_max`` (both from -1 to 1) have a ``window``; ``expanding`` is known
    ``after`` so many values; ``frozen`` has ``mean`` and ``deviation``, which :func:`tradepit.features.fit` fills in, with
    the time ``until`` which it read.
    """

    kind: Literal["z_score", "rank", "min_max", "expanding", "frozen"]
    window: int
    after: int
    mean: float | None
    deviation: float | None
    until: int | None


class Features(TypedDict, total=False):
    """The feature pipeline; a bare string is the feature of that kind with its defaults."""

    version: int
    clip: float
    features: list[str | Feature]


class Latency(TypedDict, total=False):
    """``none``, ``fixed`` (ms) or ``jittered`` (ms, and an exponential rest of mean ``jitter_ms``)."""

    kind: Literal["none", "fixed", "jittered"]
    ms: float
    jitter_ms: float


class Stale(TypedDict, total=False):
    """``none``, ``refuse`` or ``wait``: an order that would take at once what is older than ``after_ns`` nanoseconds."""

    kind: Literal["none", "refuse", "wait"]
    after_ns: int


class Matching(TypedDict, total=False):
    """How limits and stops meet a bar: its path, when a limit fills, the share of the volume, how far from the close.

    ``path``: ``pessimistic``, ``open_high_low_close``, ``open_low_high_close``, ``nearest_first`` or ``sub_bars``
    (``within``: one of the last three, the way inside a finer bar). ``limit``: ``touch``, ``penetration`` (ticks),
    ``queue`` or ``intensity`` (by chance: ``min(1, arrivals * exp(-decay * distance))`` a bar). ``stale``:
    what becomes of an order that would take at once what is older than ``after_ns``.
    """

    path: str | dict[str, Any]
    limit: str | dict[str, Any]
    participation: float | None
    protection_ticks: float | None
    stale: str | Stale


class Slippage(TypedDict, total=False):
    """A model of how much worse than the reference orders fill; the Rust documentation has each one's formula."""

    kind: Literal[
        "none",
        "fixed_ticks",
        "fixed_bps",
        "volume_share",
        "half_spread",
        "square_root",
        "almgren_chriss",
        "probabilistic_tick",
        "empirical",
        "volatility_volume_share",
    ]
    ticks: float
    bps: float
    impact: float
    limit: float
    without_volume: float
    spread_ticks: float
    y: float
    sigma: float
    adv: float
    days: int
    warmup_bps: float
    epsilon: float
    eta: float
    gamma: float
    period: float
    probability: float
    unit: str
    quantiles: list[float]
    etas: dict[str, float]


class Commission(TypedDict, total=False):
    """A model of what fills cost in fees; the Rust documentation has each one's rule."""

    kind: Literal[
        "none",
        "per_contract",
        "per_share",
        "bps",
        "per_order",
        "maker_taker",
        "premium_tiers",
        "volume_tiers",
        "sum",
        "schedule",
    ]
    fee: float
    per_order: float
    minimum: float
    maximum_rate: float
    minimum_wins: bool
    bps: float
    maker_bps: float
    taker_bps: float
    measure: str
    period: str
    whole: bool
    tiers: list[Any]
    parts: list[Any]
    name: str
    rows: list[Any]


class Financing(TypedDict, total=False):
    """What it costs to hold cash and positions.

    ``none``, ``daily`` (yearly rates: ``interest`` on cash, ``borrow`` on short spot), ``funding`` (rate, hours) or
    ``funding_column`` (the ``column`` of the data that holds the rates, hours).
    """

    kind: Literal["none", "daily", "funding", "funding_column"]
    interest: float
    borrow: float
    rate: float
    column: str
    hours: int


class Margin(TypedDict, total=False):
    """``none``, ``instrument``, ``futures_table`` or ``leverage``.

    ``instrument`` asks the share ``intraday``; ``futures_table`` has ``intraday`` too, and ``rows`` of your own with
    ``name``, ``from``, ``initial`` and ``maintenance``; ``leverage`` has ``max``, and ``maintenance`` as a share of it.
    """

    kind: Literal["none", "instrument", "futures_table", "leverage"]
    intraday: float
    rows: list[Any]
    max: float
    maintenance: float


class Flatten(TypedDict):
    """What happens to positions where a session ends."""

    kind: Literal["none", "session_end"]


class Uniform(TypedDict):
    """From ``low`` to ``high``: ``uniform`` in the number, or ``log_uniform`` in its logarithm."""

    kind: Literal["uniform", "log_uniform"]
    low: float
    high: float


class Choice(TypedDict):
    """One of a list."""

    kind: Literal["choice"]
    values: list[float]


class Randomise(TypedDict, total=False):
    """Numbers of the models that every episode draws: ``{"ranges": {"slippage.ticks": [0, 2]}}``.

    ``ranges``: by the path of the number in the spec (lists by index: ``commission.parts.0.fee``), any number of slippage,
    commission, latency, matching, financing or margin; ``[low, high]`` is a uniform range. ``observe``: whether the drawn
    numbers stand at the end of the observation, from -1 to 1 over their ranges. ``draw``: ``False`` keeps all numbers
    nominal, as the spec has them, and their places in the observation: for an evaluation.
    """

    ranges: dict[str, Uniform | Choice | list[float]]
    observe: bool
    draw: bool


class Process(TypedDict, total=False):
    """How a synthetic market moves; the numbers of each kind are in the Rust documentation, and in :mod:`tradepit.synth`.

    What the last five publish (``expected_change`` and more) is there for features of kind ``column``.
    """

    kind: Literal[
        "brownian",
        "ornstein_uhlenbeck",
        "jump_diffusion",
        "heston",
        "garch",
        "regime_switching",
        "intraday",
        "arithmetic",
        "ar1",
        "hidden_drift",
        "coin",
        "geometric",
    ]


class Blocks(TypedDict, total=False):
    """What a bootstrap draws: blocks of ``mean_bars`` on average, or whole ``sessions``; ``flip`` turns half of them around."""

    mean_bars: float
    sessions: bool
    flip: bool


class Market(TypedDict, total=False):
    """Which prices an episode sees: those of the ``data``, or a path of its own.

    ``synthetic`` draws it from a ``process``, ``bootstrap`` out of the data's bars in ``blocks``; ``rows``: how many rows a
    path has, the first ones of the data (all without).
    """

    kind: Literal["data", "synthetic", "bootstrap"]
    process: str | Process | dict[str, Any]
    blocks: Blocks
    rows: int | None


class EnvSpec(TypedDict, total=False):
    """Everything that makes an environment, but for its data. See the fields' own types for what they take."""

    market: str | Market
    cash: float
    holding: float
    fill: str | NoNumbers
    slippage: str | Slippage
    commission: str | Commission
    latency: str | Latency
    matching: Matching
    financing: str | Financing
    margin: str | Margin
    flatten: str | Flatten
    features: Features | list[str | Feature] | None
    window: int
    observe: str | NoNumbers
    account: list[AccountNumber]
    action: (
        str
        | TargetPosition
        | TargetLevels
        | EnterExit
        | PortfolioWeights
        | SpreadPosition
        | TwoSidedQuotes
        | QuoteGrid
        | OrderTicket
        | ExecutionRate
    )
    limits: Limits
    reward: str | Reward
    episode: Episode
    randomise: Randomise


def default_spec() -> EnvSpec:
    """Every field with its default, freshly made.

    >>> sorted(default_spec())[:4]
    ['account', 'action', 'cash', 'commission']
    """
    return cast(EnvSpec, json.loads(_core.default_spec()))


def read_spec(fields: Mapping[str, Any]) -> EnvSpec:
    """The spec as an environment reads it: short forms written out, defaults put in, everything checked."""
    return cast(EnvSpec, json.loads(_core.read_spec(to_json(fields))))


def to_json(fields: Mapping[str, Any]) -> str:
    """JSON of fields that may hold NumPy numbers and arrays."""
    try:
        return json.dumps(dict(fields), default=_plain, allow_nan=False)
    except SpecError:
        raise
    except ValueError as error:
        raise SpecError(f"spec: {error}; every number must be finite") from None


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise SpecError(
        f"spec: {value!r} of type {type(value).__name__} is not data; use numbers, strings, lists and dicts"
    )
