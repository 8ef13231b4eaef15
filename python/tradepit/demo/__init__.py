"""The demonstration: an edge that is known, then a real market, then paper; ``tradepit demo`` prints it.

>>> from tradepit.demo import Sizes, learn_planted
>>> planted = learn_planted("native", Sizes.small(), seed=0)
>>> planted.share > 0.9
True
"""

from .market import COSTS, MARKET, SAMPLE, Market, bars, evaluate_market, learn_market
from .planted import EXPLAINED, PLANTED, Planted, learn_planted
from .sizes import Sizes

__all__ = [
    "COSTS",
    "EXPLAINED",
    "MARKET",
    "PLANTED",
    "SAMPLE",
    "Market",
    "Planted",
    "Sizes",
    "bars",
    "evaluate_market",
    "learn_market",
    "learn_planted",
]
