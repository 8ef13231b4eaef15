"""The report of an evaluation: what the agent did, beside policies that anybody could have followed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from . import numbers as n
from .blocks import Banner, Block, Facts, Fold, Grid, Section, Table, Text, Tiles
from .chart import Chart, Markers, Series
from .html import write_html
from .scale import Floats, Times, clock

_BASELINE_COLOURS = ("c1", "c2", "c3", "c4", "c5")
_TRADES_LISTED = 500

Run = Mapping[str, Any]


def write_evaluation(path: str | Path, title: str, runs: Sequence[Run], *, subtitle: str = "", **facts: Any) -> Path:
    """Writes the report of :func:`evaluation_sections` (``facts`` are its keywords) and gives its absolute path.

    >>> import tempfile
    >>> run = {"policy": "flat", "time": [0, 60_000_000_000], "equity": [1e5, 1e5]}
    >>> write_evaluation(Path(tempfile.mkdtemp()) / "flat.html", "Flat", [run]).suffix
    '.html'
    """
    return write_html(path, title, evaluation_sections(runs, **facts), subtitle=subtitle)


def evaluation_sections(
    runs: Sequence[Run],
    *,
    market: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
    spec: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    currency: str = "USD",
) -> list[Section]:
    """Sections for :func:`write_html`. The first run is the agent, the others are its baselines.

    >>> run = {"policy": "ppo", "time": [0, 60_000_000_000], "equity": [1e5, 1.01e5], "performance": {}}
    >>> [section.title for section in evaluation_sections([run], spec={"window": 32})]
    ['', 'Equity', 'Statistics', 'Environment']

    A run: ``policy`` (name), ``time`` (n, integer nanoseconds UTC or ``datetime64``), ``equity`` (n), and where known
    ``position`` (n), ``fees`` and ``slippage`` (n, paid so far), ``trades`` (dictionaries with the fields of the Rust
    struct ``Trade``: ``side``, ``qty``, ``entry_time``, ``exit_time``, ``entry_price``, ``exit_price``, ``gross``,
    ``fees``, ``net``), ``performance`` (the fields of ``Performance``), ``steps`` (decisions made) and ``randomised``
    (drawn numbers of the models by path).
    ``market``: ``time`` and ``close`` (both m) of what was traded, and ``name``.
    ``training``: ``step`` (k) and ``curves`` (name to k numbers). ``spec`` and ``data`` are shown as they are.

    Raises ``ValueError`` for arrays of different lengths, and without a run.
    """
    if not runs:
        raise ValueError("runs is empty; give the agent's run first, then those of the baselines")
    read = [_Run.of(run, i) for i, run in enumerate(runs)]
    agent = read[0]
    clock_ = _Clock.of(read, market)
    sections = [
        Section("", [*_look_ahead(spec), _banner(read), _tiles(agent, currency)]),
        Section("Equity", [_equity(read, clock_, currency), *_drawdown(read, clock_)]),
    ]
    sections += _behaviour(agent, market, clock_)
    sections += _costs(read, clock_, currency)
    sections.append(_statistics(read, currency))
    sections += _training(training)
    if spec:
        note = "What the agent observed, could do, was paid for, and what its orders cost."
        drawn = runs[0].get("randomised")
        blocks: list[Block] = [Fold("The specification, as it was run", spec)]
        if drawn:
            blocks.insert(0, Facts({f"{path}, of this episode": value for path, value in drawn.items()}))
        sections.append(Section("Environment", blocks, note=note))
    if data:
        sections.append(Section("Data", [Facts(data)]))
    sections += _trades(agent, currency)
    return sections


class Verdict(NamedTuple):
    """Whether the agent beat every baseline, and the sentence that says so."""

    beats: bool
    text: str


def verdict(agent: Mapping[str, Any], baselines: Sequence[Mapping[str, Any]]) -> Verdict:
    """Compares net returns, and says how sure one can be. Rows have ``policy`` and the fields of ``Performance``.

    >>> rows = [{"policy": name, "total_return": r} for name, r in [("ppo", -0.01), ("flat", 0.0)]]
    >>> verdict(rows[0], rows[1:]).text
    'ppo does not beat the baselines: it returned -1.00 %, flat 0.00 %.'
    """
    name, own = str(agent.get("policy", "the agent")), n.finite(agent.get("total_return"))
    known = [(str(row.get("policy", "?")), n.finite(row.get("total_return"))) for row in baselines]
    others = sorted(((value, policy) for policy, value in known if value is not None), reverse=True)
    if own is None:
        return Verdict(False, f"The return of {name} is not known, so nothing is compared.")
    returned = n.percent(own, signed=True)
    if not others:
        return Verdict(False, f"{name} returned {returned}; there is no baseline to compare with.")
    listed = ", ".join(f"{policy} {n.percent(value, signed=True)}" for value, policy in others)
    if own <= others[0][0]:
        return Verdict(False, f"{name} does not beat the baselines: it returned {returned}, {listed}.")
    text = f"{name} returned more than every baseline: {returned} against {listed}."
    low, high = _bounds(agent)
    if low is None or high is None:
        return Verdict(True, f"{text} Too little varies for a confidence interval.")
    bounds = n.interval((low, high))
    if low <= 0.0:
        return Verdict(True, f"{text} But the 95 % interval of its Sharpe ratio, {bounds}, holds 0: it may be luck.")
    return Verdict(True, f"{text} The 95 % interval of its Sharpe ratio, {bounds}, is above 0.")


def _bounds(row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    low, high = row.get("sharpe_interval") or (None, None)
    return n.finite(low), n.finite(high)


class _Run(NamedTuple):
    policy: str
    time: Times
    equity: Floats
    position: Floats | None
    fees: Floats | None
    slippage: Floats | None
    trades: Sequence[Mapping[str, Any]]
    performance: Mapping[str, Any]
    colour: str

    @classmethod
    def of(cls, run: Run, index: int) -> _Run:
        policy = str(run.get("policy", f"policy {index}"))
        missing = [key for key in ("time", "equity") if key not in run]
        if missing:
            raise ValueError(f"run {policy!r}: {missing[0]!r} is missing; a run needs at least time and equity")
        time = np.asarray(run["time"]).astype("datetime64[ns]").reshape(-1)

        def column(key: str) -> Floats | None:
            if run.get(key) is None:
                return None
            values = np.asarray(run[key], dtype=np.float64).reshape(-1)
            if len(values) != len(time):
                raise ValueError(
                    f"run {policy!r}: {key} has {len(values)} values for {len(time)} times; give one for each"
                )
            return values

        equity = column("equity")
        assert equity is not None, "a run has equity"
        colour = "c0" if index == 0 else _BASELINE_COLOURS[(index - 1) % len(_BASELINE_COLOURS)]
        performance = {"policy": policy, "steps": run.get("steps"), **(run.get("performance") or {})}
        columns = (column("position"), column("fees"), column("slippage"))
        return cls(policy, time, equity, *columns, tuple(run.get("trades") or ()), performance, colour)


class _Clock(NamedTuple):
    """All times of the report in order: charts share this axis of bars, on which a night takes no room."""

    times: Times

    @classmethod
    def of(cls, runs: Sequence[_Run], market: Mapping[str, Any] | None) -> _Clock:
        every = [run.time for run in runs]
        if market is not None:
            every.append(np.asarray(market["time"]).astype("datetime64[ns]").reshape(-1))
        return cls(np.unique(np.concatenate(every)))

    def at(self, times: Any) -> Floats:
        """Places on the axis; a time between two bars is the later one's."""
        wanted = np.asarray(times).astype("datetime64[ns]")
        return np.minimum(np.searchsorted(self.times, wanted), max(len(self.times) - 1, 0)).astype(np.float64)


