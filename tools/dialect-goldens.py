"""Writes tests/golden/dialects: what other tools' formulas give on a small panel.

Development only. Each function below follows the documented definition of the tool it stands for (docs/dialects.md
names the sources) in plain pandas and numpy, without any of our code:
    python3 tools/dialect-goldens.py

Every formula is evaluated twice. The tool's own reading gives the values; a strict reading, where a window needs all
of its rows and a comparison both of its sides, says which cells are full. Only full, finite cells are kept, because
only there do the tools promise to agree with us; the rest are null and are not compared.
"""

import json
import math
import pathlib
import re

import numpy as np
import pandas as pd

DATES, SYMBOLS = 45, 8
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "dialects"


def panel():
    rng = np.random.default_rng(20240607)
    close = 20 * np.exp(np.cumsum(0.02 * rng.standard_normal((DATES, SYMBOLS)), axis=0))
    open_ = close * np.exp(0.01 * rng.standard_normal(close.shape))
    high = np.maximum(open_, close) * (1 + 0.01 * rng.random(close.shape))
    low = np.minimum(open_, close) * (1 - 0.01 * rng.random(close.shape))
    volume = np.round(1e6 * np.exp(0.5 * rng.standard_normal(close.shape)))
    close[:, 3] = np.round(close[:, 3])  # equal values in windows
    open_[:, 3], high[:, 3], low[:, 3] = close[:, 3], close[:, 3] + 1, close[:, 3] - 1
    close[:, 6] = close[:, 5]  # and across symbols
    fields = {"open": open_, "high": high, "low": low, "close": close, "volume": volume}
    fields["vwap"] = (open_ + high + low + close) / 4
    hole = rng.random(close.shape) < 0.02
    for x in fields.values():
        x[hole] = np.nan
    fields["amount"] = fields["vwap"] * fields["volume"]
    fields["cap"] = close * 1e8 * (1 + np.arange(SYMBOLS))
    fields["industry"] = np.broadcast_to(np.arange(SYMBOLS) % 3, close.shape).astype(float)
    return {name: pd.DataFrame(x.astype(np.float32).astype(np.float64)) for name, x in fields.items()}


FIELDS = panel()
STRICT = False  # which of the two readings is being evaluated


def constant_like(x, value):
    return value if isinstance(value, pd.DataFrame) else pd.DataFrame(float(value), x.index, x.columns)


def flag(holds, *sides):
    if not STRICT:
        return holds
    missing = sum(side.isna() for side in sides if isinstance(side, pd.DataFrame))
    return holds.astype(float).mask(missing > 0)


def windows(x, n, f):
    """f of each window of n rows, oldest first; a window with a missing row is missing."""
    out = pd.DataFrame(np.nan, x.index, x.columns)
    for column in x.columns:
        values = x[column].to_numpy()
        for t in range(n - 1, len(values)):
            window = values[t - n + 1 : t + 1]
            if not np.isnan(window).any():
                out.iat[t, x.columns.get_loc(column)] = f(window)
    return out


def pair_windows(x, y, n, f):
    out = pd.DataFrame(np.nan, x.index, x.columns)
    for j, column in enumerate(x.columns):
        a, b = x[column].to_numpy(), y[column].to_numpy()
        for t in range(n - 1, len(a)):
            p, q = a[t - n + 1 : t + 1], b[t - n + 1 : t + 1]
            if not (np.isnan(p).any() or np.isnan(q).any()):
                out.iat[t, j] = f(p, q)
    return out


# ---- qlib: qlib/data/ops.py and qlib/data/_libs/rolling.pyx


