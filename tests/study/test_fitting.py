from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.bulk.methods import small_xcell as small
from tests.study import tiny

import tmescope as ts
from tmescope.bulk.frozen import model_hash
from tmescope.bulk.frozen_deconvolution import deconvolution_hash
from tmescope.foundation.errors import ManyProblems, MethodError, TmescopeError
from tmescope.study.deconvolving import pin_only_versions
from tmescope.study.fitting import fit_composition, fit_model
from tmescope.study.single import Composition, ScoredSets, deconvolution_study, scoring_study


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


def composed(folder: Path, home: Path, *methods: str, **cohort):
    pins = pin_only_versions(["xcell"], {}, home)
    asked = Composition(methods=methods, pins=pins, parameters={"xcell": {"alpha": 0.2}} if "xcell" in methods else {})
    return deconvolution_study(folder / "c.tsv", scale="tpm", asked=asked, cohort=cohort)


def test_a_composition_is_fitted_as_in_python_whatever_the_threads(tmp_path):
    home = small.installed(tmp_path)
    adata, _ = small.cohort(9)
    adata.to_df().T.to_csv(tmp_path / "c.tsv", sep="\t", index_label="gene")
    study = composed(tmp_path, home, "xcell")
    model = fit_composition(study, tmp_path / "model", threads=2, facts_home=home)
    options = ts.bulk.DeconvolveOptions(facts_home=home, parameters={"alpha": 0.2})
    read = ts.read_cohort(tmp_path / "c.tsv", scale="tpm")
    expected = ts.bulk.fit_deconvolution(read, method="xcell", options=options)
    written = ts.bulk.read_deconvolution(tmp_path / "model")
    assert deconvolution_hash(model) == deconvolution_hash(expected) == deconvolution_hash(written)
    first = (tmp_path / "model").read_bytes()
    fit_composition(study, tmp_path / "model", facts_home=home)
    assert (tmp_path / "model").read_bytes() == first
    for methods, text in ((("mcp_counter",), "nothing to fit"), (("xcell", "xcell_raw"), "with 2")):
        with pytest.raises(MethodError, match=text):
            fit_composition(composed(tmp_path, home, *methods), tmp_path / "other", facts_home=home)
    assert not (tmp_path / "other").exists()
