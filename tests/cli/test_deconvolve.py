from __future__ import annotations

import numpy as np

import tmescope as ts
from tmescope.cli.deconvolve import deconvolve
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
    assert "cell types of every sample" in deconvolve.__doc__
