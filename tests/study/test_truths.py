"""Counted shares: read with distrust, compared, told in tables, text and figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import FileFormatError, ManyProblems, MissingFileError, TmescopeError
from tmescope.study.checking import check
from tmescope.study.loading import load_study
from tmescope.study.running import run
from tmescope.study.schema_deconvolution import CountedShares
from tmescope.study.truths import read_truth, truth_problems, warn_of_unknown


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
        ("sample\tcount\nS1\t0.1\n", "none of the 1 counted type is called like a cell type"),
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


LONG = "sample\tcell_type\ttrue_fraction\nS1\tT cell CD8+\t0.25\nS2\tT cell CD8+\tNA\nS1\tStuff\t0.5\n"
NAMED = CountedShares(file="t.tsv", share="true_fraction")


def test_long_tables_are_read_by_the_names_of_their_columns(tmp_path):
    (tmp_path / "t.tsv").write_text(LONG)
    found = read_truth(tmp_path / "t.tsv", NAMED)
    assert found.index.tolist() == ["S1", "S2"]
    assert found.columns.tolist() == ["T cell CD8+", "Stuff"]
    np.testing.assert_array_equal(found.to_numpy(), [[0.25, 0.5], [np.nan, np.nan]])
    (warning,) = warn_of_unknown(found, where="a")
    assert (warning.code, warning.count, warning.examples) == ("truth.unknown_type", 1, ("Stuff",))
    assert warn_of_unknown(found[["T cell CD8+"]], where="a") == []
    with pytest.raises(FileFormatError, match=r"none of the 2 counted types.*") as caught:
        read_truth(
            tmp_path / "t.tsv",
            CountedShares(file="t.tsv", cell_type="sample", share="true_fraction", sample="cell_type"),
        )
    assert "name its columns" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LONG.replace("true_fraction", "share"), "no column is named 'true_fraction'"),
        (LONG + "S1\tStuff\t0.4\n", "each sample once with each cell type: line 5: 'S1', 'Stuff'"),
        (LONG + "\tStuff\t0.4\n", "a sample and a cell type in each row: line 5"),
        (LONG + "S3\tStuff\t40\n", "a share: a finite number, 0 to 1, or empty: line 5, true_fraction: '40'"),
    ],
)
def test_what_is_wrong_in_a_long_table_is_told(tmp_path, text, told):
    (tmp_path / "t.tsv").write_text(text)
    with pytest.raises(TmescopeError) as caught:
        read_truth(tmp_path / "t.tsv", NAMED)
    assert told in str(caught.value)


def test_a_study_compares_with_a_long_table(asked, tmp_path):
    path = asked()
    folder = path.parent
    wide = pd.read_csv(folder / "truth.tsv", sep="\t")
    long = wide.melt(id_vars="sample", var_name="type", value_name="counted").dropna()
    long.assign(type=long["type"].where(long["type"] != "B cells", "stuff")).to_csv(
        folder / "long.tsv", sep="\t", index=False
    )
    named = '{ file = "long.tsv", cell_type = "type", share = "counted" }'
    text = path.read_text()
    assert '"truth.tsv"' in text
    before = run(path, tmp_path / "wide").table("accuracy").dropna(subset=["pearson"])
    path.write_text(text.replace('"truth.tsv"', named))
    outcome = run(path, tmp_path / "long")
    pd.testing.assert_frame_equal(outcome.table("accuracy"), before)
    assert "counted shares: long.tsv" in (tmp_path / "long" / "study.json").read_text()


def test_tables_of_counts_are_matched_with_samples_although_another_name_is_wrong(asked):
    path = asked("sample\tCD8 T cells\nZZ\t0.1\n")
    text = path.read_text()
    path.write_text(text.replace('"mcp_counter"', '"mcp_conter"'))
    told = [str(problem) for problem in check(path).problems]
    assert any("mcp_conter" in one for one in told)
    assert any("none of the 1 samples of 'truth.tsv' is in the cohort" in one for one in told)
