"""The values tests/styles.test.ts and tests/price-volume.test.ts compare with, by definition: every window summed anew.

pip install numpy pandas statsmodels, then python tools/styles-golden.py. Missing is null.
"""
import json
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm

folder = Path(__file__).parent.parent / "tests" / "golden" / "tear-sheet"


def plain(values):
    return [None if np.isnan(v) else float(v) for v in np.asarray(values, dtype=float).ravel()]


def f32(values):
    return np.asarray(values, dtype=np.float32).astype(np.float64)


# ---------------------------------------------------------------- styles

def style_inputs():
    rng = np.random.default_rng(11)
    dates, symbols = 570, 9
    market = f32(np.round(0.012 * rng.standard_normal(dates), 5))
    own = 0.02 * rng.standard_normal((dates, symbols)) + np.linspace(0.4, 1.8, symbols) * market[:, None]
    close = f32(np.round(20 * np.exp(np.cumsum(own, axis=0)), 2))
    close[rng.random(close.shape) < 0.01] = np.nan
    close[:300, 1] = np.nan          # listed late
    close[200:340, 2] = np.nan       # suspended for most of a year
    close[500:, 3] = np.nan          # gone
    market[17] = np.nan
    turn = f32(np.round(0.03 * np.exp(0.8 * rng.standard_normal((dates, symbols))), 4))
    turn[np.isnan(close)] = np.nan
    turn[300:, 4] = 0                # listed but not traded
    cap = f32(np.round(1000 * np.exp(rng.normal(2, 1.2, symbols)) * np.exp(np.cumsum(own, axis=0)), 0))
    cap[np.isnan(close)] = np.nan
    book = f32(np.round(np.nan_to_num(cap, nan=5000) * rng.uniform(0.2, 1.5, symbols), 0))
    book[:, 5] = np.nan
    return market, close, turn, cap, book


def weights(window, half_life):
    """Oldest first, newest 1."""
    return 0.5 ** (np.arange(window - 1, -1, -1) / half_life)


def last(x, t, window):
    """Rows t - window + 1 to t, the missing ones before the first among them."""
    lack = max(0, window - t - 1)
    rows = x[max(0, t - window + 1): t + 1]
    return np.concatenate([np.full((lack, *x.shape[1:]), np.nan), rows]) if t >= 0 else np.full((window, *x.shape[1:]), np.nan)


def weighted_mean(x, w):
    known = ~np.isnan(x)
    if 2 * known.sum() < len(x):
        return np.nan
    return np.average(x[known], weights=w[known])


def weighted_deviation(x, w):
    known = ~np.isnan(x)
    if 2 * known.sum() < len(x):
        return np.nan
    centre = np.average(x[known], weights=w[known])
    return np.sqrt(np.average((x[known] - centre) ** 2, weights=w[known]))


def market_line(r, m, w):
    known = ~np.isnan(r) & ~np.isnan(m)
    if 2 * known.sum() < len(r):
        return np.nan, np.nan
    fit = sm.WLS(r[known], sm.add_constant(m[known]), weights=w[known]).fit()
    return fit.params[1], np.sqrt(np.average(fit.resid**2, weights=w[known]))


def month_range(logs):
    if 2 * np.sum(~np.isnan(logs)) < 252:
        return np.nan
    months = np.nansum(logs.reshape(12, 21), axis=1)[::-1]  # the latest first
    totals = np.cumsum(months)
    return totals.max() - totals.min()


def turnover(x):
    known = ~np.isnan(x)
    if 2 * known.sum() < len(x) or not np.nansum(x) > 0:
        return np.nan
    return np.log(21 * x[known].mean())


def draw_in(x):
    mean, deviation = np.nanmean(x), np.nanstd(x)
    return np.clip(x, mean - 3 * deviation, mean + 3 * deviation)


def standardise(x, cap):
    known = ~np.isnan(x) & ~np.isnan(cap)
    return (x - np.average(x[known], weights=cap[known])) / np.nanstd(x)


def combine(parts, cap):
    total, weight = np.zeros(len(cap)), np.zeros(len(cap))
    for w, x in parts:
        z = standardise(draw_in(x), cap)
        total += np.where(np.isnan(z), 0, w * z)
        weight += np.where(np.isnan(z), 0, w)
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1), np.nan)


def rest(y, columns, cap):
    known = ~np.isnan(y) & ~np.isnan(cap) & ~np.any(np.isnan(columns), axis=0)
    out = np.full(len(y), np.nan)
    x = sm.add_constant(np.array(columns).T[known])
    out[known] = sm.WLS(y[known], x, weights=np.sqrt(cap[known])).fit().resid
    return out


