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
    assert said.out.startswith("7 steps done, 0 unchanged")
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
    assert again.out.startswith("0 steps done, 7 unchanged")


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


def test_a_layer_of_an_h5ad_holds_the_matrix(tmescope, folder):
    frame = pd.read_csv(folder / "a.tsv", sep="\t", index_col=0).T
    obs, var = (pd.DataFrame(index=axis.astype(object)) for axis in (frame.index, frame.columns))
    adata = AnnData(np.zeros(frame.shape), obs=obs, var=var, layers={"tpm": frame.to_numpy()})
    adata.write_h5ad(folder / "layers.h5ad")
    options = ("--scale", "tpm", "-m", "zscore", "-s", "cyt", "-q")
    said = tmescope("score", folder / "layers.h5ad", *options, "--layer", "tpm", "-o", folder / "h5ad")
    assert said.code == 0, said.err
    assert tmescope("score", folder / "a.tsv", *options, "-o", folder / "tsv").code == 0
    left, right = (_scores(folder / name) for name in ("h5ad", "tsv"))
    pd.testing.assert_frame_equal(left, right)
    fitted = ("score", "fit", folder / "layers.h5ad", *options, "--layer")
    assert tmescope(*fitted, "tpm", "-o", folder / "model").code == 0
    applied = ("score", "apply", folder / "model", folder / "layers.h5ad", "--scale", "tpm", "-q", "--layer", "tpm")
    assert tmescope(*applied, "-o", folder / "applied").code == 0
    np.testing.assert_allclose(_scores(folder / "applied")["value"], left["value"], rtol=1e-12)
    said = tmescope(*fitted, "fpkm", "-o", folder / "none")
    assert said.code == 2
    assert "fpkm" in said.err
    assert "tpm" in said.err


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


def test_help_explains_scoring_fitting_and_applying(tmescope, folder):
    said = tmescope("score", "--help").out
    assert all(word in said for word in ("matrix", "fit", "apply", "tmescope score EXPRESSION"))
    assert "--signature-file" in tmescope("score", "matrix", "--help").out


@pytest.mark.parametrize("method", ["zscore", "ssgsea", "gsva", "plage"])
def test_no_score_of_a_new_patient_moves_when_others_arrive(tmescope, folder, method):
    fitted = ("--scale", "tpm", "-m", method, "-s", ",".join(tiny.SIGNATURES), "-o", "model", "-q")
    said = tmescope("score", "fit", "a.tsv", *fitted)
    assert said.code == 0, said.err
    assert f"model: {method} of 3 sets, fitted on 24 samples in log2(tpm+1)" in said.out
    frame = tiny.cohort_frames(7, 30)[0]
    frame.to_csv("many.tsv", sep="\t")
    frame.iloc[:, 4:5].to_csv("one.tsv", sep="\t")
    for name in ("one", "many"):
        applied = tmescope("score", "apply", "model", f"{name}.tsv", "--scale", "tpm", "-q", "-o", name)
        assert applied.code == 0, applied.err
    one, many = (_scores(folder / name) for name in ("one", "many"))
    assert set(many["method"]) == {f"{method}_frozen"}
    assert len(many) == 90
    same = many[many["sample_id"] == frame.columns[4]].reset_index(drop=True)
    assert same["value"].notna().all()
    pd.testing.assert_frame_equal(one, same, check_exact=True)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("fit", "a.tsv", "--scale", "tpm", "-m", "mean", "-o", "new"), "nothing to fit"),
        (("fit", "a.tsv", "--scale", "tpm"), "Missing option '--output'"),
        (("apply", "absent", "a.tsv", "--scale", "tpm", "-o", "new"), "there is no model 'absent'"),
        (("apply", "a.tsv", "a.tsv", "--scale", "tpm", "-o", "new"), "no frozen score"),
    ],
)
def test_what_cannot_be_fitted_or_applied_writes_nothing(tmescope, folder, words, text):
    before = tiny.tree(folder)
    said = tmescope("score", *words)
    assert said.code == 2
    assert text in said.err
    assert tiny.tree(folder) == before


