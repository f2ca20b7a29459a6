"""Runs exported Python and compares it with the values it should give.

Development only: tests/dialects-exports.test.ts writes a market, exported texts and expected values as JSON and calls
    python3 tools/run-exports.py FILE
which prints one JSON object: how many texts ran, how many should give nothing at all, the largest error and every text that disagrees.
An error is relative to the larger of the expected value and the expected values' median size.
"""

import json
import sys

import numpy as np
import pandas as pd
import polars as pl


def floats(values):
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def wide_inputs(market):
    dates = pd.DatetimeIndex(market["dates"])
    symbols = market["symbols"]
    clock = pd.DatetimeIndex(
        [d + pd.Timedelta(minutes=m) for d in dates for m in market["starts"]]
    )
    data = {}
    for name, (kind, values) in market["fields"].items():
        x = floats(values)
        if kind == "v":
            data[name] = pd.Series(x, index=dates)
        else:
            index = clock if kind == "b" else dates
            frame = pd.DataFrame(x.reshape(len(index), len(symbols)), index=index, columns=symbols)
            if kind == "g":
                frame = frame.map(lambda code: None if np.isnan(code) else f"group {int(code)}")
            data[name] = frame
    return data


def long_inputs(data, market):
    """Rows in a shuffled order, and rows without any value left out: an export must not lean on either."""
    dates = pd.DatetimeIndex(market["dates"])
    symbols = market["symbols"]
    daily, minute = {}, {}
    for name, (kind, _) in market["fields"].items():
        if kind == "b":
            minute[name] = data[name].to_numpy().ravel()
        elif kind == "v":
            daily[name] = np.repeat(data[name].to_numpy(), len(symbols))
        else:
            daily[name] = data[name].to_numpy().ravel()
    days = [d.date() for d in dates for _ in symbols]
    daily = pl.DataFrame({"date": days, "symbol": symbols * len(dates), **daily})
    clock = next(iter(f.index for n, f in data.items() if market["fields"][n][0] == "b"))
    bars = [t.to_pydatetime() for t in clock for _ in symbols]
    minute = pl.DataFrame({"datetime": bars, "symbol": symbols * len(clock), **minute})
    return daily.sample(fraction=1.0, shuffle=True, seed=1), minute.sample(fraction=1.0, shuffle=True, seed=2)


def run(text):
    scope = {}
    exec(compile(text, "<export>", "exec"), scope)
    return scope["factor"]


def compare(got, expected):
    if got.shape != expected.shape:
        return float("inf"), f"shape {got.shape}, not {expected.shape}"
    missing = np.isnan(got) != np.isnan(expected)
    if missing.any():
        at = int(np.argmax(missing))
        return float("inf"), f"{int(missing.sum())} cells missing on one side only, the first at {at}: {got[at]} and {expected[at]}"
    here = ~np.isnan(expected)
    if not here.any():
        return 0.0, None
    size = np.maximum(np.abs(expected[here]), np.median(np.abs(expected[here])))
    difference = np.abs(got[here] - expected[here])
    error = np.where(difference == 0, 0.0, difference / np.where(size > 0, size, 1e-300))
    at = int(np.argmax(error))
    return float(error[at]), f"{got[here][at]} and {expected[here][at]}"


def main():
    case = json.load(open(sys.argv[1]))
    market = case["market"]
    data = wide_inputs(market)
    daily, minute = long_inputs(data, market)
    report = {}
    for dialect in ("pandas", "polars"):
        worst, wrong, empty = 0.0, [], 0
        for program in case["programs"]:
            expected = floats(program["expected"])
            empty += bool(np.isnan(expected).all())
            try:
                factor = run(program[dialect])
                if dialect == "pandas":
                    got = factor(data).to_numpy().ravel()
                else:
                    names = factor.__code__.co_varnames[: factor.__code__.co_argcount]
                    frame = factor(*({"daily": daily, "minute": minute}[name] for name in names))
                    got = frame.sort("date", "symbol")["factor"].to_numpy().ravel()
                error, detail = compare(got, expected)
            except Exception as problem:  # the report says which text broke, the test fails on it
                error, detail = float("inf"), f"{type(problem).__name__}: {problem}"
            if error > case["tolerance"]:
                wrong.append({"program": program["text"], "detail": detail, "error": str(error)})
            else:
                worst = max(worst, error)
        report[dialect] = {"ran": len(case["programs"]), "empty": empty, "worst": worst, "wrong": wrong}
    print(json.dumps(report))


main()
