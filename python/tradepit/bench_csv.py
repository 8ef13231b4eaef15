"""How fast a CSV file of bars is read, beside polars reading the same one.

>>> row = compare(bars=1_000, runs=1)
>>> sorted(row)
['bars', 'bytes', 'polars_seconds', 'ratio', 'tradepit_seconds']

polars gives columns with times parsed; tradepit gives rows of bars, each checked. Both runs of a pair are one after the
other, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import _core, samples, times

__all__ = ["compare"]


def compare(*, bars: int = 1_000_000, runs: int = 5) -> dict[str, Any]:
    """Medians of ``runs`` readings of each, and their ratio: above 1 where tradepit is faster."""
    import polars

    data = samples.synthetic("es_1m", bars=bars)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.csv"
        frame = polars.DataFrame({"ts": times(data.time_ns()), **data.columns()})
        frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%SZ")
        options, instrument = json.dumps({"stamp": "close"}), data.instrument_json

        def own() -> None:
            assert len(_core.BarTable.read(str(path), options).market(instrument, "none")) == bars

        def other() -> None:
            assert len(polars.read_csv(path, try_parse_dates=True)) == bars

        pairs = [(_seconds(own), _seconds(other)) for _ in range(runs + 1)][1:]
        size = path.stat().st_size
    ours, theirs = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    ratio = statistics.median(theirs / ours for ours, theirs in pairs)
    return {"bars": bars, "bytes": size, "tradepit_seconds": ours, "polars_seconds": theirs, "ratio": ratio}


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
