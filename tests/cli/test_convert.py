from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from tests.study import tiny

from tmescope.ingest.expression import read_expression

ENDINGS = ("h5ad", "zarr", "parquet")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_cohort_is_written_and_read_back_bit_for_bit(tmescope, folder, ending):
    out = folder / f"c.{ending}"
    said = tmescope("convert", folder / "a.tsv", folder / "a_samples.csv", "--scale", "tpm", "-o", out)
    assert said.code == 0, said.err
    assert said.out.startswith(f"wrote {out}: 24 samples, ")
    assert ("matrix alone" in said.out) is (ending == "parquet")
    original, back = read_expression(folder / "a.tsv"), read_expression(out)
    assert back.sample_ids == original.sample_ids
    assert set(back.gene_ids) == set(original.gene_ids)
    assert back.values.tobytes() == original.values.tobytes()
    again = tmescope("convert", out, "--scale", "tpm", "-o", folder / "again.h5ad")
    assert again.code == 0, again.err
    assert np.asarray(ad.read_h5ad(folder / "again.h5ad").X).tobytes() == original.values.tobytes()


def test_anndata_gets_the_sample_table_the_scale_and_the_warnings(tmescope, folder):
    out = folder / "c.zarr"
    said = tmescope(
        "convert", folder / "a.tsv", folder / "a_samples.csv", "--scale", "tpm", "--cohort", "mine", "-o", out
    )
    assert said.code == 0, said.err
    adata = ad.read_zarr(out)
    assert set(adata.obs["cohort_id"]) == {"mine"}
    assert adata.uns["tmescope"]["scale"] == "tpm"
    assert "hgnc_id" in adata.var
    told = [line for line in said.err.splitlines() if line.startswith("warning")]
    assert [f"warning  {w}" for w in adata.uns["tmescope"]["warnings"]] == told
    assert said.err.splitlines()[:2] == ["read and checked: done", "written: done"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_scores_are_the_same_from_each_format(tmescope, folder, ending):
    assert tmescope("convert", folder / "a.tsv", "--scale", "tpm", "-o", folder / f"c.{ending}").code == 0
    for name, matrix in (("left", "a.tsv"), ("right", f"c.{ending}")):
        said = tmescope("score", folder / matrix, "--scale", "tpm", "-s", "cyt", "-o", folder / name)
        assert said.code == 0, said.err
    left, right = (pd.read_parquet(folder / n / "tables" / "scores.parquet") for n in ("left", "right"))
    pd.testing.assert_frame_equal(left, right)


def test_a_study_notices_that_a_store_changed(tmescope, folder):
    out = folder / "c.zarr"
    tmescope("convert", folder / "a.tsv", "--scale", "tpm", "-o", out)
    arguments = ("score", out, "--scale", "tpm", "-s", "cyt", "-o", folder / "out")
    assert "steps done, 0 unchanged" in tmescope(*arguments).out
    assert tmescope(*arguments).out.startswith("0 steps done")
    table = pd.read_csv(folder / "a.tsv", sep="\t", index_col=0).iloc[:, 1:]
    table.to_csv(folder / "fewer.tsv", sep="\t")
    assert tmescope("convert", folder / "fewer.tsv", "--scale", "tpm", "-o", out, "--force").code == 0
    assert not tmescope(*arguments).out.startswith("0 steps done")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--scale", "log2(tpm+1)", "-o", "c.zarr"), "contradict the declared scale"),
        (("--scale", "tpm", "-o", "c.h5da"), "did you mean '.h5ad'?"),
        (("--scale", "tpm", "-o", "a.tsv"), "ending"),
        (("--scale", "tpm", "-o", "c.zarr", "--identifiers", "symbols"), "did you mean 'symbol'?"),
        (("--scale", "tpm", "-o", "c.zarr", "--orientation", "rows"), "--orientation"),
        (("--scale", "tpm", "-o", "c.zarr", "--gene-column", "x"), "gene_column = 'x' is declared"),
        (("--scale", "tpm"), "Missing option '--output'"),
        (("-o", "c.zarr"), "Missing option '--scale'"),
    ],
)
def test_what_is_wrong_ends_with_2_and_writes_nothing(tmescope, folder, options, text):
    before = tiny.tree(folder)
    said = tmescope("convert", folder / "a.tsv", *options)
    assert said.code == 2
    assert text in said.err
    assert tiny.tree(folder) == before


def test_an_existing_output_is_kept_unless_forced(tmescope, folder: Path):
    (folder / "c.parquet").write_text("mine")
    arguments = ("convert", folder / "a.tsv", "--scale", "tpm", "-o", folder / "c.parquet")
    said = tmescope(*arguments)
    assert said.code == 2
    assert "--force" in said.err
    assert (folder / "c.parquet").read_text() == "mine"
    assert tmescope(*arguments, "--force").code == 0


@pytest.mark.parametrize("rule", ["mean", "highest_mean"])
def test_several_rows_of_one_gene_become_one_as_declared(tmescope, folder, rule):
    frame = np.log2(pd.read_csv(folder / "a.tsv", sep="\t", index_col=0) + 1)
    pd.concat([frame, frame.iloc[:1] + 1]).to_csv(folder / "twice.tsv", sep="\t")
    arguments = ("convert", folder / "twice.tsv", "--scale", "log2(tpm+1)", "-o", folder / "c.h5ad")
    refused = tmescope(*arguments)
    assert refused.code == 2
    assert "--duplicates mean" in refused.err
    assert tmescope(*arguments, "--duplicates", rule).code == 0
    read = ad.read_h5ad(folder / "c.h5ad").to_df().T.loc[frame.index]
    np.testing.assert_allclose(read.iloc[0], frame.iloc[0] + (1 if rule == "highest_mean" else 0.5))
    assert tmescope(*arguments, "--duplicates", "last", "--force").code == 2


def test_names_of_persons_are_written_where_that_is_allowed(tmescope, folder):
    frame = pd.read_csv(folder / "a.tsv", sep="\t", index_col=0)
    frame.set_axis([f"Smith{'a' * i}, Anna" for i in range(frame.shape[1])], axis=1).to_csv(
        folder / "named.tsv", sep="\t"
    )
    arguments = ("convert", folder / "named.tsv", "--scale", "tpm", "-o", folder / "c.h5ad")
    refused = tmescope(*arguments)
    assert refused.code == 2
    assert "--allow-identifying sample_id" in refused.err
    said = tmescope(*arguments, "--allow-identifying", "sample_id")
    assert said.code == 0, said.err
    assert "privacy.allowed" in said.err