def test_leading_edge_is_a_table_of_the_run(tmescope, folder):
    asked = ("-m", "zscore,ssgsea,singscore_dispersion", "-s", "cyt,ifng6", "--leading-edge", "ifng6")
    said = tmescope("score", "a.tsv", "--scale", "tpm", *asked, "-q", "-o", "out")
    assert said.code == 0, said.err
    table = read_table(folder / "out" / "tables" / "leading_edge.parquet")
    assert set(table["feature"]) == {"ifng6"}
    assert list(dict.fromkeys(table["method"])) == ["zscore", "ssgsea"]
    sums = table[table["method"] == "zscore"].groupby("sample_id")["contribution"].sum()
    scores = _scores(folder / "out").query("method == 'zscore' and feature == 'ifng6'").set_index("sample_id")["value"]
    np.testing.assert_allclose(sums, scores.reindex(sums.index), atol=1e-12)
    refused = tmescope("score", "a.tsv", "--scale", "tpm", "-s", "cyt", "--leading-edge", "ifng6", "-o", "new")
    assert refused.code == 2
    assert "profile.leading_edge" in refused.err


@pytest.mark.filterwarnings("ignore:.*(onsolidated|zarr v2):UserWarning")
def test_a_store_is_streamed_with_a_method_and_with_a_model(tmescope, folder):
    frame = tiny.cohort_frames(7, 30)[0].T
    obs, var = (pd.DataFrame(index=axis.astype(object)) for axis in (frame.index, frame.columns))
    AnnData(frame.to_numpy(), obs=obs, var=var).write_zarr(folder / "m.zarr")
    asked = ("--scale", "tpm", "-s", "cyt", "-q")
    said = tmescope("score", "m.zarr", *asked, "-m", "singscore", "--stream", "-o", "s.parquet")
    assert said.code == 0, said.err
    assert "s.parquet: 30 samples, 1 features" in said.out
    assert tmescope("score", "m.zarr", *asked, "-m", "singscore", "-o", "whole").code == 0
    np.testing.assert_array_equal(read_table(folder / "s.parquet")["value"], _scores(folder / "whole")["value"])
    assert tmescope("score", "fit", "a.tsv", *asked, "-o", "model").code == 0
    said = tmescope("score", "apply", "model", "m.zarr", "--scale", "tpm", "--stream", "-q", "-o", "f.parquet")
    assert said.code == 0, said.err
    assert tmescope("score", "apply", "model", "m.zarr", "--scale", "tpm", "-q", "-o", "applied").code == 0
    np.testing.assert_array_equal(read_table(folder / "f.parquet")["value"], _scores(folder / "applied")["value"])
    refused = tmescope("score", "m.zarr", *asked, "--report", "--stream", "-o", "r.parquet")
    assert refused.code == 2
    assert "takes no option of a study" in refused.err


def test_several_rows_of_one_gene_become_one_as_declared(tmescope, folder, logged):
    frame = pd.read_csv(logged, sep="\t", index_col=0)
    pd.concat([frame, frame.loc[["GZMA"]]]).to_csv(folder / "twice.tsv", sep="\t")
    arguments = ("--scale", "log2(tpm+1)", "-s", "cyt", "-q", "-o")
    refused = tmescope("score", folder / "twice.tsv", *arguments, folder / "refused")
    assert refused.code == 2
    assert "--duplicates mean" in refused.err
    said = tmescope("score", folder / "twice.tsv", *arguments, folder / "twice", "--duplicates", "mean")
    assert said.code == 0, said.err
    assert tmescope("score", logged, *arguments, folder / "once").code == 0
    np.testing.assert_allclose(_scores(folder / "twice")["value"], _scores(folder / "once")["value"], rtol=1e-12)


def test_names_of_samples_that_may_be_personal_are_told_and_clear_ones_need_leave(tmescope, folder, logged):
    frame = pd.read_csv(logged, sep="\t", index_col=0)
    frame.set_axis([str(20180001 + i) for i in range(frame.shape[1])], axis=1).to_csv(folder / "m.tsv", sep="\t")
    arguments = ("score", folder / "m.tsv", "--scale", "log2(tpm+1)", "-s", "cyt", "-q", "-o")
    said = tmescope(*arguments, folder / "numbered")
    assert said.code == 0, said.err
    told = read_table(folder / "numbered" / "tables" / "warnings.parquet")
    assert "privacy.sample_names" in set(told["code"])
    frame.set_axis([f"Smith{'abcdefgh'[i % 8] * (i + 1)}, A." for i in range(frame.shape[1])], axis=1).to_csv(
        folder / "m.tsv", sep="\t"
    )
    refused = tmescope(*arguments, folder / "named")
    assert refused.code == 2
    assert "--allow-identifying sample_id" in refused.err
    said = tmescope(*arguments, folder / "named", "--allow-identifying", "sample_id")
    assert said.code == 0, said.err
    refused = tmescope(*arguments, folder / "s.parquet", "--stream", "--allow-identifying", "sample_id")
    assert "takes no option of a study" in refused.err
