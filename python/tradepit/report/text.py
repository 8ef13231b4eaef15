"""The table of results for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .numbers import MISSING, integer, interval, money, percent, ratio


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """One aligned line for each policy.

    >>> print(table([{"policy": "flat", "bars": 390, "total_return": 0.0, "max_drawdown": 0.0, "trades": 0,
    ...               "costs": 0.0, "steps": 390, "fills": 0}]))
    policy  bars  return  Sharpe [95 % CI]  max drawdown  trades  costs  steps  fills
    flat     390  0.00 %                 -        0.00 %       0   0.00    390      0

    Keys of a row: ``policy``, and the fields of ``Performance`` with these names: ``bars``, ``total_return``,
    ``sharpe``, ``sharpe_interval``, ``periods_per_year``, ``max_drawdown``, ``trades``, ``costs``, ``fills``; and
    ``steps``, the decisions made. What is missing, ``None`` or not finite is shown as ``-``. The period of the Sharpe
    ratio is named in the header, or in each row where they differ.
    """
    periods = {row.get("periods_per_year") for row in rows} - {None}
    shared = periods.pop() if len(periods) == 1 else None
    ratio_title = f"Sharpe ({_year(shared)}) [95 % CI]" if shared else "Sharpe [95 % CI]"

    def sharpe(row: Mapping[str, Any]) -> str:
        text = ratio(row.get("sharpe"))
        if text == MISSING:
            return text
        bounds = interval(row.get("sharpe_interval"))
        own = row.get("periods_per_year")
        return text + ("" if bounds == MISSING else f" {bounds}") + (f" ({_year(own)})" if own and not shared else "")

    columns: list[tuple[str, Callable[[Mapping[str, Any]], str]]] = [
        ("policy", lambda row: " ".join(str(row.get("policy", MISSING)).split())),
        ("bars", lambda row: integer(row.get("bars"))),
        ("return", lambda row: percent(row.get("total_return"), signed=True)),
        (ratio_title, sharpe),
        ("max drawdown", lambda row: percent(row.get("max_drawdown"))),
        ("trades", lambda row: integer(row.get("trades"))),
        ("costs", lambda row: money(row.get("costs"))),
        ("steps", lambda row: integer(row.get("steps"))),
        ("fills", lambda row: integer(row.get("fills"))),
    ]
    cells = [[title for title, _ in columns], *([show(row) for _, show in columns] for row in rows)]
    widths = [max(_width(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join("  ".join(_pad(text, widths[i], left=i == 0) for i, text in enumerate(line)) for line in cells)


def _year(periods: float) -> str:
    return f"year of {periods:,.0f} bars"


def _width(text: str) -> int:
    """Cells of a terminal: East Asian wide characters take two, combining marks none."""
    return sum((unicodedata.east_asian_width(c) in "WF") + (not unicodedata.combining(c)) for c in text)


def _pad(text: str, width: int, *, left: bool) -> str:
    space = " " * (width - _width(text))
    return text + space if left else space + text
