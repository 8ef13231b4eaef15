"""A virtual environment a peer, so that their requirements do not meet each other, nor tradepit's.

They stand in ``benches/compare/.venvs`` (git ignores it; delete it to start anew) and are made once: one whose list of
requirements has changed is made again. pip's own settings and variables hold, as ``PIP_INDEX_URL`` or ``PIP_FIND_LINKS``.

>>> import sys, tempfile
>>> from pathlib import Path
>>> with tempfile.TemporaryDirectory() as cache:
...     print(ready(Venv("none", ("no-such-peer==1.0",)), cache=Path(cache), pip=("--no-index",)))
Absent(reason='No matching distribution found for no-such-peer==1.0')
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).resolve().parent / ".venvs"
_STAMP = "requirements.txt"
#: Seconds that one installation may take: torch is several gigabytes, and some peers are compiled.
_LIMIT = 3_600


@dataclass(frozen=True)
class Venv:
    """What is installed under which name.

    ``alone`` are requirements taken without their own, for peers that ask for more than their environment needs.
    """

    name: str
    requirements: tuple[str, ...]
    alone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Absent:
    """Why a peer can't be measured here."""

    reason: str


def ready(venv: Venv, *, cache: Path = CACHE, pip: tuple[str, ...] = ()) -> Path | Absent:
    """The interpreter of ``venv``, made if need be with the further options ``pip``, or why there is none."""
    home = cache / venv.name
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    wanted = "\n".join([*venv.requirements, *(f"{one} # alone" for one in venv.alone)]) + "\n"
    stamp = home / _STAMP
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    shutil.rmtree(home, ignore_errors=True)
    steps = [[sys.executable, "-m", "venv", str(home)]]
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check", *pip]
    if venv.requirements:
        steps.append([*install, *venv.requirements])
    if venv.alone:
        steps.append([*install, "--no-deps", *venv.alone])
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=_LIMIT, check=False)
        except subprocess.TimeoutExpired:
            reason = f"not installed within {_LIMIT} s"
        else:
            if done.returncode == 0:
                continue
            reason = _reason(done.stderr or done.stdout)
        shutil.rmtree(home, ignore_errors=True)
        return Absent(reason)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def _reason(said: str) -> str:
    """The last error that pip reports, without the address of the index that it asked."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    reason = (errors or lines or ["pip gave no reason"])[-1]
    return re.sub(r"https?://\S+", "the index", reason)
