"""The market that everyone trades: the first rows of tradepit's synthetic one-minute ES-like bars, with their features.

Peers that copy their data for every environment or every episode get fewer rows than tradepit, which has 350,000.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder, np.load(written(500, folder=Path(folder))) as columns:
...     print(sorted(columns), columns["features"].shape)
['close', 'features', 'high', 'low', 'open', 'time_ns', 'volume'] (500, 16)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

CACHE = Path(__file__).resolve().parent / ".data"


def market() -> Any:
    """All rows of the market, as tradepit's own measurements have it."""
    from tradepit import bench, samples

    return samples.synthetic("es_1m", bars=bench.BARS, seed=0)


def written(bars: int, *, folder: Path = CACHE) -> Path:
    """A file of the first ``bars`` rows whose features are all known, made once."""
    path = folder / f"es_1m_{bars}.npz"
    if path.exists():
        return path
    data = market()
    _, _, warm_up, features = data.features()
    rows = slice(warm_up, warm_up + bars)
    columns = {name: values[rows] for name, values in data.columns().items()}
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(path, time_ns=data.time_ns()[rows], features=features[rows], **columns)
    return path
