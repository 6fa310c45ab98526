"""Plain twin: covariates and column in one design, halved Newton steps, one column after the other."""

import importlib.util
from pathlib import Path

import numpy as np

_HERE = Path(__file__).parent
_found = []
for _name in ("cox_columns", "logistic_columns"):
    _spec = importlib.util.spec_from_file_location(f"twin_of_{_name}", _HERE / f"{_name}.py")
    _found.append(importlib.util.module_from_spec(_spec))
    _spec.loader.exec_module(_found[-1])
_cox, _logistic = _found


def adjusted_columns(z, covariates, begin, starts, deaths, y, efron, coefficients, out):
    for j in range(z.shape[1]):
        design = np.column_stack([covariates, z[:, j]])

        def evaluate(theta, design=design):
            if starts.size:
                return _cox.likelihood(design, starts, deaths, efron, theta)
            return _logistic.likelihood(design, y, theta)

        null = np.append(begin, 0.0)
        start, score, information = evaluate(null)
        theta, value, final = _cox.maximise(evaluate, null)
        # what is left of the score once those of the covariates are fitted
        others = information[:-1, :-1]
        rest = score[-1] - information[-1, :-1] @ (np.linalg.solve(others, score[:-1]) if begin.size else score[:-1])
        variance = np.linalg.inv(information)[-1, -1]
        coefficients[j] = theta
        out[j] = theta[-1], 1 / np.linalg.inv(final)[-1, -1], rest**2 * variance, 2 * (value - start), 0, 0
