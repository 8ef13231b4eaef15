"""The page: one file, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from .blocks import Section
from .markup import escape

# The browser itself refuses to fetch anything for this page.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page(title: str, sections: Iterable[Section], *, subtitle: str = "") -> str:
    """The whole page as text.

    >>> "<h1>A &amp; B</h1>" in page("A & B", [])
    True
    """
    here = files(__package__)
    style, script = (here.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    below = f'<p class="subtitle">{escape(subtitle)}</p>' if subtitle else ""
    body = "\n".join(section.html() for section in sections)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        f"<header><h1>{escape(title)}</h1>{below}</header>\n{body}\n"
        f"<footer>Made by tradepit. Times are UTC.</footer>\n</main>\n<script>\n{script}</script>\n</body>\n</html>\n"
    )


def write_html(path: str | Path, title: str, sections: Iterable[Section], *, subtitle: str = "") -> Path:
    """Writes the page and gives its absolute path; folders on the way are made.

    >>> import tempfile
    >>> write_html(Path(tempfile.mkdtemp()) / "runs" / "report.html", "Empty", []).name
    'report.html'

    Raises ``OSError`` where the file can't be written.
    """
    path = Path(path).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(title, sections, subtitle=subtitle), encoding="utf-8")
    return path
