"""The command ``tradepit``: demo, train, evaluate, paper, data, synth, bench.

>>> main(["data", "eurusd_1h"])  # doctest: +ELLIPSIS
data        eurusd_1h
instrument  EURUSD, tick 1e-05, multiplier 1.0
rows        6,225 of 3600 s, all complete and in order
...
0
"""

from .app import main

__all__ = ["main"]
