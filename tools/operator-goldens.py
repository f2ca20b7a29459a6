"""Writes tests/golden/operators: what every operator gives on small awkward panels, by numpy, scipy and pandas.

Development only. Nothing here is derived from our code; each operator is the library function its name promises, or
the formula docs/operators.md states, on whole windows:
    python3 tools/operator-goldens.py

Inputs are exactly float32, so kernels can be held to the same values. Pandas' own rolling moments are avoided: they
update running sums, and on prices with an offset they are further from the truth than what they would be judging.
"""

import json
import math
import pathlib
import warnings

import numpy as np
import pandas as pd
import scipy.special
import scipy.stats

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "operators"
warnings.simplefilter("ignore")  # divisions by zero and constant windows are the point
rng = np.random.default_rng(20240131)
NAN = float("nan")


def stored(x):
    """As a float32 cell holds it."""
    return np.asarray(x, dtype=np.float32).astype(np.float64)


def walk(rows, start, step=0.02):
    return start * np.exp(np.cumsum(step * rng.standard_normal(rows)))


def history(rows):
    """One column per kind of trouble."""
    columns = [
        walk(rows, 20),
        1e4 + rng.standard_normal(rows),
        np.round(1e9 * np.exp(rng.standard_normal(rows))),
        np.where(np.arange(rows) // 8 % 2 == 0, 7.3, 7 + rng.random(rows)),  # constant stretches
        np.where(rng.random(rows) < 0.06, NAN, walk(rows, 5)),  # holes
        rng.integers(0, 4, rows).astype(float),  # ties
        0.02 * rng.standard_normal(rows),
        np.where(np.arange(rows) < 15, NAN, walk(rows, 50)),  # listed late
        1e-6 * rng.standard_normal(rows) * (rng.random(rows) < 0.8),  # small, and zeros
    ]
    return stored(np.column_stack(columns))


def partner(x):
    """Something to be correlated with: related, exactly linear, constant or unrelated."""
    y = stored(0.5 * x + np.nanstd(x, axis=0) * rng.standard_normal(x.shape))
    y[:, 5] = 2 * x[:, 5] + 1
    y[12:26, 6] = 3
    y[:, 8] = stored(rng.standard_normal(len(y)))
    y[20, 0] = NAN
    return stored(y)


# One window, oldest first.
def shaped(moment):
    """Pandas calls the shape of a constant window 0; ours is missing, since it has none."""
    return lambda w: NAN if np.all(w == w[0]) else moment(pd.Series(w))


def per(a, b):
    return a / b if b != 0 else NAN


def spread(w):
    return 0.0 if np.all(w == w[0]) else np.std(w, ddof=1)


def line(w):
    return scipy.stats.linregress(np.arange(len(w)), w)


def last_residual(w):
    fit = line(w)
    return w[-1] - (fit.intercept + fit.slope * (len(w) - 1))


def r_squared(w):
    return NAN if np.all(w == w[0]) else line(w).rvalue ** 2


def decay(w):
    return np.average(w, weights=np.arange(1, len(w) + 1))


def ema(w):
    return pd.Series(w).ewm(span=len(w), adjust=True).mean().iloc[-1]


WHOLE = {
    "ts_mean": (1, np.mean),
    "ts_sum": (1, np.sum),
    "ts_std": (2, lambda w: np.std(w, ddof=1)),
    "ts_var": (2, lambda w: np.var(w, ddof=1)),
    "ts_skew": (3, shaped(pd.Series.skew)),
    "ts_kurt": (4, shaped(pd.Series.kurt)),
    "ts_max": (1, np.max),
    "ts_min": (1, np.min),
    "ts_range": (1, np.ptp),
    "ts_median": (1, np.median),
    "ts_rank": (1, lambda w: scipy.stats.rankdata(w, method="average")[-1] / len(w)),
    "ts_zscore": (2, lambda w: per(np.mean(w), spread(w))),
    "ts_norm": (2, lambda w: per(w[-1] - np.mean(w), spread(w))),
    "ts_decaylinear": (1, decay),
    "ts_ema": (1, ema),
    "idx_max": (1, np.argmax),
    "idx_min": (1, np.argmin),
    "ts_slope": (2, lambda w: line(w).slope),
    "ts_rsquare": (3, r_squared),
    "ts_resid": (3, last_residual),
    "ts_prod": (1, np.prod),
}
ENDS = {
    "ts_delay": lambda then, now: then,
    "ts_diff": lambda then, now: now - then,
    "ts_return": lambda then, now: per(now, then) - 1,
}


def constant(*sides):
    return any(np.all(side == side[0]) for side in sides)


PAIRS = {
    "ts_corr": lambda a, b: NAN if constant(a, b) else np.corrcoef(a, b)[0, 1],
    "ts_cov": lambda a, b: np.cov(a, b, ddof=1)[0, 1],
    "ts_beta": lambda a, b: NAN if constant(b) else scipy.stats.linregress(b, a).slope,
}
PLACES = [0.2, 0.75]


def by_column(function, *panels):
    return np.column_stack([function(*(panel[:, i] for panel in panels)) for i in range(panels[0].shape[1])])


def over_windows(f, s):
    """f on every full window without a hole."""

    def column(*series):
        out = np.full(len(series[0]), NAN)
        for t in range(s - 1, len(out)):
            w = [x[t - s + 1 : t + 1].copy() for x in series]
            if not np.isnan(w).any():
                out[t] = f(*w)
        return out

    return column


def rolling():
    x = history(40)
    y = partner(x)
    cases = []
    for s in [5, 13]:
        for name, f in ENDS.items():
            then = pd.DataFrame(x).shift(s).to_numpy()
            cases.append(case(name, [s], np.vectorize(f)(then, x)))
    for name, (least, f) in WHOLE.items():
        for s in sorted({least, 5, 13}):
            cases.append(case(name, [s], by_column(over_windows(f, s), x)))
    for q in PLACES:
        for s in [2, 5, 13]:
            cases.append(case("ts_quantile", [s, q], by_column(over_windows(lambda w: np.quantile(w, q), s), x)))
    for name, f in PAIRS.items():
        for s in [3, 5, 13]:
            cases.append(case(name, [s], by_column(over_windows(f, s), x, y)))
    write("rolling", {"columns": x.shape[1], "x": x, "y": y}, cases)


def minute():
    """Days of bars: reductions of each day's last bars, intervals, and bar-to-bar operators."""
    days, bars = 3, 24
    x = np.concatenate([history(bars) for _ in range(days)])
    y = partner(x)
    x[3 * bars - 2, 0] = NAN
    day = lambda panel, d: panel[d * bars : (d + 1) * bars]
    cases = []

    def reduce(name, s, extra, f, *panels):
        by_day = [by_column(over_windows(f, s), *(day(panel, d) for panel in panels))[-1] for d in range(days)]
        cases.append(case(name, [s, *extra], np.array(by_day)))

    for s in [10, bars]:
        for name, (_, f) in WHOLE.items():
            reduce(name, s, [], f, x)
        for q in PLACES:
            reduce("ts_quantile", s, [q], lambda w: np.quantile(w, q), x)
        for name, f in PAIRS.items():
            reduce(name, s, [], f, x, y)
        for name, f in ENDS.items():  # first and last of the window; holes between them do not matter
            ends = [np.vectorize(f)(day(x, d)[-s], day(x, d)[-1]) for d in range(days)]
            cases.append(case(name, [s], np.array(ends)))

    frame = pd.DataFrame(x)
    then = lambda s: frame.groupby(np.arange(len(frame)) // bars).shift(s)
    for s in [1, 4]:
        cases.append(case("bar_delay", [s], then(s).to_numpy()))
        cases.append(case("bar_diff", [s], (frame - then(s)).to_numpy()))
        cases.append(case("bar_return", [s], (frame / then(s) - 1).replace([np.inf, -np.inf], NAN).to_numpy()))

    start, end = 3, 11
    whole = {"sum": np.sum, "mean": np.mean, "std": WHOLE["ts_std"][1], "var": WHOLE["ts_var"][1]}
    whole |= {"skew": WHOLE["ts_skew"][1], "kurt": WHOLE["ts_kurt"][1], "max": np.max, "min": np.min}
    whole |= {"range": np.ptp, "median": np.median}
    ends = {"first": ENDS["ts_delay"], "last": lambda a, b: b, "diff": ENDS["ts_diff"], "return": ENDS["ts_return"]}
    for name, f in whole.items():
        rows = [by_column(over_windows(f, end - start), day(x, d)[start:end])[-1] for d in range(days)]
        cases.append(case("interval", [start, end], np.array(rows), reduction=name))
    for name, f in ends.items():
        rows = [np.vectorize(f)(day(x, d)[start], day(x, d)[end - 1]) for d in range(days)]
        cases.append(case("interval", [start, end], np.array(rows), reduction=name))
    write("minute", {"columns": x.shape[1], "bars": bars, "x": x, "y": y}, cases)


def cross_section():
    n = 23
    x = np.array(
        [
            walk(n, 20, 0.3),
            1e4 + rng.standard_normal(n),
            np.round(1e9 * np.exp(rng.standard_normal(n))),
            np.full(n, 7.3),
            rng.integers(-2, 3, n),
            0.02 * rng.standard_normal(n),
            np.where(rng.random(n) < 0.3, NAN, rng.standard_normal(n)),
            np.where(np.arange(n) == 4, 3.0, NAN),
            np.where(np.arange(n) % 11 == 4, [1.5] * n, NAN),
            np.full(n, NAN),
            np.zeros(n),
            np.where(np.arange(n) == 2, 1e6, rng.standard_normal(n)),
            1e-6 * rng.standard_normal(n),
        ]
    )
    x = stored(x)
    y = partner(x.T).T.copy()
    y[3] = stored(rng.standard_normal(n))
    y[5] = 4
    group = stored([[NAN if (i + t) % 9 == 0 else (i * 7 + t // 4) % 5 for i in range(n)] for t in range(len(x))])
    group[1, 3] = 65535
    cases = []

    def rows(name, parameters, f, *panels):
        """f on the cells of each date that every panel has."""
        out = np.full(x.shape, NAN)
        for t in range(len(x)):
            has = ~np.isnan([panel[t] for panel in panels]).any(axis=0)
            if has.any():
                out[t, has] = f(*(panel[t, has] for panel in panels))
        cases.append(case(name, parameters, out))

    rank = lambda v: scipy.stats.rankdata(v, method="average") / len(v)
    norm = lambda v: np.full(len(v), NAN) if constant(v) else scipy.stats.zscore(v, ddof=1)
    demean = lambda v: np.zeros(len(v)) if constant(v) else v - np.mean(v)
    winsor = lambda k: lambda v: np.clip(
        v,
        np.median(v) - k * scipy.stats.median_abs_deviation(v),
        np.median(v) + k * scipy.stats.median_abs_deviation(v),
    )

    def resid(a, b):
        if constant(b):
            return np.full(len(a), NAN)
        fit = scipy.stats.linregress(b, a)
        return a - (fit.intercept + fit.slope * b)

    def within(f):
        return lambda v, g: pd.Series(v).groupby(g).transform(lambda part: f(part.to_numpy())).to_numpy()

    rows("cs_norm", [], norm, x)
    rows("cs_rank", [], rank, x)
    rows("cs_demean", [], demean, x)
    rows("cs_winsor", [3], winsor(3), x)
    rows("cs_winsor", [0.5], winsor(0.5), x)
    rows("cs_scale", [], lambda v: v / np.sum(np.abs(v)), x)
    rows("cs_resid", [], resid, x, y)
    rows("group_norm", [], within(norm), x, group)
    rows("group_rank", [], within(rank), x, group)
    rows("group_demean", [], within(demean), x, group)

    # One statistic a date, over symbols that have both; three at least.
    def statistic(name, f):
        out = []
        for a, b in zip(x, y):
            has = ~np.isnan(a) & ~np.isnan(b)
            out.append(f(a[has], b[has]) if has.sum() >= 3 and not constant(a[has]) else NAN)
        cases.append(case(name, [], np.array(out)))

    statistic("learn_ic", lambda a, b: NAN if constant(b) else scipy.stats.pearsonr(a, b)[0])
    statistic("learn_beta", lambda a, b: scipy.stats.linregress(a, b).slope)
    write("cross-section", {"columns": n, "x": x, "y": y, "group": group}, cases)


def elementwise():
    special = [0.0, -0.0, 1.0, -1.0, NAN, 1e-30, -1e-30, 3e38, -3e38, 1e-40, 0.5, 20.0, -20.0, 1e4, 1e9, 90.0, -90.0]
    special = stored(special)
    x = np.concatenate([np.repeat(special, len(special)), stored(rng.standard_normal(60))])
    y = np.concatenate([np.tile(special, len(special)), stored(20 * rng.standard_normal(60))])
    z = stored(rng.permutation(x))
    y[-5:] = x[-5:]
    missing = np.isnan(x) | np.isnan(y)
    flag = lambda holds: np.where(missing, NAN, holds.astype(float))
    values = {
        "add": x + y,
        "subtract": x - y,
        "multiply": x * y,
        "protecteddiv": x / y,
        "neg": -x,
        "abs": np.abs(x),
        "sign": np.sign(x),
        "sqrt": np.sqrt(x),
        "log": np.log(x),
        "sigmoid": scipy.special.expit(x),
        "tanh": np.tanh(x),
        "min2": np.minimum(x, y),
        "max2": np.maximum(x, y),
        "where": np.where(np.isnan(x), NAN, np.where(x != 0, y, z)),
        "gt": flag(x > y),
        "lt": flag(x < y),
    }
    cases = [case(name, [], value) for name, value in values.items()]
    for k in [0, 1, 2, 3, -1, -2, 0.5, -0.5, 1.7, 5]:
        cases.append(case("power", [k], np.where(np.isnan(x), NAN, np.power(x, float(k)))))
    write("elementwise", {"columns": 1, "x": x, "y": y, "z": z}, cases)


def number(value, digits):
    if not math.isfinite(value):
        return "null"  # missing, or beyond any number
    text = f"{value:.{digits}g}"
    return text[:-2] if text.endswith(".0") else text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def numbers(values, digits):
    return "[" + ",".join(number(float(v), digits) for v in np.ravel(values)) + "]"


def case(operator, parameters, values, **more):
    head = json.dumps({"operator": operator, **more, "parameters": parameters}, separators=(",", ":"))
    return f'{head[:-1]},"values":{numbers(values, 13)}}}'


def write(name, inputs, cases):
    """One case a line: a changed operator is a changed line."""
    panels = (
        f'"{key}":{value if isinstance(value, int) else numbers(value, 9)}' for key, value in inputs.items()
    )
    text = "{" + ",\n".join(panels) + ',\n"cases":[\n' + ",\n".join(cases) + "\n]}\n"
    json.loads(text)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(text)


elementwise()
cross_section()
rolling()
minute()
