"""Tables of days on which markets do not keep their usual hours, and traces of another calendar to judge them by.

Run it from the root of the repository, in an environment of its own (Python 3.11 to 3.13):

    python -m venv .venv/peers
    .venv/peers/bin/pip install pandas_market_calendars==5.5.0 exchange_calendars==4.13.2
    .venv/peers/bin/python tests/peers/make_calendars.py

It writes, the same bytes each time:

* `src/market/calendar/nyse.txt` and `cme.txt`, the tables that the library reads. They are what pandas_market_calendars
  (MIT) says of `NYSE` and `CME Globex Equity`, with the days below put right;
* `calendars/xnys.txt`, `cmes.txt` (exchange_calendars, Apache-2.0) and `globex.txt` (pandas_market_calendars as it is)
  beside itself: every session of 2000 to 2026 in UTC, for `tests/calendars.rs`.

Days to come are what the rules of today say of them; a new version of the packages makes a new table.
"""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import exchange_calendars
import pandas as pd
import pandas_market_calendars

HERE = Path(__file__).parent
TABLES = HERE.parents[1] / "src" / "market" / "calendar"
PINNED = {"pandas_market_calendars": "5.5.0", "exchange_calendars": "4.13.2"}
LAST = "2040-12-31"
Change = tuple[str | None, str | None] | None

# Day: (opens, closes) where they are not the usual ones, or None for a day without a session.
NYSE_RIGHT: dict[str, Change] = {
    "1999-12-31": (None, "13:00"),  # exchange_calendars
}
CME_RIGHT: dict[str, Change] = {
    # Chicago Tribune of the day: suspended at 9:15; CME, 12 and 14 September 2001: equity products reopen on the 17th, 8:15.
    "2001-09-11": (None, "09:15"),
    "2001-09-12": None,
    "2001-09-13": None,
    "2001-09-14": None,
    "2001-09-17": ("08:15", None),
    # exchange_calendars; of the second, CNBC of the day: CME's equity markets are closed.
    "2004-06-11": None,
    "2007-01-02": None,
    # CME Group, 28 and 29 October 2012 (PR Newswire): hurricane, both days until 8:15.
    "2012-10-29": (None, "08:15"),
    "2012-10-30": (None, "08:15"),
    # CME Group, 2 December 2018 (PR Newswire) and 30 December 2024 (Mondo Visione): days of mourning, until 8:30.
    "2018-12-05": (None, "08:30"),
    "2025-01-09": (None, "08:30"),
}


def good_fridays(days: dict[str, Change]) -> None:
    """Good Friday is traded on until 8:15 where the employment report is due, on the first Friday of a month."""
    for day in [day for day, change in days.items() if change == (None, "08:15")]:
        moment = pd.Timestamp(day)
        if moment.weekday() == 4 and moment.day > 7:
            days[day] = None


def unusual(name: str, first: str, opens: str, closes: str) -> dict[str, Change]:
    """Weekdays of another calendar than the usual one."""
    calendar = pandas_market_calendars.get_calendar(name)
    schedule = calendar.schedule(first, LAST)
    zone, days = calendar.tz, {}
    for day in pd.date_range(first, LAST, freq="B"):
        if day not in schedule.index:
            days[str(day.date())] = None
            continue
        row = schedule.loc[day]
        own = [row[column].tz_convert(zone).strftime("%H:%M") for column in ("market_open", "market_close")]
        if own != [opens, closes]:
            days[str(day.date())] = tuple(
                None if got == usual else got for got, usual in zip(own, (opens, closes), strict=True)
            )
    return days


def table(path: Path, title: str, days: dict[str, Change]) -> None:
    """One line for the days of a year that have the same hours."""
    lines: dict[tuple[str, str], list[str]] = {}
    for day, change in sorted(days.items()):
        words = ["closed"] if change is None else []
        if change is not None:
            words += [f"{word} {time}" for word, time in zip(("opens", "closes"), change, strict=True) if time]
        for word in words:
            lines.setdefault((day[:4], word), []).append(day[5:])
    head = f"# {title}\n# Made by tests/peers/make_calendars.py.\n"
    rows = [f"{year} {word} {' '.join(dates)}\n" for (year, word), dates in sorted(lines.items())]
    path.write_text(head + "".join(rows), encoding="utf-8")
    print(path, len(days), "days")


def runs(schedule: pd.DataFrame) -> Iterator[str]:
    """Sessions of weekdays that follow each other with the same hours: first and last day, and minutes of UTC from the
    midnight with which each day begins."""
    begun: list[pd.Timestamp] = []
    before: tuple[int, int] | None = None
    for day, opens, closes in zip(schedule.index, schedule.iloc[:, 0], schedule.iloc[:, -1], strict=True):
        midnight = day.tz_localize("UTC")
        hours = tuple(int((moment - midnight).total_seconds()) // 60 for moment in (opens, closes))
        if before == hours and day == begun[-1] + pd.offsets.BDay():
            begun[-1] = day
            continue
        if begun:
            yield f"{begun[0].date()} {begun[-1].date()} {before[0]} {before[1]}\n"
        begun, before = [day, day], hours
    yield f"{begun[0].date()} {begun[-1].date()} {before[0]} {before[1]}\n"


def trace(name: str, schedule: pd.DataFrame) -> None:
    path = HERE / "calendars" / f"{name}.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(runs(schedule)), encoding="utf-8")
    print(path, len(schedule), "sessions")


def main() -> None:
    for name, pinned in PINNED.items():
        if version(name) != pinned:
            raise SystemExit(f"{name} {version(name)} is installed; the tables are those of {pinned}")
    nyse = unusual("NYSE", "1990-01-01", "09:30", "16:00") | NYSE_RIGHT
    table(TABLES / "nyse.txt", "Weekdays from 1990 on which New York shares do not trade from 09:30 to 16:00.", nyse)
    cme = unusual("CME Globex Equity", "1998-01-01", "17:00", "16:00")
    good_fridays(cme)
    title = "Weekdays from 1998 on which CME Globex equity index futures do not keep the hours of their time (Chicago)."
    table(TABLES / "cme.txt", title, cme | CME_RIGHT)
    span = {"start": "2000-01-01", "end": "2026-12-31"}
    for name in ("XNYS", "CMES"):
        trace(name.lower(), exchange_calendars.get_calendar(name, **span).schedule[["open", "close"]])
    globex = pandas_market_calendars.get_calendar("CME Globex Equity").schedule(*span.values())
    trace("globex", globex[["market_open", "market_close"]])


if __name__ == "__main__":
    main()
