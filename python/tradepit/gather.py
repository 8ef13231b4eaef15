"""Windows out of observations by index, on the device of a network.

>>> import torch, tradepit
>>> envs = [tradepit.TradingVectorEnv(4, "es_1m", observe=kind) for kind in ("index", "window")]
>>> short, long = (torch.as_tensor(env.reset(seed=0)[0]) for env in envs)
>>> short.shape, long.shape
(torch.Size([4, 7]), torch.Size([4, 517]))
>>> gather = WindowGather(window=32)
>>> torch.equal(gather(short), long)
True
"""

from __future__ import annotations

import warnings
from typing import Any

try:
    import torch
    from torch import nn
except ImportError as error:  # pragma: no cover
    raise ImportError("tradepit.gather needs PyTorch: pip install torch") from error

from . import _core
from .errors import StateError

__all__ = ["WindowGather"]

#: Tables that a module keeps: those of training and of an evaluation or two.
KEPT = 4


class WindowGather(nn.Module):
    """From observations by index, ``(..., 2 + numbers)``, to those by window, ``(..., window * features + numbers)``.

    They have the same bits. An observation names the table that its row is of. The first one of a table fetches it from the
    environments of this process, to where the observation is: on the CPU as a view of their memory, elsewhere as a copy,
    which is kept. So observations of other data, as in an evaluation, are gathered from their own table. The tables are no
    part of the state that is saved or copied.

    Args:
        window: Rows of a window, as in the environments' spec.

    Raises:
        tradepit.errors.StateError: If no living environment has that table, as when observations were scaled on the way
            (``VecNormalize`` with ``norm_obs``), or a batch mixes tables.
    """

    def __init__(self, window: int) -> None:
        super().__init__()
        self.window = window
        self._tables: dict[float, torch.Tensor] = {}

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """The windows, and behind them the other numbers as they are."""
        flat = obs.reshape(-1, obs.shape[-1])
        if not len(flat):
            raise StateError("observations: there are none to gather")
        index = flat[:, :2]
        # One wait for the device.
        bounds = torch.stack([index.amin(0), index.amax(0)]).tolist()
        (number, first), (other, last) = bounds
        windows = self._windows(number if number == other else float("nan"), flat.device)
        first -= self.window - 1
        if not (first >= 0 and last < len(windows) + self.window - 1):
            raise StateError(
                f"observations: rows {bounds[0][1]} to {last} are not in the table; gather them as they are"
            )
        shown = windows.index_select(0, flat[:, 1].long() - (self.window - 1))
        return torch.cat([shown, flat[:, 2:]], dim=1).reshape(*obs.shape[:-1], -1)

    def _windows(self, number: float, device: torch.device) -> torch.Tensor:
        """Every window of a table, each a row; they overlap in memory."""
        table = self._tables.get(number)
        if table is None or table.device != device:
            table = _fetch(number).to(device)
            self._tables.pop(number, None)
            while len(self._tables) >= KEPT:
                del self._tables[next(iter(self._tables))]
            self._tables[number] = table
        rows, width = table.shape
        return table.as_strided((max(rows - self.window + 1, 0), self.window * width), (width, 1))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_tables": {}}


def _fetch(number: float) -> torch.Tensor:
    table = _core.feature_table(int(number)) if number.is_integer() and 0 <= number < 2**24 else None
    if table is None:
        raise StateError(
            f"observations: no environment of this process has the table {number} that they name; gather those of one table, "
            "as they were written (VecNormalize: norm_obs=False), while their environment lives"
        )
    with warnings.catch_warnings():
        # It can't be written, and nobody does.
        warnings.filterwarnings("ignore", message=".*not writable.*")
        return torch.from_numpy(table.numbers())
