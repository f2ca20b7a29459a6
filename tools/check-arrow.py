"""Opens every file of a market folder with pyarrow and with polars, and compares what they see with market.json.

    python tools/check-arrow.py MARKET

For development: the product itself never runs Python. Needs pyarrow, polars and numpy.
"""

import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa


def check(folder: Path) -> int:
    manifest = json.loads((folder / "market.json").read_text(encoding="utf-8"))
    kinds = {field["name"]: field["kind"] for field in manifest["fields"]}
    symbols = len(manifest["symbols"])
    cells = 0

    def expect(fact: bool, words: str) -> None:
        if not fact:
            raise SystemExit(f"{folder}: {words}")

    for path, file in manifest["files"].items():
        with pa.memory_map(str(folder / path)) as source:
            reader = pa.ipc.open_file(source)
            table = reader.read_all()
        table.validate(full=True)
        frame = pl.read_ipc(folder / path, use_pyarrow=False)
        expect(frame.shape == (table.num_rows, table.num_columns), f"polars sees another shape of {path}")
        dates = [str(date) for date in table["date"].to_pylist()]

        if path == "daily.arrow":
            expect(dates == manifest["calendar"], "daily.arrow has other dates than market.json")
            names = [name for name, kind in kinds.items() if kind != "b"]
            expect(table.column_names == ["date", *names], "daily.arrow has other fields than market.json")
        else:
            days = [t for first, last in file["days"] for t in range(first, last + 1)]
            grid = manifest["minute"]["starts"]
            expect(reader.num_record_batches == len(days), f"{path} has not one record batch a date")
            expect(dates == [manifest["calendar"][t] for t in days for _ in grid], f"{path} has other dates")
            starts = [time.hour * 60 + time.minute for time in table["start"].to_pylist()]
            expect(starts == grid * len(days), f"{path} has bars that begin at other times")

        for name in table.column_names:
            if name in ("date", "start"):
                continue
            column = table[name].combine_chunks()
            wide = kinds[name] != "v"
            values = (column.flatten() if wide else column).to_numpy(zero_copy_only=False)
            expect(values.dtype == np.float32, f"{name} in {path} is {values.dtype}")
            expect(len(values) == table.num_rows * (symbols if wide else 1), f"{name} in {path} has another width")
            expect(column.null_count == 0 and not np.isinf(values).any(), f"{name} in {path} is not NaN where missing")
            series = frame[name].explode() if wide else frame[name]
            expect(np.array_equal(series.to_numpy(), values, equal_nan=True), f"polars sees another {name} in {path}")
            cells += len(values)

    print(f"{folder}: pyarrow {pa.__version__} and polars {pl.__version__} agree on {cells:,} cells")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    sys.exit(check(Path(sys.argv[1])))