def qlib_scope():
    def rolling(method):
        return lambda x, n: getattr(x.rolling(n, min_periods=n if STRICT else 1), method)()

    def applied(f):
        return lambda x, n: x.rolling(n, min_periods=n if STRICT else 1).apply(f, raw=True)

    def line(n, f):
        """The least-squares line of the rows of a window that are there, on places 1 to n."""

        def of(window):
            place = np.arange(n - len(window) + 1, n + 1, dtype=float)
            here = ~np.isnan(window)
            p, v = place[here], window[here]
            slope = ((p - p.mean()) * (v - v.mean())).sum() / ((p - p.mean()) ** 2).sum()
            return f(p, v, slope, v.mean() - slope * p.mean())

        return of

    def fitted(f):
        return lambda x, n: x.rolling(n, min_periods=n).apply(line(n, f), raw=True)

    def weighted(window):
        w = np.arange(len(window)) + 1
        return np.nanmean(w / w.sum() * window)

    def mostly_flat(x, n):
        return np.isclose(x.rolling(n, min_periods=1).std(), 0, atol=2e-05)

    def corr(x, y, n):
        r = x.rolling(n, min_periods=n if STRICT else 1).corr(y)
        return r.mask(mostly_flat(x, n) | mostly_flat(y, n))

    def rsquare(x, n):
        r = fitted(lambda p, v, a, b: np.corrcoef(p, v)[0, 1] ** 2)(x, n)
        return r.mask(mostly_flat(x, n))

    def if_(c, a, b):
        a, b = constant_like(c, a), constant_like(c, b)
        if STRICT:
            return pd.DataFrame(np.where(c.isna(), np.nan, np.where(c == 1, a, b)), c.index, c.columns)
        return pd.DataFrame(np.where(c, a, b), c.index, c.columns)

    def both(a, b, f):
        return f(a, b) if not STRICT else f(a == 1, b == 1).astype(float).mask(a.isna() | b.isna())

    scope = {
        "Abs": np.abs,
        "Sign": np.sign,
        "Log": np.log,
        "Power": np.power,
        "Add": lambda a, b: a + b,
        "Sub": lambda a, b: a - b,
        "Mul": lambda a, b: a * b,
        "Div": lambda a, b: a / b,
        "Greater": np.maximum,
        "Less": np.minimum,
        "Gt": lambda a, b: flag(a > b, a, b),
        "Ge": lambda a, b: flag(a >= b, a, b),
        "Lt": lambda a, b: flag(a < b, a, b),
        "Le": lambda a, b: flag(a <= b, a, b),
        "Eq": lambda a, b: flag(a == b, a, b),
        "Ne": lambda a, b: flag(a != b, a, b),
        "And": lambda a, b: both(a, b, lambda p, q: p & q),
        "Or": lambda a, b: both(a, b, lambda p, q: p | q),
        "If": if_,
        "Ref": lambda x, n: x.shift(n),
        "Delta": lambda x, n: x - x.shift(n),
        "Quantile": lambda x, n, q: x.rolling(n, min_periods=n if STRICT else 1).quantile(q),
        "Rank": lambda x, n: x.rolling(n, min_periods=n if STRICT else 1).rank(pct=True),
        "IdxMax": applied(lambda w: w.argmax() + 1),
        "IdxMin": applied(lambda w: w.argmin() + 1),
        "WMA": applied(weighted),
        "Slope": fitted(lambda p, v, slope, start: slope),
        "Resi": fitted(lambda p, v, slope, start: v[-1] - (slope * p[-1] + start)),
        "Rsquare": rsquare,
        "Corr": corr,
        "Cov": lambda x, y, n: x.rolling(n, min_periods=n if STRICT else 1).cov(y),
    }
    for name, method in dict(
        Mean="mean", Sum="sum", Std="std", Var="var", Skew="skew", Kurt="kurt", Max="max", Min="min", Med="median"
    ).items():
        scope[name] = rolling(method)
    return scope


