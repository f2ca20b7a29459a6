"""Writes tests/golden/labels/neutral.json: labels of three dates freed from industries, sizes and a number, by statsmodels.

Development only; pip install numpy statsmodels, then
    python3 tools/label-golden.py

OLS of the returns on a column of ones, a dummy for all industries but the first, the logarithm of the capital and the
number, over the symbols that have all of these; residuals less their mean over their population deviation. Nothing is
derived from our code. Inputs have few digits, so that they are exact in JSON; as float32, which labels of a market
are made of and kept as, they are not.
"""

import json
import math
import pathlib

import numpy as np
import statsmodels.api as sm

FILE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "labels" / "neutral.json"
N = 47
rng = np.random.default_rng(20241121)


def holed(x, share):
    return np.where(rng.random(N) < share, np.nan, x)


def section(share):
    industry = rng.integers(1, 8, N).astype(float)
    industry[rng.integers(N)] = 99.0  # alone in its industry
    cap = np.round(np.exp(3 + 1.2 * rng.standard_normal(N)), 2)
    number = np.round(rng.standard_normal(N) + 0.3 * np.log(cap), 3)
    returns = 0.01 * (industry % 3) - 0.01 * np.log(cap) + 0.02 * number + 0.03 * rng.standard_normal(N)
    return holed(np.round(returns, 5), share), holed(industry, share), holed(cap, share), holed(number, share)


def labels(returns, industry, cap, number):
    known = np.isfinite(returns) & np.isfinite(industry) & np.isfinite(cap) & np.isfinite(number)
    codes = np.unique(industry[known])
    dummies = (industry[known, None] == codes[None, 1:]).astype(float)
    exposures = np.column_stack([np.ones(known.sum()), dummies, np.log(cap[known]), number[known]])
    residuals = sm.OLS(returns[known], exposures).fit().resid
    out = np.full(N, np.nan)
    out[known] = (residuals - residuals.mean()) / residuals.std()
    return out


def plain(x):
    return [None if math.isnan(value) else float(value) for value in x]


cases = []
for share in (0.0, 0.05, 0.25):
    inputs = section(share)
    names = ("returns", "industry", "cap", "number")
    cases.append({**{name: plain(x) for name, x in zip(names, inputs)}, "labels": plain(labels(*inputs))})
FILE.parent.mkdir(parents=True, exist_ok=True)
FILE.write_text(json.dumps(cases) + "\n")