def _banner(runs: Sequence[_Run]) -> Banner:
    judged = verdict(runs[0].performance, [run.performance for run in runs[1:]])
    if not judged.beats:
        return Banner(judged.text, "bad" if len(runs) > 1 else "plain")
    low, _ = _bounds(runs[0].performance)
    return Banner(judged.text, "good" if low is not None and low > 0 else "plain")


def _tiles(agent: _Run, currency: str) -> Tiles:
    p = agent.performance
    fees, slippage = n.money(p.get("fees")), n.money(p.get("slippage"))
    tiles = [
        ("Net return", n.percent(p.get("total_return"), signed=True), (n.integer(p.get("bars")), "{} bars")),
        ("Sharpe ratio", n.ratio(p.get("sharpe")), (n.interval(p.get("sharpe_interval")), "95 % {} a year")),
        ("Max drawdown", n.percent(p.get("max_drawdown")), (n.integer(p.get("max_drawdown_bars")), "{} bars long")),
        ("Trades", n.integer(p.get("trades")), (n.percent(p.get("hit_rate")), "{} with a profit")),
        (f"Costs, {currency}", n.money(p.get("costs")), (fees, f"{{}} fees, {slippage} slippage")),
    ]
    return Tiles(
        [(name, value, "" if remark == n.MISSING else text.format(remark)) for name, value, (remark, text) in tiles]
    )


