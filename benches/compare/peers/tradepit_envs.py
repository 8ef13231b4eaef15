"""tradepit by every road that its own ``tradepit bench`` measures."""

from __future__ import annotations

from collections.abc import Iterator

from measure import Peer, Row, Run, main

PEER = Peer(
    name="tradepit",
    venv=None,
    packages=("tradepit",),
    envs=(1, 8, 64, 512, 4_096),
    bars=0,
    note="targets of up to 10 lots filled at the next open; volume-share slippage, a fee per contract, whole lots, sessions; "
    "16 features and 5 numbers of the account; random starts in 350,000 bars, episodes of 1,000 steps",
)


def rows(run: Run) -> Iterator[Row]:
    """Rust alone, ``gymnasium.make``, ``gymnasium.make_vec`` with and without copies, and the ``VecEnv``."""
    from tradepit import bench

    for envs in run.envs:
        setup = bench.Setup(envs, seconds=run.seconds)
        roads = [bench.rust_road(setup)]
        if envs == 1:
            roads.append(bench.single_road(setup))
        else:
            roads += [bench.batch_road(setup, copy=copy) for copy in (True, False)]
            if bench.has_sb3():
                roads.append(bench.sb3_road(setup))
        yield from bench.measure(roads, runs=run.runs)


if __name__ == "__main__":
    main(PEER, rows)
