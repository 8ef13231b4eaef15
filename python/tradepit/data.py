"""From whatever holds bars to :class:`MarketData`: samples, files, frames, arrays."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _core
from ._core import MarketData
from .errors import DataError, DataWarning, FileError, SpecError

__all__ = ["Data", "MarketData", "bars_from_trades", "check", "market_data", "times"]

Data: TypeAlias = "str | os.PathLike[str] | MarketData | Mapping[str, Any] | Any"
Stamp: TypeAlias = Literal["open", "close"]
Adjust: TypeAlias = Literal["ratio", "difference", "none"]

TIME_NAMES = ("ts", "timestamp", "datetime", "date", "time")
PRICE_NAMES = ("open", "high", "low", "close")
QUOTE_NAMES = ("bid", "ask", "bid_size", "ask_size")
#: 1973 in nanoseconds: smaller whole numbers are meant in another unit.
SMALLEST_NS = 100_000_000_000_000_000


def market_data(
    data: Data,
    *,
    instrument: str | Mapping[str, Any] | None = None,
    calendar: str | None = None,
    stamp: Stamp | None = None,
    period: float | None = None,
    columns: Iterable[str] = (),
    symbol: str | None = None,
    quotes: Stamp | None = None,
    sub_bars: Data | None = None,
    events: Any = None,
    adjust: Adjust | None = None,
    time_zone: str | None = None,
    time_format: str | None = None,
    names: Iterable[str] = (),
    delimiter: str | None = None,
) -> MarketData:
    """Market data from a sample's name, a path, a frame, columns, or market data itself.

    >>> data = market_data({"ts": ["2024-03-01T14:30Z", "2024-03-01T14:31Z"], "open": [10, 11], "high": [11, 12],
    ...                     "low": [9, 10], "close": [11, 11.5]}, instrument="ES", calendar="cme")
    >>> len(data), data.period_ns, data.columns()["close"]
    (2, 60000000000, array([11. , 11.5]))

    Args:
        data: The name of a sample (see :mod:`tradepit.samples`); the path of a CSV or Parquet file; a pandas or polars
            frame or a mapping of columns, with ``ts`` (or ``timestamp``, ``datetime``, ``date``, ``time``, or a
            ``DatetimeIndex``), ``open``, ``high``, ``low``, ``close`` and ``volume`` (0 without), in any case.
            Times are datetimes (UTC where they have no zone), ISO 8601 text, or whole nanoseconds since 1970. Frames are
            read through the Arrow PyCapsule interface, columns of 64-bit floats without nulls where they lie; others are
            converted first.
        instrument: A preset (``"ES"``, ``"MES"``, ``"NQ"``, ``"MNQ"``, ``"BTCUSDT"``, ``"EURUSD"``), or a mapping with
            ``name`` and whatever differs from the preset of that name, else from a US share (tick 0.01, lot 1, spot).
            Without it, a US share called "asset".
        calendar: What a session is: ``"cme"``, ``"nyse"``, ``"forex"``, ``"utc"``, or ``"none"`` (the default: all is one).
        stamp: Whether times are those of a bar's ``"open"`` or ``"close"``: the open by default, but for exports of
            NinjaTrader. Inside it is always the close.
        period: Length of a bar in seconds; the smallest step between two rows without it.
        columns: Further columns to keep, for features of the kind ``{"kind": "column", "name": ..}``.
        symbol: The one to take, of a file with a column ``symbol``; also for the sample ``stocks_1d``.
        quotes: Whether the columns ``bid`` and ``ask`` (with ``bid_size``, ``ask_size`` and ``quote_time``, if they are
            there) are those of a bar's ``"open"`` (the default) or ``"close"``; empty or NaN on both sides where no new
            quote came. A fill rule ``"quote"`` meets them.
        sub_bars: Finer bars of the same instrument, in any form that ``data`` takes, for the intrabar path
            ``"sub_bars"``. :meth:`MarketData.resample` makes longer bars that keep theirs.
        events: What happens beside the prices, which then must be raw: dictionaries, or a frame or a mapping of columns, with
            a time and a ``kind``: ``"dividend"`` (``amount``, money for one unit), ``"split"`` (``ratio``, 2 for two new units
            for one), ``"halt"``, ``"resume"``, ``"roll"`` (``from_price`` and ``to_price``, raw prices of the contract that is
            left and of the next one at the same moment). Each takes effect before the open of the bar that it falls into.
        adjust: How the bars that features are made of pass over splits, dividends and rolls: by ``"ratio"`` (the default),
            by ``"difference"``, or ``"none"``. Orders always fill at raw prices.

        time_zone: The zone of times without an offset, as in ``"America/New_York"``; UTC without it. Of files and frames.
        time_format: How times are written, where it can't be told: ``"day_first"``, ``"month_first"``, ``"s"``, ``"ms"``,
            ``"us"``, ``"ns"``, or a pattern of ``strftime``. Of files and frames.
        names: Names of the columns of a text file without a header; ``""`` passes a column over.
        delimiter: What stands between the fields of a text file.

    Warns:
        DataWarning: When something about the data is doubtful; :func:`check` tells all of it.

    Raises:
        DataError: For a value that can't be a bar, by row and column.
        SpecError: For an option that is unknown or does not fit.
        FileError: When the file can't be read.
    """
    columns, names = list(columns), list(names)
    own = {"time_zone": time_zone, "time_format": time_format, "names": names or None, "delimiter": delimiter}
    options = {
        "instrument": instrument,
        "calendar": calendar,
        "stamp": stamp,
        "period": period,
        "quotes": quotes,
        "sub_bars": sub_bars,
        "adjust": adjust,
        **own,
    }
    if events is not None:
        options["events"] = events = _events(events)
    if isinstance(data, MarketData):
        given = [name for name, value in options.items() if value is not None]
        if given or columns or symbol:
            raise SpecError(f"{', '.join(given) or 'columns'}: data is MarketData already; set it where that is made")
        return data
    if isinstance(data, str) and _is_sample(data):
        return _sample(data, symbol, [*options.values(), *columns])
    finer = sub_bars
    if not (finer is None or isinstance(finer, MarketData)):
        finer = market_data(finer, instrument=instrument, calendar=calendar, stamp=stamp)
    described = (_instrument(instrument), calendar or "none")
    period_ns = None if period is None else round(period * 1e9)
    reading = {"stamp": stamp, "period_ns": period_ns, "symbol": symbol, "quotes": quotes, "columns": columns, **own}
    table = _bar_table(data, reading)
    if table is not None:
        made = table.market(*described, finer, events or "[]", adjust or "ratio")
    else:
        unknown = next((name for name, value in {"symbol": symbol, **own}.items() if value is not None), None)
        if unknown is not None:
            raise SpecError(f"{unknown}: is for files and frames; arrays are to hold what is meant")
        common = (*described, stamp or "open", period_ns)
        made = _from_columns(
            _table(data), common, columns, (quotes or "open", finer, events or "[]", adjust or "ratio")
        )
    _warn(made, os.fspath(data) if isinstance(data, (str, os.PathLike)) else "data")
    return made


def check(
    data: Data,
    *,
    instrument: str | Mapping[str, Any] | None = None,
    calendar: str | None = None,
    shown: int = 20,
    outlier: float = 25.0,
    mend: str | os.PathLike[str] | None = None,
    **reading: Any,
) -> dict[str, Any]:
    """What is wrong with data, and what is odd about it; nothing is changed.

    >>> report = check({"ts": ["2024-03-01T14:30Z", "2024-03-01T14:31Z", "2024-03-01T14:33Z"], "open": [10, 11, 11],
    ...                 "high": [11, 12, 12], "low": [9, 10, 10], "close": [11, 11.25, 11]}, instrument="ES")
    >>> [(finding["kind"], finding["row"], finding["value"]) for finding in report["findings"]]
    [('no_volume', 0, None), ('gap', 2, 1.0)]

    Args:
        data: As for :func:`market_data`. What it would refuse is found as ``"fatal"`` in files and frames.
        instrument: Whose tick prices are held against; no tick without it.
        calendar: When the market is open; without it gaps are notes, and no hour is closed.
        shown: Findings of each kind to keep; all are counted.
        outlier: A move away and back of more than so many times the usual range is one.
        mend: Where to write a mended file: rows that can't be bars dropped, the others sorted, those that are twice there
            dropped, prices put to the tick. Then ``changes`` says each change, and the report is about the new file.
        reading: ``stamp``, ``period`` in seconds, ``symbol``, ``columns``, ``quotes``, ``time_zone``, ``time_format``,
            ``names``, ``delimiter``, as for :func:`market_data`.

    Returns:
        ``rows``, ``period_ns``, ``first``, ``last``; ``counts``: how often each kind was found, the worst first, with its
        ``severity`` (``"fatal"``, ``"doubtful"``, ``"note"``); ``findings``: each with ``kind``, ``severity``, ``row``,
        ``time``, ``column``, ``value``, ``message``.

    Raises:
        SpecError, DataError, FileError: As :func:`market_data`, for what leaves nothing to check.
    """
    options = json.dumps({"shown": shown, "outlier": outlier})
    if not isinstance(data, MarketData) and not _is_sample(data):
        period = reading.pop("period", None)
        reading["period_ns"] = None if period is None else round(period * 1e9)
        table = _bar_table(data, reading)
        if table is not None:
            described = (None if instrument is None else _instrument(instrument), calendar or "none")
            changes = None if mend is None else json.loads(table.mend(described[0], os.fspath(mend)))
            report = json.loads(table.check(*described, options))
            return report if changes is None else {**report, "changes": changes}
        reading = {"period": period, **{name: value for name, value in reading.items() if name != "period_ns"}}
    if mend is not None:
        raise SpecError("mend: is for files and frames; these data are sound already")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        made = market_data(data, instrument=instrument, calendar=calendar, **reading)
    return json.loads(made.check(options))  # type: ignore[no-any-return]


def bars_from_trades(
    trades: Any,
    rule: Mapping[str, Any],
    *,
    instrument: str | Mapping[str, Any] | None = None,
    calendar: str | None = None,
    symbol: str | None = None,
    time_zone: str | None = None,
    time_format: str | None = None,
    names: Iterable[str] = (),
    delimiter: str | None = None,
) -> MarketData:
    """Market data of bars made of trades; an unfinished bar at the end is left out.

    >>> import polars
    >>> trades = polars.DataFrame({"ts": [1_709_303_400_000 + 500 * i for i in range(6)], "price": [10.0, 10.25] * 3,
    ...                            "size": [1, 2, 3, 4, 5, 6]})
    >>> bars_from_trades(trades, {"kind": "volume", "units": 6}, instrument="ES").columns()["volume"]
    array([6., 9., 6.])

    Args:
        trades: The path of a text or Parquet file, or a frame, with a time, ``price`` and ``size`` (or ``volume``, ``qty``),
            and ``side`` (``"buy"``, ``"sell"``) or ``is_buyer_maker`` if they are known. Dumps of Binance's trades and
            exports of NinjaTrader's ticks need no header.
        rule: ``{"kind": "time", "period_ns": ..}``, ``{"kind": "ticks", "count": ..}``, ``{"kind": "volume", "units": ..}``,
            ``{"kind": "dollar", "value": ..}`` or ``{"kind": "imbalance", "of": "ticks" | "volume" | "value",
            "expected_ticks": ..}``, with ``span_bars``, ``span_ticks``, ``min_ticks`` and ``max_ticks`` if wanted (Lopez de
            Prado 2018, chapter 2; the rule is stated at ``Imbalance`` in the Rust docs).
        instrument: As for :func:`market_data`.
        calendar: As for :func:`market_data`.
        symbol: The one to take, where there is a column ``symbol``.
        time_zone: The zone of times without an offset; UTC without it.
        time_format: How times are written, where it can't be told.
        names: Names of the columns of a text file without a header.
        delimiter: What stands between the fields of a text file.

    Raises:
        SpecError, DataError, FileError: As :func:`market_data`.
    """
    reading = {"symbol": symbol, "time_zone": time_zone, "time_format": time_format, "names": list(names)}
    options = json.dumps(_given({**reading, "delimiter": delimiter}))
    source = _path_or_frame(trades, "trades")
    return _core.market_from_trades(
        source, json.dumps(dict(rule)), _instrument(instrument), calendar or "none", options
    )


def times(time_ns: Any) -> NDArray[np.datetime64]:
    """Nanoseconds since 1970 as ``datetime64[ns]``, UTC: for ``info["time"]`` and :meth:`MarketData.time_ns`.

    >>> times(1_709_303_400_000_000_000)
    array('2024-03-01T14:30:00.000000000', dtype='datetime64[ns]')
    """
    return np.asarray(time_ns, dtype="int64").astype("datetime64[ns]")


def _is_sample(data: Any) -> bool:
    from . import samples

    return isinstance(data, str) and data in samples.NAMES


def _path_or_frame(source: Any, field: str) -> Any:
    """A path as text, or a frame that Arrow can have."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if not hasattr(source, "__arrow_c_stream__"):
        kind = type(source).__name__
        raise SpecError(f"{field}: {kind} is no path and no frame; make a polars or pandas frame of it")
    return source


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None and value != []}


