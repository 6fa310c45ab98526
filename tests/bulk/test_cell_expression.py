"""Expression of cell types in each sample: parts add up, the malignant part is the sample's own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from tests.bulk.references_made import made

from tmescope.bulk.cell_expression import divide_expression
from tmescope.bulk.deconvolution import DeconvolveOptions
from tmescope.foundation.errors import ExpressionError, UnknownNameError


def bulks() -> tuple[AnnData, np.ndarray]:
    reference = made(300, malignant="Tumour")
    profiles = reference.profiles / reference.profiles.sum(axis=0)
    shares = np.random.default_rng(0).dirichlet(np.ones(3), 4)
    adata = AnnData(1e6 * shares @ profiles.T, var=pd.DataFrame(index=list(reference.genes)))
    adata.uns["tmescope"] = {"scale": "tpm", "cohort_id": "c"}
    return adata, 1e6 * shares[:, None, :] * profiles[None]


def named(adata: AnnData) -> list[str]:
    """Return the names of the layers; newer releases of anndata count X among them, as None."""
    return [name for name in adata.layers if name is not None]


@pytest.mark.parametrize("pooled", [False, True])
def test_layers_add_up_and_are_what_was_mixed(pooled: bool) -> None:
    adata, parts = bulks()
    found = divide_expression(adata, made(300, malignant="Tumour"), pooled=pooled)
    assert named(found) == ["B cell", "T cell", "Tumour"]
    np.testing.assert_allclose(sum(found.layers[t] for t in named(found)), found.X, rtol=1e-9)
    for number, name in enumerate(named(found)):
        assert np.corrcoef(found.layers[name].ravel(), parts[:, :, number].ravel())[0, 1] > 0.99
    assert found.uns["tmescope"]["scale"] == "tpm"


def test_logarithms_are_undone_and_one_type_can_be_asked_for() -> None:
    adata, _ = bulks()
    plain = divide_expression(adata, made(300, malignant="Tumour"), cell_types=["T cell"])
    logged = adata.copy()
    logged.X = np.log2(np.asarray(adata.X) + 1)
    again = divide_expression(logged, made(300, malignant="Tumour"), cell_types=["T cell"], scale="log2(tpm+1)")
    assert named(again) == ["T cell"]
    np.testing.assert_allclose(again.layers["T cell"], plain.layers["T cell"], rtol=1e-6)


def test_genes_that_a_sample_lacks_are_left_out() -> None:
    adata, _ = bulks()
    adata.X = np.asarray(adata.X).copy()
    adata.X[0, 5] = np.nan
    assert "G5" not in set(divide_expression(adata, made(300)).var_names)


def test_what_cannot_be_is_refused() -> None:
    adata, _ = bulks()
    with pytest.raises(UnknownNameError, match="no cell type is named 'NK'"):
        divide_expression(adata, made(300), cell_types=["NK"])
    with pytest.raises(UnknownNameError, match="parameter of bayes"):
        divide_expression(adata, made(300), options=DeconvolveOptions(parameters={"nu": 1}))
    empty = adata.copy()
    empty.X = np.asarray(adata.X) * np.array([[0.0], [1], [1], [1]])
    with pytest.raises(ExpressionError, match="1 samples hold nothing but zeros: '0'"):
        divide_expression(empty, made(300))
    below = adata.copy()
    below.X = np.asarray(adata.X) - 1e4
    with pytest.raises(ExpressionError, match="values are negative"):
        divide_expression(below, made(300))
