"""Traces of other engines, which `tests/peers/main.rs` compares with ours; this script alone makes them.

Run it from the root of the repository, in an environment of its own (Python 3.11 to 3.13):

    python -m venv .venv/peers
    .venv/peers/bin/pip install zipline-reloaded==3.2.1 backtrader==1.9.78.123
    .venv/peers/bin/python tests/peers/make_traces.py

It writes `zipline.json` and `backtrader.json` beside itself, the same bytes each time. Every case draws bars and orders at
random and gives them to the engine's own classes; what comes back is what they filled. Prices are whole ticks, `per` of
them to a unit; a fill is `[row, order, quantity, price, fee]`. The engines serve as judges only: nothing here is theirs.
"""

import json
import random
from importlib.metadata import version
from pathlib import Path

import backtrader_trace
import zipline_trace

SEED = 20241
PEERS = {"zipline-reloaded": ("3.2.1", zipline_trace), "backtrader": ("1.9.78.123", backtrader_trace)}


def main() -> None:
    for name, (pinned, peer) in PEERS.items():
        if version(name) != pinned:
            raise SystemExit(f"{name} {version(name)} is installed; the traces are those of {pinned}")
        cases = []
        for family, (count, draw) in peer.FAMILIES.items():
            for number in range(count):
                # A stream for each case: another family or count leaves the others as they are.
                rng = random.Random(f"{SEED} {name} {family} {number}")
                cases.append({"id": f"{family}-{number}", "family": family, **draw(rng)})
        head = {"peer": name, "version": pinned, "seed": SEED}
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
        text = f'{json.dumps(head)[:-1]}, "cases": [\n{lines}\n]}}\n'
        path = Path(__file__).with_name(name.split("-")[0] + ".json")
        path.write_text(text, encoding="utf-8")
        print(path, len(cases), "cases,", len(text), "bytes")


if __name__ == "__main__":
    main()
