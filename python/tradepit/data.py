"""From whatever holds bars to :class:`MarketData`: samples, files, frames, arrays."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _core
from ._core import MarketData
from .errors import DataError, FileError, SpecError

__all__ = ["Data", "MarketData", "market_data", "times"]

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
            Times are datetimes (UTC where they have no zone), ISO 8601 text, or whole nanoseconds since 1970.
        instrument: A preset (``"ES"``, ``"MES"``, ``"NQ"``, ``"MNQ"``, ``"BTCUSDT"``, ``"EURUSD"``), or a mapping with
            ``name`` and whatever differs from the preset of that name, else from a US share (tick 0.01, lot 1, spot).
            Without it, a US share called "asset".
        calendar: What a session is: ``"cme"``, ``"nyse"``, ``"forex"``, ``"utc"``, or ``"none"`` (the default: all is one).
        stamp: Whether times are those of a bar's ``"open"`` (the default) or ``"close"``. Inside it is always the close.
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

    Raises:
        DataError: For a value that can't be a bar, by row and column.
        SpecError: For an option that is unknown or does not fit.
        FileError: When the file can't be read.
    """
    columns = list(columns)
    options = {
        "instrument": instrument,
        "calendar": calendar,
        "stamp": stamp,
        "period": period,
        "quotes": quotes,
        "sub_bars": sub_bars,
        "adjust": adjust,
    }
    if events is not None:
        options["events"] = events = _events(events)
    if isinstance(data, MarketData):
        given = [name for name, value in options.items() if value is not None]
        if given or columns or symbol:
            raise SpecError(f"{', '.join(given) or 'columns'}: data is MarketData already; set it where that is made")
        return data
    period_ns = None if period is None else round(period * 1e9)
    common = (_instrument(instrument), calendar or "none", stamp or "open", period_ns)
    finer = sub_bars
    if not (finer is None or isinstance(finer, MarketData)):
        finer = market_data(finer, instrument=instrument, calendar=calendar, stamp=stamp)
    facts = (events or "[]", adjust or "ratio")
    if isinstance(data, (str, os.PathLike)):
        if isinstance(data, str) and _is_sample(data):
            return _sample(data, symbol, [*options.values(), *columns])
        path = Path(data)
        if not path.exists():
            from . import samples

            raise FileError(
                f"{os.fspath(data)}: no such file, and no sample; the samples are {', '.join(samples.NAMES)}"
            )
        if path.suffix.lower() not in (".parquet", ".pq"):
            return MarketData.from_csv(os.fspath(path), *common, symbol, columns, quotes or "open", finer, *facts)
        data = _read_parquet(path)
    if symbol is not None:
        raise SpecError(f"symbol: {symbol!r} is for CSV files and samples; choose the rows of a frame before")
    return _from_columns(_table(data), common, columns, (quotes or "open", finer, *facts))


def times(time_ns: Any) -> NDArray[np.datetime64]:
    """Nanoseconds since 1970 as ``datetime64[ns]``, UTC: for ``info["time"]`` and :meth:`MarketData.time_ns`.

    >>> times(1_709_303_400_000_000_000)
    array('2024-03-01T14:30:00.000000000', dtype='datetime64[ns]')
    """
    return np.asarray(time_ns, dtype="int64").astype("datetime64[ns]")


def _is_sample(name: str) -> bool:
    from . import samples

    return name in samples.NAMES


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


def _read_parquet(path: Path) -> Any:
    for module in ("polars", "pandas"):
        try:
            library = __import__(module)
        except ImportError:
            continue
        try:
            return library.read_parquet(path)
        except ImportError:
            continue
        except Exception as error:
            raise FileError(f"{path}: {error}") from error
    raise FileError(f"{path}: reading Parquet needs polars, or pandas with pyarrow; install one, or use CSV")


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
    elif hasattr(values, "dt") and hasattr(values.dt, "replace_time_zone") and str(values.dtype).startswith("Datetime"):
        # polars keeps instants in UTC, whatever the zone that it shows.
        values = values.dt.cast_time_unit("ns").to_physical()
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
