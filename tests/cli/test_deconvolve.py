from __future__ import annotations

import json

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from tests.bulk.methods import small_xcell as small

import tmescope as ts
from tmescope.cli import deconvolve
from tmescope.store.tables import read_table


def test_one_matrix_is_estimated_as_in_python(tmescope, folder):
    out = folder / "out"
    options = ("--min-coverage", "0", "--max-unmapped", "1", "-o", out)
    said = tmescope("deconvolve", folder / "a.tsv", "--scale", "tpm", "-m", "mcp_counter,estimate", *options)
    assert said.code == 0, said.err
    assert f"tables: {out / 'tables'}\n" in said.out
    found = read_table(out / "tables" / "fractions.parquet")
    assert set(found["method"]) == {"mcp_counter", "estimate", "consensus"}
    adata = ts.read_cohort(folder / "a.tsv", scale="tpm")
    expected = ts.bulk.deconvolve(adata, method="mcp_counter", options=ts.bulk.DeconvolveOptions(0.0)).table
    both = found.merge(expected, on=["sample_id", "feature", "method"], suffixes=("", "_python"))
    np.testing.assert_array_equal(both["value"], both["value_python"])
    again = tmescope("deconvolve", folder / "a.tsv", "--scale", "tpm", "-m", "mcp_counter,estimate", *options)
    assert again.out.startswith("0 steps done")


def test_parameters_reach_the_method(tmescope, folder):
    said = tmescope("deconvolve", folder / "a.tsv", "--scale", "tpm", "-p", "mcp_counter.depth=2", "-o", folder / "out")
    assert said.code == 2
    assert "no parameter of mcp_counter is named 'depth'" in said.err


def test_what_cannot_be_read_is_told_with_its_form(tmescope, folder):
    common = ("deconvolve", folder / "a.tsv", "--scale", "tpm", "-o", folder / "out")
    for option, text, form in (
        ("-p", "tumour=true", "METHOD.NAME=VALUE"),
        ("-p", "quantiseq.tumour", "METHOD.NAME=VALUE"),
        ("--facts", "quantiseq", "NAME=VERSION"),
    ):
        said = tmescope(*common, option, text)
        assert said.code == 2
        assert form in said.err
    said = tmescope(*common, "-m", "zscore")
    assert said.code == 2
    assert "zscore" in said.err
    assert not (folder / "out").exists()


def test_help_says_what_it_is_for():
    assert "cell types of every sample" in deconvolve.deconvolve.__doc__


