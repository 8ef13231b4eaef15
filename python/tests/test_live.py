"""Paper trading and replays give what the simulator gives, to the bit, also after a kill."""

import multiprocessing
import os
import signal
import sys

import numpy as np
import pytest

import tradepit
from tradepit.errors import DivergedError, SpecError, StateError, TooLittleDataError, VenueError
from tradepit.live import PaperEnv, ReplayEnv

START = 300
SPEC = {
    "window": 8,
    "slippage": {"kind": "volume_share"},
    "commission": {"kind": "per_contract", "fee": 2.1},
    "action": {"kind": "target_position", "max_lots": 3},
    "episode": {"length": "data"},
}


def run(env, steps=None, seed=None):
    """Observations, rewards and flags of seeded random actions, and the records of the episode."""
    rng = np.random.default_rng(5)
    obs, info = env.reset(seed=seed)
    rows = [(obs.tobytes(), 0.0, False, info)]
    while steps is None or len(rows) <= steps:
        obs, reward, terminated, truncated, info = env.step(rng.uniform(-1, 1, 1).astype(np.float32))
        rows.append((obs.tobytes(), reward, terminated or truncated, info))
        if terminated or truncated:
            break
    kept = [env.core.fills(), env.core.equity_curve(), env.core.trades()]
    return rows, [{name: column.tobytes() for name, column in frame.items()} for frame in kept], env.performance()


def simulated(data="es_1m", steps=None):
    spec = {**SPEC, "episode": {"start": {"kind": "at", "row": START}, "length": "data"}}
    return run(tradepit.TradingEnv(data, **spec), steps, seed=0)


@pytest.mark.parametrize("feed", ["memory", "process"])
def test_paper_and_replay_equal_the_simulator(tmp_path, feed):
    journal = tmp_path / "session.sqlite"
    expected = simulated()
    assert expected[2]["fills"] > 500
    paper = PaperEnv("es_1m", start=START, journal=journal, feed=feed, batch=7, delay=0.001, **SPEC)
    assert run(paper) == expected
    paper.close()
    assert oct(os.stat(journal).st_mode & 0o777) == "0o600"
    assert run(ReplayEnv(journal)) == expected


def test_another_decision_than_the_recorded_one_is_refused(tmp_path):
    journal = tmp_path / "session.sqlite"
    paper = PaperEnv("es_1m", start=START, journal=journal, **SPEC)
    paper.reset()
    paper.step([1.0])
    paper.close()
    replay = ReplayEnv(journal)
    replay.reset()
    with pytest.raises(DivergedError, match="diverged at"):
        replay.step([-1.0])


def trade_and_wait(journal, ready):
    """In a process of its own: trades half of the session, tells, and goes on until it is killed."""
    env = PaperEnv("es_1m", start=START, journal=journal, **SPEC)
    run(env, steps=700)
    ready.set()
    signal.pause()


@pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL")
def test_a_session_that_was_killed_goes_on_where_it_was(tmp_path):
    journal = str(tmp_path / "session.sqlite")
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=trade_and_wait, args=(journal, ready))
    process.start()
    assert ready.wait(120)
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    resumed = PaperEnv("es_1m", start=START, journal=journal, **SPEC)
    assert run(resumed) == simulated()
    resumed.close()
    assert run(ReplayEnv(journal)) == simulated()


def test_a_journal_belongs_to_one_spec(tmp_path):
    journal = tmp_path / "session.sqlite"
    PaperEnv("es_1m", start=START, journal=journal, **SPEC).close()
    with pytest.raises(StateError, match="holds a session of another spec"):
        PaperEnv("es_1m", start=START, journal=journal, **{**SPEC, "commission": "none"})


def test_errors_say_what_to_do(tmp_path):
    with pytest.raises(TooLittleDataError, match="start at row 9999 of 2264 rows"):
        PaperEnv("es_1m", start=9999, **SPEC)
    with pytest.raises(TooLittleDataError, match=r"history of 10 rows|10 rows of history"):
        PaperEnv("es_1m", start=9, **SPEC).reset()
    with pytest.raises(SpecError, match="speed: -1 must be a finite number above 0"):
        PaperEnv("es_1m", start=START, speed=-1, **SPEC)
    env = PaperEnv("es_1m", start=START, **SPEC)
    env.close()
    with pytest.raises(StateError, match="the session is closed"):
        env.reset()
    with pytest.raises((VenueError, tradepit.TradepitError), match="no_such"):
        ReplayEnv(tmp_path / "no_such.sqlite")


def test_a_step_that_waits_can_be_stopped_from_another_thread():
    import threading

    env = PaperEnv("es_1m", start=START, speed=0.001, **SPEC)
    env.reset()
    timer = threading.Timer(0.2, env.stop)
    timer.start()
    *_, truncated, _ = env.step([1.0])
    timer.join()
    assert truncated
    env.close()