def styles_golden():
    market, close, turn, cap, book = style_inputs()
    returns = np.vstack([np.full(close.shape[1], np.nan), close[1:] / close[:-1] - 1])
    logs = np.log(1 + returns)
    rng = np.random.default_rng(12)
    names = ["CASH_EARNINGS", "EARNINGS", "LONG_DEBT", "TOTAL_DEBT", "TOTAL_ASSETS"]
    shares_of_book = {name: f32(np.round(rng.uniform(0.1, 3, close.shape[1]), 3)) for name in names}
    shares_of_book["CASH_EARNINGS"][6] = np.nan
    dates = [130, 260, 339, 480, 569]
    descriptors, values = [], []
    for t in dates:
        year = last(returns, t, 252).T
        index = last(market, t, 252)
        beta, hsigma = np.array([market_line(r, index, weights(252, 63)) for r in year]).T
        one = {
            "beta": beta,
            "hsigma": hsigma,
            "dastd": np.array([weighted_deviation(r, weights(252, 42)) for r in year]),
            "cmra": np.array([month_range(x) for x in last(logs, t, 252).T]),
            "rstr": np.array([weighted_mean(x, weights(504, 126)) for x in last(logs, t - 21, 504).T]),
            "stom": np.array([turnover(x) for x in last(turn, t, 21).T]),
            "stoq": np.array([turnover(x) for x in last(turn, t, 63).T]),
            "stoa": np.array([turnover(x) for x in last(turn, t, 252).T]),
        }
        descriptors.append({name: plain(x) for name, x in one.items()})
        c = cap[t]
        with np.errstate(all="ignore"):
            size = standardise(combine([(1, np.log(c))], c), c)
            betas = standardise(combine([(1, one["beta"])], c), c)
            volatility = combine([(0.74, one["dastd"]), (0.16, one["cmra"]), (0.1, one["hsigma"])], c)
            made = {
                "Size": size,
                "Beta": betas,
                "ResVol": standardise(rest(volatility, [betas, size], c), c),
                "NLSize": standardise(draw_in(rest(size**3, [size], c)), c),
                "Liquidity": standardise(
                    combine([(0.35, one["stom"]), (0.35, one["stoq"]), (0.3, one["stoa"])], c), c
                ),
                "BTOP": standardise(combine([(1, book[t] / c)], c), c),
            }
            money = {name: f32(book[t] * share) for name, share in shares_of_book.items()}
            made["EarningsYield"] = standardise(
                combine([(0.21, money["CASH_EARNINGS"] / c), (0.11, money["EARNINGS"] / c)], c), c
            )
            made["Leverage"] = standardise(combine([
                (0.38, (c + money["LONG_DEBT"]) / c),
                (0.35, money["TOTAL_DEBT"] / money["TOTAL_ASSETS"]),
                (0.27, (book[t] + money["LONG_DEBT"]) / book[t]),
            ], c), c)
            growth = f32(money["EARNINGS"] / money["TOTAL_ASSETS"])
            made["Growth"] = standardise(combine([(0.47, growth), (0.24, f32(growth**2))], c), c)
            if not np.all(np.isnan(one["rstr"])):
                made["Momentum"] = standardise(combine([(1, one["rstr"])], c), c)
        values.append({name: plain(x) for name, x in made.items()})
    return {
        "symbols": close.shape[1],
        "fields": {name: plain(np.round(x, 5)) for name, x in
                   [("MKT_RETURN", market), ("CLOSE", close), ("TURN", turn), ("CAP", cap), ("BOOK", book)]},
        "sharesOfBook": {name: plain(np.round(x, 3)) for name, x in shares_of_book.items()},
        "dates": dates,
        "descriptors": descriptors,
        "values": values,
    }


# ---------------------------------------------------------------- price and volume

def bars_inputs():
    rng = np.random.default_rng(5)
    dates, bars, symbols = 62, 24, 6
    scale = rng.uniform(0.5, 2, symbols)
    steps = 0.003 * scale * rng.standard_t(4, (dates, bars, symbols))
    steps[:, 0] += 0.01 * scale * rng.standard_normal((dates, symbols))
    path = np.cumsum(steps.reshape(-1, symbols), axis=0).reshape(steps.shape)
    close = np.round(30 * np.exp(path), 2)
    busy = 1.5 - np.sin(np.pi * np.arange(bars) / (bars - 1))
    volume = np.round(100 * busy[:, None] * np.exp(rng.uniform(0.3, 0.8, symbols) * rng.standard_normal(close.shape)))
    close[40, :, 2] = close[39, -1, 2]  # a day at one price
    volume[33, 5, 1] = 0                # a bar without trade
    close[3, 7, 5] = np.nan             # a bar that is missing costs its 60 dates
    return f32(close), f32(volume)


