"""Charts as inline SVG, with what the page's script needs to show values under the pointer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from .markup import escape
from .scale import Floats, Times, downsample, limits, nice_ticks, time_ticks

WIDTH = 960
LEFT, RIGHT, TOP, FOOT = 74, 14, 10, 38
# With more markers than this the pointer can't tell them apart, and their notes would be most of the page.
_NOTED = 5000
_SHAPES = {
    # Drawn around the point: triangles point at it from outside, rings are centred on it.
    "up": "M{x} {y}m0 {a}l{s} {t}h-{d}z",
    "down": "M{x} {y}m0 -{a}l{s} -{t}h-{d}z",
    "ring": "M{x} {y}m-{s} 0a{s} {s} 0 1 0 {d} 0a{s} {s} 0 1 0 -{d} 0z",
}


@dataclass(frozen=True)
class Series:
    """A line of a chart.

    >>> Series("equity", [1.0, 2.0], style="step").label
    'equity'

    ``y``: numbers, one for each bar from the first, or for each of ``x`` (bar indices, ascending). What is not finite
    is a gap. ``style``: ``line``, ``step`` (the value holds until the next) or ``area`` (steps filled down to 0).
    ``colour``: a colour's name on the page, ``c0`` to ``c5``, ``gain``, ``loss`` or ``ink``.
    """

    label: str
    y: ArrayLike
    x: ArrayLike | None = None
    style: Literal["line", "step", "area"] = "line"
    colour: str = "c0"
    bold: bool = False

    def points(self) -> tuple[Floats, Floats]:
        """Places and values as arrays."""
        y = np.asarray(self.y, dtype=np.float64).reshape(-1)
        x = np.arange(len(y), dtype=np.float64) if self.x is None else np.asarray(self.x, dtype=np.float64).reshape(-1)
        if len(x) != len(y):
            raise ValueError(f"series {self.label!r}: x has {len(x)} values and y has {len(y)}; give one x for each y")
        return x, y


@dataclass(frozen=True)
class Markers:
    """Points of a chart, none of which is ever left out.

    >>> Markers("entries", [3], [101.5], "up", notes=["long 1 at 101.50"]).shape
    'up'

    ``notes`` are shown under the pointer, one for each point.
    """

    label: str
    x: ArrayLike
    y: ArrayLike
    shape: Literal["up", "down", "ring"] = "ring"
    colour: str = "gain"
    notes: Sequence[str] = ()

    def points(self) -> tuple[Floats, Floats]:
        """Places and values as arrays."""
        x, y = (np.asarray(v, dtype=np.float64).reshape(-1) for v in (self.x, self.y))
        if len(x) != len(y) or (self.notes and len(self.notes) != len(x)):
            raise ValueError(
                f"markers {self.label!r}: x, y and notes have {len(x)}, {len(y)} and {len(self.notes)} values"
            )
        return x, y


@dataclass(frozen=True)
class Chart:
    """Lines and markers over bars.

    >>> "<svg" in Chart([Series("equity", [100.0, 101.0, 99.5])], title="Equity").html()
    True

    ``times`` (``datetime64`` or integer nanoseconds UTC) labels the bars; without it the axis shows bar numbers, named
    by ``x_label``. ``unit`` is ``number`` or ``percent`` (shares, shown times 100). ``zero`` keeps 0 in the picture.
    At most ``limit`` points of a line are drawn, and its extremes always are.
    """

    series: Sequence[Series]
    markers: Sequence[Markers] = ()
    title: str = ""
    note: str = ""
    times: ArrayLike | None = None
    x_label: str = ""
    unit: Literal["number", "percent"] = "number"
    zero: bool = False
    height: int = 280
    width: int = WIDTH
    limit: int = 2000

    def html(self) -> str:
        """The figure: title, legend, drawing, values for the pointer."""
        svg, values = self._draw()
        head = f"<figcaption>{escape(self.title)}</figcaption>" if self.title else ""
        note = f'<p class="note">{escape(self.note)}</p>' if self.note else ""
        data = json.dumps(values, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c")
        return (
            f'<figure class="chart"><div class="head">{head}{self._legend()}</div><div class="plot">{svg}'
            f'<div class="tip" hidden></div></div>{note}<script type="application/json">{data}</script></figure>'
        )

    def svg(self) -> str:
        """The drawing alone: well-formed XML that takes its colours from the page."""
        return self._draw()[0]

    def _legend(self) -> str:
        keys = [(s.label, s.colour, "line") for s in self.series]
        keys += [(m.label, m.colour, m.shape) for m in self.markers]
        if len(keys) < 2:
            return ""
        buttons = (
            f'<button type="button" class="{kind} {colour}" data-part="{part}" aria-pressed="true">{escape(label)}'
            "</button>"
            for part, (label, colour, kind) in enumerate(keys)
        )
        return f'<div class="legend">{"".join(buttons)}</div>'

    def _draw(self) -> tuple[str, dict[str, Any]]:
        lines = [s.points() for s in self.series]
        points = [m.points() for m in self.markers]
        times = None if self.times is None else np.asarray(self.times).astype("datetime64[ns]")
        name = escape(self.title or ", ".join(s.label for s in self.series))
        parts = [f'<svg viewBox="0 0 {self.width} {self.height}" role="img" aria-label="{name}">']
        zero = self.zero or any(s.style == "area" for s in self.series)
        y_limits = limits([y for _, y in (*lines, *points)], zero=zero)
        x_limits = _x_limits([x for x, _ in (*lines, *points)], times)
        if y_limits is None or x_limits is None:
            middle = f'x="{self.width / 2:g}" y="{self.height / 2:g}"'
            return "".join([*parts, f'<text class="empty" {middle}>no data</text></svg>']), {}
        frame = _Frame(self.width, self.height, x_limits, y_limits)
        parts += frame.y_axis(percent=self.unit == "percent")
        parts += frame.time_axis(times) if times is not None else frame.x_axis(self.x_label)
        values: dict[str, Any] = {"frame": frame.facts(), "unit": self.unit, "series": [], "marks": [], "t": []}
        drawn = []
        for i, (s, (x, y)) in enumerate(zip(self.series, lines, strict=True)):
            keep = downsample(y, self.limit)
            x, y = x[keep], y[keep]
            drawn.append((s.bold, f'<g data-part="{i}">{_line(s, frame, x, y)}</g>'))
            shown = [None if not np.isfinite(v) else float(f"{v:.10g}") for v in y]
            values["series"].append({"label": s.label, "colour": s.colour, "x": _compact(x), "y": shown})
        # Bold lines lie on top, in whichever order the legend names them.
        parts += [part for _, part in sorted(drawn, key=lambda one: one[0])]
        for i, (m, (x, y)) in enumerate(zip(self.markers, points, strict=True), start=len(lines)):
            parts.append(f'<g data-part="{i}">{_marks(m, frame, x, y)}</g>')
            if sum(len(x) for x, _ in points) > _NOTED:
                continue
            notes = list(m.notes) or [m.label] * len(x)
            marks = zip(_compact(frame.x(x)), _compact(frame.y(y)), notes, strict=True)
            values["marks"] += [[px, py, note, m.colour, i] for px, py, note in marks if np.isfinite(px + py)]
        if times is not None and values["series"]:
            at = np.clip(np.asarray(values["series"][0]["x"], dtype=np.int64), 0, len(times) - 1)
            values["t"] = times[at].astype("datetime64[s]").astype(np.int64).tolist()
        parts.append(f'<line class="cross" y1="{TOP}" y2="{self.height - FOOT}" visibility="hidden"/></svg>')
        return "".join(parts), values


@dataclass(frozen=True)
class _Frame:
    width: int
    height: int
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]

    def x(self, value: Any) -> Any:
        low, high = self.x_limits
        return LEFT + (np.asarray(value) - low) / (high - low) * (self.width - LEFT - RIGHT)

    def y(self, value: Any) -> Any:
        low, high = self.y_limits
        return self.height - FOOT - (np.asarray(value) - low) / (high - low) * (self.height - TOP - FOOT)

    def facts(self) -> dict[str, Any]:
        """What the script needs to go from pixels to values and back."""
        places = {"left": LEFT, "right": self.width - RIGHT, "top": TOP, "bottom": self.height - FOOT}
        return {"width": self.width, "height": self.height, **places, "x": self.x_limits, "y": self.y_limits}

    def y_axis(self, *, percent: bool) -> list[str]:
        factor = 100.0 if percent else 1.0
        count = max(4, (self.height - TOP - FOOT) // 48)
        ticks = nice_ticks(self.y_limits[0] * factor, self.y_limits[1] * factor, count)
        parts = []
        for value in ticks.values:
            y = f"{self.y(value / factor):.1f}"
            label = f"{value:,.{ticks.decimals}f}".replace("-", "\u2212") + ("\u00a0%" if percent else "")
            kind = "zero" if value == 0 else "grid"
            parts.append(f'<line class="{kind}" x1="{LEFT}" x2="{self.width - RIGHT}" y1="{y}" y2="{y}"/>')
            parts.append(f'<text class="y" x="{LEFT - 8}" y="{y}" dy="0.35em">{label}</text>')
        return parts

    def x_axis(self, name: str) -> list[str]:
        ticks = nice_ticks(*self.x_limits, max(2, self.width // 110))
        parts = []
        for value in ticks.values:
            parts += self._x_tick(float(self.x(value)), f"{value:,.{ticks.decimals}f}", "")
        if name:
            bottom, middle = self.height - 6, (LEFT + self.width - RIGHT) / 2
            parts.append(f'<text class="x context" x="{middle:g}" y="{bottom}">{escape(name)}</text>')
        return parts

    def time_axis(self, times: Times) -> list[str]:
        parts: list[str] = []
        last, context = float("-inf"), ""
        for tick in time_ticks(times, max(2, self.width // 110)):
            x = float(self.x(tick.place))
            # A label that has no room is left out, but what it would have said of the day goes on to the next.
            context = tick.context or context
            if x - last < 72:
                continue
            parts += self._x_tick(x, tick.label, context)
            last, context = x, ""
        return parts

    def _x_tick(self, x: float, label: str, context: str) -> list[str]:
        bottom = self.height - FOOT
        parts = [
            f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 4}"/>',
            f'<text class="x" x="{x:.1f}" y="{bottom + 16}">{label}</text>',
        ]
        if context:
            parts.append(f'<text class="x context" x="{x:.1f}" y="{bottom + 30}">{context}</text>')
        return parts


def _x_limits(xs: list[Floats], times: Times | None) -> tuple[float, float] | None:
    finite = [x[np.isfinite(x)] for x in xs]
    if not any(len(x) for x in finite):
        return None
    everything = np.concatenate(finite)
    low, high = (0.0, len(times) - 1.0) if times is not None else (float(everything.min()), float(everything.max()))
    low, high = min(low, float(everything.min())), max(high, float(everything.max()))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _line(series: Series, frame: _Frame, x: Floats, y: Floats) -> str:
    bold = " bold" if series.bold else ""
    if len(x) == 1 and np.isfinite(x[0] + y[0]):
        return f'<circle class="dot {series.colour}" cx="{frame.x(x[0]):.1f}" cy="{frame.y(y[0]):.1f}" r="3"/>'
    parts = []
    for run in _unbroken(x, y):
        px, py = frame.x(x[run]), frame.y(y[run])
        if series.style == "line":
            d = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(px, py, strict=True))
        else:
            d = f"M{px[0]:.1f} {py[0]:.1f}" + "".join(f"H{a:.1f}V{b:.1f}" for a, b in zip(px[1:], py[1:], strict=True))
        if series.style == "area":
            base = f"{float(frame.y(0.0)):.1f}"
            parts.append(f'<path class="area {series.colour}" d="{d}V{base}H{px[0]:.1f}z"/>')
        parts.append(f'<path class="line {series.colour}{bold}" d="{d}"/>')
    return "".join(parts)


def _unbroken(x: Floats, y: Floats) -> list[slice]:
    """Stretches without a gap."""
    good = np.concatenate(([False], np.isfinite(x) & np.isfinite(y), [False])).astype(np.int8)
    change = np.diff(good)
    return [slice(a, b) for a, b in zip(np.flatnonzero(change == 1), np.flatnonzero(change == -1), strict=True)]


def _marks(markers: Markers, frame: _Frame, x: Floats, y: Floats) -> str:
    """All markers of one kind as one path: each begins with its own M."""
    size = 5.0 if len(x) <= 60 else 4.0 if len(x) <= 200 else 1.8
    many = " many" if size < 2 else ""
    shape = _SHAPES[markers.shape]
    size = size * 0.8 if markers.shape == "ring" else size
    numbers = {"s": f"{size:g}", "d": f"{2 * size:g}", "t": f"{1.7 * size:g}", "a": f"{0.9 * size:g}"}
    places = zip(frame.x(x), frame.y(y), strict=True)
    d = "".join(shape.format(x=f"{a:.1f}", y=f"{b:.1f}", **numbers) for a, b in places if np.isfinite(a + b))
    return f'<path class="mark {markers.shape} {markers.colour}{many}" d="{d}"/>'


def _compact(values: Any) -> list[float]:
    return [int(v) if float(v).is_integer() else round(float(v), 2) for v in np.asarray(values).tolist()]
