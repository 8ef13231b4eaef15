"""A table as text: aligned for a terminal, or Markdown. The first ``words`` columns stand to the left, numbers to the right."""

from __future__ import annotations

from collections.abc import Sequence


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1) -> str:
    """A table of Markdown.

    >>> print(markdown(["road", "steps"], [["Rust", "1"]]))
    | road | steps |
    | --- | ---: |
    | Rust | 1 |
    """
    rule = ["---" if i < words else "---:" for i in range(len(header))]
    return "\n".join(f"| {' | '.join(line)} |" for line in [header, rule, *rows])


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1) -> str:
    """A table for a terminal.

    >>> print(aligned(["road", "steps"], [["Rust", "1"]]))
    road  steps
    Rust      1
    """
    lines = [header, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    pads = [str.ljust if i < words else str.rjust for i in range(len(header))]
    return "\n".join("  ".join(map(lambda pad, *cell: pad(*cell), pads, line, widths)) for line in lines)