def _bar_table(data: Any, reading: Mapping[str, Any]) -> _core.BarTable | None:
    """The rows of a file or of a frame that Arrow can have; None for arrays."""
    options = json.dumps(_given(reading))
    if isinstance(data, (str, os.PathLike)):
        if not Path(data).exists():
            from . import samples

            raise FileError(
                f"{os.fspath(data)}: no such file, and no sample; the samples are {', '.join(samples.NAMES)}"
            )
        return _core.BarTable.read(os.fspath(data), options)
    if not hasattr(data, "__arrow_c_stream__"):
        return None
    try:
        return _core.BarTable.from_arrow(data, options)
    except ImportError:
        # pandas needs pyarrow for it.
        return None


def _warn(data: MarketData, name: str) -> None:
    """Says once that there is something to look at."""
    counts = json.loads(data.check('{"shown": 0}'))["counts"]
    doubts = [f"{count['count']} {count['kind']}" for count in counts if count["severity"] == "doubtful"]
    if doubts:
        text = f"{name}: {', '.join(doubts)}; tradepit.check tells where, and what each is"
        warnings.warn(text, DataWarning, stacklevel=3)


def _sample(name: str, symbol: str | None, others: list[Any]) -> MarketData:
    from . import samples

    if any(other is not None for other in others):
        raise SpecError(f"data: the sample {name!r} comes with its instrument, calendar and stamp; leave them out")
    return samples.load(name, symbol=symbol)


