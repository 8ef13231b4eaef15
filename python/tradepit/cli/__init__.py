"""The command ``tradepit``: demo, train, evaluate, paper, data, bench.

>>> main(["data", "nowhere.csv"])  # doctest: +SKIP
error: nowhere.csv: no such file, and no sample; the samples are es_1m, stocks_1d, eurusd_1h
1
"""

from .app import main

__all__ = ["main"]
