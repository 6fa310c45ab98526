from __future__ import annotations

import json

import numpy as np
import pytest
from tests.study import tiny
from tests.study.contexts import do, opened

import tmescope as ts
from tmescope.foundation.errors import ManyProblems
from tmescope.foundation.scale import Scale
from tmescope.study.checking import check
from tmescope.study.loading import parse_study
from tmescope.study.model_files import cohort_problems, model_problems, read_models
from tmescope.study.needs import gather_needs, name_problems
from tmescope.study.running import run


@pytest.fixture
def folder(tmp_path):
    """The tiny study's files, and a z-score model and a GSVA model of its cohort a."""
    tiny.write_files(tmp_path)
    adata = ts.read_cohort(tmp_path / "a.tsv", scale="tpm")
    for method in ("zscore", "gsva"):
        ts.bulk.write_model(ts.bulk.fit_scores(adata, list(tiny.SIGNATURES), method=method), tmp_path / method)
    return tmp_path


def study(folder, **profile):
    data = tiny.study_dict()
    data["profile"] = {"signatures": list(tiny.SIGNATURES), **profile}
    return parse_study(data, folder=folder)


def test_models_are_methods_of_the_study(folder):
    needs = gather_needs(study(folder, methods=["mean"], models=["zscore", "gsva"]))
    assert [s.name for s in needs.specs] == ["mean", "zscore_frozen", "gsva_frozen"]
    assert {s.scope for s in needs.specs} == {"sample"}
    assert set(needs.models.hashes) == {"zscore_frozen", "gsva_frozen"}
    assert needs.facts["model gsva_frozen"] == needs.models.hashes["gsva_frozen"]
    alone = gather_needs(study(folder, methods=[], models=["zscore"]))
    assert alone.signatures == ()
    assert set(needs.genes) == set(alone.genes)


def test_a_run_scores_tests_and_records_them(folder):
    data = tiny.study_dict()
    data["profile"] = {"methods": ["mean"], "signatures": list(tiny.SIGNATURES), "models": ["zscore"]}
    data["answers"]["methods"] = ["zscore_frozen"]
    outcome = run(parse_study(data, folder=folder), folder / "out")
    scores = outcome.table("scores")
    assert list(dict.fromkeys(scores["method"])) == ["mean", "zscore_frozen"]
    adata = ts.read_cohort(folder / "b.tsv.gz", scale="tpm")
    expected = ts.bulk.apply_scores(ts.bulk.read_model(folder / "zscore"), adata).table
    found = scores[(scores["cohort_id"] == "b") & (scores["method"] == "zscore_frozen")]
    np.testing.assert_array_equal(found["value"], expected["value"])
    asked = outcome.table("answers").query("feature in @tiny.SIGNATURES")
    assert set(asked["source"]) == {"zscore_frozen"}
    assert outcome.table("methods")["name"].tolist() == ["mean", "zscore_frozen"]
    crate = json.loads((folder / "out" / "ro-crate-metadata.json").read_text())
    names = {e.get("name") for e in crate["@graph"]}
    assert {"models: zscore", "model zscore_frozen"} <= names
    assert run(parse_study(data, folder=folder), folder / "out").redone == ()


def test_another_model_makes_the_scores_anew(folder):
    asked = study(folder, methods=[], models=["zscore"])
    run(asked, folder / "out")
    adata = ts.read_cohort(folder / "b.tsv.gz", scale="tpm")
    ts.bulk.write_model(ts.bulk.fit_scores(adata, ["cyt"], method="zscore"), folder / "zscore")
    again = run(asked, folder / "out")
    assert {"profile-a", "profile-b"} <= set(again.redone)
    assert set(again.table("scores")["feature"]) == {"cyt"}
    assert again.table("signatures")[["name", "citation"]].to_numpy().tolist() == [
        ["cyt", "defined in the model that is applied"]
    ]


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        ({"models": ["absent"]}, "there is no model 'absent'"),
        ({"models": ["a.tsv"]}, "no frozen score"),
        ({"models": ["zscore", "./zscore"]}, "are both models of zscore"),
        ({"models": ["zscore"], "primary": "gsva_frozen"}, "no method of the"),
    ],
)
def test_what_is_wrong_with_models_is_listed(folder, profile, text):
    problems = name_problems(study(folder, **{"methods": ["mean"], **profile}))
    assert any(text in str(p) for p in problems), problems
    assert all("profile" in str(p.where) for p in problems)


def test_a_name_of_two_sets_is_refused(folder):
    models = read_models(study(folder, models=["zscore"]))
    assert list(model_problems(models, {})) == []
    (problem,) = model_problems(models, {"cyt": ["GZMA"]})
    assert "'cyt' has 2 genes in the model and 1 in the study" in str(problem)


def test_a_cohort_without_the_genes_or_the_unit_is_refused_by_check(folder):
    models = read_models(study(folder, models=["gsva"]))
    genes = tiny.genes()
    assert list(cohort_problems(models, "a", genes=genes, scale=Scale.parse("log2(tpm+1)"))) == []
    (unit,) = cohort_problems(models, "a", genes=genes, scale=Scale.parse("fpkm"))
    assert unit.where == "cohort a: profile.models: gsva"
    (lost,) = cohort_problems(models, "a", genes=genes[: len(genes) // 2], scale=Scale.parse("tpm"))
    assert "of the model are not in the matrix" in str(lost)
    data = tiny.study_dict()
    data["profile"] = {"methods": [], "models": ["gsva"]}
    data["cohorts"][1]["scale"] = "fpkm"
    outcome = check(parse_study(data, folder=folder))
    assert [p.where for p in outcome.problems] == ["cohort b: profile.models: gsva"]
    with pytest.raises(ManyProblems, match=r"takes log2\(tpm\+1\)"):
        run(parse_study(data, folder=folder), folder / "out")


def test_the_primary_method_may_be_a_model(folder):
    with opened(folder, {**tiny.study_dict(), "profile": {"methods": [], "models": ["gsva"]}}) as context:
        assert context.needs.primary(context.study) == "gsva_frozen"
        do(context, "profile")


def test_no_method_and_no_model_is_refused():
    with pytest.raises(ManyProblems, match="names no method"):
        parse_study({**tiny.study_dict(), "profile": {"methods": []}}, folder=None)
