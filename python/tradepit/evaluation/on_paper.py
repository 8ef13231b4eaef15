"""The same policy on paper: through the live venue, with a journal, over a replayed feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ..data import MarketData
from ..live import PaperEnv
from .compare import Difference, compare
from .episode import Episode, held_out, run_in
from .policies import Policy

Feed = Literal["memory", "process"]


class OnPaper(NamedTuple):
    """An episode on paper, and where it first parts from the simulator's, if anywhere."""

    episode: Episode
    difference: Difference | None

    @property
    def identical(self) -> bool:
        """Whether decisions, fills and account are the simulator's, to the last bit."""
        return self.difference is None


def trade_on_paper(
    policy: Policy,
    data: MarketData,
    spec: Mapping[str, Any],
    simulated: Episode,
    *,
    start: int,
    journal: str | Path | None = None,
    feed: Feed = "process",
    seed: int = 0,
    on_step: Callable[[int], None] | None = None,
) -> OnPaper:
    """Lets a policy trade on paper what it traded in the simulator, and compares the two."""
    fields = held_out(spec, start)
    env = PaperEnv(data, start=start, seed=seed, journal=journal, feed=feed, **fields)
    try:
        episode = run_in(env, policy, name=simulated.policy, seed=seed, on_step=on_step)
    finally:
        env.close()
    return OnPaper(episode, compare(simulated, episode))
