"""Writes tests/golden/portfolio-lps.json: the best portfolios of a hundred small dates, by scipy, glpk and clarabel.

Development only; pip install numpy scipy cvxopt clarabel, then
    python3 tools/portfolio-golden.py

The program is stated over weights and the size of each trade, unlike ours. Every optimum and every verdict of
infeasible is that of scipy's dual simplex, confirmed by GLPK's simplex, and optima by the interior point of clarabel as
well. What gives way on infeasible dates is found by one program after the other. Numbers have few digits, so that they
are exact in JSON.
"""

import json
import pathlib

import clarabel
import cvxopt
import numpy as np
import scipy.sparse as sp
from cvxopt import glpk
from scipy.optimize import linprog

FILE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "portfolio-lps.json"
RELIEFS = ["turnover", "style", "members", "deviation", "invested"]
quiet = {"msg_lev": "GLP_MSG_OFF"}
ROOM = 5e-10  # what each least is loosened by before the next is asked


def shares(x, digits=4):
    """Adds up to 1 exactly in decimals."""
    x = np.floor(x / x.sum() * 10**digits).astype(int)
    x[np.argmax(x)] += 10**digits - x.sum()
    return x / 10**digits


def instance(rng, kind):
    n = int(rng.integers(8, 41))
    groups = int(rng.integers(2, 5))
    score = np.round(rng.standard_normal(n), 3)
    member = (rng.random(n) < 0.6).astype(int)
    member[:3] = 1
    index = np.where(member, shares(np.where(member, rng.random(n) + 0.1, 0)), 0.0)
    codes = rng.integers(0, groups, n)
    styles = [np.round(rng.standard_normal(n), 2) for _ in range(int(rng.integers(0, 4)))]
    deviation = float(rng.choice([0.02, 0.05, 0.1, 0.3]))
    held = shares(np.maximum(0, index + 0.02 * rng.standard_normal(n)) + np.where(rng.random(n) < 0.1, 0.03, 0))
    turnover = float(rng.choice([0.2, 0.3, 0.5, 0.8]))
    floor = float(rng.choice([0, 0.6, 0.8]))
    industry_limit, style_limit = float(rng.choice([0, 0.02])), float(rng.choice([0.05, 0.2]))
    costs = [0.0, 0.0]
    blocked = rng.random(n) < 0.05
    if kind == "first":
        held, turnover, blocked = np.zeros(n), None, np.zeros(n, bool)
    if kind == "costs":
        costs = [0.2, 0.3]
    if kind == "cash":
        held = np.round(held * 0.9, 4)
    if kind == "ties":
        score = np.round(score)
    if kind == "flat":
        score = np.zeros(n)
    if kind == "twice" and styles:
        styles.append(styles[0])
    if kind == "outside":
        held = shares(index + np.where(rng.random(n) < 0.2, 0.1, 0))
        turnover = 1.2
    if kind == "points":
        blocked = rng.random(n) < 0.4
    if kind == "tight":  # turnover first
        turnover, held = 0.02, shares(rng.random(n) ** 2)
    if kind == "styled":  # blocked names far from the index in style
        blocked = rng.random(n) < 0.7
        held = shares(rng.random(n) ** 2)
        turnover, style_limit, industry_limit = 0.3, 0.02, 0.0
    if kind == "members":
        member = (np.arange(n) < n // 4).astype(int)
        member[:3] = 1
        index = np.where(member, shares(np.where(member, rng.random(n) + 0.1, 0)), 0.0)
        held = shares(np.where(member, 0.0, rng.random(n)))
        blocked = rng.random(n) < 0.6
        floor, deviation = 0.8, 0.3
    if kind == "caps":
        deviation, floor = 0.003, 0.8
        held = shares(rng.random(n) ** 2)
        blocked = rng.random(n) < 0.5
    if kind == "cashed":  # nothing can be bought
        held = np.round(held * 0.7, 4)
        blocked = np.zeros(n, bool)
    reach_least = np.where(blocked, held, 0.0)
    reach_most = np.where(blocked, held, 1.0)
    unbought = rng.random(n) < (0.9 if kind == "cashed" else 0.05)
    if kind == "cashed":
        unbought[:] = True
        unbought[0] = False
        reach_most[0] = held[0] + 0.05
    if kind != "first":
        reach_most = np.where(unbought & (np.arange(n) > 0), np.minimum(reach_most, held), reach_most)
        unsold = rng.random(n) < 0.05
        reach_least = np.where(unsold, np.maximum(reach_least, held), reach_least)
    least = np.clip(np.round(np.maximum(0, index - deviation), 6), reach_least, reach_most)
    most = np.clip(np.round(np.minimum(1, index + deviation), 6), reach_least, reach_most)
    return {
        "kind": kind, "score": score, "index": index, "member": member, "held": held, "least": least, "most": most,
        "reach": [reach_least, reach_most], "floor": floor, "industries": [codes, groups, industry_limit],
        "styles": [[v, style_limit] for v in styles], "turnover": turnover, "costs": costs,
    }


def program(p, let_go, caps, goal):
    """Columns: weights, sizes of trades, then slacks. Returns c, A_ub, b_ub, A_eq, b_eq, bounds."""
    n = len(p["score"])
    codes, groups, limit = p["industries"]
    X = [(codes == g).astype(float) for g in range(groups)] + [v for v, _ in p["styles"]]
    limits = [limit] * groups + [e for _, e in p["styles"]]
    width = 2 * n + 2 + len(X) + n  # turnover, members, exposures, deviations; cash is 1 - sum
    turn, mem, exp, dev = 2 * n, 2 * n + 1, 2 * n + 2, 2 * n + 2 + len(X)
    rows, rhs = [], []

    def row(entries, b):
        r = np.zeros(width)
        for where, what in entries:
            r[where] += what
        rows.append(r)
        rhs.append(b)

    w, t = np.arange(n), n + np.arange(n)
    for i in range(n):
        row([(w[i], 1), (t[i], -1)], p["held"][i])
        row([(w[i], -1), (t[i], -1)], -p["held"][i])
        row([(w[i], 1), (dev + i, -1)], p["most"][i])
        row([(w[i], -1), (dev + i, -1)], -p["least"][i])
    if p["turnover"] is not None:
        row([(t, 1), (turn, -1)], p["turnover"])
    for k, (x, e) in enumerate(zip(X, limits)):
        row([(w, x), (exp + k, -1)], e + x @ p["index"])
        row([(w, -x), (exp + k, -1)], e - x @ p["index"])
    if p["floor"] > 0:
        row([(w, -p["member"].astype(float)), (mem, -1)], -p["floor"])
    of = {"turnover": [turn], "members": [mem], "style": list(range(exp, dev)), "deviation": list(range(dev, width))}
    bounds = [*zip(*p["reach"]), *[(0, None)] * n]
    slack_bounds = [(0, 0)] * (width - 2 * n)
    for relief in let_go:
        for c in of.get(relief, []):
            slack_bounds[c - 2 * n] = (0, None)
        if relief in of and relief in caps:
            row([(np.array(of[relief]), 1)], caps[relief])
    c, constant = np.zeros(width), 0.0
    if goal == "score":  # |trade| and its sign give what is bought and sold
        buy, sell = p["costs"]
        c[w] = -p["score"] + (buy - sell) / 2
        c[t] = (buy + sell) / 2
        constant = -(buy - sell) / 2 * p["held"].sum()
    elif goal == "invested":
        c[w], constant = -1, 1.0
    else:
        c[of[goal]] = 1
    A_eq, b_eq = np.zeros((1, width)), np.ones(1)
    A_eq[0, w] = 1
    if "invested" in let_go:
        rows.append(A_eq[0]), rhs.append(1.0)
        if "invested" in caps:
            rows.append(-A_eq[0]), rhs.append(caps["invested"] - 1)
        A_eq, b_eq = None, None
    return c, constant, np.array(rows), np.array(rhs), A_eq, b_eq, bounds + slack_bounds


def by_glpk(c, A, b, A_eq, b_eq, bounds):
    lower, upper = np.array([x for x, _ in bounds], float), np.array([np.inf if y is None else y for _, y in bounds], float)
    free = lower < upper
    # Fixed columns are taken out: GLPK through cvxopt wants rows that matter.
    fixed = np.where(free, 0, lower)
    eye = np.eye(len(c))
    G = np.vstack([A, -eye[free], eye[free & np.isfinite(upper)]])
    h = np.concatenate([b, -lower[free], upper[free & np.isfinite(upper)]]) - G @ fixed
    extra = {}
    if A_eq is not None:
        extra = {"A": cvxopt.matrix(A_eq[:, free]), "b": cvxopt.matrix(b_eq - A_eq @ fixed)}
    status, x, *_ = glpk.lp(cvxopt.matrix(c[free]), cvxopt.matrix(G[:, free]), cvxopt.matrix(h), **extra, options=quiet)
    if status == "optimal":
        return float(c[free] @ np.array(x).ravel() + c @ fixed)
    assert status == "primal infeasible", status
    return None


def by_interior_point(c, A, b, A_eq, b_eq, bounds):
    lower, upper = np.array([x for x, _ in bounds], float), np.array([np.inf if y is None else y for _, y in bounds], float)
    eye, fixed, capped = np.eye(len(c)), lower == upper, np.isfinite(upper) & (lower < upper)
    equal = [eye[fixed]] + ([A_eq] if A_eq is not None else [])
    equal_b = [lower[fixed]] + ([b_eq] if b_eq is not None else [])
    M = np.vstack([*equal, A, -eye[~fixed], eye[capped]])
    q = np.concatenate([*equal_b, b, -lower[~fixed], upper[capped]])
    zeros = sum(map(len, equal_b))
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-11
    solver = clarabel.DefaultSolver(sp.csc_matrix((len(c), len(c))), c, sp.csc_matrix(M), q,
                                    [clarabel.ZeroConeT(zeros), clarabel.NonnegativeConeT(len(q) - zeros)], settings)
    return solver.solve().obj_val


worst = {"glpk": 0.0, "interior": 0.0}


def solve(p, let_go=(), caps={}, goal="score"):
    c, constant, *rest = program(p, let_go, caps, goal)
    A, b, A_eq, b_eq, bounds = rest
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    answer = linprog(c, A, b, A_eq, b_eq, bounds, method="highs-ds", options=tight)
    assert answer.status in (0, 2), answer.message
    other = by_glpk(c, *rest)
    assert (other is None) == (answer.status == 2), (p["kind"], other, answer.message)
    if other is None:
        return None
    worst["glpk"] = max(worst["glpk"], abs(other - answer.fun))
    assert abs(other - answer.fun) < 1e-7, (p["kind"], other, answer.fun)
    interior = by_interior_point(c, *rest)
    worst["interior"] = max(worst["interior"], abs(interior - answer.fun))
    assert abs(interior - answer.fun) < 1e-6, (p["kind"], interior, answer.fun)
    return answer.fun + constant


def solved(p):
    best = solve(p)
    if best is not None:
        return {"objective": -best, "slacks": {}}
    order = [r for r in RELIEFS if (r != "turnover" or p["turnover"] is not None) and (r != "members" or p["floor"] > 0)]
    for last in range(len(order)):
        let_go, caps = order[: last + 1], {}
        least = solve(p, let_go, caps, order[last])
        if least is None:
            continue
        slacks = {order[last]: max(0.0, least)}
        caps[order[last]] = max(0.0, least) + ROOM
        for relief in reversed(order[:last]):
            slacks[relief] = max(0.0, solve(p, let_go, caps, relief))
            caps[relief] = slacks[relief] + ROOM
        return {"objective": -solve(p, let_go, caps), "slacks": slacks}
    raise AssertionError("nothing helps")


def plain(x):
    if isinstance(x, dict):
        return {key: plain(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(value) for value in x]
    if isinstance(x, np.ndarray):
        return [plain(value) for value in x]
    if isinstance(x, np.integer):
        return int(x)
    return (int(x) if float(x) == int(x) else float(x)) if isinstance(x, (float, np.floating)) else x


KINDS = ["plain"] * 30 + ["first"] * 8 + ["costs"] * 8 + ["cash"] * 8 + ["ties"] * 6 + ["flat"] * 2 + ["twice"] * 5 + [
    "outside"] * 5 + ["points"] * 6 + ["tight"] * 5 + ["styled"] * 5 + ["members"] * 4 + ["caps"] * 4 + ["cashed"] * 4
cases = []
for seed, kind in enumerate(KINDS):
    case = instance(np.random.default_rng([20241120, seed]), kind)
    cases.append({**plain(case), **plain(solved(case))})
FILE.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
lasts = [list(case["slacks"])[0] for case in cases if case["slacks"]]
print(len(cases), "cases;", {r: lasts.count(r) for r in RELIEFS}, "as the last relief;", worst, FILE.stat().st_size, "bytes")
