"""Writes tests/golden/layers/layers.json: layers of a small market without oddities, by pandas.

Development only; pip install numpy pandas scipy, then
    python3 tools/layers-golden.py

Shares of each symbol are counted rather than values drifted, costs are solved for by root finding, and figures are
pandas' own. Nothing is derived from our code. Prices are whole and scores differ, so that both are exact as float32.
"""

import json
import pathlib

import numpy as np
import pandas as pd
from scipy.optimize import brentq

FILE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "layers" / "layers.json"
T, N, LAYERS, EVERY, YEAR = 130, 23, 5, 7, 244
rng = np.random.default_rng(20240607)

dates = pd.bdate_range("2023-10-23", periods=T)
skill = rng.standard_normal((T, N)).cumsum(axis=0)
returns = 0.0004 + 0.02 * rng.standard_normal((T, N)) + 0.0005 * np.tanh(np.vstack([np.zeros(N), skill[:-1]]))
close = np.round(5000 * np.exp(rng.standard_normal(N) + returns.cumsum(axis=0)))
trade = np.round(close * np.exp(0.01 * rng.standard_normal((T, N))))
scores = pd.DataFrame(skill).rank(axis=1).to_numpy()  # 1 to N, no ties


def sizes(count):
    """One more symbol for the outer layers first."""
    extra = [0] * LAYERS
    for k in range(count % LAYERS):
        extra[k // 2 if k % 2 == 0 else LAYERS - 1 - k // 2] += 1
    return [count // LAYERS + e for e in extra]


def backtest(members_of, buy, sell):
    """Values at closes from the first date on, what costs left of each date's value, and turnovers."""
    shares, cash, values, left, turnover = np.zeros(N), 1.0, [1.0], [1.0], []
    for t in range(1, T):
        kept = 1.0
        if (t - 1) % EVERY == 0:
            price = trade[t]
            held = shares * price
            value = cash + held.sum()
            member = members_of(t - 1)

            def bill(amount):
                change = np.where(member, amount, 0) - held
                return change[change > 0].sum() * buy - change[change < 0].sum() * sell

            amount = brentq(lambda x: x * member.sum() + bill(x) - value, 0, 2 * value, xtol=1e-16, rtol=1e-15)
            turnover.append(np.abs(np.where(member, amount, 0) - held).sum() / 2 / value)
            kept = 1 - bill(amount) / value
            shares, cash = np.where(member, amount, 0) / price, 0.0
        values.append(cash + (shares * close[t]).sum())
        left.append(kept)
    return pd.Series(values, dates), pd.Series(left, dates), turnover[1:]


def layer(k):
    def members_of(t):
        place = pd.Series(scores[t]).rank(ascending=False).to_numpy()
        edges = np.concatenate([[0], np.cumsum(sizes(N))])
        return (place > edges[k]) & (place <= edges[k + 1])

    return members_of


def performance(r):
    nav = (1 + r).cumprod()
    with_start = pd.concat([pd.Series([1.0]), nav])
    annual = nav.iloc[-1] ** (YEAR / len(r)) - 1
    volatility = r.std(ddof=1) * np.sqrt(YEAR)
    drawdown = (1 - with_start / with_start.cummax()).max()
    return {
        "annualReturn": annual,
        "volatility": volatility,
        "sharpe": annual / volatility,
        "maxDrawdown": drawdown,
        "calmar": annual / drawdown,
        "dates": len(r),
    }


def wins(r):
    months = (1 + r).groupby(r.index.to_period("M")).prod()
    return {"monthlyWinRate": (months > 1).mean(), "months": len(months)}


def excess(r):
    p = performance(r)
    return {
        "annualReturn": p["annualReturn"],
        "trackingError": p["volatility"],
        "informationRatio": p["sharpe"],
        "maxDrawdown": p["maxDrawdown"],
        "calmar": p["calmar"],
        **wins(r),
    }


def nav(r):
    return [1.0, *(1 + r).cumprod()]


def report(buy, sell, short):
    held = [backtest(layer(k), buy, sell) for k in range(LAYERS)]
    daily = [value.pct_change().iloc[1:] for value, _, _ in held]
    universe = backtest(lambda t: np.ones(N, dtype=bool), 0, 0)[0].pct_change().iloc[1:]
    bottom = daily[-1]
    if short == "charged":
        left = held[-1][1].iloc[1:]
        bottom = (1 + bottom) / left - 1 + (1 - left)
    spread = daily[0] - bottom
    figures = [
        {
            "performance": performance(r),
            "excess": excess(r - universe),
            "turnover": np.mean(turnover),
            "size": size,
            "nav": nav(r) if k in (0, LAYERS - 1) else [],
            "excessNav": nav(r - universe) if k in (0, LAYERS - 1) else [],
        }
        for k, (r, (_, _, turnover), size) in enumerate(zip(daily, held, sizes(N)))
    ]
    for figure in figures:
        for key in ("nav", "excessNav"):
            if not figure[key]:
                del figure[key]
    annual = pd.Series([f["performance"]["annualReturn"] for f in figures])
    return {
        "layers": figures,
        "longShort": {**performance(spread), "nav": nav(spread), "monthlyWinRate": wins(spread)["monthlyWinRate"]},
        "universe": {**performance(universe), "nav": nav(universe)},
        "rebalances": len(range(0, T - 1, EVERY)),
        "monotonicity": annual.corr(pd.Series(range(LAYERS, 0, -1)), method="spearman"),
        "untraded": {"buys": 0, "sells": 0, "delisted": 0},
    }


cases = [(0.0, 0.0, "charged"), (0.002, 0.002, "charged"), (0.001, 0.003, "credited")]
golden = {
    "symbols": N,
    "dates": [str(d.date()) for d in dates],
    "scores": [int(x) for x in scores.ravel()],
    "close": [int(x) for x in close.ravel()],
    "trade": [int(x) for x in trade.ravel()],
    "rule": {"layers": LAYERS, "every": EVERY, "datesPerYear": YEAR},
    "cases": [
        {"cost": {"buy": buy, "sell": sell}, "shortCost": short, "report": report(buy, sell, short)}
        for buy, sell, short in cases
    ],
}
FILE.parent.mkdir(parents=True, exist_ok=True)
FILE.write_text(json.dumps(golden, default=float) + "\n")
print(FILE, FILE.stat().st_size)
