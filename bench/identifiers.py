"""How long 60,000 identifiers take to resolve against all human genes, beside a merge of pandas that checks nothing.

The full table is made up with the shape of HGNC's: 43,000 entries, 1.6 names more for each; nothing is fetched.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from tmescope.facts.full_genes import load_full_genes
from tmescope.facts.genes import GeneTable, Kind, load_genes
from tmescope.facts.installed import install

SUMMARY = "60,000 identifiers with all human genes, CPU seconds, best of 5 (limit: 0.5 s, loading 1 s)"

ROWS = 60_000
ENTRIES = 43_000
RUNS = 5
LIMIT_S = {"load": 1.0}
DEFAULT_LIMIT_S = 0.5
HEADER = (
    "hgnc_id",
    "symbol",
    "status",
    "alias_symbol",
    "prev_symbol",
    "entrez_id",
    "ensembl_gene_id",
    "uniprot_ids",
    "location",
)


def write_table(path: Path) -> None:
    """Write a table of HGNC's form: the genes of the facts under their ids, then made-up ones."""
    named = [(g.hgnc_id, g.gene_symbol, g.entrez_id, g.ensembl_id) for g in load_genes()]
    more = [(f"HGNC:{900000 + i}", f"MADEUP{i}", str(90000000 + i), f"ENSG{90000000000 + i}") for i in range(ENTRIES)]
    lines = ["\t".join(HEADER)]
    for i, (hgnc_id, symbol, entrez, ensembl) in enumerate([*named, *more][:ENTRIES]):
        aliases = f"OTHER{i}|NAME{i % 30_000}" if i % 2 else ""
        previous = f"FORMER{i}" if i % 3 == 0 else ""
        uniprot = f"P{i % 100_000:05d}" if i % 2 else ""
        cells = (hgnc_id, symbol, "Approved", aliases, previous, entrez, ensembl, uniprot, "1p36.33")
        lines.append("\t".join(cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the least processor time of a few runs."""
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def names_of(table: GeneTable) -> dict[Kind, list[str]]:
    """Return rows of a matrix for each kind, shuffled: what the table knows, and what it does not."""
    known: dict[Kind, list[str]] = {
        "symbol": [n for g in table for n in (g.gene_symbol, *g.previous_symbols, *g.aliases)],
        "ensembl": [f"{g.ensembl_id}.{i % 20}" for i, g in enumerate(table) if g.ensembl_id],
        "entrez": [g.entrez_id for g in table if g.entrez_id],
        "uniprot": [f"{a}-2" if i % 5 == 0 else a for i, g in enumerate(table) for a in g.uniprot_ids],
    }
    made: dict[Kind, str] = {"symbol": "NOT{}", "ensembl": "ENSG{:011d}.1", "entrez": "7{:08d}", "uniprot": "Q{:05d}"}
    rows: dict[Kind, list[str]] = {}
    for kind, names in known.items():
        random.Random(0).shuffle(names)
        unknown = [made[kind].format(i) for i in range(max(ROWS - len(names), 0))]
        rows[kind] = names[: ROWS - len(unknown)] + unknown
    return rows


def merge(table: GeneTable, names: Sequence[str], kind: Kind) -> pd.DataFrame:
    """Merge as one would by hand: names to symbols, no check of what is meant twice."""
    column = {"ensembl": "ensembl_id", "entrez": "entrez_id", "symbol": "gene_symbol", "uniprot": "uniprot"}[kind]
    right = pd.DataFrame(
        [
            (g.gene_symbol, g.hgnc_id, g.ensembl_id, g.entrez_id, g.uniprot_ids[0] if g.uniprot_ids else "")
            for g in table
        ],
        columns=["approved", "hgnc_id", "ensembl_id", "entrez_id", "uniprot"],
    ).assign(gene_symbol=lambda t: t["approved"])
    left = pd.DataFrame({column: pd.Series(names).str.replace(r"\.\d+$", "", regex=True)})
    return left.merge(right, on=column, how="left")


def run() -> list[dict[str, object]]:
    """Measure loading, then each kind beside the merge of the same names."""
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
        home, source = Path(scratch) / "facts", Path(scratch) / "hgnc.txt"
        write_table(source)
        install("hgnc", source, home=home)
        load_genes()
        rows = [_row("load", cpu_seconds(lambda: load_full_genes(home)), cpu_seconds(lambda: _read_plain(source)))]
        table = load_full_genes(home)
        for kind, names in names_of(table).items():
            spent = cpu_seconds(lambda names=names, kind=kind: table.resolve(names, kind))  # type: ignore[misc]
            peer = cpu_seconds(lambda names=names, kind=kind: merge(table, names, kind))  # type: ignore[misc]
            rows.append(_row(kind, spent, peer))
    return rows


def _read_plain(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)


def _row(what: str, spent: float, peer: float) -> dict[str, object]:
    limit = LIMIT_S.get(what, DEFAULT_LIMIT_S)
    return {
        "what": what,
        "cpu_s": spent,
        "pandas_cpu_s": peer,
        "ratio": spent / peer,
        "within limit": "yes" if spent < limit else "NO",
    }