def _instrument(instrument: str | Mapping[str, Any] | None) -> str:
    if instrument is None:
        instrument = {"name": "asset"}
    if isinstance(instrument, str):
        preset = _core.instrument_preset(instrument)
        if preset is None:
            raise SpecError(
                f"instrument: {instrument!r} is no preset (ES, MES, NQ, MNQ, BTCUSDT, EURUSD); "
                f'give its fields, as in {{"name": {instrument!r}, "tick": 0.01}}'
            )
        return preset
    name = instrument.get("name")
    if not isinstance(name, str):
        raise SpecError(f"instrument.name: {name!r} must be a string")
    base = json.loads(_core.instrument_preset(name) or _core.instrument_equity(name))
    from .spec import to_json

    return to_json({**base, **instrument})


def _table(data: Any) -> dict[str, Any]:
    """Columns by name; the time is ``ts``."""
    if not isinstance(data, Mapping) and not hasattr(data, "columns"):
        raise SpecError(
            f"data: {type(data).__name__} holds no columns; give a sample's name, a path, a frame, a mapping or MarketData"
        )
    names = list(data) if isinstance(data, Mapping) else list(data.columns)
    table = {str(name): data[name] for name in names}
    index = getattr(data, "index", None)
    if hasattr(index, "tz"):
        # A DatetimeIndex of pandas; every other kind of index is passed over.
        table.setdefault("ts", index)
    return table


