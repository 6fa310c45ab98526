from __future__ import annotations

import numpy as np
import pytest
from tests.associate import locked

from tmescope.associate.biomarker_fingerprints import hash_samples
from tmescope.associate.biomarker_locking import lock_biomarker, score_locked
from tmescope.bulk.scoring import score
from tmescope.foundation.errors import InputError, MethodError


@pytest.mark.parametrize("method", ["zscore", "mean"])
def test_the_training_cohort_is_scored_as_without_a_lock_and_no_patient_moves_another(method):
    adata, _ = locked.cohort(1)
    lock = locked.lock(method=method)
    expected = score(adata, {"mine": list(locked.GENES)}, method=method).table["value"]
    found = score_locked(lock, adata)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(score_locked(lock, adata[5:6].copy()), found[5:6], rtol=1e-12)
    assert lock.mean == pytest.approx(found.mean())
    assert lock.sd == pytest.approx(found.std())


def test_the_median_of_training_becomes_the_cut_off():
    lock = locked.lock(cut_off="median")
    assert lock.cut_off == score_locked(lock, locked.cohort(1)[0]).median()
    assert lock.cut_off_chosen == "median of the training scores"


def test_a_linear_matrix_has_the_samples_of_its_logarithm():
    logged, linear = locked.cohort(1)[0], locked.cohort(1, scale="tpm")[0]
    assert hash_samples(logged, locked.GENES) == hash_samples(linear, locked.GENES)
    assert not set(hash_samples(logged, locked.GENES)) & set(hash_samples(locked.cohort(2)[0], locked.GENES))


def test_what_cannot_be_locked_is_refused():
    adata, outcome = locked.cohort(1)
    with pytest.raises(MethodError, match="ranks all genes"):
        locked.lock(method="singscore")
    with pytest.raises(InputError, match="2 signatures"):
        lock_biomarker(adata, outcome, locked.plan(), signature={"a": ["A"], "b": ["B"]})
    with pytest.raises(InputError, match="none of the 1 genes"):
        lock_biomarker(adata, outcome, locked.plan(), signature={"a": ["XYZ"]})