QLIB = [
    "$close/Ref($close,1)-1",
    "Mean($close,5)/$close",
    "Std($close,10)/$close",
    "Var($close/$open,5)*100",
    "($close-$open)/($high-$low+0*$close)",
    "Sum(Greater($close/Ref($close,1)-1,0),5)",
    "Skew($volume,10)",
    "Kurt($volume,10)",
    "Rank($close,10)",
    "Quantile($close,10,0.8)/$close",
    "Med($close,6)/$close",
    "IdxMax($high,10)",
    "IdxMin($low,10)/10",
    "(IdxMax($high,10)-IdxMin($low,10))/10",
    "Slope($close,10)/$close",
    "Rsquare($close,10)",
    "Resi($close,10)/$close",
    "WMA($close,8)/$close",
    "Corr($close,$volume,10)",
    "Corr($high,Ref($volume,1),10)",
    "Cov($close,$volume,5)/Var($volume,5)*1000000",
    "Delta($close,3)/$close",
    "If($close>$open,1,0)",
    "If(Gt($close,Ref($close,1)),$high,$low)/$close",
    "If(And($close>=$open,$volume>0),$close,$open)/$high",
    "If(Or(Lt($close,$open),Eq($close,$open)),1,2)",
    "Mean($close>Ref($close,1),5)",
    "Less($open,$close)/Greater($open,$close)",
    "Power($close/$open,3)-Power($close/$open,0.5)",
    "Log($close/Ref($close,2))",
    "Abs(Sign($close-$open))*($high/$low)**2",
    "(Max($high,5)-Min($low,5))/(Max($close,5)-Min($close,5))",
    "($close-Mean($close,10))/Std($close,10)",
    "1-2*$close/($high+$low)",
]


def qlib(text):
    code = re.sub(r"\$(\w+)", r"\1", text)
    scope = {**qlib_scope(), **FIELDS}
    # Comparisons written with signs are the same functions.
    for sign, name in ((">=", "Ge"), (">", "Gt")):
        code = re.sub(rf"(\w+(?:\(\w+,\d+\))?){sign}(\w+(?:\(\w+,\d+\))?)", rf"{name}(\1,\2)", code)
    return eval(code, scope)


# ---- 101 Formulaic Alphas, appendix A, and BRAIN's operator pages; each text beside the same thing in Python


def full(x, n):
    return x.rolling(n, min_periods=n)


def cs_rank(x):
    return x.rank(axis=1, pct=True)


def brain_rank(x):
    place = x.rank(axis=1) - 1
    return place.div(x.count(axis=1) - 1, axis=0)


def last_rank(w):
    return pd.Series(w).rank().iloc[-1]


def neutral(x, group):
    return x.T.groupby(group.iloc[0]).transform(lambda g: g - g.mean()).T


def decay(x, n):
    return windows(x, n, lambda w: (w * np.arange(1, n + 1)).sum() / (n * (n + 1) / 2))


def rank_statistic(x, y, n, f):
    """Statistics of ranks are often exactly equal; rounding keeps them so, whatever the order of summation."""
    return pair_windows(cs_rank(x), cs_rank(y), n, f).round(7)


F = FIELDS
RETURNS = F["close"] / F["close"].shift(1) - 1
ADV20 = full(F["amount"], 20).mean()