def _from_columns(
    table: dict[str, Any],
    common: tuple[str, str, str, int | None],
    keep: list[str],
    details: tuple[str, MarketData | None, str, str],
) -> MarketData:
    lower = {name.lower(): name for name in table}
    time = next((lower[name] for name in TIME_NAMES if name in lower), None)
    if time is None:
        raise DataError(
            f"no time: name a column {', '.join(TIME_NAMES)} or use a DatetimeIndex; there are {list(table)}"
        )
    missing = [name for name in PRICE_NAMES if name not in lower]
    if missing:
        raise DataError(f"no column {missing[0]!r}; there are {list(table)}")
    opens, highs, lows, closes = (_numbers(table, lower[name], "float64") for name in PRICE_NAMES)
    volume = _numbers(table, lower["volume"], "float64") if "volume" in lower else None
    for name in keep:
        if name not in table:
            raise DataError(f"no column {name!r}; there are {list(table)}")
    own = {name: _numbers(table, name, "float32") for name in keep}
    quotes = None
    if "bid" in lower and "ask" in lower:
        quotes = {name: _numbers(table, lower[name], "float64") for name in QUOTE_NAMES if name in lower}
        if "quote_time" in lower:
            none = np.isnan(quotes["bid"]) & np.isnan(quotes["ask"])
            quotes["time_ns"] = _time_ns(table[lower["quote_time"]], lower["quote_time"], none)
    time_ns = _time_ns(table[time], time)
    return MarketData(time_ns, opens, highs, lows, closes, volume, own, *common, quotes, *details)


