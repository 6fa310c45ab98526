"""Frozen deconvolution in a study: read once, checked before anything runs, recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.bulk.methods import small_xcell as small

import tmescope as ts
from tmescope.bulk.deconvolution import DeconvolveOptions
from tmescope.facts.installed import list_installed
from tmescope.foundation.errors import ManyProblems
from tmescope.study.checking import check
from tmescope.study.deconvolution_models import misfit_problems, read_deconvolution_models, unpinned_problems
from tmescope.study.loading import parse_study
from tmescope.study.needs import gather_needs, name_problems
from tmescope.study.running import run
from tmescope.study.schema import Study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model of one made cohort, and another cohort as a file."""
    home = small.installed(tmp_path)
    options = DeconvolveOptions(facts_home=home)
    for method in ("xcell", "xcell_raw"):
        model = ts.bulk.fit_deconvolution(small.cohort(10)[0], method=method, options=options)
        ts.bulk.write_deconvolution(model, tmp_path / method)
    (tmp_path / "again").write_bytes((tmp_path / "xcell").read_bytes())
    (tmp_path / "broken").write_bytes(b"no model")
    small.cohort(4, seed=3)[0].to_df().T.to_csv(tmp_path / "b.tsv", sep="\t", index_label="gene")
    return tmp_path


def study(folder: Path, *, models: list[str], scale: str = "tpm", pin: str | None = "", **asked: object) -> Study:
    version = pin or list_installed(folder / "facts")[0].version
    data = {
        "format": 1,
        "study": {"id": "s", "title": "S"},
        "cohorts": [{"id": "b", "expression": "b.tsv", "scale": scale}],
        "profile": {"methods": [], "gene_universe": "own"},
        "deconvolution": {"models": models, **asked},
        "output": {"report": False},
        "facts": {} if pin is None else {"xcell": version},
    }
    return parse_study(data, folder=folder).with_facts(folder / "facts")


def test_models_are_methods_of_the_study_with_a_consensus(folder: Path) -> None:
    asked = study(folder, models=["xcell", "xcell_raw"])
    needs = gather_needs(asked)
    assert [s.name for s in needs.deconvolution] == ["xcell_frozen", "xcell_raw_frozen"]
    assert needs.facts["model xcell_frozen"] == needs.compositions.hashes["xcell_frozen"]
    outcome = run(asked, folder / "out", facts_home=folder / "facts")
    found = outcome.table("fractions")
    assert set(found["method"]) == {"xcell_frozen", "xcell_raw_frozen", "consensus"}
    model = ts.bulk.read_deconvolution(folder / "xcell")
    adata = ts.read_cohort(folder / "b.tsv", scale="tpm")
    expected = ts.bulk.apply_deconvolution(model, adata, options=DeconvolveOptions(facts_home=folder / "facts")).table
    np.testing.assert_array_equal(found.loc[found["method"] == "xcell_frozen", "value"], expected["value"])
    assert "xcell_frozen" in (folder / "out" / "methods.md").read_text(encoding="utf-8")
    record = needs.compositions.records["xcell_frozen"]
    assert (record["file"], record["method"], record["n_samples"]) == ("xcell", "xcell", "10")
    assert record["reference"].startswith("xcell sha256-")


@pytest.mark.parametrize(
    ("models", "pin", "text"),
    [
        (["xcell", "again"], "", "are both models of xcell"),
        (["nowhere"], "", "nowhere"),
        (["broken"], "", "broken"),
        (["xcell"], None, "the study does not say which version"),
        (["xcell"], "other", "the study pins version other"),
    ],
)
def test_what_is_wrong_with_files_and_pins_is_told_before_anything_runs(
    folder: Path, models: list[str], pin: str | None, text: str
) -> None:
    asked = study(folder, models=models, pin=pin)
    read = read_deconvolution_models(asked)
    assert any(text in str(p) for p in unpinned_problems(asked, read))
    assert any(text in str(p) for p in name_problems(asked))
    with pytest.raises(ManyProblems, match=text):
        run(asked, folder / "out", facts_home=folder / "facts")
    assert not (folder / "out").exists()


def test_a_cohort_that_a_model_cannot_measure_is_told(folder: Path) -> None:
    found = check(study(folder, models=["xcell"], scale="fpkm"), facts_home=folder / "facts").problems
    assert [p.where for p in found] == ["cohort b: deconvolution.models: xcell"]
    assert "takes tpm" in str(found[0])
    models = read_deconvolution_models(study(folder, models=["xcell"]))
    options = {"xcell_frozen": DeconvolveOptions(facts_home=folder / "facts")}
    scale = ts.foundation.scale.Scale("tpm")
    genes = list(models.models["xcell_frozen"].genes)
    assert list(misfit_problems(models, "b", genes=genes, scale=scale, options=options)) == []
    (few,) = misfit_problems(models, "b", genes=genes[:300], scale=scale, options=options)
    assert "of the 1500 genes of the model are not in the matrix" in str(few)
