"""Synthetic markets: made from a few numbers, fitted to real ones, or drawn anew from their bars.

>>> from tradepit import samples, synth
>>> real = samples.load("es_1m")
>>> process = synth.fit(real, "garch")
>>> like = synth.market_like(real, process, seed=1)
>>> len(like) == len(real), like.instrument_name
(True, 'ES')

An environment draws a path for every episode where its ``market`` says so:

>>> import tradepit
>>> envs = tradepit.TradingVectorEnv(4, real, market={"kind": "synthetic", "process": process, "rows": 600})

A process is a mapping with a ``kind``, and whatever differs from the kind's defaults; a bare string is the kind.

==================  ===================================================================================================
brownian            drift, volatility: a year's growth and standard deviation of its log return
ornstein_uhlenbeck  reversion, volatility (a year), level (as a multiple of the first price)
jump_diffusion      drift, volatility, jumps (a year), jump_mean, jump_sd (of the log price); Merton 1976
heston              drift, volatility, reversion, vol_of_vol (a year), correlation, steps (a bar); Heston 1993, full truncation
garch               mean_bps, volatility_bps (a bar), alpha, beta, tails (degrees of freedom); Bollerslev 1987
regime_switching    states: a list of {mean_bps, volatility_bps, next (probabilities)}; Hamilton 1989
intraday            volatility_bps and volume_shape by part of the local day, clusters (bars, variance), tails, idle,
                    spread_ticks, break_bps, weekend_bps
==================  ===================================================================================================

All have ``volume``: ``{mean, spread, with_volatility}``. Formulas, units and sources: ``tradepit::market::synth`` in Rust.

Others are exact, for problems whose best answer can be computed: bars open at the close before, nothing is drawn inside of them,
and ``volume`` is one number. They publish columns, known at the close, of which the last is ``expected_change``, the mean of the
next one:

==================  ===================================================================================================
arithmetic          drift, volatility (points a bar), factors: a list of {phi, sd}; publishes factor_1 and so on. Garleanu
                    and Pedersen 2013
ar1                 rho, scale: close = first + scale * level; publishes level
hidden_drift        drift (up or down by a hidden state), volatility (points a bar), stay (probability); publishes change
                    and belief, Hamilton's filter
coin                heads (probability), change (share of the price); Kelly 1956
geometric           drift, volatility: the log return of a bar is normal with mean drift - volatility^2 / 2
==================  ===================================================================================================

The instrument ``"UNIT"`` has ticks and lots that do not matter:

>>> market({"kind": "ar1", "rho": 0.9}, instrument="UNIT", calendar="none", price=100.0, bars=200).columns()["level"].shape
(200,)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np

from . import _core
from .data import Data, MarketData, _instrument, market_data
from .spec import to_json

__all__ = ["bootstrap", "fit", "market", "market_like", "mirror", "stylised_facts"]

Process: TypeAlias = "str | Mapping[str, Any]"
Kind: TypeAlias = Literal[
    "brownian", "ornstein_uhlenbeck", "jump_diffusion", "heston", "garch", "regime_switching", "intraday"
]


def market(
    process: Process = "intraday",
    *,
    bars: int = 10_000,
    seed: int = 0,
    instrument: str | Mapping[str, Any] = "ES",
    calendar: str = "cme",
    start: Any = "2024-01-02",
    period: float = 60.0,
    price: float = 5_000.0,
) -> MarketData:
    """A market of its own.

    >>> market({"kind": "heston", "volatility": 0.3}, bars=500, seed=7)
    MarketData(ES, 500 bars of 60 s, 2024-01-02T00:01:00Z to 2024-01-02T08:20:00Z)

    Args:
        process: How it moves; see the module.
        bars: How many.
        seed: Which one; the same on every machine.
        instrument: As in :func:`tradepit.market_data`: prices are on its tick, volumes in its lots.
        calendar: ``"cme"``, ``"nyse"``, ``"forex"``, ``"utc"`` or ``"none"``: bars fill its sessions, and no weekends.
        start: No bar opens before: a datetime, ISO 8601 text, or anything that ``numpy.datetime64`` takes, UTC.
        period: Length of a bar in seconds.
        price: The first price.

    Raises:
        SpecError: For a number out of range, by name.
    """
    rows = {
        "instrument": json.loads(_instrument(instrument)),
        "calendar": calendar,
        "start": int(np.datetime64(start, "ns").astype("int64")),
        "period_ns": round(period * 1e9),
        "bars": bars,
        "price": price,
    }
    return _core.synth_market(_process(process), to_json(rows), seed)


def market_like(data: Data, process: Process, *, seed: int = 0, path: int = 0) -> MarketData:
    """A market on the rows of ``data``: its instrument, calendar, times and first price.

    Path ``e`` of seed ``s`` is the market of episode ``e`` of an environment that was reset with seed ``s``.
    """
    return _core.synth_like(_process(process), market_data(data), seed, path)


def fit(data: Data, kind: Kind = "intraday", *, states: int = 2) -> dict[str, Any]:
    """The process of a kind whose market is most like ``data``, for :func:`market_like` or an environment.

    Returns over consecutive bars count, so holes do no harm. ``states`` is for ``"regime_switching"``, 2 to 4.

    >>> fit("es_1m", "brownian")["kind"]
    'brownian'
    """
    fitted: dict[str, Any] = json.loads(_core.synth_fit(market_data(data), kind, states))
    return fitted


def bootstrap(
    data: Data,
    *,
    mean_bars: float = 60.0,
    sessions: bool = False,
    flip: bool = False,
    seed: int = 0,
    path: int = 0,
) -> MarketData:
    """The bars of ``data`` in another order, chained by their moves, at the same times.

    Blocks have geometric lengths of ``mean_bars`` on average (Politis and Romano 1994), or are whole ``sessions``;
    ``flip`` turns each around with a chance of one half.

    >>> len(bootstrap("es_1m", sessions=True, seed=3))
    2264
    """
    blocks = {"mean_bars": mean_bars, "sessions": sessions, "flip": flip}
    return _core.synth_bootstrap(market_data(data), to_json(blocks), seed, path)


def mirror(data: Data) -> MarketData:
    """The same market upside down: every move by its inverse factor, on the tick grid."""
    return _core.synth_mirror(market_data(data))


def stylised_facts(data: Data) -> dict[str, Any]:
    """What returns and volumes of real markets have in common, as numbers: over consecutive bars only.

    ``volatility_bps``, ``kurtosis`` (excess, raw), ``kurtosis_winsorised`` (beyond the quantiles of 0.00005 and 0.99995 set back
    to them), ``autocorrelation`` of absolute returns after 1, 10 and 60 bars, ``zero_share``, and ``volume_profile`` by half
    hour of the local day over the mean of all (empty without volume).

    >>> round(stylised_facts("es_1m")["zero_share"], 3)
    0.401
    """
    facts: dict[str, Any] = json.loads(_core.synth_facts(market_data(data)))
    return facts


def _process(process: Process) -> str:
    return to_json({"kind": process} if isinstance(process, str) else process)
