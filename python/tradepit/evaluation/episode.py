"""One episode of a policy, with everything that a report or a comparison asks for."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ..data import MarketData
from .policies import Policy

ENV_ID = "tradepit/SingleAsset-v0"
_INFO = ("time", "equity", "position", "price", "fees", "slippage", "drawdown", "fills")


@dataclass(frozen=True)
class Episode:
    """What a policy did from the first observation to the end of an episode of n steps."""

    policy: str
    #: The account after the reset and after each step, shape (n + 1,): ``time`` (nanoseconds UTC), ``equity``,
    #: ``position``, ``price``, ``drawdown``; of each step: ``fees``, ``slippage``, ``fills``, ``reward``; and
    #: ``observation``, a checksum of what was observed.
    columns: dict[str, NDArray[Any]]
    #: Shape (n, ...).
    actions: NDArray[Any]
    #: Every fill by column: ``time``, ``order``, ``qty``, ``price``, ``reference``, ``fee``.
    fills: dict[str, NDArray[Any]]
    #: Round trips by column, the open one last.
    trades: dict[str, NDArray[Any]]
    #: The fields of the Rust struct ``Performance``.
    performance: dict[str, Any]
    #: Wall-clock time that it took.
    seconds: float
    #: Numbers of the models that the environment can draw, as they were in this episode, by path.
    randomised: dict[str, float] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Decisions made."""
        return len(self.actions)

    @property
    def profit(self) -> float:
        """Change of equity, in account currency."""
        equity = self.columns["equity"]
        return float(equity[-1] - equity[0])

    def row(self) -> dict[str, Any]:
        """A row for :func:`tradepit.report.table` and :func:`tradepit.report.verdict`."""
        return {"policy": self.policy, "steps": self.steps, **self.performance}

    def as_run(self) -> dict[str, Any]:
        """A run for :func:`tradepit.report.write_evaluation`."""
        paid = {name: np.cumsum(self.columns[name]) for name in ("fees", "slippage")}
        shown = {name: self.columns[name] for name in ("time", "equity", "position")}
        run = {**self.row(), **shown, **paid, "trades": self._closed(), "performance": self.performance}
        return {**run, "randomised": self.randomised}

    def _closed(self) -> list[dict[str, Any]]:
        columns = self.trades
        closed = []
        for i in np.flatnonzero(~np.asarray(columns["open"], dtype=bool)):
            trade = {name: columns[name][i].item() for name in columns if name != "open"}
            net, fees = trade.pop("pnl"), trade["fees"]
            side = "long" if trade["qty"] > 0 else "short"
            closed.append({**trade, "side": side, "qty": abs(trade["qty"]), "gross": net + fees, "net": net})
        return closed


def held_out(spec: Mapping[str, Any], start: int) -> dict[str, Any]:
    """The same environment, for one episode from a row to the end of the data, in which nothing is drawn.

    >>> held_out({"window": 8}, 100)
    {'window': 8, 'episode': {'start': {'kind': 'at', 'row': 100}, 'length': {'kind': 'data'}}}
    >>> held_out({"randomise": {"ranges": {"slippage.ticks": [0, 2]}}}, 100)["randomise"]["draw"]
    False
    """
    if spec.get("observe"):
        # What a policy that was trained by index reads as well, and what is shown on paper.
        spec = {**spec, "observe": "window"}
    if spec.get("randomise"):
        spec = {**spec, "randomise": {**spec["randomise"], "draw": False}}
    episode = {**(spec.get("episode") or {}), "start": {"kind": "at", "row": int(start)}, "length": {"kind": "data"}}
    return {**spec, "episode": episode}


def run(
    policy: Policy,
    data: MarketData,
    spec: Mapping[str, Any] | None = None,
    *,
    start: int,
    name: str | None = None,
    seed: int = 0,
    on_step: Callable[[int], None] | None = None,
) -> Episode:
    """Follows a policy, deterministically, from the close of row ``start`` to the end of the data, in the simulator.

    Give the whole data, not the rows from ``start`` on: features look back only, so the rows before warm them up. A
    policy that was trained on ``data[:start + 1]`` has seen nothing of what it trades here.
    """
    env = gymnasium.make(ENV_ID, data=data, **held_out(spec or {}, start))
    try:
        return run_in(env, policy, name=name, seed=seed, on_step=on_step)
    finally:
        env.close()


def run_in(
    env: gymnasium.Env[Any, Any],
    policy: Policy,
    *,
    name: str | None = None,
    seed: int = 0,
    on_step: Callable[[int], None] | None = None,
) -> Episode:
    """Follows a policy, deterministically, for one episode of an environment: simulated, on paper, or replayed.

    ``on_step`` is told how many steps are done.
    """
    began = time.perf_counter()
    observation, info = env.reset(seed=seed)
    rows, randomised = [_moment(observation, 0.0, info)], dict(info.get("randomised", {}))
    actions, ended = [], False
    while not ended:
        action, _ = policy.predict(observation, deterministic=True)
        observation, reward, terminated, truncated, info = env.step(action)
        actions.append(np.array(action))
        rows.append(_moment(observation, float(reward), info))
        ended = terminated or truncated
        if on_step is not None:
            on_step(len(actions))
    own: Any = env.unwrapped
    names = (*_INFO, "reward", "observation")
    columns = {name: np.array([row[i] for row in rows]) for i, name in enumerate(names)}
    return Episode(
        policy=name or str(getattr(policy, "name", type(policy).__name__)),
        columns=columns,
        actions=np.stack(actions),
        fills=_columns(own.fills()),
        trades=_columns(own.trades()),
        performance=dict(own.performance()),
        seconds=time.perf_counter() - began,
        randomised=randomised,
    )


def _moment(observation: NDArray[np.float32], reward: float, info: Mapping[str, Any]) -> tuple[Any, ...]:
    seen = zlib.crc32(np.ascontiguousarray(observation).tobytes())
    return (*(info[name] for name in _INFO), reward, seen)


def _columns(frame: Any) -> dict[str, NDArray[Any]]:
    return {str(name): np.asarray(frame[name]) for name in frame}
