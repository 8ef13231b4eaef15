"""tradepit by every road that its own ``tradepit bench`` measures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from measure import Peer, Row, Run, main

PEER = Peer(
    name="tradepit",
    venv=None,
    package="tradepit",
    envs=(1, 8, 64, 512, 4_096),
    bars=0,
    note="targets filled at the next open; volume-share slippage, a fee per contract, whole lots, margin, sessions; 16 features "
    "and 5 numbers of the account; random starts in 350,000 bars, episodes of 1,000 steps",
)


def rows(run: Run) -> Iterator[Row]:
    """Rust alone, ``gymnasium.make``, ``gymnasium.make_vec`` with and without copies, and the ``VecEnv``."""
    from tradepit import bench

    class Costed(bench.Setup):
        def spec(self) -> dict[str, Any]:
            costs = {"slippage": {"kind": "volume_share"}, "commission": {"kind": "per_contract", "fee": 2.1}}
            return {**super().spec(), **costs}

    for envs in run.envs:
        setup = Costed(envs, window=1, seconds=run.seconds)
        found = [bench.rust_road(setup, runs=run.runs)]
        if envs == 1:
            found.append(bench.single_road(setup, runs=run.runs))
        else:
            found += [bench.batch_road(setup, runs=run.runs, copy=copy) for copy in (True, False)]
            if bench.has_sb3():
                found.append(bench.sb3_road(setup, runs=run.runs))
        yield from found


if __name__ == "__main__":
    main(PEER, rows)
