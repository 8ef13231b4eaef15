"""What was measured, as a table and as sentences.

A row of ``measure.py`` has numbers; a row of a peer that can't be had has ``peer`` and ``absent``, the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from measure import Row
from tradepit.cli import layout

OURS = "tradepit"
HEADER = ["", "road", "envs", "numbers seen", "env-steps/s", "of a core", "fills a step", "tradepit's rate is"]


def present(rows: Iterable[Row]) -> list[Row]:
    """Rows with a measurement."""
    return [row for row in rows if "absent" not in row]


def rival(row: Row, rows: Iterable[Row]) -> Row | None:
    """tradepit's row that a peer's is held against: as many environments, by the road that gives the caller the same."""
    if row["envs"] == 1:
        road = "make"
    elif row["road"] == "DummyVecEnv":
        road = "SB3 VecEnv"
    else:
        road = "make_vec, copy=True"
    for one in present(rows):
        if one["peer"] == OURS and one["road"] == road and one["envs"] == row["envs"]:
            return one
    return None


def ratio(row: Row, rows: Sequence[Row]) -> float | None:
    """How many times as many steps a second tradepit takes, by the wall's clock."""
    if row["peer"] == OURS:
        return None
    ours = rival(row, rows)
    return None if ours is None else float(ours["steps_per_second"] / row["steps_per_second"])


def table(rows: Sequence[Row], *, markdown: bool) -> str:
    """All rows that were measured."""
    lay = layout.markdown if markdown else layout.aligned
    return lay(HEADER, [_cells(row, rows) for row in present(rows)], words=2)


def sentences(rows: Sequence[Row], notes: dict[str, str], machine: dict[str, Any], date: str, runs: str) -> list[str]:
    """What is and is not comparable, who is absent and why, and where and when this was measured."""
    measured = {row["peer"]: row["version"] for row in present(rows)}
    known = ", ".join(f"{name} {value}" for name, value in machine.items() if value is not None)
    return [
        *(f"{name} {version}: {notes[name]}." for name, version in measured.items()),
        *(f"{row['peer']} is absent: {row['absent']}" for row in rows if "absent" in row),
        "The last column is tradepit's rate over the row's at the same number of environments: of gymnasium.make where there is "
        "one, of SB3's VecEnv beside DummyVecEnv, and of make_vec with copy=True otherwise.",
        f"{date}; {known}. {runs}",
    ]


def _cells(row: Row, rows: Sequence[Row]) -> list[str]:
    fills, times = row["fills_per_step"], ratio(row, rows)
    return [
        row["peer"],
        row["road"],
        f"{row['envs']:,}",
        str(row["observation"]),
        f"{row['steps_per_second']:,.0f}",
        f"{row['steps_per_cpu_second']:,.0f}",
        "none" if fills is None else f"{fills:.2f}",
        "" if times is None else f"{times:,.1f} x" if times < 10 else f"{times:,.0f} x",
    ]
