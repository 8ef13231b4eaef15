"""What a section of the page is made of. Every block has ``html() -> str`` and escapes the text it is given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from .markup import escape


class Block(Protocol):
    """A part of a section."""

    def html(self) -> str:
        """Its markup."""
        ...


@dataclass(frozen=True)
class Section:
    """A heading, a sentence, and blocks below it.

    >>> Section("Costs", [Text("none")]).html()
    '<section><h2>Costs</h2><p>none</p></section>'
    """

    title: str
    blocks: Sequence[Block] = ()
    note: str = ""

    def html(self) -> str:
        """Its markup."""
        head = f"<h2>{escape(self.title)}</h2>" if self.title else ""
        note = f'<p class="note">{escape(self.note)}</p>' if self.note else ""
        return f"<section>{head}{note}{''.join(block.html() for block in self.blocks)}</section>"


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str

    def html(self) -> str:
        """Its markup."""
        return f"<p>{escape(self.text)}</p>"


@dataclass(frozen=True)
class Banner:
    """One sentence that nobody should miss; ``tone`` says whether it is good news."""

    text: str
    tone: Literal["good", "bad", "plain"] = "plain"

    def html(self) -> str:
        """Its markup."""
        return f'<p class="banner {self.tone}">{escape(self.text)}</p>'


@dataclass(frozen=True)
class Tiles:
    """A few large numbers: ``(name, value, remark)``."""

    tiles: Sequence[tuple[str, str, str]]

    def html(self) -> str:
        """Its markup."""
        tiles = (
            f"<div><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(remark)}</small></dd></div>"
            for name, value, remark in self.tiles
        )
        return f'<dl class="tiles">{"".join(tiles)}</dl>'


@dataclass(frozen=True)
class Table:
    """Rows of cells; the first column and the header name, the other cells are numbers already written.

    ``lead`` is the index of a column to stress.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    lead: int | None = None

    def html(self) -> str:
        """Its markup."""

        def cells(row: Sequence[str], tag: str) -> str:
            first, *rest = row
            scope = "col" if tag == "th" else "row"
            named = f'<th scope="{scope}">{escape(first)}</th>'
            side = ' scope="col"' if tag == "th" else ""
            lead = [' class="lead"' if i == self.lead else "" for i in range(1, len(row))]
            return named + "".join(f"<{tag}{side}{c}>{escape(t)}</{tag}>" for t, c in zip(rest, lead, strict=True))

        body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in self.rows)
        head = f"<thead><tr>{cells(self.header, 'th')}</tr></thead>"
        return f'<div class="scroll"><table>{head}<tbody>{body}</tbody></table></div>'


@dataclass(frozen=True)
class Facts:
    """Names and values; values that are dictionaries or lists are written as JSON."""

    facts: Mapping[str, Any]

    def html(self) -> str:
        """Its markup."""
        rows = (f"<div><dt>{escape(k)}</dt><dd>{escape(_plain(v))}</dd></div>" for k, v in self.facts.items())
        return f'<dl class="facts">{"".join(rows)}</dl>'


@dataclass(frozen=True)
class Grid:
    """Blocks side by side where there is room."""

    blocks: Sequence[Block]

    def html(self) -> str:
        """Its markup."""
        return f'<div class="grid">{"".join(block.html() for block in self.blocks)}</div>'


@dataclass(frozen=True)
class Fold:
    """Something long behind a line to click: blocks, or data shown as JSON."""

    summary: str
    content: Sequence[Block] | Mapping[str, Any]

    def html(self) -> str:
        """Its markup."""
        if isinstance(self.content, Mapping):
            inner = f"<pre>{escape(json.dumps(self.content, indent=2, default=str, ensure_ascii=False))}</pre>"
        else:
            inner = "".join(block.html() for block in self.content)
        return f"<details><summary>{escape(self.summary)}</summary>{inner}</details>"


def _plain(value: Any) -> str:
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, default=str, ensure_ascii=False)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000:
        return f"{value:,}"
    return str(value)
