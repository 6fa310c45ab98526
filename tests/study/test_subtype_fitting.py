from __future__ import annotations

import pytest
from tests.study.placed import placed_study, write_cohorts

import tmescope as ts
from tmescope.bulk.subtype_models import subtype_hash
from tmescope.foundation.errors import MethodError, TmescopeError
from tmescope.study.single import subtype_study
from tmescope.study.subtype_fitting import fit_subtype_model


def asked(folder, *, scale="tpm", kind="axes", name="a"):
    subtypes = {"fit": "mine", "kind": kind}
    return subtype_study(folder / f"{name}.tsv", scale=scale, subtypes=subtypes, cohort={"id": "mine"})


def test_a_model_is_that_of_python(tmp_path):
    write_cohorts(tmp_path)
    model = fit_subtype_model(asked(tmp_path), tmp_path / "model")
    expected = ts.bulk.fit_subtypes(ts.read_cohort(tmp_path / "a.tsv", scale="tpm"))
    assert subtype_hash(model) == subtype_hash(expected) == subtype_hash(ts.bulk.read_subtypes(tmp_path / "model"))
    assert model.cohort == "mine"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"scale": "log2(tpm+1)"}, "contradict the declared scale"),
        ({"scale": "counts"}, "counts"),
        ({"kind": "clusters", "name": "b"}, "1178 of 1460 genes that the requested methods need are not in the matrix"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(tmp_path, change, text):
    write_cohorts(tmp_path)
    with pytest.raises(TmescopeError, match=text):
        fit_subtype_model(asked(tmp_path, **change), tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_several_cohorts_are_not_one(tmp_path):
    with pytest.raises(MethodError, match="on one cohort, not on 2"):
        fit_subtype_model(placed_study(tmp_path, fit="a"), tmp_path / "model")