def _equity(runs: Sequence[_Run], clock_: _Clock, currency: str) -> Chart:
    lines = [Series(r.policy, r.equity, clock_.at(r.time), colour=r.colour, bold=r is runs[0]) for r in runs]
    return Chart(lines, title=f"Equity, {currency}, net of all costs", times=clock_.times, height=340)


def _drawdown(runs: Sequence[_Run], clock_: _Clock) -> Iterable[Chart]:
    lines = []
    for run in runs:
        fall, own = _below_peak(run.equity), run is runs[0]
        lines.append(Series(run.policy, fall, clock_.at(run.time), "area" if own else "line", run.colour, bold=own))
    yield Chart(lines, title="Drawdown: below the peak", times=clock_.times, unit="percent", zero=True, height=200)


def _below_peak(equity: Floats) -> Floats:
    peak = np.fmax.accumulate(equity) if len(equity) else equity
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(peak > 0, equity / peak - 1.0, np.nan)


def _behaviour(agent: _Run, market: Mapping[str, Any] | None, clock_: _Clock) -> list[Section]:
    charts: list[Block] = []
    if market is not None:
        x, name = clock_.at(market["time"]), str(market.get("name", "price"))
        close = np.asarray(market["close"], dtype=np.float64).reshape(-1)
        if len(x) != len(close):
            raise ValueError(f"market: close has {len(close)} values for {len(x)} times; give one for each")
        charts.append(
            Chart(
                [Series(name, close, x, colour="ink")],
                _markers(agent.trades, clock_),
                title=f"{name} with entries and exits of {agent.policy}",
                times=clock_.times,
                height=340,
            )
        )
    if agent.position is not None:
        line = Series("position", agent.position, clock_.at(agent.time), "area", agent.colour)
        charts.append(Chart([line], title="Position, units", times=clock_.times, height=180))
    note = f"What {agent.policy} held and when it traded."
    return [Section("Behaviour", charts, note=note)] if charts else []


def _markers(trades: Sequence[Mapping[str, Any]], clock_: _Clock) -> list[Markers]:
    def long(trade: Mapping[str, Any]) -> bool:
        return bool(trade["side"] == "long")

    def won(trade: Mapping[str, Any]) -> bool:
        return float(trade["net"]) > 0

    def place(label: str, chosen: list[Mapping[str, Any]], end: str, shape: Any, colour: str) -> Markers:
        x = clock_.at(np.array([int(t[f"{end}_time"]) for t in chosen], dtype=np.int64))
        verb = "enter" if end == "entry" else "exit"
        notes = [f"{verb} {t['side']} {_qty(t['qty'])} at {_price(t[f'{end}_price'])}" for t in chosen]
        if end == "exit":
            notes = [f"{note}, net {n.money(t['net'])}" for note, t in zip(notes, chosen, strict=True)]
        return Markers(label, x, [float(t[f"{end}_price"]) for t in chosen], shape, colour, notes)

    kinds = [
        place("enter long", [t for t in trades if long(t)], "entry", "up", "gain"),
        place("enter short", [t for t in trades if not long(t)], "entry", "down", "loss"),
        place("exit with profit", [t for t in trades if won(t)], "exit", "ring", "gain"),
        place("exit with loss", [t for t in trades if not won(t)], "exit", "ring", "loss"),
    ]
    return [kind for kind in kinds if kind.notes]


def _costs(runs: Sequence[_Run], clock_: _Clock, currency: str) -> list[Section]:
    lines = []
    for run in runs:
        parts = [part for part in (run.fees, run.slippage) if part is not None]
        if not parts:
            continue
        total, x = np.sum(parts, axis=0), clock_.at(run.time)
        if run is not runs[0]:
            lines.append(Series(run.policy, total, x, "step", run.colour))
        elif run.fees is not None and run.slippage is not None:
            lines += [Series(f"{run.policy}: fees and slippage", total, x, "area", "c0", bold=True)]
            lines += [Series(f"{run.policy}: fees alone", run.fees, x, "step", "ink")]
        else:
            lines.append(Series(run.policy, total, x, "area", "c0", bold=True))
    chart = Chart(lines, title=f"Paid so far, {currency}", times=clock_.times, height=240)
    note = "Slippage is what the fills lost against the price before it; it is inside the equity, as fees are."
    return [Section("Costs", [chart], note=note)] if lines else []