def price_volume_golden():
    close, volume = bars_inputs()
    dates, bars, symbols = close.shape
    rng = np.random.default_rng(6)
    daily = {
        "OPEN": close[:, 0] * 0.999,
        "HIGH": np.nanmax(close, axis=1) * 1.001,
        "LOW": np.nanmin(close, axis=1) * 0.999,
        "CLOSE": close[:, -1],
        "VOLUME": np.nansum(volume, axis=1),
        "VWAP": np.nansum(close * volume, axis=1) / np.nansum(volume, axis=1),
        "TURN": np.nansum(volume, axis=1) / 1e5,
    }
    daily = {name: f32(np.round(x, 4)) for name, x in daily.items()}
    daily["AMOUNT"] = f32(np.round(daily["VWAP"] * daily["VOLUME"]))
    market = f32(np.round(0.01 * rng.standard_normal(dates), 5))
    frame = {name: pd.DataFrame(x) for name, x in daily.items()}
    r = frame["CLOSE"] / frame["CLOSE"].shift(1) - 1
    m = pd.Series(market)
    bar = np.full(close.shape, np.nan)
    bar[:, 1:] = close[:, 1:] / close[:, :-1] - 1

    def each_day(of):
        return pd.DataFrame([[of(t, n) for n in range(symbols)] for t in range(dates)])

    def shape(name):
        def of(t, n):
            x = pd.Series(bar[t, 1:, n])
            return np.nan if x.isna().any() else 0 if x.std() == 0 else getattr(x, name)()
        return each_day(of)

    def bias(t, n):
        p, v = close[t, :, n], volume[t, :, n]
        return np.log(p.mean() / (np.sum(p * v) / v.sum()))

    def extreme(t, n):
        x = bar[t, 1:, n]
        return sum(x[i] if abs(x[i]) > 1.1 * max(abs(x[i - 1]), abs(x[i - 2])) else 0 * x[i] for i in range(2, len(x)))

    extremes = each_day(extreme)
    unexplained = pd.DataFrame({
        n: [np.nan] * 60 + [
            sm.OLS(r[n][t - 59: t + 1], sm.add_constant(m[t - 59: t + 1])).fit().rsquared for t in range(60, dates)
        ] for n in range(symbols)
    })
    illiquidity = (r.abs() / frame["AMOUNT"]).rolling(60).mean()
    total = frame["VWAP"] * frame["VOLUME"]
    low, high = frame["LOW"].rolling(5).min(), frame["HIGH"].rolling(5).max()
    factors = {
        "ret": frame["CLOSE"] / frame["CLOSE"].shift(60) - 1,
        "vol": r.rolling(60).std(),
        "lnto": np.log(frame["TURN"].rolling(60).mean()),
        "ivol": r.rolling(60).std() * np.sqrt(1 - unexplained),
        "ivr": 1 - unexplained,
        "lnamihud": np.log(illiquidity.div(illiquidity.sum(axis=1), axis=0)),
        "apb_5d": np.log(frame["VWAP"].rolling(5).mean() / (total.rolling(5).sum() / frame["VOLUME"].rolling(5).sum())),
        "skew": shape("skew").rolling(60).mean(),
        "kurt": shape("kurt").rolling(60).mean(),
        "jump": extremes.rolling(60).sum(),
        "mom": (r - extremes).rolling(60).sum(),
        "apb": each_day(bias).rolling(60).mean(),
        "sdvhhi": each_day(lambda t, n: np.sum((volume[t, :, n] / volume[t, :, n].sum()) ** 2)).rolling(60).std(),
        "sdvvol": each_day(lambda t, n: volume[t, :, n].std(ddof=1) / volume[t, :, n].mean()).rolling(60).std(),
        "arpp": (pd.DataFrame(close.mean(axis=1)).rolling(5).mean() - low) / (high - low),
    }
    return {
        "bars": bars,
        "symbols": symbols,
        "daily": {name: plain(np.round(x, 4)) for name, x in daily.items()},
        "market": plain(np.round(market, 5)),
        "minute": {"close": plain(np.round(close, 2)), "volume": plain(volume)},
        "date": dates - 1,
        "factors": {name: plain(x.to_numpy()[-1]) for name, x in factors.items()},
    }


def write(name, golden):
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(golden, separators=(",", ":")).replace(".0,", ",").replace(".0]", "]")
    (folder / name).write_text(text + "\n")
    print(name, len(text))


write("styles.json", styles_golden())
write("price-volume.json", price_volume_golden())
