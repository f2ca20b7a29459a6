"""Writes tests/golden/portfolio-cones.json: the best portfolios of small dates under a risk, by clarabel.

Development only; pip install numpy cvxpy clarabel, then
    python3 tools/cone-golden.py

The program is stated over weights, with absolute trades and the whole covariance of the names, unlike ours. Numbers have
few digits, so that they are exact in JSON.
"""

import json
import pathlib

import cvxpy as cp
import numpy as np

FILE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "portfolio-cones.json"
tight = {"tol_gap_abs": 1e-9, "tol_gap_rel": 1e-9, "tol_feas": 1e-10, "tol_ktratio": 1e-8, "max_iter": 500}


def shares(x, digits=4):
    """Adds up to 1 exactly in decimals."""
    x = np.floor(x / x.sum() * 10**digits).astype(int)
    x[np.argmax(x)] += 10**digits - x.sum()
    return x / 10**digits


class Unsure(Exception):
    """Clarabel does not vouch for its answer: another instance is drawn."""


def solve(objective, constraints):
    problem = cp.Problem(objective, constraints)
    problem.solve(solver=cp.CLARABEL, **tight)
    if problem.status == "infeasible":
        return None
    if problem.status != "optimal":
        raise Unsure(problem.status)
    return float(problem.value)


def instance(rng, kind):
    n, groups = int(rng.integers(8, 41)), int(rng.integers(2, 5))
    count = int(rng.integers(1, 4))
    score = np.round(rng.standard_normal(n), 3)
    member = (rng.random(n) < 0.6).astype(int)
    member[:3] = 1
    index = np.where(member, shares(np.where(member, rng.random(n) + 0.1, 0)), 0.0)
    codes = rng.integers(0, groups, n)
    styles = [np.round(rng.standard_normal(n), 2) for _ in range(count)]
    half = np.round(rng.standard_normal((groups + count, groups + count)) * 0.1, 3)
    half[:groups, 0] = 0.2
    covariance = np.round(half @ half.T, 6)
    specific = np.round(rng.uniform(0.2, 0.4, n) ** 2, 4)
    deviation = float(rng.choice([0.05, 0.1, 0.3]))
    held = shares(np.maximum(0, index + 0.02 * rng.standard_normal(n)) + np.where(rng.random(n) < 0.1, 0.03, 0))
    turnover = float(rng.choice([0.3, 0.5, 0.8])) if rng.random() < 0.7 else None
    industry_limit, style_limit = float(rng.choice([0, 0.02])), float(rng.choice([0.1, 0.5]))
    costs = [0.2, 0.3] if rng.random() < 0.3 else [0.0, 0.0]
    least, most = np.maximum(0, np.round(index - deviation, 4)), np.minimum(1, np.round(index + deviation, 4))
    least, most = np.minimum(least, held), np.maximum(most, held)

    exposures = np.column_stack([np.eye(groups)[codes], *styles])
    sigma = exposures @ covariance @ exposures.T + np.diag(specific)
    root = np.linalg.cholesky(sigma)
    w = cp.Variable(n)
    active = w - index
    rules = [cp.sum(w) == 1, w >= least, w <= most]
    rules += [cp.abs(cp.sum(active[codes == g])) <= industry_limit for g in range(groups) if np.any(codes == g)]
    rules += [cp.abs(style @ active) <= style_limit for style in styles]
    if turnover is not None:
        rules.append(cp.norm1(w - held) <= turnover)
    calm = solve(cp.Minimize(cp.norm2(root.T @ active)), rules)
    if calm is None:
        return None
    worth = score @ w - costs[0] * cp.sum(cp.pos(w - held)) - costs[1] * cp.sum(cp.neg(w - held))
    wild = solve(cp.Maximize(worth), rules)
    weights = w.value - index
    cap, penalty = None, 0.0
    far = float(np.sqrt(weights @ sigma @ weights))
    if kind in ("cap", "both"):
        cap = round(calm + (far - calm) * float(rng.uniform(0.1, 0.7)), 4)
    if kind == "slack":
        cap = round(far * 1.3, 4)
    if kind == "infeasible":
        cap = round(calm * 0.8, 4)
        if cap <= 0.001:
            return None
    if kind in ("penalty", "both"):
        penalty = float(rng.choice([2, 10, 50]))
    if cap is not None and kind != "infeasible" and cap < calm * 1.001:
        return None
    value = None
    if kind != "infeasible":
        capped = rules + ([cp.norm2(root.T @ active) <= cap] if cap is not None else [])
        value = solve(cp.Maximize(worth - penalty * cp.sum_squares(root.T @ active)), capped)
    return {
        "kind": kind, "score": score.tolist(), "index": index.tolist(), "member": member.tolist(), "held": held.tolist(),
        "least": least.tolist(), "most": most.tolist(), "industries": [codes.tolist(), groups, industry_limit],
        "styles": [[style.tolist(), style_limit] for style in styles], "turnover": turnover, "costs": costs,
        "covariance": covariance.ravel().tolist(), "specific": specific.tolist(), "cap": cap, "penalty": penalty,
        "objective": value, "calm": calm, "wild": wild,
    }  # fmt: skip


def main():
    rng = np.random.default_rng(11)
    made = []
    for kind, count in {"cap": 9, "both": 4, "penalty": 4, "slack": 3, "infeasible": 4}.items():
        own = []
        while len(own) < count:
            try:
                one = instance(rng, kind)
            except Unsure:
                continue
            if one:
                own.append(one)
        made += own
    FILE.write_text("[\n" + ",\n".join(json.dumps(one, separators=(",", ":")) for one in made) + "\n]\n")


main()
