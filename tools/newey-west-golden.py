"""The Newey-West t of tests/combined.test.ts: pip install statsmodels, then python tools/newey-west-golden.py"""
import numpy as np
import statsmodels.api as sm

series = np.array([0.031, -0.012, 0.044, 0.02, -0.005, 0.013, 0.027, -0.031, 0.008, 0.015, 0.022, -0.001])
lags = int(4 * (len(series) / 100) ** (2 / 9))
fit = sm.OLS(series, np.ones(len(series))).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False})
print(f"{fit.tvalues[0]:.8f}")
