"""Columns as a frame: pandas where it is installed, else the columns themselves."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

__all__ = ["frame"]


def frame(columns: dict[str, NDArray[Any]], *time_names: str) -> Any:
    """A ``pandas.DataFrame`` of the columns, or without pandas the dict of arrays; times become ``datetime64[ns]``, UTC.

    >>> import numpy as np
    >>> table = frame({"time": np.array([60_000_000_000]), "equity": np.array([100.0])}, "time")
    >>> np.asarray(table["time"])
    array(['1970-01-01T00:01:00.000000000'], dtype='datetime64[ns]')
    """
    columns = {
        name: values.astype("datetime64[ns]") if name in time_names else values for name, values in columns.items()
    }
    try:
        import pandas
    except ImportError:
        return columns
    return pandas.DataFrame(columns)
