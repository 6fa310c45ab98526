from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.study import tiny

import tmescope as ts
from tmescope.bulk.frozen import model_hash
from tmescope.foundation.errors import ManyProblems, MethodError, TmescopeError
from tmescope.study.fitting import fit_model
from tmescope.study.single import ScoredSets, scoring_study


def asked(folder: Path, *, methods=("gsva",), scale="tpm", signature="cyt"):
    return scoring_study(folder / "a.tsv", scale=scale, methods=list(methods), sets=ScoredSets((signature,)))


def test_a_model_is_that_of_python_whatever_the_threads(tmp_path):
    tiny.write_files(tmp_path)
    model = fit_model(asked(tmp_path), tmp_path / "model", threads=2)
    expected = ts.bulk.fit_scores(ts.read_cohort(tmp_path / "a.tsv", scale="tpm"), ["cyt"], method="gsva")
    assert model_hash(model) == model_hash(expected) == model_hash(ts.bulk.read_model(tmp_path / "model"))
    first = (tmp_path / "model").read_bytes()
    fit_model(asked(tmp_path), tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == first
    assert np.isfinite(model.state["per_unit"]).all()


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"methods": ("mean",)}, MethodError, "nothing to fit"),
        ({"methods": ("gsva", "zscore")}, MethodError, "one cohort with one method, not on 1 with 2"),
        ({"signature": "cit"}, ManyProblems, "did you mean 'cyt'"),
        ({"scale": "log2(tpm+1)"}, TmescopeError, "contradict the declared scale"),
        ({"scale": "counts"}, TmescopeError, "counts"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(tmp_path, change, error, text):
    tiny.write_files(tmp_path)
    with pytest.raises(error, match=text):
        fit_model(asked(tmp_path, **change), tmp_path / "model")
    assert not (tmp_path / "model").exists()
