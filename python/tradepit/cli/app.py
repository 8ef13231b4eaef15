"""From the words of a command line to a command, and from what happened to an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from ..errors import TradepitError
from . import anchors, bench, data, demo, doctor, evaluate, paper, synth, train
from .console import Console, Fault

_COMMANDS = (demo, train, evaluate, paper, doctor, anchors, data, synth, bench)
_EXAMPLE = """\
examples:
  tradepit demo
  tradepit train --data es_1m --steps 500000 --out agent.tp
  tradepit evaluate agent.tp --data es_1m --report report.html
  tradepit paper agent.tp --data es_1m
  tradepit anchors

exit codes: 0 done, 1 it failed (the reason is on stderr), 2 wrong usage, 130 interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code: 0 done, 1 failed, 130 interrupted; wrong usage exits with 2."""
    args = _parser().parse_args(argv)
    console = Console(as_json=args.json)
    try:
        code = int(args.run(args, console))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        console.clear()
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read has gone; the interpreter must not complain about it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (Fault, TradepitError, OSError) as error:
        console.clear()
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="tradepit",
        description="A market to train trading agents in, and to trade from.",
        epilog=_EXAMPLE,
        formatter_class=raw,
    )
    parser.add_argument("--version", action="version", version=f"tradepit {version('tradepit')}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        name = command.__name__.rpartition(".")[2]
        own = commands.add_parser(
            name,
            help=command.HELP,
            description=f"{command.HELP[0].upper()}{command.HELP[1:]}.\n\n{command.ABOUT}".rstrip(),
            epilog=f"example:\n{command.EXAMPLE}",
            formatter_class=raw,
        )
        command.options(own)
        own.add_argument("--json", action="store_true", help="print one JSON document, and nothing else, on stdout")
        own.set_defaults(run=command.run)
    return parser
