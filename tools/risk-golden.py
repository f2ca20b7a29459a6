"""The rows tests/risk-model.test.ts compares with, by definition: every sum taken anew over all dates.

pip install numpy statsmodels, then python tools/risk-golden.py. Missing is null. docs/notes/risk-model.md has the formulas.
"""
import json
from pathlib import Path

import numpy as np
import statsmodels.api as sm

DATES, SYMBOLS, LABELS, PER_YEAR = 110, 32, 5, 244
UNKNOWN = LABELS
REACH, LAGS, LEAST, GAP, SHRINK, FLOOR = 5, 2, 63, 252, 0.1, 0.25
HALF = {"deviation": 84, "correlation": 252, "specific": 84}
SIGNALS = [40, 80, 109]


def f32(values):
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def market():
    rng = np.random.default_rng(5)
    shared = 0.01 * rng.standard_normal(DATES)
    shared[1:] += 0.3 * shared[:-1]
    own = 0.02 * rng.standard_t(4, (DATES, SYMBOLS)) + shared[:, None] * np.linspace(0.5, 1.5, SYMBOLS)
    own[70, 10], own[74, 20] = 0.9, -0.7  # further out than any reach
    close = f32(np.round(20 * np.exp(np.cumsum(own, axis=0)), 2))
    close[:90, 1] = np.nan  # listed late: too little history
    close[30:50, 2] = np.nan
    close[95:, 3] = np.nan  # gone
    suspended = np.zeros((DATES, SYMBOLS))
    suspended[60:70, 4] = 1  # with stale prices
    close[60:70, 4] = close[59, 4]
    shares = np.round(np.exp(rng.normal(8, 1.2, SYMBOLS)))
    shares[5] = np.nan  # capital unknown
    cap = f32(close * shares)
    industry = np.array([n % 3 for n in range(SYMBOLS)], dtype=float)
    industry[6] = 3  # alone
    industry[7:9] = np.nan
    later = industry.copy()
    later[9:12] = 4  # an industry that begins at date 60
    return close, shares, cap, suspended, industry, later


drawn = {3: 0, REACH: 0}


def draw_in(x, deviations):
    mean, reach = np.nanmean(x), deviations * np.nanstd(x)
    drawn[deviations] += int((np.abs(x - mean) > reach).sum())
    return np.clip(x, mean - reach, mean + reach)


def standardise(x, cap):
    both = ~np.isnan(x) & (cap > 0)
    return (x - np.average(x[both], weights=cap[both])) / np.nanstd(x)


def size_styles(cap):
    """Size and NLSize as evaluation/tear-sheet/styles.ts makes them."""
    size = standardise(draw_in(np.log(cap), 3), cap)
    # A style is a weighted sum of descriptors, standardised once more.
    size = standardise(size, cap)
    cube = size**3
    known = ~np.isnan(cube)
    fit = sm.WLS(cube[known], sm.add_constant(size[known]), weights=np.sqrt(cap[known])).fit()
    rest = np.full(len(cap), np.nan)
    rest[known] = fit.resid
    return size, standardise(draw_in(rest, 3), cap)


def regressions(close, cap, suspended, industry, later):
    """Factor returns (industries, unknown, Size, Momentum, NLSize) and residuals of each date from 1 on."""
    factors = np.full((DATES - 1, LABELS + 1 + 3), np.nan)
    residuals = np.full((DATES - 1, SYMBOLS), np.nan)
    last_cap = np.full(SYMBOLS, np.nan)
    for t in range(1, DATES):
        last_cap = np.where(cap[t - 1] > 0, cap[t - 1], last_cap)
        root = np.sqrt(last_cap)
        root = np.where(np.isnan(root), np.nanmean(root), root)
        returns = close[t] / close[t - 1] - 1
        returns[suspended[t] == 1] = np.nan
        returns = draw_in(returns, REACH)
        codes = industry if t - 1 < 60 else later
        codes = np.where(np.isnan(codes), UNKNOWN, codes).astype(int)
        styles = np.nan_to_num(np.column_stack(size_styles(cap[t - 1])))
        known = ~np.isnan(returns)
        present = [g for g in range(LABELS + 1) if (codes[known] == g).any()]
        dummies = np.column_stack([(codes == g).astype(float) for g in present])
        x = np.hstack([dummies, styles])
        fit = sm.WLS(returns[known], x[known], weights=root[known]).fit()
        factors[t - 1, present] = fit.params[: len(present)]
        factors[t - 1, [LABELS + 1, LABELS + 3]] = fit.params[len(present):]
        alone = np.array([(codes[known] == codes[n]).sum() == 1 for n in range(SYMBOLS)])
        residuals[t - 1, known] = fit.resid
        residuals[t - 1, alone] = np.nan
    return factors, residuals


def decayed(dates, half_life):
    return 0.5 ** (np.arange(dates - 1, -1, -1) / half_life)


