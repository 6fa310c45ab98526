from __future__ import annotations

import numpy as np

from tmescope.stats.penalised_problems import (
    PathOptions,
    Penalty,
    read_cox,
    read_logistic,
    strengths_of_path,
    walk,
    warm_strengths,
)


def example():
    rng = np.random.default_rng(0)
    return rng.normal(size=(40, 5)), rng.integers(0, 2, size=40), rng.exponential(size=40)


def test_strengths_fall_evenly_to_the_share_asked_for():
    x, y, _ = example()
    problem = read_logistic(x, y, penalised=None)
    found = strengths_of_path(problem, PathOptions(l1_ratio=1.0, n_strengths=5, smallest=0.01))
    np.testing.assert_allclose(found[1:] / found[:-1], 0.01**0.25)
    half = strengths_of_path(problem, PathOptions(l1_ratio=0.5, n_strengths=5))
    np.testing.assert_allclose([half[0] / found[0], half[-1] / half[0]], [2.0, 1e-4])
    wide = read_logistic(np.hstack([x] * 9), y, penalised=None)
    few = strengths_of_path(wide, PathOptions(l1_ratio=0.5, n_strengths=5))
    np.testing.assert_allclose(few[-1] / few[0], 1e-2)


def test_a_far_strength_is_reached_by_others():
    x, y, _ = example()
    problem = read_logistic(x, y, penalised=None)
    way = warm_strengths(problem, Penalty(l1_ratio=1.0, strength=1e-3))
    assert way.size > 2 and way[-1] == 1e-3 and (np.diff(way) < 0).all()
    assert warm_strengths(problem, Penalty(l1_ratio=0.0, strength=1e-3)).tolist() == [1e-3]
    assert warm_strengths(problem, Penalty(l1_ratio=1.0, strength=5.0)).tolist() == [5.0]


def test_the_walk_ends_where_there_is_no_model():
    x, y, time = example()
    problem = read_cox(np.column_stack([x, x[:, 0]]), (time, y, None), penalised=None, ties="efron")
    found = list(walk(problem, np.array([0.1, 0.0]), l1_ratio=0.5))
    assert [f.reason for f in found] == ["", "collinear"]
    assert not problem.logistic and problem.words == "Cox model, Efron ties"
