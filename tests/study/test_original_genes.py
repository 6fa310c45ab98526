from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.facts.references import made
from tests.study import tiny

from tmescope.bulk.methods.registry import METHODS
from tmescope.facts.installed import Origin, install
from tmescope.foundation.errors import FactsError
from tmescope.foundation.method import find_method
from tmescope.study.loading import parse_study
from tmescope.study.original_genes import find_originals, original_genes
from tmescope.study.running import run

ESTIMATE = find_method("estimate", METHODS).spec
ABSENT = {"StromalScore": "estimate_stromal", "ImmuneScore": "estimate_immune", "ESTIMATEScore": "estimate_score"}


def pinned(folder: Path, version: str | None):
    data = tiny.study_dict()
    return parse_study(data | ({"facts": {"estimate": version}} if version else {}), folder=folder)


def installed(folder: Path, *, lines: dict[str, str]) -> Path:
    source = folder / "source"
    source.mkdir()
    paths = made.estimate(source)
    for old, new in lines.items():
        made.spoil(paths["genes"], old, new)
    install("estimate", source, home=folder / "home", accepted=frozenset({"estimate"}), origin=Origin("made"))
    return folder / "home"


def test_the_genes_of_the_pinned_reference(tmp_path: Path) -> None:
    home = installed(tmp_path, lines={"\tG0\t": "\tCTGF\t"})
    genes = original_genes(pinned(tmp_path, "made").with_facts(home), ESTIMATE)
    assert genes is not None
    assert (len(genes), genes[0]) == (5_000, "CTGF")


def test_symbols_are_looked_up_as_the_file_has_them_and_other_names_by_what_they_became() -> None:
    originals = ("CTGF", "GPR56", "G1", "G2")
    mapping = {"CTGF": "CCN2", "ADGRG1": "ADGRG1", "G1": "G1", "G3": "G3"}
    found = find_originals(originals, mapping, by_symbol=True)
    # the last two are not in the cohort
    assert found == {"CCN2": "CTGF", "G1": "G1", "GPR56": "GPR56", "G2": "G2"}
    ids = {"ENSG1": "G1", "ENSG2": "G2", "ENSG3": "CCN2"}
    assert find_originals(originals, ids, by_symbol=False).keys() == {"G1", "G2", "CTGF", "GPR56"}


def test_none_where_nothing_is_pinned_or_the_method_ranks_what_it_gets(tmp_path: Path) -> None:
    assert original_genes(pinned(tmp_path, None), ESTIMATE) is None
    assert original_genes(pinned(tmp_path, "made"), find_method("ssgsea", METHODS).spec) is None
    with pytest.raises(FactsError, match="is not installed"):
        original_genes(pinned(tmp_path, "made").with_facts(tmp_path / "nothing"), ESTIMATE)


def _of_racle(shared_data: Path, home: Path, out: Path, facts: dict[str, str]):
    data = {
        "format": 1,
        "study": {"id": "racle", "title": "Racle"},
        "cohorts": [
            {"id": "racle", "expression": str(shared_data / "bulk" / "racle" / "expression.tsv.gz"), "scale": "tpm"}
        ],
        "profile": {"methods": ["estimate"], "gene_universe": "own"},
        "output": {"report": False, "csv": False},
        "facts": facts,
    }
    return run(parse_study(data, folder=out.parent), out, facts_home=home)


def test_a_run_that_pins_the_genes_equals_the_original(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "references" / "estimate" / "common_genes.tsv"
    install("estimate", source, home=tmp_path / "home", accepted=frozenset({"estimate"}))
    expected = pd.read_csv(shared_data / "bulk" / "racle" / "expected_estimate.tsv", sep="\t", index_col=0)
    expected = expected.rename(columns=ABSENT | {"TumorPurity": "estimate_purity_affymetrix"})
    outcome = _of_racle(shared_data, tmp_path / "home", tmp_path / "out", {"estimate": "2013"})
    found = outcome.table("scores").pivot(index="sample_id", columns="feature", values="value")
    found = found.loc[expected.index, expected.columns]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    warned = outcome.table("warnings").set_index("code")
    assert "universe.not_original" not in warned.index
    assert warned.loc["universe.genes_missing", "count"] == 491  # of 10,412; 9,920 are there, one more under a new name
    without = _of_racle(shared_data, tmp_path / "home", tmp_path / "out", {})
    assert "profile-racle" in without.redone
    warned = without.table("warnings").set_index("code")["message"]
    assert "not with published ones" in warned["universe.not_original"]
    other = without.table("scores").pivot(index="sample_id", columns="feature", values="value")
    assert not np.allclose(other.loc[expected.index, expected.columns], expected, rtol=1e-3)
