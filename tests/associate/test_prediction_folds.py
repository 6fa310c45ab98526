from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.associate.planted import planted

from tmescope.associate.prediction_folds import split_folds


def test_each_fold_has_its_share_and_the_order_of_rows_does_not_matter() -> None:
    data = planted(5, (40, 23))
    fold = split_folds(data, n_folds=5, rng=np.random.default_rng(1))
    for cohort in data.cohort_ids:
        for happened in (0.0, 1.0):
            counts = np.bincount(fold[(data.cohorts == cohort) & (data.happened == happened)], minlength=5)
            assert counts.max() - counts.min() <= 1
    back = np.arange(data.n)[::-1]
    assert np.array_equal(split_folds(data.take(back), n_folds=5, rng=np.random.default_rng(1)), fold[back])


def test_samples_of_one_patient_share_a_fold() -> None:
    data = planted(5, (40,))
    twins = np.array([f"p{i // 2}" for i in range(40)])
    fold = split_folds(replace(data, patients=twins), n_folds=4, rng=np.random.default_rng(1))
    assert np.array_equal(fold[::2], fold[1::2])
