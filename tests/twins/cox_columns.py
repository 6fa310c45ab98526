"""Plain twin: risk sets written out, halved Newton steps, one column after the other."""

import numpy as np


def _terms(starts, deaths, efron):
    """Yield for each event which rows are at risk, with which share of those that are tied."""
    n = starts[-1]
    for g, d in enumerate(deaths):
        for k in range(d):
            weight = np.zeros(n)
            weight[: starts[g + 1]] = 1.0
            if efron:
                weight[starts[g] : starts[g] + d] -= k / d
            yield weight


def events_of(starts, deaths):
    return np.concatenate([np.arange(starts[g], starts[g] + d) for g, d in enumerate(deaths)] + [np.zeros(0, int)])


def likelihood(design, starts, deaths, efron, theta):
    events = events_of(starts, deaths).astype(int)
    eta = design @ theta
    value, score = eta[events].sum(), design[events].sum(axis=0)
    information = np.zeros((theta.size, theta.size))
    for weight in _terms(starts, deaths, efron):
        w = weight * np.exp(eta)
        p = w / w.sum()
        mean = p @ design
        value -= np.log(w.sum())
        score = score - mean
        information += (design - mean).T @ ((design - mean) * p[:, None])
    return value, score, information


def maximise(evaluate, theta):
    value, score, information = evaluate(theta)
    for _ in range(200):
        step = np.linalg.solve(information, score)
        new = evaluate(theta + step)
        while new[0] < value - 1e-9 * (1 + abs(value)):
            step = step / 2
            new = evaluate(theta + step)
        theta, (value, score, information) = theta + step, new
        if np.abs(step).max() < 1e-11 * (1 + np.abs(theta).max()):
            break
    return theta, value, information


def cox_columns(z, starts, deaths, efron, likelihood_wanted, out):
    events = events_of(starts, deaths).astype(int)
    upto = np.repeat(starts[1:], deaths)
    for j in range(z.shape[1]):
        x = z[:, j]
        out[j] = np.nan
        above = sum(x[:last].max() - x[i] for i, last in zip(events, upto, strict=True))
        below = sum(x[i] - x[:last].min() for i, last in zip(events, upto, strict=True))
        if above == 0 or below == 0:
            out[j, 5] = 1.0 if above == below else 2.0
            continue

        def evaluate(theta, x=x):
            return likelihood(x[:, None], starts, deaths, efron, theta)

        start, score, information = evaluate(np.zeros(1))
        theta, value, final = maximise(evaluate, np.zeros(1))
        out[j, :4] = theta[0], final[0, 0], score[0] ** 2 / information[0, 0], 2 * (value - start)
        out[j, 5] = 0.0
        if not likelihood_wanted:
            out[j, 3] = np.nan
