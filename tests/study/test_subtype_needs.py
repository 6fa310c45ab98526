"""What is wrong with the models of a study is said before anything runs."""

from __future__ import annotations

import pytest
from tests.bulk.test_subtypes import GENES
from tests.study.placed import placed_study

from tmescope.bulk.subtyping import genes_of_kind
from tmescope.foundation.errors import ManyProblems
from tmescope.foundation.scale import Scale
from tmescope.study.running import run
from tmescope.study.subtype_needs import read_subtype_models, subtype_problems, unfit_problems

TPM = Scale.parse("tpm")


def test_models_are_read_by_the_names_of_their_files(tmp_path):
    needs = read_subtype_models(placed_study(tmp_path, models=["axis.subtypes"], fit="each"))
    assert list(needs.models) == ["axis"]
    assert needs.fitted == "axes"
    assert needs.asked
    assert needs.genes >= genes_of_kind("axes")
    assert len(needs.hashes["axis"]) == 64
    assert not read_subtype_models(placed_study(tmp_path, models=["axis.subtypes"])).fitted


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"models": ["nowhere.subtypes"]}, "there is no model 'nowhere.subtypes'"),
        ({"models": ["a.tsv"]}, "is no model of subtypes, or is damaged"),
        ({"models": ["axis.subtypes", "axis.copy"]}, "has the name 'axis', which axis.subtypes has too"),
        ({"fit": "c"}, "no cohort is named 'c'"),
    ],
)
def test_everything_wrong_is_told(tmp_path, asked, told):
    study = placed_study(tmp_path, **asked)
    (tmp_path / "axis.copy").write_bytes((tmp_path / "axis.subtypes").read_bytes())
    assert any(told in str(p) for p in subtype_problems(study))
    with pytest.raises(ManyProblems, match=told):
        run(study, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_cohort_that_a_model_cannot_take_is_told(tmp_path):
    study = placed_study(tmp_path, models=["axis.subtypes"])
    assert list(unfit_problems(study, "a", genes=GENES, scale=TPM, n_samples=40)) == []
    [scale] = unfit_problems(study, "a", genes=GENES, scale=Scale.parse("log2_array"), n_samples=40)
    assert "takes tpm, the matrix is log2_array" in str(scale)
    assert "subtypes.models: axis.subtypes" in str(scale)
    [few] = unfit_problems(study, "a", genes=GENES[300:], scale=TPM, n_samples=40)
    assert "300 of the 682 genes of the model" in str(few)


def test_a_cohort_that_nothing_can_be_fitted_on_is_told(tmp_path):
    study = placed_study(tmp_path, fit="a")
    found = unfit_problems(study, "a", genes=["OTHER1"], scale=Scale.parse("counts"), n_samples=9)
    told = [str(p).splitlines()[0] for p in found]
    assert told == [
        "a model of axes is fitted on at least 10 samples, not on 9",
        "subtypes do not take counts",
        "0 of the 141 genes of the immune axis were measured in every sample",
    ]
    assert list(unfit_problems(study, "b", genes=["OTHER1"], scale=TPM, n_samples=9)) == []
