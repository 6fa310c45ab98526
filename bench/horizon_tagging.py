"""How many of the genes that people marked in BioRED are found, and how many of those found are right."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.horizon.corpora import Document, read_biored, read_genes, read_symbols
from tests.horizon.scoring import Score, score_documents, sum_scores

from tmescope.facts.gene_words import GeneWords, load_gene_words
from tmescope.facts.hgnc import HgncRecord
from tmescope.horizon.entities import build_dictionary

SUMMARY = "genes of BioRED, tuned on train, reported on dev (limits: precision 0.94, recall 0.65)"

DATA = Path(os.environ.get("TMESCOPE_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
PRECISION, RECALL = 0.94, 0.65
FOLDS, DRAWS = 5, 2_000


def run() -> list[dict[str, object]]:
    """Return precision and recall of both parts, and of train without what was learned from the same documents.

    ``TMESCOPE_BENCH_PARTS=Train`` leaves dev out: it is asked once, when the rules are settled.
    """
    parts = os.environ.get("TMESCOPE_BENCH_PARTS", "Train,Dev").split(",")
    tables = {"with names": read_genes(DATA), "symbols alone": read_symbols(DATA / "horizon/hgnc_biorosetta/hgnc.tsv")}
    documents = {part: read_biored(DATA / "horizon/biored" / f"{part}.PubTator") for part in parts}
    rows = []
    for name, genes in tables.items():
        dictionary = build_dictionary(genes)
        rows += [_row(name, part, score_documents(documents[part], genes, dictionary)) for part in parts]
    genes = tables["with names"]
    return [*rows, _row("with names", "Train, lists held out", _held_out(documents["Train"], genes))]


def _held_out(documents: Sequence[Document], genes: Sequence[HgncRecord]) -> list[Score]:
    """Score each fold without words and phrases, and with those assigned names alone that the other folds show."""
    order = np.random.default_rng(1).permutation(len(documents))
    general = replace(load_gene_words(), words=frozenset(), others={}, phrases=())
    scores: dict[int, Score] = {}
    for fold in range(FOLDS):
        mine = sorted(order[fold::FOLDS].tolist())
        rest = [document for i, document in enumerate(documents) if i not in set(mine)]
        dictionary = build_dictionary(genes, gene_words=_assigned_in(rest, general, genes))
        scores |= zip(mine, score_documents([documents[i] for i in mine], genes, dictionary), strict=True)
    return [scores[i] for i in range(len(documents))]


def _assigned_in(documents: Sequence[Document], words: GeneWords, genes: Sequence[HgncRecord]) -> GeneWords:
    human = {gene.entrez: gene.hgnc_id for gene in genes if gene.entrez}
    seen = set()
    for document in documents:
        text = f"{document.title} {document.abstract}"
        for one in document.genes:
            seen |= {(_plain(text[one.first : one.last]), human[i]) for i in one.ids if i in human}
    kept = {name: gene for name, gene in words.assigned.items() if (_plain(name), gene) in seen}
    return replace(words, assigned=kept)


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace(" ", "")


def _row(table: str, part: str, scores: Sequence[Score]) -> dict[str, object]:
    score = sum_scores(scores)
    low, high = _interval(scores)
    return {
        "table": table,
        "part": part,
        "precision": score.precision,
        "low": low,
        "high": high,
        "recall": score.recall,
        "right": score.right,
        "wrong": score.wrong,
        "missed": score.missed,
        "of animals": score.animals,
        "strict precision": score.strict_precision,
        "within limit": "yes" if score.precision >= PRECISION and score.recall >= RECALL else "NO",
    }


def _interval(scores: Sequence[Score]) -> tuple[float, float]:
    """Return the 95% interval of precision over documents that are drawn again."""
    pairs = np.array([(one.right, one.right + one.wrong) for one in scores])
    drawn = np.random.default_rng(0).integers(0, len(pairs), (DRAWS, len(pairs)))
    right, found = pairs[drawn].sum(axis=1).T
    low, high = np.quantile(right / found, [0.025, 0.975])
    return float(low), float(high)
