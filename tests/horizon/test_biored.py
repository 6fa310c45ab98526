"""Genes of BioRED: precision and recall on the part that was tuned on, and on the part that was not."""

from __future__ import annotations

import pytest
from tests.horizon.corpora import read_biored, read_genes
from tests.horizon.scoring import score_genes

from tmescope.horizon.entities import build_dictionary


@pytest.fixture(scope="module")
def genes(shared_data):
    return read_genes(shared_data)


@pytest.fixture(scope="module")
def dictionary(genes):
    return build_dictionary(genes)


@pytest.mark.parametrize(("part", "precision"), [("Train", 0.94), ("Dev", 0.90)])  # the goal on both is 0.94
def test_human_genes_of_documents(part, precision, genes, dictionary, shared_data):
    documents = read_biored(shared_data / "horizon" / "biored" / f"{part}.PubTator")
    score = score_genes(documents, genes, dictionary)
    assert score.precision >= precision, score
    assert score.recall >= 0.65, score


def test_the_dictionary_has_more_than_a_hundred_thousand_names(dictionary):
    assert dictionary.automaton.n_terms > 100_000
