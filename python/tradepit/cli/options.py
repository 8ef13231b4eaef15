"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import argparse
import json
import math
import tomllib
import warnings
from pathlib import Path
from typing import Any

from ..data import MarketData, market_data
from ..errors import DataWarning
from .console import Fault

SPLIT = 0.7


def data_options(parser: argparse.ArgumentParser, *, positional: bool = False) -> None:
    """Which bars: a sample or a file, and how to read it."""
    about = "a sample (es_1m, stocks_1d, eurusd_1h), or the path of a CSV or Parquet file"
    if positional:
        parser.add_argument("data", nargs="?", default="es_1m", metavar="DATA", help=f"{about}; default es_1m")
    else:
        parser.add_argument("--data", default="es_1m", metavar="DATA", help=f"{about}; default es_1m")
    group = parser.add_argument_group("how to read a file")
    group.add_argument("--symbol", help="which instrument, where there are several (for stocks_1d: AAPL, IBM, ...)")
    group.add_argument("--instrument", help="a preset (ES, MES, NQ, MNQ, BTCUSDT, EURUSD), or an instrument as JSON")
    group.add_argument("--calendar", choices=("cme", "nyse", "forex", "utc", "none"), help="what a session is")
    group.add_argument("--stamp", choices=("open", "close"), help="which moment of a bar its time is; default open")
    group.add_argument(
        "--time-zone", metavar="NAME", help="of times without an offset, as in America/New_York; default UTC"
    )
    group.add_argument(
        "--time-format",
        metavar="FORMAT",
        help="day_first, month_first, s, ms, us, ns or a pattern of strftime; default found",
    )
    group.add_argument("--names", metavar="A,B,..", help="names of the columns of a file without a header")
    group.add_argument("--delimiter", help="what stands between fields; default found")
    group.add_argument("--period", type=seconds, metavar="SECONDS", help="length of a bar; default the smallest step")


def read_data(args: argparse.Namespace) -> MarketData:
    """The bars that the options name; ``tradepit data`` says what is doubtful about them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return market_data(args.data, **reading(args))


def reading(args: argparse.Namespace) -> dict[str, Any]:
    """How to read a file, as the keywords of :func:`tradepit.market_data`."""
    instrument = args.instrument
    if instrument is not None and instrument.lstrip().startswith("{"):
        instrument = _json(instrument, "--instrument")
    return {
        "symbol": args.symbol,
        "instrument": instrument,
        "calendar": args.calendar,
        "stamp": args.stamp,
        "period": args.period,
        "time_zone": args.time_zone,
        "time_format": args.time_format,
        "names": args.names.split(",") if args.names else [],
        "delimiter": args.delimiter,
    }


def spec_option(parser: argparse.ArgumentParser) -> None:
    """The environment's specification."""
    parser.add_argument(
        "--spec",
        metavar="FILE|JSON",
        help="the environment: a .json or .toml file, or JSON as it is; the keywords of gymnasium.make",
    )


def read_spec_option(text: str | None) -> dict[str, Any]:
    """The fields that ``--spec`` gives; whether they make sense, the environment says."""
    if text is None:
        return {}
    if text.lstrip().startswith("{"):
        return _json(text, "--spec")
    path = Path(text)
    if path.suffix.lower() not in (".toml", ".json"):
        raise Fault(f"--spec: {text!r} is neither JSON nor a .json or .toml file")
    try:
        content = path.read_text(encoding="utf-8")
        return tomllib.loads(content) if path.suffix.lower() == ".toml" else _json(content, str(path))
    except FileNotFoundError:
        raise Fault(f"--spec: {text}: no such file") from None
    except tomllib.TOMLDecodeError as error:
        raise Fault(f"{text}: no valid TOML: {error}") from None


def start_options(parser: argparse.ArgumentParser) -> None:
    """Where the held-out part begins."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--split", type=share, default=SPLIT, metavar="SHARE", help=f"{_SPLIT_HELP}; default {SPLIT}")
    group.add_argument("--start", type=count, metavar="ROW", help="or begin with the decision at the close of this row")


_SPLIT_HELP = "begin after this share of the rows, which training saw"


def start_row(args: argparse.Namespace, data: MarketData) -> int:
    """The row at whose close the first decision falls: the last one that training saw."""
    return int(args.start) if args.start is not None else split_row(data, args.split) - 1


def split_row(data: MarketData, share: float) -> int:
    """The first held-out row."""
    return int(len(data) * share)


def seed_option(parser: argparse.ArgumentParser) -> None:
    """The seed of everything random."""
    parser.add_argument("--seed", type=count, default=0, help="of everything that is drawn; default 0")


def agent_option(parser: argparse.ArgumentParser) -> None:
    """Who learns."""
    parser.add_argument(
        "--agent", choices=("native", "sb3"), default="native", help="tradepit's own PPO, or Stable-Baselines3's"
    )


def share(text: str) -> float:
    """A number between 0 and 1, both excluded."""
    value = _number(text)
    if not 0.0 < value < 1.0:
        raise argparse.ArgumentTypeError(f"{text} must be a number between 0 and 1")
    return value


def count(text: str) -> int:
    """A whole number of at least 0; ``1e6`` and ``1_000`` are fine."""
    value = _number(text)
    if not (0 <= value <= 2**53 and value.is_integer()):
        raise argparse.ArgumentTypeError(f"{text} must be a whole number of at least 0, and at most 2^53")
    return int(value)


def number(text: str) -> float:
    """A finite number."""
    value = _number(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} must be a finite number")
    return value


def seconds(text: str) -> float:
    """A time above 0."""
    value = _number(text)
    if not 0.0 < value <= 86_400.0:
        raise argparse.ArgumentTypeError(f"{text} must be a number of seconds above 0, and at most a day's")
    return value


def positive(text: str) -> int:
    """A whole number of at least 1."""
    value = count(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} must be at least 1")
    return value


def writable(path: str, option: str) -> None:
    """Refuses a file that could not be written, before anything takes long."""
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise Fault(f"{option}: {path}: there is no folder {folder}; make it first")
    if Path(path).is_dir():
        raise Fault(f"{option}: {path} is a folder; name a file")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None


def _json(text: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise Fault(f"{name}: no valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise Fault(f'{name}: expected an object, as in {{"window": 16}}, got {text.strip()[:40]}')
    return value
