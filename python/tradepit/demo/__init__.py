"""The demonstration: an edge that is known, then a real market, then paper; ``tradepit demo`` prints it.

>>> from tradepit.demo import Sizes, learn_planted
>>> planted = learn_planted("native", Sizes.small(), seed=0)
>>> planted.share > 0.9
True
"""

from .market import COSTS, MARKET, SAMPLE, Market, evaluate_market, learn_market
from .planted import EDGE_TICKS, PLANTED, TOTAL_TICKS, Planted, learn_planted
from .sizes import Sizes

__all__ = [
    "COSTS",
    "EDGE_TICKS",
    "MARKET",
    "PLANTED",
    "SAMPLE",
    "TOTAL_TICKS",
    "Market",
    "Planted",
    "Sizes",
    "evaluate_market",
    "learn_market",
    "learn_planted",
]
