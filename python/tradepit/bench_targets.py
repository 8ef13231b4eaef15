"""What the throughput of ``tradepit/Bench-v0`` must reach, and what it does.

>>> found = compare(seconds=0.002, runs=1)
>>> [claim["what"] for claim in found["claims"]][0], found["state_bytes"] <= 512
('Rust, 4,096 envs', True)

All roads take turns. Ratios are of speeds in the same turn, and the median of those counts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import gymnasium

from . import _core, bench
from .bench import ENV_ID, ROUNDS, Road, Setup

Claim = dict[str, Any]

MANY, WINDOW = 4_096, 32


def compare(*, seconds: float = 0.2, runs: int = 15, on_turn: Callable[[int], None] | None = None) -> dict[str, Any]:
    """``claims``: what is asked for, what was found, whether it is ``reached``; ``rows``: those of all roads."""
    roads = _roads(seconds)
    rows = dict(zip(roads, bench.measure(list(roads.values()), runs=runs, on_turn=on_turn), strict=True))
    speed = {name: row["runs"] for name, row in rows.items()}
    state_bytes, start = _batch(runs)
    claims = [
        _speed("Rust, 4,096 envs", rows["rust"], rows.get("rust 2"), 30e6, aim=50e6),
        _ratio("the same on 2 cores, over 1", speed.get("rust 2"), speed["rust"], 1.8),
        _windows(rows["window"], rows["copies"], rows.get("window 2")),
        _share("make_vec(copy=False), 4,096 envs, of Rust", rows, "lent", 0.8),
        _share("make_vec(copy=True), 4,096 envs, of Rust", rows, "copied", 0.6),
        _speed("make_vec, 8 envs", rows["8"], None, 4e6),
        _speed("make_vec, 64 envs", rows["64"], None, 12e6),
        _speed("SB3 VecEnv, 512 envs", rows.get("sb3"), rows.get("sb3 2"), 5e6),
        _single(rows["make"]),
        _reward(speed["reward"], speed["lent"]),
        _claim("state of an environment", f"{state_bytes:.0f} bytes", "at most 512 bytes", state_bytes <= 512),
        _claim("start: 4,096 envs ready", f"{start:.3f} s", "at most 0.3 s", start <= 0.3),
    ]
    found = {"claims": claims, "rows": list(rows.values()), "state_bytes": state_bytes, "start_seconds": start}
    return {**found, "costs": _costs()}


def reward(facts: Any) -> Any:
    """The built-in reward, as somebody would write it in Python."""
    return (facts["equity"] - facts["equity_before"]) / facts["initial_capital"]


def _roads(seconds: float) -> dict[str, Road]:
    many, windows = Setup(MANY, seconds=seconds), Setup(MANY, WINDOW, seconds=seconds)
    roads = {
        "rust": bench.rust_road(many),
        "window": bench.rust_road(windows),
        "copies": _copies(windows),
        "lent": bench.batch_road(many, copy=False),
        "copied": bench.batch_road(many, copy=True),
        "reward": bench.batch_road(many, copy=False, reward=reward),
        "8": bench.batch_road(Setup(8, seconds=seconds), copy=True),
        "64": bench.batch_road(Setup(64, seconds=seconds), copy=True),
        "make": bench.single_road(Setup(1, seconds=seconds)),
    }
    if bench.has_sb3():
        roads["sb3"] = bench.sb3_road(Setup(512, seconds=seconds))
    if bench.cores() > 1:
        many, windows = Setup(MANY, 1, 2, seconds), Setup(MANY, WINDOW, 2, seconds)
        roads |= {
            "rust 2": bench.rust_road(many),
            "window 2": bench.rust_road(windows),
            "lent 2": bench.batch_road(many, copy=False),
            "copied 2": bench.batch_road(many, copy=True),
        }
        if bench.has_sb3():
            roads["sb3 2"] = bench.sb3_road(Setup(512, 1, 2, seconds))
    return roads


def _copies(setup: Setup) -> Road:
    """What the machine copies: windows as large from places as random, by nothing but a copy."""
    data, _ = setup.environment()
    width = (bench._observation(setup) - bench._observation(Setup(1))) // (setup.window - 1)
    copies = _core.BenchCopies(len(data), width, setup.window, setup.envs)
    return Road("copies", setup, width * setup.window, lambda rounds: copies.run(rounds * ROUNDS), lambda: (1, 0))


def _batch(runs: int) -> tuple[float, float]:
    """Bytes of state an environment, and the seconds from a feature table to a batch that has been reset."""
    seconds, state_bytes = [], 0
    for _ in range(runs):
        began = time.perf_counter()
        envs = gymnasium.make_vec(ENV_ID, num_envs=MANY, threads=1)
        envs.reset(seed=0)
        seconds.append(time.perf_counter() - began)
        state_bytes = envs.core.state_bytes  # type: ignore[attr-defined]
        envs.close()
    return state_bytes / MANY, statistics.median(seconds)


def _costs() -> str:
    _, spec = Setup(1).environment()
    return f"slippage {spec['slippage']}, commission {spec['commission']}, fill {spec['fill']}"


def _claim(what: str, found: str, target: str, reached: bool | None, **more: Any) -> Claim:
    return {"what": what, "found": found, "two_cores": None, "target": target, "reached": reached, **more}


def _speed(
    what: str, row: bench.Row | None, second: bench.Row | None, target: float, aim: float | None = None
) -> Claim:
    asked = f"at least {_millions(target)}" + (f", aim at {_millions(aim)}" if aim else "")
    if row is None:
        return _claim(what, "not installed", asked, None)
    reached = row["steps_per_second"] >= target
    return _claim(what, _said(row), asked, reached, two_cores=second and _said(second), fills=row["fills_per_step"])


def _ratio(what: str, above: list[float] | None, below: list[float], target: float) -> Claim:
    if above is None:
        return _claim(what, "one core", f"at least {target} times", None)
    times = _times(above, below)
    return _claim(what, f"{times:.2f} times", f"at least {target} times", times >= target)


def _share(what: str, rows: dict[str, bench.Row], road: str, target: float) -> Claim:
    share = _times(rows[road]["runs"], rows["rust"]["runs"])
    second = rows.get(f"{road} 2")
    told = second and f"{_times(second['runs'], rows['rust 2']['runs']):.0%}: {_said(second)}"
    found = f"{share:.0%}: {_said(rows[road])}"
    fills = rows[road]["fills_per_step"]
    return _claim(what, found, f"at least {target:.0%}", share >= target, two_cores=told, fills=fills)


def _windows(row: bench.Row, copies: bench.Row, second: bench.Row | None) -> Claim:
    share = _times(row["runs"], copies["runs"])

    def said(row: bench.Row) -> str:
        return f"{row['steps_per_second'] * copies['observation'] * 4 / 1e9:.1f} GB/s"

    found = f"{share:.0%}: {_said(row)}, {said(row)} of {said(copies)}"
    two = second and f"{_said(second)}, {said(second)}"
    what = "Rust, 4,096 envs, window 32 x 16, of the machine's copies"
    return _claim(what, found, "at least 60%", share >= 0.6, two_cores=two, fills=row["fills_per_step"])


def _single(row: bench.Row) -> Claim:
    micro = 1e6 / row["steps_per_second"]
    fastest = 1e6 / max(row["runs"])
    found = f"{micro:.2f} µs a step (fastest turn {fastest:.2f})"
    return _claim("make, 1 env", found, "at most 1.5 µs, aim at 1", micro <= 1.5, fills=row["fills_per_step"])


def _reward(python: list[float], own: list[float]) -> Claim:
    more = _times(own, python) - 1.0
    return _claim("reward in Python, 4,096 envs, over the built-in", f"{more:+.0%}", "at most +30%", more <= 0.3)


def _times(above: list[float], below: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(above, below, strict=True))


def _said(row: bench.Row) -> str:
    return f"{_millions(row['steps_per_second'])} (fastest turn {_millions(max(row['runs']))})"


def _millions(speed: float | None) -> str:
    return "" if speed is None else f"{speed / 1e6:.3g} M/s"
