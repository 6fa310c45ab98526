from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import read_h5ad

import tmescope as ts
from tmescope.bulk.reference_folders import load_reference
from tmescope.foundation.errors import FactsError, ManyProblems, UnknownNameError
from tmescope.store.tables import read_table
from tmescope.study import deconvolving
from tmescope.study.checking import check
from tmescope.study.deconvolving import deconvolution_problems, deconvolution_specs, pin_only_versions
from tmescope.study.export_anndata import export_anndata
from tmescope.study.export_workbook import export_workbook
from tmescope.study.exporting import export_cbioportal
from tmescope.study.loading import load_study
from tmescope.study.running import run


@pytest.fixture
def asked(tiny, study_folder):
    """Write the tiny study with a table ``[deconvolution]`` and return its file."""

    def write(methods=("mcp_counter",), **keys):
        data = tiny.study_dict()
        data["profile"] |= {"methods": ["zscore"], "max_unmapped": 1.0}
        data["deconvolution"] = {"methods": list(methods), **keys}
        return tiny.write_study(study_folder, data)

    return write


def test_estimates_are_those_of_the_library_and_stand_in_fractions(asked, study_folder, tmp_path):
    path = asked(min_coverage=0.0)
    run(path, tmp_path / "out")
    fractions = read_table(tmp_path / "out" / "tables" / "fractions.parquet")
    assert set(fractions["method"]) == {"mcp_counter"}
    assert set(fractions["cohort_id"]) == {"a", "b"}
    scores = read_table(tmp_path / "out" / "tables" / "scores.parquet")
    assert set(scores["method"]) == {"zscore"}
    adata = ts.read_cohort(study_folder / "a.tsv", scale="tpm")
    options = ts.bulk.DeconvolveOptions(min_coverage=0.0)
    expected = ts.bulk.deconvolve(adata, method="mcp_counter", options=options).table
    both = fractions[fractions["cohort_id"] == "a"].merge(expected, on=["sample_id", "feature"], suffixes=("", "_lib"))
    assert len(both) > 0
    np.testing.assert_array_equal(both["value"], both["value_lib"])
    methods = read_table(tmp_path / "out" / "tables" / "methods.parquet")
    assert list(methods["name"]) == ["zscore", "mcp_counter"]


def test_estimates_are_asked_about_like_scores(asked, tmp_path):
    run(asked(min_coverage=0.0), tmp_path / "out")
    answers = read_table(tmp_path / "out" / "tables" / "answers.parquet")
    assert "mcp_counter" in set(answers["source"])


def test_a_second_run_keeps_them_and_other_coverage_makes_them_anew(asked, tmp_path):
    first = run(asked(min_coverage=0.0), tmp_path / "out")
    assert {"fractions-a", "fractions-b"} <= set(first.redone)
    assert run(asked(min_coverage=0.0), tmp_path / "out").redone == ()
    again = run(asked(min_coverage=1.0), tmp_path / "out")
    assert {"fractions-a", "fractions-b"} <= set(again.redone)
    assert not {"profile-a", "profile-b", "cohort-a"} & set(again.redone)
    value = read_table(tmp_path / "out" / "tables" / "fractions.parquet")
    assert value.loc[value["coverage"] < 1, "value"].isna().all()


def test_a_study_that_asks_for_none_has_an_empty_table_and_no_step(study_folder, tmp_path):
    outcome = run(study_folder / "study.toml", tmp_path / "out")
    assert not [name for name in outcome.redone if name.startswith("fractions")]
    assert len(read_table(tmp_path / "out" / "tables" / "fractions.parquet")) == 0


