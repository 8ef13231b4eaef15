"""Reports of what a policy did: one HTML file that works offline, and a table for the terminal.

>>> from tradepit import report
>>> page = report.page("Two bars", [report.Section("Equity", [report.Chart([report.Series("agent", [1.0, 1.1])])])])
>>> page.startswith("<!doctype html>")
True

Arrays are NumPy arrays or anything that becomes one; statistics are dictionaries with the field names of the Rust
struct ``Performance``. Nothing here computes a statistic, and nothing here needs the compiled part of the package.
"""

from .blocks import Banner, Facts, Fold, Grid, Section, Table, Text, Tiles
from .chart import Chart, Markers, Series
from .evaluation import evaluation_sections, verdict, write_evaluation
from .html import page, write_html
from .text import table

__all__ = [
    "Banner",
    "Chart",
    "Facts",
    "Fold",
    "Grid",
    "Markers",
    "Section",
    "Series",
    "Table",
    "Text",
    "Tiles",
    "evaluation_sections",
    "page",
    "table",
    "verdict",
    "write_evaluation",
    "write_html",
]
