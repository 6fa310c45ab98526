"""Child process of `bench.screen_speed`: models of single columns with one Python program, what they cost as JSON."""

from __future__ import annotations

import json
import re
import sys
import time
import warnings
from pathlib import Path

import numpy as np

folder, program, kind, part = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
N = 500
values = np.fromfile(folder / "values.bin").reshape(-1, N).T[:, :part]
times, event, response = (np.fromfile(folder / f"{name}.bin") for name in ("time", "event", "response"))
covariates = np.fromfile(folder / "covariates.bin").reshape(-1, N).T
adjusted = kind == "cox_adjusted"
warnings.simplefilter("ignore")


def peak_gb() -> float:
    """Return the peak of this process alone: ru_maxrss starts with what its parent held."""
    return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 2**20


def fit_tmescope(columns: np.ndarray) -> list[float]:
    from tmescope.stats.screened_outcomes import ScreenOptions, cox_outcome, logistic_outcome
    from tmescope.stats.screening import screen_columns

    options = ScreenOptions(per_sd=False)
    beside = covariates if adjusted else None
    model = (
        logistic_outcome(response, options=options)
        if kind == "logistic"
        else cox_outcome(times, event, covariates=beside, options=options)
    )
    return screen_columns(model, columns).log_effect.tolist()


def fit_lifelines(columns: np.ndarray) -> list[float]:
    import pandas as pd
    from lifelines import CoxPHFitter

    found = []
    for j in range(columns.shape[1]):
        frame = pd.DataFrame({"x": columns[:, j], "time": times, "event": event})
        if adjusted:
            frame[["a", "b", "c"]] = covariates
        found.append(float(CoxPHFitter().fit(frame, "time", "event").params_["x"]))
    return found


def fit_statsmodels(columns: np.ndarray) -> list[float]:
    import statsmodels.api as sm

    ones = np.ones(N)
    designs = (np.column_stack([ones, columns[:, j]]) for j in range(columns.shape[1]))
    return [float(sm.Logit(response, design).fit(disp=0).params[1]) for design in designs]


def check_statsmodels(columns: np.ndarray) -> list[float]:
    """Return coefficients that statsmodels finds when it is told to go on: its own tolerance ends early."""
    import statsmodels.api as sm
    from statsmodels.duration.hazard_regression import PHReg

    found = []
    for j in range(20):
        if kind == "logistic":
            found.append(
                sm.Logit(response, np.column_stack([np.ones(N), columns[:, j]])).fit(disp=0, tol=1e-14).params[1]
            )
        else:
            design = np.column_stack([columns[:, j], covariates]) if adjusted else columns[:, [j]]
            model = PHReg(times, design, status=event.astype(int), ties="efron")
            found.append(model.fit(method="newton", tol=1e-14, maxiter=100, disp=0).params[0])
    return [float(v) for v in found]


fit = {"tmescope": fit_tmescope, "lifelines": fit_lifelines, "statsmodels": fit_statsmodels}[program]
fit(values[:, :5])  # imports and compilation are not what is compared
before = time.process_time()
effects = fit(values)
cost = time.process_time() - before
tight = check_statsmodels(values) if program == "tmescope" else []
print(json.dumps({"cpu_s": cost, "peak_gb": peak_gb(), "effects": effects[:20], "tight": tight}))
