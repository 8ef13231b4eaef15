"""PufferLib's C environments as an engine: CartPole, and Breakout, whose observation has 118 numbers.

Its own set-up needs torch, and libraries from GitHub for environments that are not measured. Its source package on PyPI has
all that these two need on Linux, so it is fetched, and they are compiled by themselves with the flags of its set-up.
"""

from __future__ import annotations

import hashlib
import html
import importlib.util
import io
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import numpy as np

from measure import ROUNDS, Peer, Row, Run, levels, main, row
from venvs import CACHE, Venv

VERSION = "3.0.0"
PEER = Peer(
    name="PufferLib",
    venv=Venv("numpy", ("numpy==2.4.6",)),
    packages=(),
    envs=(64, 512, 4_096),
    bars=0,
    note="CartPole and Breakout in C, written into the caller's arrays: what a plain loop in C reaches, no market (a step of "
    "Breakout is 4 frames); stepped by its binding as its Python class does, without the log",
    kind="engine",
)
#: Numbers observed, number of actions, and what each environment is made with, by its Python class.
GAMES: dict[str, tuple[int, int, dict[str, int]]] = {
    "cartpole": (4, 2, {"continuous": 0}),
    "breakout": (
        118,
        3,
        {
            "frameskip": 4,
            "width": 576,
            "height": 330,
            "paddle_width": 62,
            "paddle_height": 8,
            "ball_width": 32,
            "ball_height": 32,
            "brick_width": 32,
            "brick_height": 12,
            "brick_rows": 6,
            "brick_cols": 18,
            "continuous": 0,
        },
    ),
}


def source() -> Path:
    """The source package, fetched once."""
    home = CACHE / "pufferlib_source"
    if not home.exists():
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            with tarfile.open(fileobj=io.BytesIO(fetched())) as packed:
                packed.extractall(folder, filter="data")
            os.rename(Path(folder) / f"pufferlib-{VERSION}", home)
    return home


def fetched() -> bytes:
    """The source package from the index that pip asks; pip itself would run its set-up even to fetch it."""
    # The name of a setting of pip: whoever runs this has the package from where his other packages come.
    words = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    configured = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    index = os.environ.get("PIP_INDEX_URL") or configured or "https://pypi.org/simple"
    page = f"{index.rstrip('/')}/pufferlib/"
    with urllib.request.urlopen(page, timeout=60) as answer:
        links = re.findall(r'href="([^"]+)"', answer.read().decode())
    link = next(urljoin(page, html.unescape(one)) for one in links if f"/pufferlib-{VERSION}.tar.gz#" in one)
    with urllib.request.urlopen(link, timeout=300) as answer:
        packed: bytes = answer.read()
    wanted = link.partition("#sha256=")[2]
    if hashlib.sha256(packed).hexdigest() != wanted:
        raise ValueError(f"pufferlib {VERSION}: the file that was fetched is not the one that the index names")
    return packed


def binding(name: str) -> Any:
    """The compiled binding of one environment."""
    home = source()
    raylib = home / "raylib-5.5_linux_amd64"
    built = home / f"{name}.so"
    if not built.exists():
        includes = [raylib / "include", np.get_include(), sysconfig.get_path("include")]
        words = ["cc", "-O2", "-flto", "-shared", "-fPIC", "-w", "-DPLATFORM_DESKTOP"]
        words += ["-DNPY_NO_DEPRECATED_API=NPY_1_7_API_VERSION", *(f"-I{one}" for one in includes)]
        words += [str(home / f"pufferlib/ocean/{name}/binding.c"), str(raylib / "lib/libraylib.a")]
        subprocess.run([*words, "-fwrapv", "-lm", "-lpthread", "-ldl", "-o", str(built)], check=True)
    spec = importlib.util.spec_from_file_location("binding", built)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(built)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(run: Run) -> Iterator[Row]:
    """CartPole and Breakout."""
    for name, (width, choices, settings) in GAMES.items():
        game = binding(name)
        for envs in run.envs:
            observations, rewards = np.zeros((envs, width), np.float32), np.zeros(envs, np.float32)
            terminals, truncations = np.zeros(envs, np.bool_), np.zeros(envs, np.bool_)
            taken = np.zeros(envs, np.float32)
            handle = game.vec_init(observations, taken, rewards, terminals, truncations, envs, 0, **settings)
            game.vec_reset(handle, 0)
            actions = levels(choices, envs).astype(np.float32)

            def step(
                i: int, game: Any = game, handle: Any = handle, taken: Any = taken, actions: Any = actions
            ) -> None:
                taken[:] = actions[i % ROUNDS]
                game.vec_step(handle)

            measured = row(run, f"{name}, C loop", envs, step, observation=width, fills=None)
            game.vec_close(handle)
            yield {**measured, "versions": f"pufferlib {VERSION}", "against": "make_vec, copy=False"}


if __name__ == "__main__":
    main(PEER, rows)
