"""The report: one well-formed page that needs nothing else, drawn without losing what matters."""

from __future__ import annotations

import doctest
import importlib
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tradepit import report

MINUTE = 60 * 10**9
START = int(np.datetime64("2013-09-03T13:30", "ns").astype(np.int64))
VOID = {"meta", "br", "hr", "img", "input", "link"}


class Wellformed(HTMLParser):
    """Every element is closed where it should be; collects what could reach outside."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.outside += [
            f"{tag} {name}={value}" for name, value in attrs if name in {"src", "href", "xlink:href", "action"}
        ]
        self.outside += [tag] * (tag in {"link", "iframe", "object", "embed", "img", "base"})
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def svgs(page: str) -> list[ET.Element]:
    return [ET.fromstring(text) for text in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)]


def check(page: str) -> list[ET.Element]:
    parser = Wellformed()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    assert parser.outside == []
    for data in re.findall(r'<script type="application/json">(.*?)</script>', page, flags=re.DOTALL):
        json.loads(data)
    drawings = svgs(page)
    for drawing in drawings:
        for path in drawing.iter("path"):
            assert not re.search("nan|inf", path.get("d", ""), re.IGNORECASE)
    return drawings


def trade(entry: int, bars: int, side: str, net: float) -> dict:
    times = {"entry_time": START + entry * MINUTE, "exit_time": START + (entry + bars) * MINUTE}
    prices = {"entry_price": 1640.25, "exit_price": 1641.0}
    return {"side": side, "qty": 1.0, **times, **prices, "gross": net + 4.5, "fees": 4.5, "net": net}


def run(policy: str, bars: int = 50, **changes: object) -> dict:
    wave = np.sin(np.arange(bars))
    performance = {
        "bars": bars - 1, "periods_per_year": 345_000.0, "total_return": 0.01, "sharpe": 1.5,
        "sharpe_interval": [-1.0, 4.0], "max_drawdown": 0.02, "max_drawdown_bars": 7,
        "trades": 2, "hit_rate": 0.5, "costs": 9.0, "fees": 6.0,
        "slippage": 3.0, "fills": 4,
    }  # fmt: skip
    return {
        "policy": policy,
        "time": START + np.arange(bars) * MINUTE,
        "equity": 1e5 + 100 * wave,
        "position": np.sign(wave),
        "fees": np.arange(bars) * 1.0,
        "slippage": np.arange(bars) * 0.5,
        "trades": [trade(1, 3, "long", 12.0), trade(6, 2, "short", -4.0)],
        "performance": performance,
        "steps": bars - 1,
        **changes,
    }


MARKET = {"time": START + np.arange(50) * MINUTE, "close": 1640 + np.cos(np.arange(50)), "name": "ES"}
FACTS = {
    "market": MARKET,
    "training": {"step": [0, 1000, 2000], "curves": {"mean return": [0.0, 0.5, 0.7], "entropy": [1.4, 1.2, 1.0]}},
    "spec": {"window": 32, "reward": {"kind": "profit"}},
    "data": {"source": "a sample", "bars": 2264},
}


def evaluation(runs: list[dict] | None = None, title: str = "A run", **facts: object) -> str:
    runs = [run("ppo"), run("flat"), run("random")] if runs is None else runs
    return report.page(title, report.evaluation_sections(runs, **{**FACTS, **facts}))


@pytest.mark.parametrize(
    "name", ["", ".numbers", ".scale", ".chart", ".markup", ".blocks", ".html", ".evaluation", ".text"]
)
def test_examples_of_the_docs(name: str) -> None:
    module = importlib.import_module(f"tradepit.report{name}")
    failed, tried = doctest.testmod(module)
    assert tried > 0
    assert failed == 0


def test_an_evaluation_has_all_its_parts() -> None:
    page = evaluation()
    drawings = check(page)
    titles = [drawing.get("aria-label") for drawing in drawings]
    assert titles == [
        "Equity, USD, net of all costs", "Drawdown: below the peak", "ES with entries and exits of ppo",
        "Position, units", "Paid so far, USD", "mean return", "entropy",
    ]  # fmt: skip
    headings = re.findall("<h2>(.*?)</h2>", page)
    assert headings == ["Equity", "Behaviour", "Costs", "Statistics", "Training", "Environment", "Data", "Trades"]
    table = page[page.index("<table>") : page.index("</table>")]
    assert re.findall(r'<th scope="col"[^>]*>(.*?)</th>', table) == ["", "ppo", "flat", "random"]
    assert re.findall(r'<tr><th scope="row">Steps</th><td[^>]*>(.*?)</td>', table) == ["49"]
    assert "&quot;window&quot;: 32" in page
    assert "<dt>bars</dt><dd>2264</dd>" in page


def test_nothing_comes_from_outside() -> None:
    page = evaluation()
    assert not re.search(r"https?://|//[a-z]+\.|@import|url\(|fetch\(|XMLHttpRequest", page)
    assert "default-src 'none'" in page


def test_file_is_written_with_its_folders(tmp_path: Path) -> None:
    path = report.write_evaluation(tmp_path / "a" / "b.html", "T\u00e4gliche \u20ac", [run("ppo")], subtitle="below")
    assert path.is_absolute()
    text = path.read_text(encoding="utf-8")
    check(text)
    assert "<h1>T\u00e4gliche \u20ac</h1>" in text
    assert '<p class="subtitle">below</p>' in text


def test_all_text_is_escaped() -> None:
    evil = '</script><script>alert(1)</script><b a="\'">&\x00'
    runs = [run(evil, trades=[{**trade(1, 3, "long", 1.0), "side": evil}]), run(evil + "2")]
    page = evaluation(
        runs, title=evil, spec={evil: evil}, data={evil: [evil]}, currency=evil,
        market={**MARKET, "name": evil}, training={"step": [0], "curves": {evil: [1.0]}},
    )  # fmt: skip
    check(page)
    assert "<script>alert" not in page
    assert "<b a=" not in page
    assert "\x00" not in page
    # The page's own script and one block of data a chart, no more.
    assert page.count("<script") == 1 + len(svgs(page))


@pytest.mark.parametrize(
    "equity",
    [[], [1e5], [np.nan], [np.nan] * 50, [1e5, np.nan, 1e5], [np.inf, 1.0, -np.inf], [0.0, 0.0], [-1.0, -2.0],
     [1e-300, 2e-300], [1e300, -1e300]],
    ids=str,
)  # fmt: skip
def test_odd_curves_still_make_a_page(equity: list[float]) -> None:
    n = len(equity)
    odd = {
        "policy": "odd", "time": START + np.arange(n) * MINUTE, "equity": equity, "position": equity, "fees": equity,
        "slippage": equity, "performance": None, "trades": [],
    }  # fmt: skip
    sections = report.evaluation_sections([odd], training={"step": [0] * n, "curves": {"x": equity}})
    drawings = check(report.page("odd", sections))
    assert len(drawings) == 5
    alone = check(report.page("odd", report.evaluation_sections([odd, run("flat")], market=MARKET)))
    assert len(alone) == 5


def test_no_data_is_said() -> None:
    chart = report.Chart([report.Series("equity", [])])
    assert "no data" in chart.svg()
    assert "no data" in report.Chart([]).svg()


def test_one_point_is_drawn_as_a_point() -> None:
    drawing = ET.fromstring(report.Chart([report.Series("equity", [5.0])]).svg())
    assert len(drawing.findall(".//circle[@class='dot c0']")) == 1


def marks(page: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for drawing in svgs(page):
        for path in drawing.iter("path"):
            kind = (path.get("class") or "").split()
            if kind[0] == "mark":
                key = " ".join(kind[1:3])
                found[key] = found.get(key, 0) + path.get("d", "").count("M")
    return found


def test_every_trade_has_its_entry_and_its_exit() -> None:
    trades = [trade(i % 40, 2, "long" if i % 3 else "short", 10.0 - i) for i in range(25)]
    page = evaluation([run("ppo", trades=trades)])
    assert marks(page) == {"up gain": 16, "down loss": 9, "ring gain": 10, "ring loss": 15}
    assert "25 closed trades" in page
    assert "exit short 1 at 1,641, net 10.00" in page


def test_markers_are_never_thinned_out() -> None:
    trades = [trade(i % 40, 2, "long", 1.0) for i in range(6000)]
    page = evaluation([run("ppo", trades=trades)])
    assert marks(page) == {"up gain": 6000, "ring gain": 6000}
    assert "5,500 more are not listed" in page


def points(drawing: ET.Element) -> np.ndarray:
    d = next(path.get("d", "") for path in drawing.iter("path") if (path.get("class") or "").startswith("line"))
    return np.array([[float(v) for v in pair.split()] for pair in re.split("[ML]", d)[1:]])


def test_extremes_survive_downsampling() -> None:
    y = np.zeros(100_000)
    y[12_345], y[77_777] = 50.0, -30.0
    keep = report.chart.downsample(y, 2000)
    assert len(keep) <= 2000
    assert {0, 12_345, 77_777, 99_999} <= set(keep.tolist())
    assert np.all(np.diff(keep) > 0)
    drawn = points(ET.fromstring(report.Chart([report.Series("y", y)]).svg()))
    flat = np.median(drawn[:, 1])
    up, down = flat - drawn[:, 1].min(), drawn[:, 1].max() - flat
    assert up > 0
    assert up / down == pytest.approx(50 / 30, rel=0.01)


@pytest.mark.parametrize("n", [4, 1999, 2000, 2001, 2003, 4999, 123_457])
def test_each_bucket_keeps_its_extremes(n: int) -> None:
    y = np.random.default_rng(n).normal(size=n).cumsum()
    keep = report.chart.downsample(y, 2000)
    assert len(keep) <= 2000
    assert y[keep].min() == y.min()
    assert y[keep].max() == y.max()
    # No stretch of the curve leaves the band of what is drawn around it.
    for a in range(0, n - n // 10, max(1, n // 10)):
        part = y[a : a + n // 10]
        near = y[keep[(keep >= a - n // 900) & (keep <= a + n // 10 + n // 900)]]
        if len(part):
            assert near.min() <= part.min()
            assert near.max() >= part.max()


def test_gaps_stay_gaps_when_downsampled() -> None:
    y = np.ones(50_000)
    y[20_000:30_000] = np.nan
    drawing = ET.fromstring(report.Chart([report.Series("y", y)]).svg())
    lines = [path for path in drawing.iter("path") if path.get("class") == "line c0"]
    assert len(lines) == 2


def test_time_axis_has_no_room_for_a_night() -> None:
    day = np.datetime64("2013-09-03T13:30", "ns") + np.arange(60) * np.timedelta64(1, "m")
    times = np.concatenate([day, day + np.timedelta64(18, "h")])
    text = report.Chart([report.Series("y", np.arange(120.0))], times=times).svg()
    labels = re.findall(r'<text class="x"[^>]*>(.*?)</text>', text)
    assert "13:45" in labels
    assert "07:45" in labels
    assert len(labels) <= 10
    assert re.findall(r'context"[^>]*>(.*?)</text>', text) == ["3 Sep 2013", "4 Sep 2013"]


@pytest.mark.parametrize(
    ("step", "unit", "expected"),
    [(1, "s", "14:30:15"), (1, "D", "18 Mar"), (7, "D", "Oct"), (40, "D", "2026"), (700, "D", "2100")],
)
def test_time_ticks_fit_any_span(step: int, unit: str, expected: str) -> None:
    times = np.datetime64("2024-03-01T14:30", "ns") + np.arange(100) * np.timedelta64(step, unit)
    ticks = report.scale.time_ticks(times, 8)
    assert 2 <= len(ticks) <= 9
    assert expected in [tick.label for tick in ticks]


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-3, 7), (99_990, 100_010), (1e-9, 3e-9), (-2e6, 5e7), (0.999, 1.001)]
)
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    values, decimals = report.scale.nice_ticks(low, high, 5)
    assert 3 <= len(values) <= 8
    assert low - 1e-12 <= values[0] < values[-1] <= high + 1e-12
    assert len({f"{value:.{decimals}f}" for value in values}) == len(values)
    assert np.diff(values) == pytest.approx(np.diff(values)[0])


def row(policy: str, total: float, interval: list[float] | None = None) -> dict:
    return {"policy": policy, "total_return": total, "sharpe_interval": interval}


def test_verdict_is_plain() -> None:
    base = [row("flat", 0.0), row("hold", 0.02)]
    worse = report.verdict(row("ppo", 0.01), base)
    assert not worse.beats
    assert worse.text == "ppo does not beat the baselines: it returned +1.00 %, hold +2.00 %, flat 0.00 %."
    # Doing what a baseline does is not beating it.
    assert not report.verdict(row("ppo", 0.02), base).beats
    lucky = report.verdict(row("ppo", 0.03, [-1.0, 4.0]), base)
    assert lucky.beats
    assert "holds 0: it may be luck" in lucky.text
    sure = report.verdict(row("ppo", 0.03, [0.5, 4.0]), base)
    assert sure.beats
    assert "is above 0" in sure.text
    assert not report.verdict(row("ppo", float("nan")), base).beats
    assert "no baseline" in report.verdict(row("ppo", 0.5), []).text


def test_verdict_stands_on_the_page() -> None:
    losing = run("ppo", performance={"total_return": -0.5})
    page = evaluation([losing, run("flat", performance={"total_return": 0.0})])
    assert '<p class="banner bad">ppo does not beat the baselines' in page
    winning = run("ppo", performance={"total_return": 0.5, "sharpe_interval": [1.0, 2.0]})
    assert '<p class="banner good">' in evaluation([winning, run("flat", performance={"total_return": 0.0})])
    lucky = run("ppo", performance={"total_return": 0.5, "sharpe_interval": [-1.0, 2.0]})
    assert '<p class="banner plain">' in evaluation([lucky, run("flat", performance={"total_return": 0.0})])


def test_growth_of_a_few_days_is_not_shown_as_a_year() -> None:
    short = run("ppo", performance={"bars": 100, "periods_per_year": 252.0, "annual_return": 0.4})
    assert "Return a year" in evaluation([short])
    short["performance"]["periods_per_year"] = 345_000.0
    assert "Return a year" not in evaluation([short])


@pytest.mark.parametrize(
    ("runs", "facts", "message"),
    [
        ([], {}, "runs is empty"),
        ([{"policy": "ppo", "time": [0]}], {}, "run 'ppo': 'equity' is missing"),
        ([run("ppo", equity=[1.0])], {}, "run 'ppo': equity has 1 values for 50 times"),
        ([run("ppo", position=[1.0])], {}, "run 'ppo': position has 1 values for 50 times"),
        ([run("ppo")], {"market": {"time": [0, 1], "close": [1.0]}}, "market: close has 1 values for 2 times"),
        ([run("ppo")], {"training": {"step": [0], "curves": {"loss": [1.0, 2.0]}}}, "series 'loss': x has 1 values"),
    ],
)
def test_bad_input_is_named(runs: list[dict], facts: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        report.page("x", report.evaluation_sections(runs, **facts))


def test_table_is_aligned_and_names_the_period() -> None:
    rows = [
        {"policy": "ppo", **run("ppo")["performance"], "steps": 49},
        {"policy": "buy and\nhold", "bars": 123_456, "total_return": float("nan"), "periods_per_year": 345_000.0},
    ]
    header, first, second = report.table(rows).split("\n")
    assert "Sharpe (year of 345,000 bars) [95 % CI]" in header
    assert " ".join(first.split()) == "ppo 49 +1.00 % 1.50 [-1.00, 4.00] 2.00 % 2 9.00 49 4"
    assert " ".join(second.split()) == "buy and hold 123,456 - - - - - - -"
    assert len({len(line) for line in (header, first, second)}) == 1
    # Right-aligned columns end where their titles end.
    assert first.index("2.00 %") + len("2.00 %") == header.index("max drawdown") + len("max drawdown")


def test_table_names_periods_that_differ_in_their_rows() -> None:
    rows = [{"policy": p, "sharpe": 1.0, "periods_per_year": y} for p, y in [("a", 252.0), ("b", 345_000.0)]]
    header, a, b = report.table(rows).split("\n")
    assert "year of" not in header
    assert "1.00 (year of 252 bars)" in a
    assert "1.00 (year of 345,000 bars)" in b
    assert report.table([]).split() == header.split()


def test_wide_letters_take_two_cells() -> None:
    _, wide, narrow = report.table([{"policy": "\u7b56\u7565"}, {"policy": "abcd"}]).split("\n")
    assert len(wide) == len(narrow) - 2


def test_a_look_ahead_rule_is_flagged() -> None:
    flagged = report.page("x", report.evaluation_sections([run("ppo")], spec={"fill": {"kind": "look_ahead_close"}}))
    plain = report.page("x", report.evaluation_sections([run("ppo")], spec={"fill": {"kind": "next_open"}}))
    assert "Look-ahead: orders filled at the close" in flagged
    assert "Look-ahead" not in plain
