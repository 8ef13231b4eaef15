"""What the tests share: short data, short episodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tradepit

#: Episodes of 7 steps anywhere in the data, with costs, and a narrow observation.
SPEC: dict[str, Any] = {
    "window": 2,
    "reward": {"kind": "profit", "scale": 100.0},
    "commission": {"kind": "per_contract", "fee": 2.1},
    "slippage": {"kind": "fixed_ticks", "ticks": 0.5},
    "episode": {"start": "random", "length": {"kind": "steps", "steps": 7}},
}


@pytest.fixture(scope="session")
def data() -> tradepit.MarketData:
    return tradepit.samples.synthetic(bars=2_000, seed=0)


@pytest.fixture
def spec() -> dict[str, Any]:
    return dict(SPEC)


def targets(space, n: int, steps: int, seed: int = 0) -> np.ndarray:
    """Actions of `steps` steps for `n` environments."""
    rng = np.random.default_rng(seed)
    if hasattr(space, "n"):
        return rng.integers(0, space.n, size=(steps, n))
    return rng.uniform(-1, 1, size=(steps, n, *space.shape)).astype(np.float32)


@pytest.fixture
def one_thread():
    """Two threads of torch on two busy cores are slower than one."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
