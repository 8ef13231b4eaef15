"""An episode as text, and as a picture that needs nothing but NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .data import times

__all__ = ["picture", "text"]

WIDTH, HEIGHT = 600, 400
#: Rows of the picture: price above, equity below.
PANELS = ((10, 260), (280, 390))
BACKGROUND, GRID = (255, 255, 255), (225, 225, 225)
PRICE, LONG, SHORT, EQUITY = (60, 60, 60), (30, 140, 60), (200, 50, 50), (40, 90, 180)


def text(info: Mapping[str, Any], steps: int) -> str:
    """One line: time, step, price, position, equity, drawdown.

    >>> text({"time": 0, "price": 5000.25, "position": -1.0, "equity": 100_012.5, "drawdown": 0.01}, 3)
    '1970-01-01 00:00:00  step 3  price 5000.25  position -1  equity 100012.50  drawdown 1.00%'
    """
    time = str(times(info["time"]).astype("datetime64[s]")).replace("T", " ")
    return (
        f"{time}  step {steps}  price {info['price']:.10g}  position {info['position']:g}  "
        f"equity {info['equity']:.2f}  drawdown {100 * info['drawdown']:.2f}%"
    )


def picture(curve: Mapping[str, NDArray[Any]]) -> NDArray[np.uint8]:
    """Price (green while long, red while short) above equity, over the episode so far; uint8 of shape (400, 600, 3).

    >>> curve = {"price": np.array([1.0, 2.0]), "equity": np.array([5.0, 5.0]), "position": np.array([0.0, 1.0])}
    >>> picture(curve).shape
    (400, 600, 3)
    """
    image = np.full((HEIGHT, WIDTH, 3), BACKGROUND, dtype=np.uint8)
    for top, bottom in PANELS:
        image[np.linspace(top, bottom - 1, 5).astype(int), 10:-10] = GRID
    # The position that is held at t was held over the bar that ends at t.
    position = np.sign(curve["position"]).astype(int)
    colours = np.array([PRICE, LONG, SHORT], dtype=np.uint8)[position]
    _line(image, PANELS[0], curve["price"], colours)
    _line(image, PANELS[1], curve["equity"], np.broadcast_to(np.array(EQUITY, dtype=np.uint8), (len(position), 3)))
    return image


def _line(
    image: NDArray[np.uint8], panel: tuple[int, int], values: NDArray[np.float64], colours: NDArray[np.uint8]
) -> None:
    """Draws values from left to right: one vertical stroke a column of pixels, from the lowest to the highest value in it."""
    top, bottom = panel
    span = float(values.max() - values.min())
    level = (values - values.min()) / span if span > 0.0 else np.full(len(values), 0.5)
    rows = np.round(bottom - 1 - level * (bottom - 1 - top)).astype(int)
    # At each pixel the value in force, by linear interpolation; strokes join neighbours.
    columns = np.arange(10, WIDTH - 10)
    at = np.linspace(0.0, len(values) - 1.0, len(columns))
    curve = np.round(np.interp(at, np.arange(len(values)), rows)).astype(int)
    ahead = np.append(curve[1:], curve[-1])
    which = np.ceil(at).astype(int)
    for column, start, stop, index in zip(columns, curve, ahead, which, strict=True):
        image[min(start, stop) : max(start, stop) + 1, column] = colours[index]
