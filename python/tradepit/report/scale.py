"""From data to axes: fewer points without losing an extreme, round ticks, times on an axis of bars."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_SECONDS = (1, 5, 10, 15, 30, *(m * _MINUTE for m in (1, 2, 5, 10, 15, 30)), *(h * _HOUR for h in (1, 2, 3, 6, 12)))
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 12000)
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def downsample(y: Floats, limit: int = 2000) -> NDArray[np.int64]:
    """Indices of at most ``limit`` points that draw like all of them: lowest and highest of each bucket.

    >>> downsample(np.array([0.0, 1.0, 0.0]), 10).tolist()
    [0, 1, 2]

    The first and the last point stay. Infinite values count as missing; a bucket that holds nothing finite keeps one
    missing point, so that the line breaks there. ``limit`` is at least 4.
    """
    y = np.asarray(y, dtype=np.float64)
    n = len(y)
    if n <= limit:
        return np.arange(n, dtype=np.int64)
    edges = np.linspace(0, n, (limit - 2) // 2 + 1).astype(np.int64)
    starts, size = edges[:-1], int(np.diff(edges).max())
    # Buckets differ in size by one: the places beyond a bucket's end are its first point again.
    place = starts[:, None] + np.arange(size)
    place = np.where(place < edges[1:, None], place, starts[:, None])
    values = np.where(np.isfinite(y), y, np.nan)[place]
    rows = np.arange(len(starts))
    low = place[rows, np.argmin(np.where(np.isnan(values), np.inf, values), axis=1)]
    high = place[rows, np.argmax(np.where(np.isnan(values), -np.inf, values), axis=1)]
    return np.unique(np.concatenate(([0], low, high, [n - 1])))


class Ticks(NamedTuple):
    """Round numbers on an axis, and with how many decimals they are told apart."""

    values: list[float]
    decimals: int


def nice_ticks(low: float, high: float, count: int = 5) -> Ticks:
    """About ``count`` multiples of 1, 2, 2.5 or 5 times a power of ten, from ``low`` to ``high``.

    >>> nice_ticks(0.0, 1.0)
    Ticks(values=[0.0, 0.2, 0.4, 0.6, 0.8, 1.0], decimals=1)
    """
    raw = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if round(step, decimals) != round(step, decimals + 3):
        decimals += 1
    return Ticks([round(i * step, decimals) + 0.0 for i in range(first, last + 1)], decimals)


def limits(values: list[Floats], *, zero: bool = False) -> tuple[float, float] | None:
    """Where an axis begins and ends so that all finite values are inside with a little air; ``None`` without any.

    >>> limits([np.array([1.0, np.nan])])
    (0.99, 1.01)
    """
    finite = [v[np.isfinite(v)] for v in values]
    everything = np.concatenate([*finite, [0.0]] if zero else finite) if finite else np.array([])
    if not any(len(v) for v in finite):
        return None
    low, high = float(everything.min()), float(everything.max())
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        air = 0.01 * max(abs(low), abs(high)) or 1.0
    else:
        air = 0.05 * (high - low)
    if zero:
        return (low - air if low < 0 else 0.0), (high + air if high > 0 else (0.0 if low < 0 else air))
    return low - air, high + air


class TimeTick(NamedTuple):
    """A place on an axis of bars: index, label, and the larger unit where it changes."""

    place: int
    label: str
    context: str


def time_ticks(times: Times, count: int = 8) -> list[TimeTick]:
    """At most about ``count`` bars at which a round time begins; nights without bars take no room.

    >>> t = np.datetime64("2024-03-01T14:00", "ns") + np.arange(5) * np.timedelta64(30, "m")
    >>> [tick.label for tick in time_ticks(t, 3)]
    ['14:00', '15:00', '16:00']
    """
    times = np.asarray(times, dtype="datetime64[ns]")
    if len(times) == 0:
        return []
    found = ((step, np.flatnonzero(np.diff(bucket)) + 1) for step, bucket in _buckets(times))
    # The widest bucket is a thousand years: nanoseconds reach across at most one of its borders.
    step, starts = next(one for one in found if len(one[1]) <= count)
    # The first bar begins nothing round, but by chance or where nothing else does.
    if len(starts) < 2 or (step < _DAY and int(times[0].astype(np.int64)) % (step * 10**9) == 0):
        starts = np.concatenate(([0], starts))
    ticks, context = [], ""
    for index in starts.tolist():
        label, larger = _label(times[index], step)
        ticks.append(TimeTick(index, label, larger if larger != context else ""))
        context = larger
    return ticks


def _buckets(times: Times) -> Any:
    seconds = times.astype("datetime64[s]").astype(np.int64)
    for step in _SECONDS:
        yield step, seconds // step
    days = times.astype("datetime64[D]").astype(np.int64)
    for step in (1, 2, 7, 14):
        # 1970-01-05 was a Monday: weeks begin there.
        yield step * _DAY, (days - 4) // step
    months = times.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    for step in _MONTHS:
        yield step * 30 * _DAY, months // step


def _label(time: np.datetime64, step: int) -> tuple[str, str]:
    year, month, day = str(time.astype("datetime64[D]")).rsplit("-", 2)
    name = _NAMES[int(month) - 1]
    if step < _DAY:
        return clock(time, seconds=step < _MINUTE)[11:], f"{int(day)} {name} {year}"
    if step < 30 * _DAY:
        return f"{int(day)} {name}", year
    return (name, year) if step < 360 * _DAY else (year, "")


def clock(time: np.datetime64, *, seconds: bool = False) -> str:
    """A time as it is written on the page.

    >>> clock(np.datetime64("2024-03-01T14:30"))
    '2024-03-01 14:30'
    """
    return str(time.astype("datetime64[s]" if seconds else "datetime64[m]")).replace("T", " ")
