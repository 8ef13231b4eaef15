"""How numbers are written, the same in the terminal and on the page."""

from __future__ import annotations

import math
from typing import Any

MISSING = "-"


def finite(value: Any) -> float | None:
    """The number, or ``None`` for what is missing, not a number or not finite.

    >>> finite(1), finite(None), finite(float("nan")), finite("x")
    (1.0, None, None, None)
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _fixed(number: float, decimals: int, *, signed: bool = False) -> str:
    text = f"{number:+,.{decimals}f}" if signed else f"{number:,.{decimals}f}"
    # Rounded to nothing is nothing: no "-0.00".
    return text if any(c in "123456789" for c in text) else text.lstrip("+-")


def integer(value: Any) -> str:
    """A count.

    >>> integer(2264)
    '2,264'
    """
    number = finite(value)
    return MISSING if number is None else _fixed(number, 0)


def percent(value: Any, *, signed: bool = False) -> str:
    """A share.

    >>> percent(0.0123, signed=True), percent(-0.00001)
    ('+1.23 %', '0.00 %')
    """
    number = finite(value)
    return MISSING if number is None else _fixed(100 * number, 2, signed=signed) + " %"


def ratio(value: Any) -> str:
    """A number without a unit.

    >>> ratio(1.234), ratio(None)
    ('1.23', '-')
    """
    number = finite(value)
    return MISSING if number is None else _fixed(number, 2)


def money(value: Any) -> str:
    """An amount of the account's currency.

    >>> money(1234.5)
    '1,234.50'
    """
    return ratio(value)


def interval(value: Any) -> str:
    """Two bounds.

    >>> interval((-1.0, 2.5)), interval(None)
    ('[-1.00, 2.50]', '-')
    """
    try:
        low, high = (ratio(bound) for bound in value)
    except (TypeError, ValueError):
        return MISSING
    return MISSING if MISSING in (low, high) else f"[{low}, {high}]"