def _events(events: Any) -> str:
    """Events as the core reads them; what is missing or NaN in a row of a frame is left out."""
    if isinstance(events, Mapping) or hasattr(events, "columns"):
        columns = {name: list(values) for name, values in _table(events).items()}
        rows: list[Any] = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    else:
        rows = list(events)
    try:
        return json.dumps([_event(at, row) for at, row in enumerate(rows)], allow_nan=False)
    except ValueError as error:
        raise SpecError(f"events: {error}; every number must be finite") from None


def _event(at: int, row: Any) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise SpecError(f'events: {at} is {row!r}; give mappings, as in {{"ts": .., "kind": "split", "ratio": 2.0}}')
    # Of what only other kinds need, a frame holds NaN or None.
    known = {str(name): value for name, value in row.items() if value is not None and value == value}
    time = next((name for name in known if name.lower() in TIME_NAMES), None)
    if time is None:
        raise SpecError(f"events: {at} has no time; name it one of {', '.join(TIME_NAMES)}; there are {list(known)}")
    rest = {name: value if isinstance(value, str) else float(value) for name, value in known.items() if name != time}
    return {"time": int(_time_ns([known[time]], time)[0]), **rest}


def _numbers(table: dict[str, Any], name: str, dtype: str) -> NDArray[Any]:
    values = table[name]
    try:
        array = np.ascontiguousarray(values.to_numpy() if hasattr(values, "to_numpy") else values, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise DataError(f"column {name}: {error}; every value must be a number") from None
    if array.ndim != 1:
        raise DataError(f"column {name}: expected one number a row, got shape {array.shape}")
    return array


def _time_ns(values: Any, name: str, none: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Nanoseconds since 1970; a row of which ``none`` holds needs no time."""
    if getattr(values, "tz", None) is not None:
        values = values.tz_convert("UTC").tz_localize(None)
    elif getattr(getattr(values, "dt", None), "tz", None) is not None:
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
    if array.dtype.kind in "OUS" or array.dtype.kind == "T":
        array = np.array([_moment(value, row, name) for row, value in enumerate(array)], dtype="int64")
    elif array.dtype.kind == "M":
        missing = np.isnat(array) if none is None else np.isnat(array) & ~none
        if missing.any():
            raise DataError(f"row {int(missing.argmax())}, column {name}: no time; fill or drop the row")
        array = array.astype("datetime64[ns]").astype("int64")
    elif array.dtype.kind not in "iu":
        raise DataError(
            f"column {name}: {array.dtype} is no time; use datetimes, ISO 8601 text or nanoseconds since 1970"
        )
    if array.size and 0 < int(array.max()) < SMALLEST_NS:
        raise DataError(
            f"column {name}: {int(array.max())} is no time in nanoseconds since 1970; convert it to datetimes"
        )
    return np.ascontiguousarray(array, dtype="int64")


def _moment(value: Any, row: int, name: str) -> int:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise DataError(
            f"row {row}, column {name}: {str(value)!r} is not ISO 8601, as in 2024-03-01T14:30:00Z"
        ) from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
