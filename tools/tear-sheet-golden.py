"""Writes tests/golden/tear-sheet/statistics.json: a tear sheet's statistics by numpy, scipy, pandas and statsmodels.

Development only. Nothing here is derived from our code:
    pip install pandas scipy statsmodels, then python3 tools/tear-sheet-golden.py

Inputs are rounded to a few digits, which makes them exact in JSON and gives them ties.
"""

import json
import math
import pathlib

import numpy as np
import pandas as pd
import scipy.stats
import statsmodels.api as sm

FILE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "tear-sheet" / "statistics.json"
rng = np.random.default_rng(20240229)
NAN = float("nan")


def holed(x, share):
    return np.where(rng.random(x.shape) < share, NAN, x)


def plain(x):
    """For JSON: NaN as null."""
    if isinstance(x, dict):
        return {key: plain(value) for key, value in x.items()}
    if isinstance(x, (list, tuple, np.ndarray, pd.Series)):
        return [plain(value) for value in x]
    if isinstance(x, (float, np.floating)):
        return None if math.isnan(x) else float(x)
    return int(x) if isinstance(x, np.integer) else x


def newey_west(series, lags):
    fit = sm.OLS(series, np.ones(len(series))).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False})
    return fit.tvalues[0]


def correlations():
    """Seven weeks around a turn of the year; the values have ties, and one date has no cell with both."""
    dates = pd.bdate_range("2023-12-04", periods=36)
    y = np.round(rng.standard_normal((36, 14)), 2)
    x = holed(np.round(0.3 * y + rng.standard_normal((36, 14)), 0), 0.15)
    y = holed(y, 0.05)
    x[20] = NAN
    pearson, spearman = [], []
    for a, b in zip(x, y):
        both = ~np.isnan(a) & ~np.isnan(b)
        pearson.append(scipy.stats.pearsonr(a[both], b[both]).statistic if both.any() else NAN)
        spearman.append(scipy.stats.spearmanr(a[both], b[both]).statistic if both.any() else NAN)
    text = [str(date.date()) for date in dates]
    return {"dates": text, "x": x, "y": y, "pearson": pearson, "reports": [
        report(spearman, dates, horizon, every) for horizon, every in [(1, 1), (10, 4), (10, 5), (10, 10), (10, 1)]
    ]}


