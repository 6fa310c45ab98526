from __future__ import annotations

import json

import numpy as np
import pytest
from tests.associate import locked

from tmescope.associate.biomarker_fingerprints import (
    choose_witnesses,
    find_training,
    fingerprint_samples,
    hash_samples,
)


def kept(genes=("GZMA",), *, others=True):
    adata, _ = locked.cohort(1)
    chosen = choose_witnesses(adata, genes) if others else genes
    return fingerprint_samples(adata, chosen, salt="s")


def renamed(adata):
    adata = adata.copy()
    adata.obs_names = [f"new{i}" for i in range(adata.n_obs)]
    return adata


def test_witnesses_are_the_signature_and_other_expressed_genes():
    adata, _ = locked.cohort(1)
    adata.X[:, -1] = 0.0
    found = choose_witnesses(adata, ("GZMA", "IFNG"))
    assert found[:2] == ("GZMA", "IFNG")
    assert set(found) == set(adata.var_names) - {"C"}


@pytest.mark.parametrize("lost", [["GZMA"], ["PRF1", "A"], ["GZMA", "PRF1", "CD8A", "IFNG", "CXCL9"]])
def test_leaving_out_genes_hides_no_sample(lost):
    adata = renamed(locked.cohort(1, scale="tpm")[0])
    adata = adata[:30, [g for g in adata.var_names if g not in lost]].copy()
    found, n_genes = find_training(kept(), adata)
    assert (len(found), n_genes) == (30, 8 - len(lost))


def test_one_changed_value_hides_no_sample():
    adata = renamed(locked.cohort(1)[0])
    adata.X[:, 3] += 0.5
    assert len(find_training(kept(), adata)[0]) == adata.n_obs


def test_new_patients_are_not_taken_for_old_ones_even_by_the_same_name():
    known, other = locked.cohort(1)[0], locked.cohort(2)[0]
    other.obs_names = known.obs_names
    assert find_training(kept(), other)[0] == []
    one_gene = other[:, ["GZMA"]].copy()
    one_gene.X[:] = 0.0
    assert find_training(kept(), one_gene)[0] == []


def test_a_signature_of_one_gene_is_known_by_name_and_value():
    adata, few = locked.cohort(1)[0][:, ["GZMA"]].copy(), kept(others=False)
    found, n_genes = find_training(few, adata)
    assert (len(found), n_genes) == (int((adata.X[:, 0] > 0).sum()), 1)
    assert find_training(few, renamed(adata))[0] == []
    adata = renamed(adata)
    adata.obs["patient_id"] = locked.cohort(1)[0].obs_names
    assert len(find_training(few, adata)[0]) == len(found)


def test_neither_values_nor_names_stand_in_the_file():
    text = json.dumps(kept())
    assert "s1-0" not in text
    codes = [c for row, _ in kept()["samples"] for c in row.split(" ") if c != "-"]
    assert {len(c) for c in codes} == {3}
    assert kept() == kept()


def test_whole_samples_have_the_same_hash_in_linear_and_logarithmic_form():
    one, other = (hash_samples(locked.cohort(1, scale=s)[0], locked.GENES) for s in ("tpm", "log2(tpm+1)"))
    assert np.mean(np.array(one) == np.array(other)) == 1.0
