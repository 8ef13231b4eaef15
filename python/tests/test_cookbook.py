"""Every Python block of docs/data.md runs, on small files of the formats that it names."""

import re
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tradepit

PAGE = Path(__file__).parents[2] / "docs" / "data.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
N = 1_200


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files of the page, all of the same bars: from a Monday, 08:00 in New York, on."""
    bars = tradepit.samples.synthetic(bars=N, seed=3).columns()
    start = np.datetime64("2024-03-04T13:00:00", "ns")
    opens = start + np.arange(N) * np.timedelta64(60, "s")
    opens = opens[(opens < start + np.timedelta64(9, "h")) | (opens >= start + np.timedelta64(10, "h"))]
    prices = {name: bars[name][: len(opens)] for name in ("open", "high", "low", "close", "volume")}
    frame = pl.DataFrame({"ts": opens, **prices, "signal": np.sin(np.arange(len(opens))).astype(np.float32)})
    frame.write_parquet(tmp_path / "bars.parquet")
    rows = list(zip(*prices.values(), strict=True))
    micros = opens.astype("datetime64[us]").astype("int64")
    klines = [
        f"{us},{','.join(str(x) for x in row)},{us + 59_999_999},1.0,3,0.5,0.5,0"
        for us, row in zip(micros.tolist(), rows, strict=True)
    ]
    with zipfile.ZipFile(tmp_path / "klines.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("BTCUSDT-1m-2024-03-04.csv", "\n".join(klines) + "\n")
    closes = (opens + np.timedelta64(60, "s")).tolist()
    stamps = [np.datetime64(t, "ns").astype("datetime64[s]").item().strftime("%Y%m%d %H%M%S") for t in closes]
    ninja = [f"{stamp};{';'.join(str(x) for x in row)}" for stamp, row in zip(stamps, rows, strict=True)]
    (tmp_path / "ninja.txt").write_text("\r\n".join(ninja) + "\r\n")
    local = frame.drop("signal").with_columns(pl.col("ts") - pl.duration(hours=5))
    local.with_columns(pl.col("ts").dt.strftime("%Y-%m-%d %H:%M")).write_csv(tmp_path / "local_times.csv")
    trades = pl.DataFrame(
        {
            "ts": np.repeat(opens, 4),
            "price": np.stack([prices[name] for name in ("open", "high", "low", "close")], axis=1).ravel(),
            "size": np.full(4 * len(opens), 5),
        }
    )
    trades.with_columns(pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv(tmp_path / "trades.csv")
    monkeypatch.chdir(tmp_path)
    return tradepit.market_data(frame, instrument="ES", calendar="cme")


def test_there_are_six():
    assert len(BLOCKS) == 6


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_runs(block, folder):
    names = {}
    exec(compile(block, str(PAGE), "exec"), names)
    data = names["data"]
    assert names["env"].observation_space.contains(names["observation"])
    if "bars_from_trades" not in block:
        assert data.time_ns().tolist() == folder.time_ns().tolist()
        for name in ("open", "high", "low", "close", "volume"):
            np.testing.assert_array_equal(data.columns()[name], folder.columns()[name])