ALPHA101 = [
    ("-1 * correlation(open, volume, 10)", lambda: -full(F["open"], 10).corr(F["volume"])),
    ("-1 * correlation(rank(open), rank(volume), 10)", lambda: -full(cs_rank(F["open"]), 10).corr(cs_rank(F["volume"]))),
    ("-1 * Ts_Rank(rank(low), 9)", lambda: -windows(cs_rank(F["low"]), 9, lambda w: last_rank(w) / 9)),
    (
        "(rank((open - (sum(vwap, 10) / 10))) * (-1 * abs(rank((close - vwap)))))",
        lambda: cs_rank(F["open"] - full(F["vwap"], 10).sum() / 10) * -cs_rank(F["close"] - F["vwap"]).abs(),
    ),
    (
        "-1 * rank(((sum(open, 5) * sum(returns, 5)) - delay((sum(open, 5) * sum(returns, 5)), 10)))",
        lambda: -cs_rank(
            (s := full(F["open"], 5).sum() * full(RETURNS, 5).sum()) - s.shift(10)
        ),
    ),
    (
        "((0 < ts_min(delta(close, 1), 5)) ? delta(close, 1) : ((ts_max(delta(close, 1), 5) < 0) ? delta(close, 1) : (-1 * delta(close, 1)))) / close",
        lambda: (
            (d := F["close"].diff(1)).where(
                (full(d, 5).min() > 0) | (full(d, 5).max() < 0), -d
            )
            / F["close"]
        ).mask(full(d, 5).min().isna()),
    ),
    (
        "((rank(ts_max((vwap - close), 3)) + rank(ts_min((vwap - close), 3))) * rank(delta(volume, 3)))",
        lambda: (
            cs_rank(full(F["vwap"] - F["close"], 3).max()) + cs_rank(full(F["vwap"] - F["close"], 3).min())
        )
        * cs_rank(F["volume"].diff(3)),
    ),
    ("sign(delta(volume, 1)) * (-1 * delta(close, 1)) / close", lambda: -np.sign(F["volume"].diff(1)) * F["close"].diff(1) / F["close"]),
    ("-1 * rank(covariance(rank(close), rank(volume), 5))", lambda: -cs_rank(rank_statistic(F["close"], F["volume"], 5, lambda a, b: np.cov(a, b)[0, 1]))),
    (
        "(-1 * sum(rank(correlation(rank(high), rank(volume), 3)), 3))",
        lambda: -full(cs_rank(rank_statistic(F["high"], F["volume"], 3, lambda a, b: np.corrcoef(a, b)[0, 1])), 3).sum(),
    ),
    ("rank(Ts_ArgMax(close, 5)) - 0.5", lambda: cs_rank(windows(F["close"], 5, lambda w: w.argmax() + 1)) - 0.5),
    ("Ts_ArgMin(low, 7) / 7", lambda: windows(F["low"], 7, lambda w: w.argmin() + 1) / 7),
    ("decay_linear(delta(close, 1), 4.7) / close", lambda: decay(F["close"].diff(1), 4) / F["close"]),
    ("stddev(returns, 20) * 100", lambda: full(RETURNS, 20).std() * 100),
    ("SignedPower(close / open, 2)", lambda: (F["close"] / F["open"]) ** 2),
    ("signed_power(delta(close, 1) / close, 0.5)", lambda: np.sign(r := F["close"].diff(1) / F["close"]) * r.abs() ** 0.5),
    ("product(close / open, 5)", lambda: windows(F["close"] / F["open"], 5, np.prod)),
    ("scale(close - open, 2)", lambda: (d := F["close"] - F["open"]).div(d.abs().sum(axis=1), axis=0) * 2),
    ("indneutralize(close / open, IndClass.industry) * 10", lambda: neutral(F["close"] / F["open"], F["industry"]) * 10),
    ("max(rank(close), rank(open)) ^ 2", lambda: np.maximum(cs_rank(F["close"]), cs_rank(F["open"])) ** 2),
    ("min(close, 5) / max(close, 5)", lambda: full(F["close"], 5).min() / full(F["close"], 5).max()),
    ("rank(volume) ^ rank(close)", lambda: cs_rank(F["volume"]) ** cs_rank(F["close"])),
    ("amount / adv20", lambda: F["amount"] / ADV20),
    ("(close > open || volume < delay(volume, 1)) ? 1 : -1", lambda: tri((F["close"] > F["open"]) | (F["volume"] < F["volume"].shift(1)), F["close"], F["volume"].shift(1))),
    ("(close >= open && !(volume < delay(volume, 1))) ? 1 : -1", lambda: tri((F["close"] >= F["open"]) & (F["volume"] >= F["volume"].shift(1)), F["close"], F["volume"].shift(1))),
    ("(close == open) + (close != open) * 2", lambda: ((F["close"] == F["open"]) + (F["close"] != F["open"]) * 2.0).mask(F["close"].isna())),
    ("1 - (close - low) / (high - low)", lambda: 1 - (F["close"] - F["low"]) / (F["high"] - F["low"])),
]


def tri(holds, *sides):
    out = pd.DataFrame(np.where(holds, 1.0, -1.0), holds.index, holds.columns)
    return out.mask(sum(side.isna() for side in sides) > 0)


