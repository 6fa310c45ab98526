"""Both kinds of model go through the same functions."""

from __future__ import annotations

import pytest
from tests.bulk import clustered
from tests.bulk.test_subtypes import cohort

from tmescope.bulk.cluster_subtypes import fit_clusters
from tmescope.bulk.subtype_models import SUBTYPES
from tmescope.bulk.subtyping import (
    FEWEST,
    apply_any,
    check_genes,
    classes_of,
    fit_kind,
    genes_of,
    genes_of_kind,
    hash_any,
    kind_of,
    read_any,
    write_any,
)
from tmescope.foundation.errors import FileFormatError, MethodError, MissingFileError


@pytest.fixture(scope="module", params=["axes", "clusters"])
def fitted(request):
    if request.param == "axes":
        return "axes", fit_kind("axes", cohort()[0]), cohort(5, seed=1)[0]
    model = fit_clusters(clustered.cohort(36)[0], options=clustered.OPTIONS)
    return "clusters", model, clustered.cohort(5, seed=1)[0]


def test_a_file_says_of_which_kind_it_is(fitted, tmp_path):
    kind, model, new = fitted
    write_any(model, tmp_path / "model")
    back = read_any(tmp_path / "model")
    assert kind_of(back) == kind == kind_of(model)
    assert hash_any(back) == hash_any(model)
    assert apply_any(back, new).table["subtype"].isin(classes_of(model)).all()
    assert genes_of(model) < set(model.genes)


def test_what_is_no_model_is_told(tmp_path):
    (tmp_path / "text").write_text("no model", encoding="utf-8")
    with pytest.raises(FileFormatError, match="model of subtypes"):
        read_any(tmp_path / "text")
    with pytest.raises(MissingFileError, match="there is no model"):
        read_any(tmp_path / "none")


def test_genes_of_a_fit_are_known_before_it():
    assert {"CD2", "PTPRC"} & genes_of_kind("axes")
    assert genes_of_kind("axes") <= genes_of_kind("clusters")
    for kind in FEWEST:
        check_genes(kind, sorted(genes_of_kind(kind)))
        with pytest.raises(MethodError):
            check_genes(kind, ["OTHER"])
    assert classes_of(fit_kind("axes", cohort(12)[0], seed=3)) == SUBTYPES
