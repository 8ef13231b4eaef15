"""How much the demonstration trains."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Steps of training, and bars of the planted market."""

    planted_bars: int
    planted_steps: int
    market_steps: int

    @classmethod
    def of(cls, agent: str) -> Sizes:
        """What fits into a minute on two cores."""
        return cls(20_000, 300_000, 1_000_000) if agent == "native" else cls(20_000, 150_000, 300_000)

    @classmethod
    def small(cls) -> Sizes:
        """Enough to see that everything runs."""
        return cls(10_000, 100_000, 100_000)
