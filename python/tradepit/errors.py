"""What can go wrong: one class for each kind of error of the core, all under :class:`TradepitError`.

Each is also the built-in exception that fits, so that ``except ValueError`` works as well.

>>> import tradepit
>>> try:
...     tradepit.read_spec({"comission": "none"})
... except ValueError as error:
...     print(type(error).__name__, str(error)[:25])
SpecError comission: unknown field;
"""

from __future__ import annotations

__all__ = [
    "ActionError",
    "DataError",
    "DataWarning",
    "DivergedError",
    "FileError",
    "InternalError",
    "LayoutError",
    "OrderError",
    "RewardError",
    "ShapeError",
    "SpecError",
    "StateError",
    "TooLittleDataError",
    "TradepitError",
    "TrainingError",
    "VenueError",
]


class TradepitError(Exception):
    """Every error of this package."""


class SpecError(TradepitError, ValueError):
    """A field of a specification is unknown, out of its range, or does not fit the rest."""


class DataError(TradepitError, ValueError):
    """A value of the data is unusable; the message names its row and column."""


class DataWarning(UserWarning):
    """Something about data is doubtful: sound data rarely look so."""


class TooLittleDataError(DataError):
    """There is not enough data for the features' warm-up, the window and one step."""


class FileError(TradepitError, OSError):
    """A file could not be read or written."""


class OrderError(TradepitError, ValueError):
    """An order that no venue would take."""


class ActionError(TradepitError, ValueError):
    """An action was refused, by the index of its environment; nothing has moved."""


class ShapeError(TradepitError, ValueError):
    """An array has the wrong shape; nothing has moved."""


class RewardError(TradepitError, ValueError):
    """A reward is not finite or of the wrong shape; the step was taken, its rewards count as 0."""


class StateError(TradepitError, RuntimeError):
    """A call that the present state does not allow, as a step before the first reset."""


class VenueError(TradepitError, RuntimeError):
    """The venue can't go on."""


class DivergedError(TradepitError, RuntimeError):
    """A replay left the recorded road."""


class LayoutError(TradepitError, ValueError):
    """A policy was made for other observations or actions; the message shows both."""


class TrainingError(TradepitError, RuntimeError):
    """Learning left the range of numbers; the message names what."""


class InternalError(TradepitError, RuntimeError):
    """A bug of this package, or of a model written in Rust."""
