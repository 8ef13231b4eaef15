"""Market data made of market data: instruments on one clock, continuous futures, numbers with a time of publication."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

import numpy as np

from . import _core
from .data import (
    Adjust,
    Data,
    MarketData,
    Stamp,
    _given,
    _instrument,
    _numbers,
    _path_or_frame,
    _table,
    _time_ns,
    market_data,
)
from .errors import SpecError
from .frames import frame

__all__ = ["align", "continuous", "index_contracts", "join_published", "join_quotes", "sessions"]

Missing: TypeAlias = Literal["refuse", "drop", "carry"]


def align(
    data: Mapping[str, Data] | Iterable[MarketData],
    *,
    missing: Missing = "refuse",
    calendar: str | None = None,
    stamp: Stamp | None = None,
    period: float | None = None,
    columns: Iterable[str] = (),
) -> MarketData:
    """Several instruments on one clock.

    >>> bars = {"ts": ["2024-03-01T14:30Z", "2024-03-01T14:31Z"], "open": [10, 11], "high": [11, 12], "low": [9, 10],
    ...         "close": [11, 11.5], "volume": [3, 4]}
    >>> late = {name: values[1:] for name, values in bars.items()}
    >>> both = align({"ES": bars, "NQ": bars}, period=60)
    >>> both.instruments, both.columns()["NQ.close"]
    (['ES', 'NQ'], array([11. , 11.5]))
    >>> len(align({"ES": bars, "NQ": late}, period=60, missing="drop"))
    1

    Args:
        data: Whatever :func:`market_data` takes, by the name of its instrument (a preset, else a US share), or market data.
        missing: Where one has no bar of a time at which another has one: ``"refuse"`` the data; ``"drop"`` the row; or
            ``"carry"``: a bar without volume at the last close, halted until there is a bar again, so that no order fills at
            it. Rows then begin when every instrument has had a bar.
        calendar: As for :func:`market_data`, of what is not market data yet; so are the following.
        stamp: Whether times are those of a bar's open or close.
        period: Length of a bar in seconds.
        columns: Further columns to keep; they are called as in ``NQ.sentiment``.

    Raises:
        SpecError: When they disagree on calendar, period or adjustment, or a time is missing and that is refused.
        DataError: For a value that can't be a bar.
    """
    options: dict[str, Any] = {"calendar": calendar, "stamp": stamp, "period": period, "columns": list(columns)}
    if isinstance(data, Mapping):
        markets = [_named(name, one, options) for name, one in data.items()]
    else:
        markets = [market_data(one, **options) for one in data]
    return _core.align(markets, missing)


def _named(name: str, data: Data, options: Mapping[str, Any]) -> MarketData:
    if isinstance(data, MarketData):
        if data.instrument_name != name:
            raise SpecError(f"data: {name!r} is market data of {data.instrument_name!r}; name it so")
        return market_data(data, **options)
    return market_data(data, instrument={"name": name}, **options)


def continuous(
    contracts: Mapping[str, Data],
    *,
    instrument: str | Mapping[str, Any],
    roll: str | Mapping[str, Any] = "volume",
    expires: Mapping[str, Any] | None = None,
    calendar: str = "cme",
    stamp: Stamp | None = None,
    period: float | None = None,
    adjust: Adjust = "ratio",
) -> tuple[MarketData, list[dict[str, Any]]]:
    """One future out of its contracts, and its rolls.

    Orders fill at the raw bars of the contract of the day; features see them moved by the rolls. Which contract that is, is
    known when a session begins.

    Args:
        contracts: Bars of each contract, by its name, in any form that :func:`market_data` takes; raw, and overlapping.
        instrument: The future, as for :func:`market_data`.
        roll: ``"volume"`` or ``"open_interest"`` (from a column of that name): when a later contract had more of it in the
            session before; or ``{"kind": "calendar", "days": 8}``: so many days before the day of expiry. At the latest on
            the day of expiry.
        expires: When each contract expires; those of ES, MES, NQ and MNQ tell it by their names, as in ``"ESZ24"``.
        calendar: What a session is; see :func:`market_data`.
        stamp: Whether times are those of a bar's open or close.
        period: Length of a bar in seconds.
        adjust: How the bars of features pass over rolls: by ``"ratio"``, ``"difference"``, or ``"none"``.

    Returns:
        The data, and a mapping for each roll: ``row`` (the first of the next contract), ``time`` (nanoseconds), ``from`` and
        ``to`` (names), ``from_price`` and ``to_price`` (closes of one moment before it).
    """
    names, given = list(contracts), dict(expires or {})
    unknown = [name for name in given if name not in contracts]
    if unknown:
        raise SpecError(f"expires: {unknown[0]!r} is none of the contracts {names}")
    interest = ["open_interest"] if roll == "open_interest" or roll == {"kind": "open_interest"} else []
    options: dict[str, Any] = {"instrument": instrument, "calendar": calendar, "stamp": stamp, "period": period}
    data = [
        one if isinstance(one, MarketData) else market_data(one, columns=interest, **options)
        for one in contracts.values()
    ]
    rule = json.dumps({"kind": roll} if isinstance(roll, str) else dict(roll))
    times = [int(_time_ns([given[name]], "expires")[0]) if name in given else None for name in names]
    period_ns = None if period is None else round(period * 1e9)
    made, rolls = _core.continuous(names, times, data, _instrument(instrument), calendar, rule, adjust, period_ns)
    keys = ("row", "time", "from", "to", "from_price", "to_price")
    told: list[dict[str, Any]] = [dict(zip(keys, values, strict=True)) for values in rolls]
    return made, [{**one, "from": names[one["from"]], "to": names[one["to"]]} for one in told]


def index_contracts(root: str, start: Any, end: Any) -> dict[str, np.datetime64]:
    """Expiries of the quarterly contracts of ES, MES, NQ or MNQ after ``start`` and up to ``end``, by name, in UTC.

    >>> index_contracts("ES", "2024-09-30", "2025-01-01")
    {'ESZ24': np.datetime64('2024-12-20T14:30:00.000000000')}
    """
    found = _core.index_contracts(root, _moment_ns(start), _moment_ns(end))
    return {name: np.datetime64(expires, "ns") for name, expires in found}


def join_published(
    data: MarketData,
    name: str,
    points: Any,
    *,
    value: str = "value",
    published: str = "published",
    max_age: float | None = None,
    fill: float | None = None,
    age: bool = False,
) -> MarketData:
    """The data with a column of numbers that became known at times of their own: news, sentiment, economic releases.

    Each row sees the last one published at or before its close. Of a number that is revised, give every revision with the
    time of its own publication.

    >>> data = market_data({"ts": ["2024-03-01T14:30Z", "2024-03-01T14:31Z"], "open": [10, 11], "high": [11, 12],
    ...                     "low": [9, 10], "close": [11, 11.5]})
    >>> points = {"published": ["2024-03-01T14:31:30Z"], "value": [0.5]}
    >>> join_published(data, "news", points, fill=0.0).columns()["news"]
    array([0. , 0.5], dtype=float32)

    Args:
        data: What to join it to.
        name: Name of the column; for a number of one instrument among several, as in ``"NQ.news"``.
        points: A frame or a mapping of columns, in any order.
        value: Its column of numbers.
        published: Its column of times.
        max_age: Seconds for which a number counts; for ever without it.
        fill: What stands where none counts. Without it that is NaN, which features take in their warm-up only.
        age: Whether to add ``NAME.age``, the seconds since publication.
    """
    table = _table(points)
    for column in (value, published):
        if column not in table:
            raise SpecError(f"points: no column {column!r}; there are {list(table)}")
    times, values = _time_ns(table[published], published), _numbers(table, value, "float32")
    max_age_ns = None if max_age is None else round(max_age * 1e9)
    return _core.with_published(data, name, times, values, max_age_ns, fill, age)


def join_quotes(
    data: MarketData,
    quotes: Any,
    *,
    instrument: str | None = None,
    symbol: str | None = None,
    time_zone: str | None = None,
    time_format: str | None = None,
    names: Iterable[str] = (),
    delimiter: str | None = None,
) -> MarketData:
    """The data with a stream of quotes: each bar opens to the last one that had come by then.

    >>> import polars
    >>> data = market_data({"ts": ["2024-03-01T14:30Z", "2024-03-01T14:31Z"], "open": [10, 11], "high": [11, 12],
    ...                     "low": [9, 10], "close": [11, 11.5]}, instrument="ES")
    >>> quotes = polars.DataFrame({"ts": ["2024-03-01T14:29:59Z", "2024-03-01T14:30:59Z", "2024-03-01T14:31:30Z"],
    ...                            "bid": [9.75, 10.75, 11.25], "ask": [10.0, 11.25, 11.5]})
    >>> join_quotes(data, quotes).quotes()["ask"].tolist()
    [10.0, 11.25]

    Args:
        data: What to join them to.
        quotes: The path of a text or Parquet file, or a frame, in order of time, with a time, ``bid`` and ``ask``, and
            ``bid_size`` and ``ask_size`` if they are known.
        instrument: Whose quotes they are, where the data have several; the first without it.
        symbol: The one to take, where there is a column ``symbol``.
        time_zone: The zone of times without an offset; UTC without it.
        time_format: How times are written, where it can't be told.
        names: Names of the columns of a text file without a header.
        delimiter: What stands between the fields of a text file.

    Raises:
        DataError: For a quote that can't be, or that is earlier than the one before.
        SpecError, FileError: As :func:`market_data`.
    """
    reading = {"symbol": symbol, "time_zone": time_zone, "time_format": time_format, "names": list(names)}
    options = json.dumps(_given({**reading, "delimiter": delimiter}))
    source = _path_or_frame(quotes, "quotes")
    return _core.with_quotes(data, source, instrument or data.instruments[0], options)


def sessions(calendar: str, start: Any, end: Any) -> Any:
    """Sessions of a calendar that have a moment after ``start`` and up to ``end``, without holidays, with shortened days.

    ``date``, ``opens``, ``closes``, in UTC; a pandas frame where pandas is installed.

    >>> import numpy as np
    >>> np.asarray(sessions("nyse", "2024-12-24", "2024-12-27")["closes"]).astype("datetime64[m]")
    array(['2024-12-24T18:00', '2024-12-26T21:00'], dtype='datetime64[m]')
    """
    found = _core.sessions(calendar, _moment_ns(start), _moment_ns(end))
    columns = {name.removesuffix("_ns"): values for name, values in found.items()}
    return frame(columns, "date", "opens", "closes")


def _moment_ns(moment: Any) -> int:
    return int(_time_ns([moment], "time")[0])