BRAIN = [
    ("rank(-ts_delta(close, 5) / close)", lambda: brain_rank(-F["close"].diff(5) / F["close"])),
    ("rank(volume, rate=0)", lambda: brain_rank(F["volume"])),
    ("ts_rank(close, 10)", lambda: windows(F["close"], 10, lambda w: (last_rank(w) - 1) / 9)),
    ("ts_std_dev(returns, 10) * 100", lambda: full(RETURNS, 10).std(ddof=0) * 100),
    ("ts_zscore(volume, 10)", lambda: windows(F["volume"], 10, lambda w: (w[-1] - w.mean()) / w.std())),
    ("zscore(volume)", lambda: F["volume"].sub(F["volume"].mean(axis=1), axis=0).div(F["volume"].std(axis=1, ddof=0), axis=0)),
    ("normalize(close / open) * 10", lambda: (r := F["close"] / F["open"]).sub(r.mean(axis=1), axis=0) * 10),
    ("ts_arg_max(volume, 6)", lambda: windows(F["volume"], 6, lambda w: 5 - w.argmax())),
    ("ts_arg_min(volume, 6)", lambda: windows(F["volume"], 6, lambda w: 5 - w.argmin())),
    ("ts_scale(volume, 6)", lambda: windows(F["volume"], 6, lambda w: (w[-1] - w.min()) / (w.max() - w.min()))),
    ("ts_av_diff(close, 6) / close", lambda: (F["close"] - full(F["close"], 6).mean()) / F["close"]),
    ("ts_ir(volume, 6)", lambda: windows(F["volume"], 6, lambda w: w.mean() / w.std())),
    ("ts_decay_linear(close, 6, dense=false) / close", lambda: decay(F["close"], 6) / F["close"]),
    ("group_neutralize(reverse(returns), industry) * 10", lambda: neutral(-RETURNS, F["industry"]) * 10),
    ("if_else(volume > adv20, ts_returns(close, 3), inverse(ts_product(close / open, 3)))", lambda: brain_if()),
    ("signed_power(returns, 2) * 1000", lambda: np.sign(RETURNS) * RETURNS**2 * 1000),
    ("power(1.5, returns * 10)", lambda: 1.5 ** (RETURNS * 10)),
    ("max(close, open) / min(close, open)", lambda: np.maximum(F["close"], F["open"]) / np.minimum(F["close"], F["open"])),
]


def brain_if():
    adv = full(F["volume"], 20).mean()
    yes = F["close"] / F["close"].shift(3) - 1
    no = 1 / windows(F["close"] / F["open"], 3, np.prod)
    return yes.where(F["volume"] > adv, no).mask(adv.isna() | F["volume"].isna())


# ---- alphagen: alphagen/data/expression.py


