"""How many of the genes that people marked in BioRED are found, and how many of those found are right."""

from __future__ import annotations

import os
from pathlib import Path

from tests.horizon.corpora import read_biored, read_genes, read_symbols
from tests.horizon.scoring import Score, score_genes

from tmescope.horizon.entities import build_dictionary

SUMMARY = "genes of BioRED, tuned on train, reported on dev (limits: precision 0.94, recall 0.65)"

DATA = Path(os.environ.get("TMESCOPE_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
PRECISION, RECALL = 0.94, 0.65


def run() -> list[dict[str, object]]:
    """Return precision and recall of both parts, with names of genes and with symbols alone."""
    tables = {"with names": read_genes(DATA), "symbols alone": read_symbols(DATA / "horizon/hgnc_biorosetta/hgnc.tsv")}
    rows = []
    for name, genes in tables.items():
        dictionary = build_dictionary(genes)
        for part in ("Train", "Dev"):
            score = score_genes(read_biored(DATA / "horizon/biored" / f"{part}.PubTator"), genes, dictionary)
            rows.append(_row(name, part, score))
    return rows


def _row(table: str, part: str, score: Score) -> dict[str, object]:
    return {
        "table": table,
        "part": part,
        "precision": score.precision,
        "recall": score.recall,
        "right": score.right,
        "wrong": score.wrong,
        "missed": score.missed,
        "of animals": score.animals,
        "strict precision": score.strict_precision,
        "within limit": "yes" if score.precision >= PRECISION and score.recall >= RECALL else "NO",
    }