def long_run(x, y, half_life):
    """Newey-West of products of two series over the dates both are known on, mean taken to be 0."""
    w = decayed(len(x), half_life)
    root = np.sqrt(w)
    total = w[~np.isnan(x) & ~np.isnan(y)].sum()
    a, b = np.nan_to_num(x) * root, np.nan_to_num(y) * root
    total_sum = a @ b
    for lag in range(1, LAGS + 1):
        total_sum += (1 - lag / (LAGS + 1)) * (a[lag:] @ b[:-lag] + a[:-lag] @ b[lag:])
    return total_sum / total if total > 0 else 0.0


def covariance(factors):
    if len(factors) < LEAST:
        return np.full((factors.shape[1],) * 2, np.nan)
    count = factors.shape[1]
    known = [k for k in range(count) if (~np.isnan(factors[:, k])).sum() >= LEAST]
    deviation = np.zeros(count)
    for k in known:
        deviation[k] = np.sqrt(long_run(factors[:, k], factors[:, k], HALF["deviation"]))
    g = np.eye(count)
    own = {k: long_run(factors[:, k], factors[:, k], HALF["correlation"]) for k in known}
    for i in known:
        for j in known:
            if i != j:
                c = long_run(factors[:, i], factors[:, j], HALF["correlation"]) / np.sqrt(own[i] * own[j])
                g[i, j] = np.clip(c, -1, 1)
    values, vectors = np.linalg.eigh(g)
    if values.min() < 0:
        print("clipped", values.min())
        g = vectors @ np.diag(np.maximum(values, 0)) @ vectors.T
        scale = np.sqrt(np.diag(g))
        g = g / np.outer(scale, scale)
    f = g * np.outer(deviation, deviation)
    inds = [k for k in known if k <= LABELS]
    stys = [k for k in known if k > LABELS]
    young = [k for k in range(count) if k not in known]
    for k in young:
        if k > LABELS:
            f[k, k] = np.mean([f[i, i] for i in stys])
    # An industry of too little history: the mean industry, and a variance of its own up to the mean variance.
    base = f.copy()
    for k in [k for k in young if k <= LABELS]:
        for j in range(count):
            if j in known:
                f[k, j] = f[j, k] = np.mean([base[i, j] for i in inds])
            elif j <= LABELS and j != k:
                f[k, j] = np.mean([base[i, l] for i in inds for l in inds])
        f[k, k] = np.mean([base[i, i] for i in inds])
    return f


def specific(residuals, cap, priced):
    symbols = residuals.shape[1]
    deviation = np.full(symbols, np.nan)
    alive = np.zeros(symbols, dtype=bool)
    for n in range(symbols):
        known = np.flatnonzero(~np.isnan(residuals[:, n]))
        alive[n] = priced[n] or (len(known) > 0 and len(residuals) - 1 - known[-1] < GAP)
        if alive[n] and len(known) >= LEAST:
            deviation[n] = np.sqrt(max(0, long_run(residuals[:, n], residuals[:, n], HALF["specific"])))
    caps = np.sort(cap[alive & (cap > 0)])
    count = max(1, min(10, len(caps) // 10))
    starts = [caps[int(np.ceil(g * len(caps) / count))] for g in range(count)]
    group = np.array([max([0] + [g for g in range(count) if c >= starts[g]]) if c > 0 else count for c in cap])
    out = np.full(symbols, np.nan)
    for n in np.flatnonzero(alive):
        like = deviation[alive & (group == group[n]) & ~np.isnan(deviation)]
        if len(like) == 0:
            like = deviation[alive & ~np.isnan(deviation)]
        mean, spread = like.mean(), like.std()
        if np.isnan(deviation[n]):
            out[n] = mean**2
            continue
        distance = SHRINK * abs(deviation[n] - mean)
        share = distance / (distance + spread) if distance > 0 else 0
        out[n] = max(FLOOR * mean, share * mean + (1 - share) * deviation[n]) ** 2
    return out


def plain(values):
    return [None if np.isnan(v) else float(v) for v in np.asarray(values, dtype=float).ravel()]


close, shares, cap, suspended, industry, later = market()
factors, residuals = regressions(close, cap, suspended, industry, later)
rows = []
for s in SIGNALS:
    last_cap = np.full(SYMBOLS, np.nan)
    for t in range(s + 1):
        last_cap = np.where(cap[t] > 0, cap[t], last_cap)
    f = covariance(factors[:s]) * PER_YEAR
    own = specific(residuals[:s], last_cap, close[s] > 0) * PER_YEAR if not np.isnan(f[0, 0]) else np.full(SYMBOLS, np.nan)
    rows.append({"date": s, "covariance": plain(f), "specific": plain(own)})

golden = {
    "symbols": SYMBOLS,
    "labels": LABELS,
    "datesPerYear": PER_YEAR,
    "close": plain(np.round(close, 2)),
    "shares": plain(shares),
    "suspended": {"symbol": 4, "from": 60, "to": 70},
    "industry": plain(industry),
    "later": {"from": 60, "industry": plain(later)},
    "rows": rows,
}
path = Path(__file__).parent.parent / "tests" / "golden" / "risk-model.json"
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
print(path.stat().st_size, "bytes;", "drawn in, by deviations:", drawn)
