"""Counted shares: read with distrust, compared, told in tables, text and figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import FileFormatError, ManyProblems, MissingFileError
from tmescope.study.checking import check
from tmescope.study.loading import load_study
from tmescope.study.running import run
from tmescope.study.truths import read_truth, truth_problems


@pytest.fixture
def asked(tiny, study_folder):
    """Write the tiny study with MCP-counter and a table of counted shares of its cohort a."""

    def write(text=None, *, cohort="a", report=False):
        samples = pd.read_csv(study_folder / "a_samples.csv")["sample_id"]
        matrix = pd.read_csv(study_folder / "a.tsv", sep="\t", index_col=0)
        for gene in ("CD8B", "MS4A1"):  # markers of MCP-counter
            matrix.loc[gene] = np.random.default_rng(len(gene)).gamma(2.0, 9.0, matrix.shape[1]).round(3)
        matrix.to_csv(study_folder / "a.tsv", sep="\t")
        shares = np.random.default_rng(1).random(len(samples)).round(3)
        lines = [f"{s}\t{share}\t" for s, share in zip(samples, shares, strict=True)]
        text = text or "\n".join(["sample\tCD8 T cells\tB cells", *lines]) + "\n"
        (study_folder / "truth.tsv").write_text(text)
        data = tiny.study_dict()
        data["profile"] |= {"methods": [], "max_unmapped": 1.0}
        data["deconvolution"] = {"methods": ["mcp_counter"], "min_coverage": 0.0, "truth": {cohort: "truth.tsv"}}
        data["output"] = {"report": report, "figures": ["svg"]}
        return tiny.write_study(study_folder, data)

    return write


def test_estimates_stand_beside_what_was_counted(asked, tmp_path):
    outcome = run(asked(report=True), tmp_path / "out")
    found = outcome.table("accuracy")
    assert set(found["cohort_id"]) == {"a"}
    assert set(found["method"]) == {"mcp_counter"}
    assert found["pearson"].between(-1, 1).any()
    assert found["rmse"].isna().all()
    assert "compared with shares that the user supplied" in (tmp_path / "out" / "methods.md").read_text()
    assert (tmp_path / "out" / "figures" / "accuracy-1.svg").is_file()
    assert "counted shares: truth.tsv" in (tmp_path / "out" / "study.json").read_text()
    assert run(asked(report=True), tmp_path / "out").redone == ()
    path = asked(report=True)
    (path.parent / "truth.tsv").write_text((path.parent / "truth.tsv").read_text().replace("\t0.", "\t0.1"))
    assert "fractions-a" in run(path, tmp_path / "out").redone


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sample\tCD8 T cells\nS1\t12\n", "a share: a finite number, 0 to 1, or empty: line 2, CD8 T cells: '12'"),
        ("sample\tCD8 T cells\nS1\t0.1\nS1\t0.2\n", "each sample once"),
        ("sample\tcount\nS1\t0.1\n", "none of the 1 columns is called like a cell type"),
        ("sample\tCD8 T cells\nS1\t0.1\t0.2\n", "line 2 has 3 cells"),
        ("sample\tCD8 T cells\nZZ\t0.1\n", "none of the 1 samples of 'truth.tsv' is in the cohort"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_kept(asked, tmp_path, text, told):
    path = asked(text)
    assert any(told in str(problem) for problem in check(path).problems)
    with pytest.raises(ManyProblems) as caught:
        run(path, tmp_path / "out")
    assert told in str(caught.value)
    assert all("deconvolution.truth" in str(p.where) for p in caught.value.problems)


def test_cohorts_and_files_that_are_not_there_are_told(asked, tmp_path):
    (problem,) = truth_problems(load_study(asked(cohort="c")))
    assert "no cohort is named 'c'" in str(problem)
    with pytest.raises(MissingFileError, match="no 'nowhere'"):
        read_truth(tmp_path / "nowhere")
    (tmp_path / "no.tsv").write_text("")
    with pytest.raises(FileFormatError):
        read_truth(tmp_path / "no.tsv")


def test_missing_shares_stay_missing(tmp_path):
    (tmp_path / "t.tsv").write_text("id\tB cells\tNK cells\ns1\t\tNA\ns2\t0.25\t0\n")
    found = read_truth(tmp_path / "t.tsv")
    np.testing.assert_array_equal(found.to_numpy(), [[np.nan, np.nan], [0.25, 0.0]])
