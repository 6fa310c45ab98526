from __future__ import annotations

from pathlib import Path

import pytest

from tmescope.foundation.errors import ManyProblems
from tmescope.study.single import Composition, ScoredSets, deconvolution_study, scoring_study


def test_one_matrix_is_a_study_of_one_cohort_without_endpoints():
    study = scoring_study(Path("x/m.tsv"), scale="log2(tpm+1)", methods=["mean"], sets=ScoredSets(("cyt",)))
    (cohort,) = study.cohorts
    assert study.resolve(cohort.expression) == Path("x/m.tsv").resolve()
    assert (cohort.samples, cohort.orientation, cohort.identifiers) == (None, None, "symbol")
    assert study.study.title == "Scores of m.tsv"
    assert study.profile.methods == ["mean"]
    assert study.profile.signatures == ["cyt"]
    assert study.profile.gene_universe == "own"
    assert study.endpoints == {}
    assert study.output.report is False


def test_core_signatures_where_none_is_named():
    assert scoring_study(Path("m.tsv"), scale="tpm", methods=["mean"]).profile.signatures == "core"
    every = scoring_study(Path("m.tsv"), scale="tpm", methods=["mean"], sets=ScoredSets(("all",)))
    assert every.profile.signatures == "all"


def test_sets_of_files_alone_unless_signatures_are_named():
    files = (Path("mine.gmt"),)
    alone = scoring_study(Path("m.tsv"), scale="tpm", methods=["mean"], sets=ScoredSets(files=files))
    assert alone.profile.signatures == []
    assert alone.profile.signature_files == [str(Path("mine.gmt").resolve())]
    both = scoring_study(Path("m.tsv"), scale="tpm", methods=["mean"], sets=ScoredSets(("core",), files))
    assert both.profile.signatures == "core"


def test_what_is_not_allowed_is_listed_at_once():
    with pytest.raises(ManyProblems) as caught:
        scoring_study(Path("m.tsv"), scale="tpms", methods=[], cohort={"orientation": "rows", "identifiers": "x"})
    places = [p.where for p in caught.value.problems]
    assert places == [
        "score: cohorts[1].orientation",
        "score: cohorts[1].scale",
        "score: cohorts[1].identifiers",
    ]
    with pytest.raises(ManyProblems, match="the study names no method") as caught:
        scoring_study(Path("m.tsv"), scale="tpm", methods=[])
    assert [p.where for p in caught.value.problems] == ["score: profile.methods"]


def test_composition_is_a_study_of_its_own():
    asked = Composition(("mcp_counter",), pins={"quantiseq": "TIL10"}, parameters={"mcp_counter": {}})
    study = deconvolution_study(Path("m.tsv"), scale="tpm", asked=asked)
    assert study.profile.methods == []
    assert study.deconvolution.methods == ["mcp_counter"]
    assert study.facts == {"quantiseq": "TIL10"}
    assert study.output.report is False
    own = deconvolution_study(Path("m.tsv"), scale="tpm", asked=Composition(("mcp_counter",), Path("ref")))
    assert own.deconvolution.reference == str(Path("ref").resolve())
