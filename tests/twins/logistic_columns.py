"""Plain twin: intercept and slope by halved Newton steps, one column after the other."""

import importlib.util
from pathlib import Path

import numpy as np

_spec = importlib.util.spec_from_file_location("twin_cox", Path(__file__).parent / "cox_columns.py")
_cox = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_cox)


def likelihood(design, y, theta):
    eta = design @ theta
    p = 1 / (1 + np.exp(-eta))
    value = -np.logaddexp(0, -(2 * y - 1) * eta).sum()
    return value, design.T @ (y - p), (design * (p * (1 - p))[:, None]).T @ design


def logistic_columns(z, y, wanted, out):
    for j in range(z.shape[1]):
        x = z[:, j]
        out[j] = np.nan
        if x[y == 1].min() >= x[y == 0].max() or x[y == 1].max() <= x[y == 0].min():
            out[j, 5] = 2.0
            continue
        design = np.column_stack([np.ones(y.size), x])

        def evaluate(theta, design=design):
            return likelihood(design, y, theta)

        null = np.array([np.log(y.mean() / (1 - y.mean())), 0.0])
        start, score, information = evaluate(null)
        theta, value, final = _cox.maximise(evaluate, null)
        step = np.linalg.solve(information, score)
        out[j, :4] = theta[1], 1 / np.linalg.inv(final)[1, 1], score @ step, 2 * (value - start)
        out[j, 5] = 0.0
        if not wanted:
            out[j, 3] = np.nan
