"""Precision and recall of genes in documents of BioRED."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

import pyarrow as pa
from tests.horizon.corpora import Document

from tmescope.facts.hgnc import HgncRecord
from tmescope.horizon.dictionary import Dictionary
from tmescope.horizon.entities import tag


@dataclass(frozen=True)
class Score:
    """Pairs of a document and a human gene: right, wrong, missed, and those where an animal's gene is marked."""

    right: int
    wrong: int
    missed: int
    animals: int

    @property
    def precision(self) -> float:
        """Of the pairs that were found and can be judged."""
        return self.right / (self.right + self.wrong)

    @property
    def strict_precision(self) -> float:
        """The same where a name of an animal's gene counts as wrong."""
        return self.right / (self.right + self.wrong + self.animals)

    @property
    def recall(self) -> float:
        """Of the pairs that people marked."""
        return self.right / (self.right + self.missed)


def score_genes(documents: Sequence[Document], genes: Sequence[HgncRecord], dictionary: Dictionary) -> Score:
    """Return the sum of `score_documents`."""
    return sum_scores(score_documents(documents, genes, dictionary))


def sum_scores(scores: Iterable[Score]) -> Score:
    """Return the pairs of several documents together."""
    return Score(*(sum(column) for column in zip(*(astuple(one) for one in scores), strict=True)))


def score_documents(documents: Sequence[Document], genes: Sequence[HgncRecord], dictionary: Dictionary) -> list[Score]:
    """Compare what `tag` finds with what people marked, each human gene once a document.

    A found gene is set aside where one of its names overlaps one that people gave to genes of other species alone: the
    corpus says which species' gene is meant, the dictionary only which gene.
    """
    human = {gene.entrez: gene.hgnc_id for gene in genes if gene.entrez}
    columns = {"doc_id": [d.pmid for d in documents], "title": [d.title for d in documents]}
    table = pa.table({**columns, "abstract": [d.abstract for d in documents]})
    found: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for row in tag(table, dictionary).to_pylist():
        if row["entity_type"] == "gene":
            found.setdefault(row["doc_id"], {}).setdefault(row["entity_id"], []).append((row["part"], row["start"]))
    scores = []
    for document in documents:
        right = wrong = animals = 0
        marked = {human[i] for a in document.genes for i in a.ids if i in human}
        others = [(a.first, a.last) for a in document.genes if not any(i in human for i in a.ids)]
        mine = found.get(document.pmid, {})
        for gene, places in mine.items():
            starts = [start + (len(document.title) + 1 if part == "abstract" else 0) for part, start in places]
            right += gene in marked
            is_animal = any(first <= start < last for start in starts for first, last in others)
            animals += gene not in marked and is_animal
            wrong += gene not in marked and not is_animal
        scores.append(Score(right, wrong, len(marked - mine.keys()), animals))
    return scores