_ROWS: tuple[tuple[str, str, Any], ...] = (
    ("Bars", "bars", n.integer),
    ("Return", "total_return", lambda v: n.percent(v, signed=True)),
    ("Return a year", "annual_return", lambda v: n.percent(v, signed=True)),
    ("Volatility a year", "volatility", n.percent),
    ("Sharpe ratio a year", "sharpe", n.ratio),
    ("its 95 % interval", "sharpe_interval", n.interval),
    ("Probability that it is above 0", "sharpe_above_zero", n.percent),
    ("Sortino ratio a year", "sortino", n.ratio),
    ("Calmar ratio", "calmar", n.ratio),
    ("Maximum drawdown", "max_drawdown", n.percent),
    ("its length, bars", "max_drawdown_bars", n.integer),
    ("Bars with a position", "exposure", n.percent),
    ("Trades", "trades", n.integer),
    ("with a net profit", "hit_rate", n.percent),
    ("Profit factor", "profit_factor", n.ratio),
    ("Fills", "fills", n.integer),
    ("Fees", "fees", n.money),
    ("Slippage", "slippage", n.money),
    ("Costs", "costs", n.money),
    ("Steps", "steps", n.integer),
)


def _statistics(runs: Sequence[_Run], currency: str) -> Section:
    rows = []
    for name, key, show in _ROWS:
        # Growth compounded from a few days to a year is a number without a meaning.
        if key in ("annual_return", "calmar") and not any(_long_enough(run.performance) for run in runs):
            continue
        if any(run.performance.get(key) is not None for run in runs):
            rows.append([name, *(show(run.performance.get(key)) for run in runs)])
    periods = {n.finite(run.performance.get("periods_per_year")) for run in runs} - {None}
    note = f"Money in {currency}. Ratios: simple returns of a bar, risk-free rate 0, sample deviation"
    note += f", scaled to a year of {n.integer(periods.pop())} bars." if len(periods) == 1 else "."
    note += " The interval is Mertens' (2002), with skewness and kurtosis. '-': the number does not exist."
    return Section("Statistics", [Table(["", *(run.policy for run in runs)], rows, lead=1)], note=note)


def _long_enough(performance: Mapping[str, Any]) -> bool:
    bars, year = n.finite(performance.get("bars")), n.finite(performance.get("periods_per_year"))
    return bars is not None and year is not None and 4 * bars >= year


def _training(training: Mapping[str, Any] | None) -> list[Section]:
    if not training:
        return []
    step = np.asarray(training["step"], dtype=np.float64).reshape(-1)
    charts = [
        Chart([_known(str(name), values, step)], title=str(name), x_label="environment steps", height=220, width=470)
        for name, values in training["curves"].items()
    ]
    return [Section("Training", [Grid(charts)])] if charts else []


def _look_ahead(spec: Mapping[str, Any] | None) -> list[Block]:
    """A warning where orders filled at a price that their decision had seen."""
    fill = (spec or {}).get("fill")
    kind = fill.get("kind") if isinstance(fill, Mapping) else fill
    if kind != "look_ahead_close":
        return []
    return [
        Banner(
            "Look-ahead: orders filled at the close that their decision had seen. No market gives this price.", "bad"
        )
    ]


def _known(name: str, values: Any, step: Any) -> Series:
    """A curve through the numbers that there are: an iteration in which no episode ended has no mean reward."""
    x, y = Series(name, values, step).points()
    there = np.isfinite(y)
    return Series(name, y[there], x[there])


def _trades(agent: _Run, currency: str) -> list[Section]:
    if not agent.trades:
        return []
    listed = agent.trades[:_TRADES_LISTED]
    header = ["Entry", "Exit", "Side", "Qty", "Entry price", "Exit price", "Gross", "Fees", f"Net, {currency}"]
    rows = [
        [
            *(clock(np.datetime64(int(t[key]), "ns")) for key in ("entry_time", "exit_time")),
            str(t["side"]),
            _qty(t["qty"]),
            *(_price(t[key]) for key in ("entry_price", "exit_price")),
            *(n.money(t.get(key)) for key in ("gross", "fees", "net")),
        ]
        for t in listed
    ]
    more = len(agent.trades) - len(listed)
    blocks: list[Block] = [Table(header, rows)]
    if more:
        blocks.append(Text(f"{n.integer(more)} more are not listed; every one is marked in the chart of the price."))
    return [Section("Trades", [Fold(f"{n.integer(len(agent.trades))} closed trades of {agent.policy}", blocks)])]


def _qty(value: Any) -> str:
    return f"{float(value):,.8g}"


def _price(value: Any) -> str:
    return f"{float(value):,.10g}"
