"""The environment that is shared by all peers that need torch, which is several gigabytes."""

from __future__ import annotations

from venvs import Venv

#: FinRL without its own requirements, of which its stock environment uses none but these.
TORCH = Venv(
    "torch",
    ("torchtrade==0.1.0", "stable-baselines3==2.9.2", "gymnasium==1.4.0", "pandas", "matplotlib"),
    alone=("finrl==0.3.7",),
)
