"""How training goes, as one line."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .console import Console


class TrainingBar:
    """Shows what training says of itself; give it as ``on_progress``."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.perf_counter()
        self._reward = ""

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return time.perf_counter() - self._began

    def __call__(self, progress: Mapping[str, Any]) -> None:
        """Draws it."""
        steps, total, mean = progress["steps"], progress["total_steps"], progress.get("ep_rew_mean")
        # Not every iteration sees an episode end.
        self._reward = self._reward if mean is None else f"  reward an episode {mean:+.3g}"
        speed = steps / max(self.seconds, 1e-9)
        self._console.progress(steps, total, f"{steps:,} of {total:,} steps  {speed:,.0f}/s{self._reward}")