@pytest.mark.parametrize(
    ("methods", "keys", "told"),
    [
        (["mcp_countr"], {}, "did you mean 'mcp_counter'"),
        (["zscore"], {}, "no method is named 'zscore'"),
        (
            ["mcp_counter"],
            {"parameters": {"mcp_counter": {"depth": 3}}},
            "no parameter of mcp_counter is named 'depth'",
        ),
        (["mcp_counter"], {"parameters": {"estimate": {}}}, "has parameters and is not among the methods"),
        (["mcp_counter"], {"reference": "nowhere"}, "there is no 'nowhere'"),
    ],
)
def test_everything_that_is_wrong_is_told_before_anything_runs(asked, tmp_path, methods, keys, told):
    path = asked(methods, **keys)
    with pytest.raises(ManyProblems, match=told):
        run(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert any(told in str(problem) for problem in check(path).problems)


def test_a_method_in_both_lists_is_refused(tiny, study_folder):
    data = tiny.study_dict()
    data["profile"]["methods"] = ["mcp_counter"]
    data["deconvolution"] = {"methods": ["mcp_counter"]}
    found = list(deconvolution_problems(load_study(tiny.write_study(study_folder, data))))
    assert [str(p).splitlines()[0] for p in found] == [
        "'mcp_counter' stands in profile.methods and in deconvolution.methods"
    ]


def test_specs_follow_the_study(asked):
    study = load_study(asked(["estimate", "unknown", "mcp_counter"]))
    assert [s.name for s in deconvolution_specs(study)] == ["estimate", "mcp_counter"]


def test_pins_are_filled_where_only_one_version_is_installed(tmp_path):
    assert pin_only_versions(["mcp_counter"], {}, tmp_path) == {}
    with pytest.raises(UnknownNameError, match="nonsense"):
        pin_only_versions(["nonsense"], {}, tmp_path)
    needing = [m.spec for m in ts.bulk.list_deconvolvers() if m.spec.installed]
    for spec in needing:
        with pytest.raises(FactsError, match="is not installed"):
            pin_only_versions([spec.name], {}, tmp_path)
        assert pin_only_versions([spec.name], {spec.installed: "X"}, tmp_path) == {spec.installed: "X"}


def test_composition_alone_is_a_whole_study(tiny, study_folder, tmp_path):
    data = tiny.study_dict()
    data["profile"] |= {"methods": [], "max_unmapped": 1.0}
    data["deconvolution"] = {"methods": ["mcp_counter"], "min_coverage": 0.0}
    data["output"] = {"report": True, "figures": ["svg"]}
    run(tiny.write_study(study_folder, data), tmp_path / "out")
    assert len(read_table(tmp_path / "out" / "tables" / "scores.parquet")) == 0
    figures = {p.stem for p in (tmp_path / "out" / "figures").glob("*.svg")}
    assert {"landscape", "composition-mcp-counter"} <= figures
    assert "mcp_counter" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert isinstance(read_table(tmp_path / "out" / "tables" / "warnings.parquet"), pd.DataFrame)


def test_several_methods_have_a_consensus_that_says_how_they_agree(asked, tmp_path):
    path = asked(["mcp_counter", "mcp_counter_log2", "estimate"], min_coverage=0.0)
    run(path, tmp_path / "out")
    fractions = read_table(tmp_path / "out" / "tables" / "fractions.parquet")
    assert "consensus" in set(fractions["method"])
    agreement = read_table(tmp_path / "out" / "tables" / "agreement.parquet")
    assert set(agreement["methods"]) == {"mcp_counter"}, "both scales read the same markers"
    assert set(agreement["confidence"]) == {"single"}
    assert agreement["advice"].str.contains("nothing confirms it").all()
    run(asked(["mcp_counter", "estimate"], consensus="none", min_coverage=0.0), tmp_path / "out")
    assert "consensus" not in set(read_table(tmp_path / "out" / "tables" / "fractions.parquet")["method"])
    assert len(read_table(tmp_path / "out" / "tables" / "agreement.parquet")) == 0


@pytest.fixture
def own_reference(study_folder):
    """Write a table of two cell types over genes of the tiny study."""
    genes = list(ts.read_cohort(study_folder / "a.tsv", scale="tpm").var_names)[:12]
    profiles = np.random.default_rng(0).lognormal(2.0, 1.0, (12, 2))
    pd.DataFrame(profiles, genes, ["one", "two"]).to_csv(study_folder / "own.csv")


def test_a_reference_of_ones_own_is_read_and_its_change_makes_estimates_anew(
    asked, study_folder, own_reference, tmp_path
):
    path = asked(["nu_svr", "bayes"], reference="own.csv")
    run(path, tmp_path / "out")
    fractions = read_table(tmp_path / "out" / "tables" / "fractions.parquet")
    assert set(fractions["method"]) == {"nu_svr", "bayes"}
    assert set(fractions["feature"]) == {"one", "two"}
    adata = ts.read_cohort(study_folder / "a.tsv", scale="tpm")
    reference = ts.bulk.load_reference(study_folder / "own.csv")
    expected = ts.bulk.deconvolve(adata, method="bayes", reference=reference).table
    both = fractions[(fractions["cohort_id"] == "a") & (fractions["method"] == "bayes")]
    both = both.merge(expected, on=["sample_id", "feature"], suffixes=("", "_lib"))
    np.testing.assert_allclose(both["value"], both["value_lib"], rtol=1e-9)
    assert run(path, tmp_path / "out").redone == ()
    changed = pd.read_csv(study_folder / "own.csv", index_col=0)
    changed.iloc[0, 0] *= 3
    changed.to_csv(study_folder / "own.csv")
    assert {"fractions-a", "fractions-b"} <= set(run(path, tmp_path / "out").redone)


def test_a_reference_that_is_wrong_is_told_before_anything_runs(asked, study_folder, own_reference, tmp_path):
    table = pd.read_csv(study_folder / "own.csv", index_col=0)
    table.iloc[3, 1] = -1.0
    table.to_csv(study_folder / "own.csv")
    with pytest.raises(ManyProblems, match="values of the profiles are negative or missing") as caught:
        run(asked(["bayes", "nnls"], reference="own.csv"), tmp_path / "out")
    (problem,) = caught.value.problems  # once, not for each method and cohort
    assert problem.where.startswith("deconvolution.reference")
    with pytest.raises(ManyProblems, match="the study names none"):
        run(asked(["bayes"]), tmp_path / "out")


def test_a_reference_of_ones_own_is_read_once_for_all_methods_and_cohorts(
    asked, study_folder, own_reference, tmp_path, monkeypatch
):
    reads: list[Path] = []

    def counted(path: Path) -> object:
        reads.append(path)
        return load_reference(path)

    monkeypatch.setattr(deconvolving, "load_reference", counted)
    table = pd.read_csv(study_folder / "own.csv", index_col=0)
    table.iloc[0, 0] += 0.123  # a file that no other test has read
    table.to_csv(study_folder / "own.csv")
    run(asked(["nu_svr", "nnls"], reference="own.csv"), tmp_path / "out")
    assert len(reads) == 1
    table.iloc[0, 0] += 1.0
    table.to_csv(study_folder / "own.csv")
    run(asked(["nu_svr", "nnls"], reference="own.csv"), tmp_path / "out")
    assert len(reads) == 2


def test_composition_goes_with_every_export(asked, tmp_path):
    run(asked(["mcp_counter", "estimate"], min_coverage=0.0), tmp_path / "out")
    export_anndata(tmp_path / "out", tmp_path / "h5ad")
    adata = read_h5ad(tmp_path / "h5ad" / "a.h5ad")
    assert {"zscore", "mcp_counter", "estimate", "consensus"} <= set(adata.obsm)
    fractions = read_table(tmp_path / "out" / "tables" / "fractions.parquet")
    mine = fractions[(fractions["cohort_id"] == "a") & (fractions["feature"] == "Fibroblasts")]
    np.testing.assert_array_equal(adata.obsm["mcp_counter"]["Fibroblasts"], mine["value"])
    sheets = export_workbook(tmp_path / "out", tmp_path / "r.xlsx").sheets
    assert {"scores_zscore", "fractions_mcp_counter", "fractions", "agreement"} <= set(sheets)
    export_cbioportal(tmp_path / "out", tmp_path / "portal")
    assert (tmp_path / "portal" / "a" / "data_scores_mcp_counter.txt").is_file()


def test_what_a_method_must_be_told_is_asked_for_before_anything_runs(tiny, study_folder):
    data = tiny.study_dict()
    data["cohorts"][0]["cancer_type"] = "SKCM"
    data["facts"] = {"consensustme": "V"}
    data["deconvolution"] = {"methods": ["consensustme"]}
    (problem,) = deconvolution_problems(load_study(tiny.write_study(study_folder, data)))
    assert "consensustme must be told cancer" in str(problem)
    assert "not guessed" in str(problem)
    data["deconvolution"]["parameters"] = {"consensustme": {"cancer": "SKCM"}}
    assert list(deconvolution_problems(load_study(tiny.write_study(study_folder, data)))) == []
