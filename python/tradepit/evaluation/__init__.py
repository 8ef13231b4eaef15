"""A policy over held-out bars, beside policies that anybody could have followed.

>>> import tradepit
>>> data = tradepit.samples.load("es_1m")
>>> flat, hold, random = [run(policy, data, start=1584) for policy in baselines({})]
>>> flat.performance["total_return"], hold.performance["fills"], hold.steps
(0.0, 1, 679)
"""

from .compare import Difference, compare
from .episode import ENV_ID, Episode, held_out, run, run_in
from .on_paper import OnPaper, trade_on_paper
from .page import write_report
from .policies import Flat, Hold, Policy, Random, baselines

__all__ = [
    "ENV_ID",
    "Difference",
    "Episode",
    "Flat",
    "Hold",
    "OnPaper",
    "Policy",
    "Random",
    "baselines",
    "compare",
    "held_out",
    "run",
    "run_in",
    "trade_on_paper",
    "write_report",
]
