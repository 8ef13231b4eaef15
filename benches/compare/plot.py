"""Draws what was measured: steps a second over the number of environments, a line a road.

Run by an interpreter that has matplotlib: ``python plot.py ROWS.jsonl OUT.svg``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

OURS = "tradepit"
COLOURS = {"trading": "#c44e52", "engine": "#8c8c8c", "vectoriser": "#4c72b0"}
OUR_COLOUR = "#117733"
DASHES = ("-", "--", ":", "-.")
MARKS = "osD^v<>PX*"


def lines(rows: Sequence[dict[str, Any]]) -> dict[tuple[str, str], list[tuple[int, float]]]:
    """Points by peer and road. A single environment and several under a vectoriser are one line.

    >>> row = {"peer": "a", "steps_per_second": 2.0}
    >>> lines([{**row, "road": "SyncVectorEnv", "envs": 8}, {**row, "road": "one environment", "envs": 1}])
    {('a', 'SyncVectorEnv'): [(1, 2.0), (8, 2.0)]}
    """
    found: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for row in rows:
        if "absent" not in row:
            road = "SyncVectorEnv" if row["road"] == "one environment" else row["road"]
            found.setdefault((row["peer"], road), []).append((row["envs"], row["steps_per_second"]))
    return {key: sorted(points) for key, points in found.items()}


def draw(rows: Sequence[dict[str, Any]], out: Path, title: str) -> None:
    """Writes the plot; the name's end says in which format. The same rows give the same file."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "tradepit", "svg.fonttype": "none", "font.size": 9})
    import matplotlib.pyplot as plt

    kinds = {row["peer"]: row.get("kind") for row in rows}
    figure, axes = plt.subplots(figsize=(10, 6.5), layout="constrained")
    for i, ((peer, road), points) in enumerate(sorted(lines(rows).items(), key=lambda line: -line[1][-1][1])):
        ours = peer == OURS
        axes.plot(
            *zip(*points, strict=True),
            color=OUR_COLOUR if ours else COLOURS[kinds[peer] or "trading"],
            linestyle=DASHES[i % len(DASHES)],
            marker=MARKS[i % len(MARKS)],
            linewidth=2.2 if ours else 1.2,
            markersize=5,
            label=f"{peer}: {road}",
        )
    axes.set(xscale="log", yscale="log", xlabel="environments", ylabel="steps of single environments a second", title=title)
    ticks = sorted({row["envs"] for row in rows if "absent" not in row})
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)
    # No date in the file, so that the same rows give the same bytes.
    figure.savefig(out, metadata={"Date": None} if out.suffix == ".svg" else None)
    plt.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw what environments.py measured.")
    parser.add_argument("rows", type=Path, help="as environments.py --save writes them")
    parser.add_argument("out", type=Path, help="an SVG or a PNG")
    parser.add_argument("--title", default="Steps a second, one thread")
    args = parser.parse_args()
    with args.rows.open(encoding="utf-8") as file:
        draw([json.loads(line) for line in file], args.out, args.title)
