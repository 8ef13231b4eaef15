"""The same environment over a live venue: on paper, and as the replay of a journal.

>>> import tradepit
>>> from tradepit.live import PaperEnv
>>> paper = PaperEnv("es_1m", start=300, window=4, episode={"length": "data"})
>>> obs, info = paper.reset()
>>> obs, reward, terminated, truncated, info = paper.step([1.0])
>>> info["position"]
1.0
>>> paper.close()
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import _core
from .data import Data, Stamp, market_data
from .env import RewardFunction, TradingEnv, check_render_mode, split_reward
from .errors import StateError, VenueError
from .spaces import make_space

__all__ = ["PaperEnv", "ReplayEnv"]

#: Seconds that the process of a feed has to come up and to go.
PATIENCE = 60.0


class PaperEnv(TradingEnv):
    """Trades on paper: the step, the account and the reward of :class:`tradepit.TradingEnv`, over a live venue.

    A broker that executes by the simulator's own models serves the rows of ``data``, each when the decision of the row
    before has been made; orders go to a journal before they leave. Over the same rows, with the same seed, it gives the
    same bits as the simulator.

    Args:
        data: The rows to serve, see :func:`tradepit.market_data`; those up to ``start`` are the history.
        start: The row of the first decision.
        seed: Of the models' random stream, as the seed of a simulator's first episode.
        journal: A file. A new one records the session; one that holds a session of this spec resumes it: the first steps
            are then checked against what it holds, and the session goes on from where it ended.
        feed: ``"memory"``, or ``"process"``: another process serves the rows over a socket of this machine.
        batch, delay: With ``feed="process"``: rows that go out together, and seconds between them.
        speed: Holds each row back until its time has come, that many times faster than it was. Without it, rows come as
            fast as decisions are made.
        reward: As for :class:`tradepit.TradingEnv`.
        render_mode: As for :class:`tradepit.TradingEnv`.
        **spec: The fields of :class:`tradepit.EnvSpec`; where an episode starts is said by ``start``, and observations are
            windows, whatever ``market`` and ``observe`` say.
    """

    def __init__(
        self,
        data: Data,
        *,
        start: int,
        seed: int = 0,
        journal: str | os.PathLike[str] | None = None,
        feed: Literal["memory", "process"] = "memory",
        batch: int = 1,
        delay: float = 0.0,
        speed: float | None = None,
        instrument: str | Mapping[str, Any] | None = None,
        calendar: str | None = None,
        stamp: Stamp | None = None,
        period: float | None = None,
        columns: Iterable[str] = (),
        symbol: str | None = None,
        reward: str | Mapping[str, Any] | RewardFunction | None = None,
        render_mode: str | None = None,
        **spec: Any,
    ) -> None:
        market = market_data(
            data, instrument=instrument, calendar=calendar, stamp=stamp, period=period, columns=columns, symbol=symbol
        )
        check_render_mode(render_mode, self.metadata["render_modes"])
        spec_json, function = split_reward(spec, reward)
        self._server: BaseProcess | None = None
        address = self._serve(market, start, batch, delay) if feed == "process" else None
        path = None if journal is None else os.fspath(journal)
        try:
            self.core = _core.PaperEnv(market, spec_json, start, seed, path, address, speed, function)  # type: ignore[assignment]
        except BaseException:
            self._end_server()
            raise
        _adopt(self, render_mode)

    def _serve(self, market: _core.MarketData, start: int, batch: int, delay: float) -> str:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._server = context.Process(target=_feed, args=(theirs, market, start, batch, delay), daemon=True)
        self._server.start()
        theirs.close()
        if not ours.poll(PATIENCE):
            self._end_server()
            raise VenueError(f"feed: its process did not come up within {PATIENCE:.0f} seconds")
        try:
            return str(ours.recv())
        except EOFError:
            self._end_server()
            raise VenueError("feed: its process ended before it served; see its error above") from None

    def _end_server(self) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.join(PATIENCE)
            self._server = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Opens the account at the present row. The seed of the models was given when the session was made."""
        return self.core.reset()

    @property
    def note(self) -> str:
        """Why the venue stopped, if it did."""
        return self.core.note  # type: ignore[attr-defined, no-any-return]

    @property
    def is_resuming(self) -> bool:
        """Whether steps are still those that the journal held when it was opened."""
        return self.core.is_resuming  # type: ignore[attr-defined, no-any-return]

    def stop(self) -> None:
        """Ends a step that waits, from another thread: its episode is truncated."""
        self.core.stop()  # type: ignore[attr-defined]

    def close(self) -> None:
        """Disconnects; the journal is complete then."""
        if hasattr(self, "core"):
            self.core.close()  # type: ignore[attr-defined]
        self._end_server()

    def __reduce__(self) -> Any:
        raise StateError("a session with a broker can't be copied; make another one over its journal")

    def __deepcopy__(self, memo: dict[int, Any]) -> PaperEnv:
        raise StateError("a session with a broker can't be copied; make another one over its journal")


class ReplayEnv(TradingEnv):
    """Replays a journal: the recorded rows, fills and account, for the recorded orders.

    An order that is not the recorded one raises :class:`tradepit.errors.DivergedError`.

    Args:
        journal: The file of a session.
        reward: As for :class:`tradepit.TradingEnv`; the session's own by default.
        render_mode: As for :class:`tradepit.TradingEnv`.
        **spec: Fields that replace those which the journal holds.
    """

    def __init__(
        self,
        journal: str | os.PathLike[str],
        *,
        reward: str | Mapping[str, Any] | RewardFunction | None = None,
        render_mode: str | None = None,
        **spec: Any,
    ) -> None:
        check_render_mode(render_mode, self.metadata["render_modes"])
        path, function = os.fspath(journal), reward if callable(reward) else None
        core = _core.ReplayEnv(path, None, function)
        if spec or (reward is not None and function is None):
            changed, _ = split_reward({**json.loads(core.spec_json), **spec}, reward)
            core = _core.ReplayEnv(path, changed, function)
        self.core = core  # type: ignore[assignment]
        _adopt(self, render_mode)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Opens the recorded account."""
        return self.core.reset()


def _adopt(env: TradingEnv, render_mode: str | None) -> None:
    env.observation_space = make_space(env.core.observation_space)
    env.action_space = make_space(env.core.action_space)
    env.render_mode = render_mode


def _feed(pipe: Connection, market: _core.MarketData, start: int, batch: int, delay: float) -> None:
    server = _core.FeedServer(market, start, 0, batch, delay)
    pipe.send(server.address)
    pipe.close()
    server.serve_one()