def report(values, dates, horizon, every):
    series = pd.Series(values, index=dates)
    known = series.dropna()
    overlap = math.ceil(horizon / every)
    lags = min(len(known) - 1, max(int(4 * (len(known) / 100) ** (2 / 9)), min(2 * (overlap - 1), len(known) // 4)))
    sign = 1 if known.mean() >= 0 else -1
    years = known.groupby(known.index.strftime("%Y"))
    months = known.groupby(known.index.strftime("%Y-%m"))
    return {
        "horizon": horizon,
        "every": every,
        "series": values,
        "mean": known.mean(),
        "std": known.std(),
        "icir": known.mean() / known.std(),
        "share": (sign * known > 0).mean(),
        "t": scipy.stats.ttest_1samp(known, 0).statistic,
        "tNeweyWest": newey_west(known.to_numpy(), lags),
        "lags": lags,
        "dates": len(known),
        "byYear": [
            {"year": name, "mean": part.mean(), "std": part.std(), "icir": part.mean() / part.std(),
             "share": (sign * part > 0).mean(), "dates": len(part)} for name, part in years
        ],
        "byMonth": [{"month": name, "mean": part.mean(), "dates": len(part)} for name, part in months],
        "cumulative": series.fillna(0).cumsum(),
    }


def regressions():
    n = 90
    groups = np.array([f for f in rng.integers(0, 7, n - 1)] + [99], dtype=float)  # 99 has one member
    cap = np.round(24 + 1.5 * rng.standard_normal(n) , 3)
    reversal = np.round(rng.standard_normal(n) + 0.4 * (cap - 24), 3)
    turnover = np.round(np.exp(rng.standard_normal(n)) + 0.5 * reversal, 3)
    y = holed(np.round(0.5 * cap + reversal + 0.1 * groups + rng.standard_t(3, n), 3), 0.05)
    weights = np.round(np.sqrt(np.exp(cap - 24)), 4)
    groups = holed(groups, 0.03)
    groups[-1] = 99.0
    columns = [holed(column, 0.02) for column in (cap, reversal, turnover)]
    twice = [columns[0], columns[1], np.round(2 * columns[0] - 3 * columns[1], 6), np.full(n, 7.1)]
    settings = {
        "groups, columns and weights": (groups, columns, weights),
        "groups and columns": (groups, columns, None),
        "groups and weights": (groups, [], weights),
        "groups": (groups, [], None),
        "columns": (None, columns, None),
        "columns and weights": (None, columns, weights),
        "collinear columns and a constant": (groups, twice, weights),
        "the mean alone": (None, [], None),
    }
    cases = [
        {"name": name, "y": y, "groups": g, "columns": c, "weights": w, "residuals": residuals(y, g, c, w)}
        for name, (g, c, w) in settings.items()
    ]
    return [{key: value for key, value in case.items() if value is not None} for case in cases]


def residuals(y, groups, columns, weights):
    """Least squares on dummies of all groups and the columns, by statsmodels' pseudo-inverse."""
    known = ~np.isnan(y)
    for needed in [*columns, *([] if groups is None else [groups])]:
        known &= ~np.isnan(needed)
    dummies = np.ones((known.sum(), 1)) if groups is None else pd.get_dummies(groups[known]).to_numpy(dtype=float)
    design = np.column_stack([dummies, *[column[known] for column in columns]])
    model = sm.OLS(y[known], design) if weights is None else sm.WLS(y[known], design, weights=weights[known])
    out = np.full(len(y), NAN)
    out[known] = model.fit().resid
    return out


def clipped(x, rule):
    kind, _, number = rule.partition(":")
    if kind == "mad":
        middle, reach = np.nanmedian(x), float(number) * scipy.stats.median_abs_deviation(x, nan_policy="omit")
        return np.clip(x, middle - reach, middle + reach)
    return x if kind == "none" else np.clip(x, *np.nanquantile(x, [float(number), 1 - float(number)]))


def standardised(x):
    return (x - np.nanmean(x)) / np.nanstd(x)


def preparations():
    n = 61
    x = holed(np.round(rng.standard_t(2, n), 3), 0.08)
    universe = holed((rng.random(n) < 0.85).astype(float), 0.04)
    groups = holed(rng.integers(0, 4, n).astype(float), 0.04)
    cap = np.round(24 + rng.standard_normal(n), 3)
    weights = np.round(np.exp(rng.standard_normal(n)), 3)
    inside = np.where(universe == 1, x, NAN)
    cases = []
    for rule in ["mad:5", "mad:1.5", "quantile:0.01", "quantile:0.1", "none"]:
        for standard in [True, False]:
            step = standardised(clipped(inside, rule)) if standard else clipped(inside, rule)
            rest = residuals(step, groups, [cap], weights)
            cases.append({"winsorise": rule, "standardise": standard, "alone": step,
                          "neutral": standardised(rest) if standard else rest})
    return {"x": x, "universe": universe, "groups": groups, "columns": [cap], "weights": weights, "cases": cases}


def ridges():
    dates, members, n = 12, 5, 40
    common = rng.standard_normal((dates, 1, n))
    sections = np.round(common + rng.standard_normal((dates, members, n)), 3)
    label = 0.02 * (0.2 * sections[:, 0] - 0.1 * sections[:, 3] + rng.standard_normal((dates, n)))
    label = holed(np.round(label, 5), 0.05)
    sections = holed(sections, 0.25)
    covariances, with_label = np.zeros((members, members)), np.zeros(members)
    for z, y in zip(sections, label):
        counts = ~np.isnan(y) & ((~np.isnan(z)).sum(axis=0) >= members / 2)
        filled = np.nan_to_num(z[:, counts])
        covariances += np.cov(filled, bias=True) / dates
        with_label += np.array([np.cov(one, scipy.stats.zscore(y[counts]), bias=True)[0, 1] for one in filled]) / dates
    cases = []
    for penalty in [0, 0.01, 0.1, 1, 100]:
        ridge = covariances + penalty * np.trace(covariances) / members * np.eye(members)
        solution = np.linalg.solve(ridge, with_label)
        cases.append({"penalty": penalty, "weights": solution / np.abs(solution).sum()})
    return {"sections": sections, "label": label, "cases": cases}


parts = {
    "correlations": correlations(),
    "regressions": regressions(),
    "preparations": preparations(),
    "ridges": ridges(),
}
lines = (f'"{name}":{json.dumps(plain(part), separators=(",", ":"))}' for name, part in parts.items())
FILE.parent.mkdir(exist_ok=True)
FILE.write_text("{" + ",\n".join(lines) + "}\n")
