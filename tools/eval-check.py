"""Computes factors with pandas from a market folder and compares them with the files `evolve eval` writes.

    python tools/eval-check.py MARKET [--workers N] [--keep FOLDER]

Each factor is computed here from its formula's definition in float64, and read back from an Arrow, a Parquet and a CSV
file, by pandas and by polars. The error of a cell is its distance from the expected value over that value or over the
factor's root mean square, whichever is larger; the largest must stay below 1e-5, and the same cells must be missing.

For development: the product itself never runs Python. Needs pandas, polars, pyarrow and numpy.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

root = Path(__file__).resolve().parent.parent
bound = 1e-5


class Market:
    def __init__(self, folder: Path):
        manifest = json.loads((folder / "market.json").read_text(encoding="utf-8"))
        self.calendar = manifest["calendar"]
        self.symbols = manifest["symbols"]
        self.starts = manifest.get("minute", {}).get("starts", [])
        self.kinds = {field["name"]: field["kind"] for field in manifest["fields"]}
        self.files = manifest["files"]
        self.folder = folder
        with pa.memory_map(str(folder / "daily.arrow")) as source:
            self.table = pa.ipc.open_file(source).read_all()
        self.minutes = {}

    def daily(self, name: str) -> pd.DataFrame:
        column = self.table[name].combine_chunks()
        cells = (column if self.kinds[name] == "v" else column.flatten()).to_numpy(zero_copy_only=False)
        cells = cells.astype(np.float64).reshape(len(self.calendar), -1)
        if self.kinds[name] == "v":
            cells = np.repeat(cells, len(self.symbols), axis=1)
        return pd.DataFrame(cells, index=self.calendar, columns=self.symbols)

    def minute(self, name: str) -> np.ndarray:
        """[dates, bars, symbols]; a date without bars is missing."""
        if name not in self.minutes:
            shape = (len(self.calendar), len(self.starts), len(self.symbols))
            bars = np.full(shape, np.nan)
            place = {date: t for t, date in enumerate(self.calendar)}
            for path in self.files:
                if not path.startswith(f"minute/{name}-"):
                    continue
                with pa.memory_map(str(self.folder / path)) as source:
                    table = pa.ipc.open_file(source).read_all()
                cells = table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False)
                dates = [str(date) for date in table["date"].to_pylist()][:: shape[1]]
                bars[[place[date] for date in dates]] = cells.reshape(-1, *shape[1:])
            self.minutes[name] = bars
        return self.minutes[name]

    def frame(self, cells: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(cells, index=self.calendar, columns=self.symbols)

    def between(self, name: str, start: str, end: str) -> np.ndarray:
        clock = lambda text: int(text.split(":")[0]) * 60 + int(text.split(":")[1])
        chosen = [m for m, at in enumerate(self.starts) if clock(start) <= at < clock(end)]
        return self.minute(name)[:, chosen]


def cs_norm(x: pd.DataFrame) -> pd.DataFrame:
    return x.sub(x.mean(axis=1), axis=0).div(x.std(axis=1).replace(0, np.nan), axis=0)


def ts_norm(x: pd.DataFrame, s: int) -> pd.DataFrame:
    window = x.rolling(s)
    return ((x - window.mean()) / window.std()).where(window.max() > window.min())


def bar_corr(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    dx, dy = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    vx, vy = (dx * dx).sum(axis=1), (dy * dy).sum(axis=1)
    varies = (x.max(axis=1) > x.min(axis=1)) & (y.max(axis=1) > y.min(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(varies, (dx * dy).sum(axis=1) / np.sqrt(vx * vy), np.nan)


def pair(x: pd.DataFrame, y: pd.DataFrame, s: int, kind: str) -> pd.DataFrame:
    """corr or beta of x on y, where both sides are known in the whole window and vary."""
    known = x.notna() & y.notna()
    x, y = x.where(known), y.where(known)
    varies = lambda z: z.rolling(s).max() > z.rolling(s).min()
    if kind == "corr":
        return x.rolling(s).corr(y).where(varies(x) & varies(y))
    return (x.rolling(s).cov(y) / y.rolling(s).var()).where(varies(y))


def weighted(x: pd.DataFrame, weights: np.ndarray) -> pd.DataFrame:
    """Oldest weight first."""
    parts = [x.shift(len(weights) - 1 - i) * weight for i, weight in enumerate(weights)]
    return sum(parts[1:], parts[0]) / weights.sum()


def factors(m: Market) -> dict:
    """Name: (formula, its values)."""
    day = lambda name: m.daily(name)
    change = lambda x, s: x / x.shift(s) - 1
    close, high, low, opened, volume = (day(name) for name in ["CLOSE", "HIGH", "LOW", "OPEN", "VOLUME"])
    ret, span = change(close, 1), high / low
    found = {
        "volatility": ("ts_std(CLOSE, 20) / CLOSE", close.rolling(20).std() / close),
        "price_volume": ("ts_corr(CLOSE, VOLUME, 10)", pair(close, volume, 10, "corr")),
        # Of a field as it is: among values that were computed, float32 makes ties that float64 does not have.
        "rank": ("-cs_rank(VOLUME)", -volume.rank(axis=1, pct=True)),
        "reversal": ("-ts_return(CLOSE, 5)", -change(close, 5)),
        "decay": ("ts_decaylinear(HIGH / LOW, 10)", weighted(span, np.arange(1.0, 11.0))),
        "volume_rank": ("ts_rank(VOLUME, 10)", volume.rolling(10).rank(pct=True)),
        "skew": ("ts_skew(ts_return(CLOSE, 1), 20)", ret.rolling(20).skew().where(ret.rolling(20).std() > 0)),
        "channel": ("ts_max(HIGH, 20) / ts_min(LOW, 20)", high.rolling(20).max() / low.rolling(20).min()),
        "ema": ("ts_ema(CLOSE, 10) / CLOSE", weighted(close, (1 - 2 / 11) ** np.arange(9.0, -1.0, -1.0)) / close),
        "quantile": (
            "ts_quantile(VOLUME, 20, 0.75) / ts_median(VOLUME, 20)",
            volume.rolling(20).quantile(0.75) / volume.rolling(20).median(),
        ),
        "delta": ("cs_norm(ts_diff(CLOSE, 3) / ts_delay(OPEN, 2))", cs_norm((close - close.shift(3)) / opened.shift(2))),
        "beta": (
            "ts_beta(ts_return(CLOSE, 1), MKT_RETURN, 20)",
            pair(ret, day("MKT_RETURN"), 20, "beta"),
        ),
        "condition": (
            "where(gt(CLOSE, OPEN), cs_demean(HIGH / LOW), 0.5)",
            span.sub(span.mean(axis=1), axis=0).where(close > opened, 0.5).where(close.notna() & opened.notna()),
        ),
    }
    if "INDUSTRY" in m.kinds:
        code = day("INDUSTRY")
        cells = ret.stack(future_stack=True)
        mean = cells.groupby([cells.index.get_level_values(0), code.stack(future_stack=True)]).transform("mean")
        found["industry"] = ("group_demean(ts_return(CLOSE, 1), INDUSTRY)", ret - mean.unstack())
    if m.starts:
        s = len(m.starts)
        bars = {name: m.minute(name) for name in ["close", "high", "volume"]}
        opening = m.between("volume", "9:30", "10:00").sum(axis=1)
        corr = m.frame(bar_corr(bars["high"], bars["volume"]))
        returns = bars["close"][:, 1:] / bars["close"][:, :-1] - 1
        hour = m.between("close", "10:00", "11:00")
        found |= {
            "base": (f"ts_mean(close, {s}) / CLOSE", m.frame(bars["close"].mean(axis=1)) / close),
            "alpha1": ("ts_norm(cs_norm(HIGH), 20)", ts_norm(cs_norm(high), 20)),
            "alpha2": (
                f"ts_max((ts_min(interval(volume, sum, 9:30, 10:00) / VOLUME, 2) + ts_corr(high, volume, {s})), 5)",
                ((m.frame(opening) / volume).rolling(2).min() + corr).rolling(5).max(),
            ),
            "alpha3": (
                f"ts_max(ts_min(cs_norm(VOLUME), 2) + ts_corr(high, volume, {s}), 2)",
                (cs_norm(volume).rolling(2).min() + corr).rolling(2).max(),
            ),
            "realised": (
                f"ts_std(bar_return(close, 1), {s - 1})",
                m.frame(returns.std(axis=1, ddof=1)),
            ),
            "hour": ("interval(close, return, 10:00, 11:00)", m.frame(hour[:, -1] / hour[:, 0] - 1)),
        }
    return found


def read_back(path: Path) -> dict[str, pd.DataFrame]:
    """The same file as pandas and as polars see it."""
    if path.suffix == ".csv":
        texts = {"symbol": pl.String}
        frames = pd.read_csv(path, dtype={"symbol": str}), pl.read_csv(path, schema_overrides=texts, infer_schema_length=None)
    elif path.suffix == ".parquet":
        frames = pd.read_parquet(path), pl.read_parquet(path)
    else:
        frames = pd.read_feather(path), pl.read_ipc(path)
    nan = sum(frames[1].select(pl.col(pl.Float32, pl.Float64).is_nan().sum()).row(0))
    if nan > 0:
        raise SystemExit(f"{path}: {nan} cells are NaN for polars where they should be null")
    return {"pandas": frames[0], "polars": frames[1].to_pandas()}


def error(actual: np.ndarray, expected: np.ndarray) -> tuple[float, int]:
    """The largest relative error, and how many cells only one side has."""
    known = ~np.isnan(actual) & ~np.isnan(expected)
    only = int((np.isnan(actual) != np.isnan(expected)).sum())
    if not known.any():
        return 0.0, only
    scale = np.maximum(np.abs(expected[known]), np.sqrt(np.mean(expected[known] ** 2)))
    return float(np.max(np.abs(actual[known] - expected[known]) / scale)), only


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("market", type=Path)
    arguments.add_argument("--workers", default="2")
    arguments.add_argument("--keep", type=Path, help="write the files there and leave them")
    options = arguments.parse_args()
    market = Market(options.market)
    expected = factors(market)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        library = folder / "factors.json"
        library.write_text(json.dumps([{"name": name, "expression": text} for name, (text, _) in expected.items()]))
        worst = {name: {} for name in expected}
        for ending in ["arrow", "parquet", "csv"]:
            out = folder / f"factors.{ending}"
            command = ["node", root / "dist/cli/main.js", "eval", library, "--data", options.market, "--out", out]
            flags = ["--workers", options.workers, "--overwrite"]
            subprocess.run([*command, *flags], check=True, stdout=subprocess.DEVNULL)
            for tool, frame in read_back(out).items():
                dates = pd.to_datetime(frame["date"]).dt.strftime("%Y-%m-%d").to_numpy()
                size = len(market.symbols)
                if list(dates[::size]) != market.calendar or list(frame["symbol"][:size]) != market.symbols:
                    raise SystemExit(f"{out}: {tool} reads other dates or symbols")
                for name, (_, values) in expected.items():
                    cells = frame[name].to_numpy(np.float64).reshape(len(market.calendar), size)
                    worst[name][f"{ending}/{tool}"] = error(cells, values.to_numpy(np.float64))
    size = f"{len(market.calendar)} dates x {len(market.symbols)} symbols, {len(market.starts)} bars a day"
    print(f"{options.market}: {size}\n")
    failed = False
    for name, results in worst.items():
        errors = [e for e, _ in results.values()]
        only = max(n for _, n in results.values())
        # A CSV's decimal text may differ from the float32 in the other files by half its last place.
        bad = max(errors) >= bound or only > 0 or max(errors) - min(errors) > 1e-7
        failed |= bad
        formula, values = expected[name]
        known = int(values.notna().to_numpy().sum())
        mark = "   <-- FAILS" if bad else ""
        print(f"{max(errors):9.1e}  {known:9,} values  {only} on one side only  {name}: {formula}{mark}")
    if failed:
        sys.exit("\nFAILED")
    print(f"\nAll within {bound:.0e}, in Arrow, Parquet and CSV, by pandas and polars")


if __name__ == "__main__":
    main()