def alphagen_scope():
    def torch_kurt(w):
        c = w - w.mean()
        return (c**4).mean() / w.var(ddof=1) ** 2 - 3

    def cs_rank_from_zero(x):
        """argsort of argsort over the count; missing values sort last."""
        out = np.full(x.shape, np.nan)
        for i, day in enumerate(x.to_numpy()):
            order = np.argsort(np.argsort(np.where(np.isnan(day), np.inf, day)))
            out[i] = np.where(np.isnan(day), np.nan, order / (~np.isnan(day)).sum())
        return pd.DataFrame(out, x.index, x.columns)

    def rank(w):
        left = (w[-1] < w).sum()
        right = (w[-1] <= w).sum()
        return (right + left + (right > left)) / (2 * len(w))

    def wma(w):
        weights = np.arange(len(w), dtype=float)
        return (weights / weights.sum() * w).sum()

    def ema(w):
        n = len(w)
        weights = (1 - 2 / (1 + n)) ** np.arange(n, 0, -1, dtype=float)
        return (weights / weights.sum() * w).sum()

    def skew(w):
        c = w - w.mean()
        return (c**3).mean() / (c**2).mean() ** 1.5

    def corr(a, b):
        a, b = a - a.mean(), b - b.mean()
        flat = (a**2).sum() < 1e-6 or (b**2).sum() < 1e-6
        return (a * b).sum() / (1 if flat else math.sqrt((a**2).sum() * (b**2).sum()))

    def each(f):
        return lambda x, n: windows(x, n, f)

    return {
        "Constant": float,
        "Abs": np.abs,
        "Sign": np.sign,
        "Log": np.log,
        "CSRank": cs_rank_from_zero,
        "Add": lambda a, b: a + b,
        "Sub": lambda a, b: a - b,
        "Mul": lambda a, b: a * b,
        "Div": lambda a, b: a / b,
        "Pow": lambda a, b: a**b,
        "Greater": np.maximum,
        "Less": np.minimum,
        "Ref": lambda x, n: x.shift(n),
        "Delta": lambda x, n: x - x.shift(n),
        "Mean": each(np.mean),
        "Sum": each(np.sum),
        "Std": each(lambda w: w.std(ddof=1)),
        "Var": each(lambda w: w.var(ddof=1)),
        "Skew": each(skew),
        "Kurt": each(torch_kurt),
        "Max": each(np.max),
        "Min": each(np.min),
        "Med": each(lambda w: np.sort(w)[(len(w) - 1) // 2]),
        "Rank": each(rank),
        "WMA": each(wma),
        "EMA": each(ema),
        "Cov": lambda x, y, n: pair_windows(x, y, n, lambda a, b: np.cov(a, b)[0, 1]),
        "Corr": lambda x, y, n: pair_windows(x, y, n, corr),
    }


ALPHAGEN = [
    "Add(Div($close,Ref($close,5d)),Constant(-0.01))",
    "Sub(0.0,Div($close,$open))",
    "CSRank(Div($close,$open))",
    "CSRank($volume)",
    "Mul(CSRank(Delta($volume,3d)),2.0)",
    "Rank($close,10d)",
    "Rank($volume,5d)",
    "Med(Div($close,$open),10d)",
    "Div(Med($close,7d),$close)",
    "Skew($volume,10d)",
    "Kurt($volume,10d)",
    "Div(WMA($close,6d),$close)",
    "Div(EMA($close,8d),$close)",
    "Corr($close,$volume,10d)",
    "Div(Cov($close,$volume,5d),Mul($close,$volume))",
    "Mul(Div(Std($close,10d),$close),Constant(10))",
    "Div(Var($close,5d),Mul($close,$close))",
    "Div(Sum($volume,5d),$volume)",
    "Div(Max($high,5d),Min($low,5d))",
    "Sub(Div(Max($high,5d),$close),Div(Min($high,5d),$close))",
    "Log(Div($close,Ref($close,2d)))",
    "Sign(Sub($close,$open))",
    "Abs(Sub(Div($close,$open),1.0))",
    "Pow(Div($close,$open),Constant(2))",
    "Pow(Div($close,$open),Div($high,$low))",
    "Greater(Div($close,$vwap),Less(Div($open,$vwap),1.0))",
    "Div(Sub($close,Mean($close,10d)),Std($close,10d))",
    "Div(Delta($close,3),$close)",
]


def alphagen(text):
    code = re.sub(r"\$(\w+)", r"\1", text)
    code = re.sub(r"(\d)d\b", r"\1", code)
    return eval(code, {**alphagen_scope(), **FIELDS})


def cells(frame):
    """Nine digits: more than the 32-bit floats they are compared with."""
    return [None if not math.isfinite(v) else float(f"{v:.9g}") for v in frame.to_numpy(dtype=float).ravel()]


def both(evaluate):
    global STRICT
    STRICT = True
    strict = evaluate()
    STRICT = False
    return evaluate().astype(float).where(strict.notna())


def write(name, content):
    text = json.dumps(content, separators=(",", ":")).replace('{"text"', '\n{"text"')
    (FOLDER / f"{name}.json").write_text(text + "\n")


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    inputs = {name.upper(): [None if math.isnan(v) else v for v in x.to_numpy().ravel()] for name, x in FIELDS.items()}
    write("panel", {"rows": DATES, "columns": SYMBOLS, "daily": inputs})
    write("qlib", [{"text": t, "values": cells(both(lambda t=t: qlib(t)))} for t in QLIB])
    write("alpha101", [{"text": t, "values": cells(f())} for t, f in ALPHA101])
    write("brain", [{"text": t, "values": cells(f())} for t, f in BRAIN])
    write("alphagen", [{"text": t, "values": cells(alphagen(t))} for t in ALPHAGEN])


main()
