"""Writes tests/golden/arrow: the same bars as pandas, pyarrow and polars write Arrow files. Run from the repository."""

import pathlib

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather

folder = pathlib.Path("tests/golden/arrow")
folder.mkdir(parents=True, exist_ok=True)

dates = pd.to_datetime([f"2024-01-{day:02}" for day in range(2, 22)])
bars = pd.DataFrame(
    {
        "date": dates.repeat(2),
        "symbol": ["A", "B"] * len(dates),
        "open": [10.0 + i / 8 for i in range(2 * len(dates))],
        "high": [11.0 + i / 8 for i in range(2 * len(dates))],
        "low": [9.0 + i / 8 for i in range(2 * len(dates))],
        "close": [10.5 + i / 8 for i in range(2 * len(dates))],
        "volume": [1000 * (i % 7 + 1) for i in range(2 * len(dates))],
    }
)
bars.to_csv(folder / "bars.csv", index=False)
bars.to_feather(folder / "pandas-lz4.feather")
table = pa.Table.from_pandas(bars.assign(symbol=bars.symbol.astype("category")), preserve_index=False)
feather.write_feather(table, folder / "dictionary.feather", compression="uncompressed")
feather.write_feather(table, folder / "zstd.feather", compression="zstd")
decimals = table.set_column(5, "close", table["close"].cast(pa.decimal128(12, 4)))
days = decimals.set_column(0, "date", decimals["date"].cast(pa.date32()))
with pa.OSFile(str(folder / "decimal.arrows"), "wb") as sink, pa.ipc.new_stream(sink, days.schema) as writer:
    writer.write_table(days, max_chunksize=7)
pl.from_pandas(bars).write_ipc(folder / "polars-lz4.arrow", compression="lz4")
