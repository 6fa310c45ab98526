from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from tests.study import tiny

import tmescope as ts
from tmescope.store.tables import read_table


def _scores(out) -> pd.DataFrame:
    return read_table(out / "tables" / "scores.parquet")


@pytest.fixture
def logged(folder):
    """The matrix of cohort a as log2(tpm+1)."""
    path = folder / "logged.tsv"
    np.log2(pd.read_csv(folder / "a.tsv", sep="\t", index_col=0) + 1).to_csv(path, sep="\t")
    return path


def test_one_matrix_is_scored_as_in_python(tmescope, folder, logged):
    out = folder / "out"
    said = tmescope("score", logged, "--scale", "log2(tpm+1)", "--signature", "cyt,ifng6", "-o", out)
    assert said.code == 0, said.err
    assert said.out.startswith("6 steps done, 0 unchanged")
    assert f"tables: {out / 'tables'}\n" in said.out
    assert "report" not in said.out
    scores = _scores(out)
    assert set(scores["method"]) == {"zscore"}
    assert set(scores["feature"]) == {"cyt", "ifng6"}
    adata = ts.read_cohort(logged, scale="log2(tpm+1)")
    expected = ts.bulk.score(adata, ["cyt", "ifng6"], method="zscore").table
    both = scores.merge(expected, on=["sample_id", "feature"], suffixes=("", "_python"))
    assert len(both) == 48
    np.testing.assert_array_equal(both["value"], both["value_python"])
    again = tmescope("score", logged, "--scale", "log2(tpm+1)", "-s", "cyt", "-s", "ifng6", "-o", out)
    assert again.out.startswith("0 steps done, 6 unchanged")


def test_sets_of_a_file_are_scored_as_in_python(tmescope, folder, logged):
    (folder / "mine.gmt").write_text("mine\tx\tGZMA\tPRF1\n")
    (folder / "more.csv").write_text("set,gene_symbol\nmore,BG001\nmore,BG002\n")
    files = ("--signature-file", folder / "mine.gmt", "--signature-file", folder / "more.csv")
    said = tmescope("score", logged, "--scale", "log2(tpm+1)", *files, "-q", "-o", folder / "out")
    assert said.code == 0, said.err
    scores = _scores(folder / "out")
    assert list(dict.fromkeys(scores["feature"])) == ["mine", "more"]
    adata = ts.read_cohort(logged, scale="log2(tpm+1)")
    expected = ts.bulk.score(adata, ts.facts.read_signatures(folder / "mine.gmt")).table
    mine = scores[scores["feature"] == "mine"].merge(expected, on="sample_id", suffixes=("", "_python"))
    assert len(mine) == 24
    np.testing.assert_array_equal(mine["value"], mine["value_python"])


def test_methods_signatures_and_orientation_are_as_asked(tmescope, folder):
    pd.read_csv(folder / "a.tsv", sep="\t", index_col=0).T.to_csv(folder / "t.csv")
    options = ("--orientation", "samples_by_genes", "-m", "mean,ssgsea_raw", "-m", "zscore", "-s", " cyt , ", "-q")
    said = tmescope("score", folder / "t.csv", "--scale", "tpm", *options, "-o", folder / "out")
    assert said.code == 0, said.err
    assert said.err == ""
    scores = _scores(folder / "out")
    assert list(dict.fromkeys(scores["method"])) == ["mean", "ssgsea_raw", "zscore"]
    assert set(scores["feature"]) == {"cyt"}


def test_an_h5ad_needs_no_orientation(tmescope, folder):
    frame = pd.read_csv(folder / "a.tsv", sep="\t", index_col=0).T
    obs, var = (pd.DataFrame(index=axis.astype(object)) for axis in (frame.index, frame.columns))
    AnnData(frame.to_numpy(), obs=obs, var=var).write_h5ad(folder / "a.h5ad")
    said = tmescope("score", folder / "a.h5ad", "--scale", "tpm", "-s", "cyt", "-o", folder / "h5ad")
    assert said.code == 0, said.err
    assert tmescope("score", folder / "a.tsv", "--scale", "tpm", "-s", "cyt", "-o", folder / "tsv").code == 0
    left, right = (_scores(folder / name) for name in ("h5ad", "tsv"))
    pd.testing.assert_frame_equal(left, right)


def test_ensembl_names_are_read_as_declared(tmescope, folder):
    text = "gene\tx\ty\tz\n" + "".join(f"{g}\t{i + 1}\t{i + 5}\t{i * 40}\n" for i, g in enumerate(
        ("ENSG00000145649", "ENSG00000180644", "ENSG00000000003")))  # fmt: skip
    (folder / "e.tsv").write_text(text)
    out = folder / "out"
    said = tmescope("score", folder / "e.tsv", "--scale", "tpm", "--identifiers", "ensembl", "-s", "cyt", "-o", out)
    assert said.code == 0, said.err
    assert _scores(out)["coverage"].tolist() == [1.0, 1.0, 1.0]


def test_a_report_is_made_where_it_is_asked_for(tmescope, folder, monkeypatch):
    from tmescope.study import reporting

    monkeypatch.setattr(reporting, "report_steps", lambda context, provenance: ())
    monkeypatch.setattr(
        reporting, "publish_report", lambda context: (context.ledger.root / "report.html").write_text("r")
    )
    said = tmescope("score", folder / "a.tsv", "--scale", "tpm", "-s", "cyt", "--report", "-o", folder / "out")
    assert said.out.endswith(f"report: {folder / 'out' / 'report.html'}\n")
    crate = json.loads((folder / "out" / "ro-crate-metadata.json").read_text())
    assert str(folder) not in json.dumps(crate)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--scale", "log2"), "the scale 'log2' is not known"),
        (("--scale", "tpm", "-s", "cyt,ifn6"), "did you mean 'ifng6'?"),
        (("--scale", "tpm", "-m", "zscor"), "did you mean 'zscore'?"),
        (("--scale", "tpm", "--orientation", "rows"), "(it says 'rows')"),
        (("--scale", "tpm", "--identifiers", "refseq"), "(it says 'refseq')"),
        (("--scale", "log2(tpm+1)", "-s", "cyt"), "contradict the declared scale"),
        (("-s", "cyt"), "Missing option '--scale'"),
        (("--scale", "tpm", "--threads", "0"), "--threads"),
    ],
)
def test_what_is_wrong_ends_with_2_and_writes_nothing(tmescope, folder, options, text):
    before = tiny.tree(folder)
    said = tmescope("score", folder / "a.tsv", *options, "-o", folder / "out")
    assert said.code == 2
    assert text in said.err
    assert not (folder / "out").exists()
    assert tiny.tree(folder) == before
