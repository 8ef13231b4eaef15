"""The market that everyone trades: the first rows of tradepit's synthetic one-minute ES-like bars, with their features.

Peers that copy their data for every environment or every episode get fewer rows than tradepit, which has 350,000.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder, np.load(written(500, folder=Path(folder))) as columns:
...     print(sorted(columns), columns["features"].shape, np.isfinite(columns["features"]).all())
['close', 'features', 'high', 'low', 'open', 'time_ns', 'volume'] (500, 16) True
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

CACHE = Path(__file__).resolve().parent / ".data"


@functools.cache
def market() -> tuple[dict[str, Any], int]:
    """The columns of the market, as tradepit's own measurements have it, and its first row whose features are all known."""
    from tradepit import scenarios

    data, _ = scenarios.environment("bench")
    _, warm_up, _, features = data.features()
    return {"time_ns": data.time_ns(), "features": features, **data.columns()}, warm_up


def written(bars: int, *, folder: Path = CACHE) -> Path:
    """A file of the first ``bars`` rows whose features are all known."""
    columns, first = market()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"es_1m_{bars}.npz"
    np.savez(path, **{name: values[first : first + bars] for name, values in columns.items()})
    return path
