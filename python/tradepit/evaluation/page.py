"""The report of an evaluation as one HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import report
from ..data import MarketData, times
from .episode import Episode

_CURVES = ("ep_rew_mean", "explained_variance", "entropy", "approx_kl")


def write_report(
    path: str | Path,
    title: str,
    episodes: Sequence[Episode],
    data: MarketData,
    spec: Mapping[str, Any],
    *,
    start: int,
    source: str,
    history: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Writes one self-contained HTML file and gives its absolute path.

    Args:
        path: Where to.
        title: Of the page.
        episodes: The agent's, then those of its baselines, all from row ``start`` to the end of ``data``.
        data: What was traded.
        spec: The environment, as it was run.
        start: The row at whose close the first decision fell.
        source: The sample or file that the data is from.
        history: What training said of itself, as :func:`tradepit.training.train` gives it.
    """
    time, close = data.time_ns()[start:], data.columns()["close"][start:]
    first, last = (f"{np.datetime_as_string(at, unit='m').replace('T', ' ')} UTC" for at in times(time[[0, -1]]))
    name, traded = data.instrument_name, len(data) - 1 - start
    return report.write_evaluation(
        path,
        title,
        [episode.as_run() for episode in episodes],
        subtitle=f"{name}, {traded:,} bars from {first} to {last}",
        market={"time": time, "close": close, "name": name},
        training=_training(history),
        spec=spec,
        data={"Source": source, "Instrument": name, "Bars in all": len(data), "Bars traded": traded},
    )


def _training(history: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    curves = {name: [entry.get(name) for entry in history] for name in _CURVES}
    known = {
        name: [float("nan") if value is None else float(value) for value in values]
        for name, values in curves.items()
        if any(value is not None for value in values)
    }
    return {"step": [entry["steps"] for entry in history], "curves": known} if known else None
