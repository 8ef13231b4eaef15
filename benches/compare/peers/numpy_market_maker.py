"""A batch of market makers in NumPy, ours, in the manner of mbt_gym, which is not on PyPI.

The model is that of Avellaneda and Stoikov (2008), as mbt_gym's default: an arithmetic Brownian mid price, orders of others
that arrive as a Poisson process, each filled with a probability that falls exponentially with the depth of the quote. What
is observed is cash, inventory, time and mid. All trajectories step at once, as array arithmetic, and end together.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from measure import ROUNDS, Peer, Row, Run, main, row
from numpy.typing import NDArray
from venvs import Venv

STEPS, SECONDS = 200, 1.0
VOLATILITY, ARRIVALS, DECAY, MOST = 2.0, 140.0, 1.5, 10_000.0
PEER = Peer(
    name="NumPy market maker (ours, mbt_gym's manner)",
    venv=Venv("numpy", ("numpy==2.4.6",)),
    package="numpy",
    envs=(1, 64, 512, 4_096),
    bars=0,
    note="a drawn mid and drawn arrivals instead of a market; no bars, features, fees, lots or margin; 4 numbers observed; all "
    "trajectories end together",
)


class MarketMakers:
    """So many trajectories, each with a quote on either side."""

    def __init__(self, envs: int) -> None:
        self.rng = np.random.default_rng(0)
        self.state = np.empty((envs, 4), np.float64)
        self.fills = 0
        self.reset()

    def reset(self) -> NDArray[np.float64]:
        """All from the start."""
        self.left = STEPS
        self.state[:] = (0.0, 0.0, 0.0, 100.0)
        return self.state.copy()

    def step(self, depths: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
        """Quotes at ``depths`` from the mid, to sell and to buy; the change of worth is the reward."""
        dt = SECONDS / STEPS
        cash, inventory, _, mid = self.state.T
        before = cash + inventory * mid
        draws = self.rng.random((2, *depths.shape))
        arrived = draws[0] < ARRIVALS * dt
        fills = arrived & (draws[1] < np.exp(-DECAY * depths))
        # A position at its limit is not made larger.
        fills[:, 0] &= inventory > -MOST
        fills[:, 1] &= inventory < MOST
        sold, bought = fills[:, 0], fills[:, 1]
        cash += sold * (mid + depths[:, 0]) - bought * (mid - depths[:, 1])
        inventory += bought.astype(np.float64) - sold
        mid += VOLATILITY * np.sqrt(dt) * self.rng.standard_normal(len(mid))
        self.state[:, 2] += dt
        self.last = fills
        self.left -= 1
        reward = cash + inventory * mid - before
        return (self.reset() if self.left == 0 else self.state.copy()), reward, self.left == STEPS


def rows(run: Run) -> Iterator[Row]:
    """Batches of several sizes."""
    depths = np.random.default_rng(0).uniform(0.0, 1.6, (min(ROUNDS, 64), max(run.envs), 2))
    for envs in run.envs:
        makers, quotes = MarketMakers(envs), np.ascontiguousarray(depths[:, :envs])

        def step(i: int, makers: MarketMakers = makers, quotes: NDArray[np.float64] = quotes) -> None:
            makers.step(quotes[i % len(quotes)])

        def filled(i: int, makers: MarketMakers = makers, quotes: NDArray[np.float64] = quotes) -> int:
            makers.step(quotes[i % len(quotes)])
            return int(makers.last.sum())

        yield row(run, "NumPy batch", envs, step, observation=4, fills=filled)


if __name__ == "__main__":
    main(PEER, rows)
