"""Permutations of a maximally selected log-rank statistic beside plain NumPy and R's maxstat."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable

import numpy as np

from tmescope.stats.cutpoints import CutSearch, cut_for_survival
from tmescope.stats.rank_scores import log_rank_scores

SUMMARY = "10,000 permutations of a maximally selected statistic, 500 patients, CPU seconds, median of 3 (limit: 1 s)"
N, PERMUTATIONS = 500, 10_000
_R = """
suppressMessages({{library(maxstat); library(survival)}})
set.seed(1); x <- runif({n}); t <- rexp({n}); d <- as.integer(runif({n}) < 0.6); data <- data.frame(x, t, d)
a <- proc.time(); maxstat.test(Surv(t, d) ~ x, data = data, smethod = "LogRank", pmethod = "condMC", B = {b})
cat("CPU", sum((proc.time() - a)[1:2]))
"""


def run() -> list[dict[str, object]]:
    """Return CPU seconds of each, and how many times tmescope's."""
    rng = np.random.default_rng(1)
    x, t, d = rng.random(N), rng.exponential(size=N), rng.random(N) < 0.6
    search = CutSearch(n_permutations=PERMUTATIONS)
    cut_for_survival(x, t, d, search=search)  # compiles
    found = {"tmescope": _cpu(lambda: cut_for_survival(x, t, d, search=search)), "numpy": _cpu(lambda: _plain(x, t, d))}
    if (seconds := _in_r()) is not None:
        found["R maxstat, condMC"] = seconds
    return [{"program": k, "cpu_s": v, "times_tmescope": v / found["tmescope"]} for k, v in found.items()]


def _cpu(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(3):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds))


def _plain(x: np.ndarray, t: np.ndarray, d: np.ndarray) -> float:
    scores = log_rank_scores(t, d)
    centred = (scores - scores.mean())[np.argsort(x)]
    m = np.arange(N // 10, 9 * N // 10 + 1)
    spread = np.sqrt(m * (N - m) * (centred**2).sum() / (N * (N - 1.0)))
    highest = np.max(np.abs(np.cumsum(centred)[m - 1]) / spread)
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(PERMUTATIONS):
        hits += np.max(np.abs(np.cumsum(rng.permutation(centred))[m - 1]) / spread) >= highest
    return hits / PERMUTATIONS


def _in_r() -> float | None:
    program = shutil.which("Rscript")
    if program is None:
        return None
    code = _R.format(n=N, b=PERMUTATIONS)
    done = subprocess.run([program, "-e", code], capture_output=True, text=True, check=False)
    return float(done.stdout.split("CPU")[-1]) if done.returncode == 0 else None
