"""Where a command writes: text for people, or one JSON document for machines; progress for a terminal only."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np


class Fault(Exception):
    """Something that the user can put right; its message is all that is shown."""


class Console:
    """The two outputs of a command.

    >>> console = Console(as_json=True)
    >>> console.say("people read this")
    >>> console.result({"sharpe": float("nan"), "steps": np.int64(3)})
    {"sharpe": null, "steps": 3}
    """

    def __init__(self, *, as_json: bool, stdout: TextIO | None = None, stderr: TextIO | None = None) -> None:
        self.as_json = as_json
        self._out = stdout
        self._err = stderr or sys.stderr
        self._live = self._err.isatty()
        self._drawn = 0
        self._next = 0.0

    def say(self, text: str = "") -> None:
        """A line for people; nothing under ``--json``."""
        if not self.as_json:
            self.clear()
            print(text, file=self._out or sys.stdout, flush=True)

    def result(self, document: Mapping[str, Any] | Sequence[Any]) -> None:
        """The document for machines; nothing without ``--json``."""
        if self.as_json:
            self.clear()
            print(json.dumps(plain(document), allow_nan=False), file=self._out or sys.stdout, flush=True)

    def progress(self, done: float, total: float, note: str = "") -> None:
        """A bar on stderr if that is a terminal, drawn anew at most ten times a second."""
        now = time.monotonic()
        if not self._live or (now < self._next and done < total):
            return
        self._next = now + 0.1
        share = min(done / total, 1.0) if total else 1.0
        filled = round(30 * share)
        line = f"      [{'#' * filled}{'.' * (30 - filled)}] {share:4.0%}  {note}"[:118]
        self._err.write("\r" + line.ljust(self._drawn))
        self._err.flush()
        self._drawn = len(line)

    def clear(self) -> None:
        """Takes the bar away."""
        if self._drawn:
            self._err.write("\r" + " " * self._drawn + "\r")
            self._err.flush()
            self._drawn = 0


def plain(value: Any) -> Any:
    """Numbers, text, lists and mappings, as JSON knows them; what is not finite becomes ``None``.

    >>> plain({"at": np.datetime64("2024-03-01T14:30", "ns"), "x": np.array([1.0, np.inf])})
    {'at': '2024-03-01T14:30:00Z', 'x': [1.0, None]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value[()]) if value.ndim == 0 else [plain(item) for item in value]
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else f"{np.datetime_as_string(value, unit='s')}Z"
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