@pytest.fixture
def matrices(tmp_path, monkeypatch):
    """A cohort of made tumours, one new patient, and the small reference of xCell where it is looked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMESCOPE_FACTS", str(small.installed(tmp_path)))
    for name, n, seed in (("cohort", 12, 0), ("patient", 1, 5)):
        adata, _ = small.cohort(n, seed=seed)
        adata.to_df().T.to_csv(tmp_path / f"{name}.tsv", sep="\t", index_label="gene")
    return tmp_path


def test_a_model_is_fitted_written_and_applied_to_one_patient(tmescope, matrices):
    fitted = tmescope(
        "deconvolve", "fit", "cohort.tsv", "--scale", "tpm", "-m", "xcell", "-p", "xcell.alpha=0.3", "-o", "x.model"
    )
    assert fitted.code == 0, fitted.err
    assert "x.model: xcell, fitted on 12 samples in tpm\n" in fitted.out
    said = tmescope("deconvolve", "apply", "x.model", "patient.tsv", "--scale", "tpm", "-o", "out")
    assert said.code == 0, said.err
    found = read_table(matrices / "out" / "tables" / "fractions.parquet")
    assert set(found["method"]) == {"xcell_frozen"}
    model = ts.bulk.read_deconvolution(matrices / "x.model")
    patient = ts.read_cohort(matrices / "patient.tsv", scale="tpm")
    options = ts.bulk.DeconvolveOptions(facts_home=matrices / "facts")
    expected = ts.bulk.apply_deconvolution(model, patient, options=options).table
    both = found.merge(expected, on=["sample_id", "feature"], suffixes=("", "_python"))
    assert len(both) == len(expected) > 0
    np.testing.assert_array_equal(both["value"], both["value_python"])
    record = json.loads((matrices / "out" / "study.json").read_text())
    assert record["models"]["xcell_frozen"]["cohort"] == "cohort"
    assert record["models"]["xcell_frozen"]["parameters"] == '{"alpha": 0.3}'
    assert record["inputs"]["models: x.model"]
    methods = read_table(matrices / "out" / "tables" / "methods.parquet").set_index("name")
    assert json.loads(methods.loc["xcell_frozen", "parameters"]) == {"alpha": 0.3}
    again = tmescope("deconvolve", "apply", "x.model", "patient.tsv", "--scale", "tpm", "-o", "out")
    assert again.out.startswith("0 steps done")


def test_one_sample_of_a_method_of_cohorts_is_told_how_to_go_on(tmescope, matrices):
    said = tmescope("deconvolve", "patient.tsv", "--scale", "tpm", "-m", "xcell", "-o", "out")
    assert said.code == 2
    assert "xcell needs at least 2 samples; 1 is selected" in said.err
    assert "tmescope deconvolve fit" in said.err


@pytest.mark.parametrize("method", ["quantiseq", "mcp_counter"])
def test_methods_of_single_samples_are_not_fitted(tmescope, matrices, method):
    options = ("--facts", "quantiseq=TIL10")
    said = tmescope("deconvolve", "fit", "cohort.tsv", "--scale", "tpm", "-m", method, "-o", "x.model", *options)
    assert said.code == 2
    assert "nothing to fit" in said.err or "quantiseq TIL10 is not installed" in said.err
    assert not (matrices / "x.model").exists()


def test_symbols_are_left_as_they_are_where_one_says_so(tmescope, folder):
    frame = pd.read_csv(folder / "a.tsv", sep="\t", index_col=0)
    frame.loc["CD20"] = 7.0  # an alias of MS4A1, which the B lineage of MCP-counter names
    frame.to_csv("old.tsv", sep="\t")
    common = ("deconvolve", "old.tsv", "--scale", "tpm", "--min-coverage", "0", "--max-unmapped", "1")
    values = {}
    for option in ("--map-symbols", "--no-map-symbols"):
        out = folder / option.strip("-")
        said = tmescope(*common, option, "-o", out)
        assert said.code == 0, said.err
        found = read_table(out / "tables" / "fractions.parquet").set_index("feature")
        values[option] = found.loc[["B lineage"], "coverage"].max()
    assert values["--map-symbols"] > values["--no-map-symbols"]


@pytest.mark.filterwarnings("ignore:.*(onsolidated|zarr v2|autosharding).*")
def test_a_store_is_streamed_into_one_file(tmescope, folder):
    adata = ts.read_cohort(folder / "a.tsv", scale="tpm")
    with ad.settings.override(zarr_write_format=3):
        ad.AnnData(adata.X.astype("float32"), adata.obs[[]], adata.var[[]]).write_zarr(folder / "a.zarr")
    common = ("deconvolve", "a.zarr", "--scale", "tpm", "--stream", "-o", "out.parquet")
    said = tmescope(*common, "--min-coverage", "0", "--threads", "2", "--memory-mb", "64")
    assert said.code == 0, said.err
    assert f"out.parquet: {adata.n_obs} samples, " in said.out
    expected = ts.bulk.deconvolve(adata, method="mcp_counter", options=ts.bulk.DeconvolveOptions(0.0)).table
    np.testing.assert_allclose(read_table(folder / "out.parquet")["value"], expected["value"], rtol=1e-6)
    for more, text in (
        (("--report",), "no option of a study"),
        (("-m", "mcp_counter,estimate"), "2 methods are named"),
    ):
        said = tmescope(*common, *more)
        assert said.code == 2
        assert text in said.err
    assert tmescope(*common[:-1], "out").code == 2
