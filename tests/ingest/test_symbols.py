from __future__ import annotations

import numpy as np
import pytest

from tmescope.facts.genes import Gene, GeneTable, load_genes
from tmescope.foundation.errors import IdentifierError
from tmescope.ingest.symbols import GENE_MAPPING_COLUMNS, check_coverage, map_genes


def _gene(symbol: str, number: int, previous: tuple[str, ...] = (), aliases: tuple[str, ...] = ()) -> Gene:
    return Gene(symbol, f"HGNC:{number}", str(number), f"ENSG{number:011d}", (), previous, aliases, ("AMB",), "1")


TABLE = GeneTable([_gene("CCN2", 1, ("CTGF",)), _gene("CD8A", 2, (), ("CD8",)), _gene("GZMA", 3)])


def test_names_become_approved_symbols_with_a_reason() -> None:
    mapping = map_genes(["CTGF", "GZMA", "GAPDH", "AMB"], TABLE, needed=["CCN2", "GZMA", "CD8A"], cohort_id="c")
    assert mapping.gene_symbols == ("CCN2", "GZMA", "GAPDH", "AMB")
    assert mapping.missing == ("CD8A",)
    assert list(mapping.table.columns) == list(GENE_MAPPING_COLUMNS)
    rows = mapping.table.astype(object).where(mapping.table.notna(), None).to_numpy().tolist()
    assert rows == [
        ["c", "CTGF", "CCN2", "HGNC:1", "previous symbol", True],
        ["c", "GZMA", "GZMA", "HGNC:3", "approved", True],
        ["c", "GAPDH", "GAPDH", None, "unchanged", False],
        ["c", "AMB", "AMB", None, "ambiguous", False],
        ["c", None, "CD8A", "HGNC:2", "missing", True],
    ]


def test_switched_off_nothing_is_renamed() -> None:
    mapping = map_genes(["CTGF", "GZMA"], None, needed=["CCN2", "GZMA"])
    assert mapping.gene_symbols == ("CTGF", "GZMA")
    assert set(mapping.table["reason"]) == {"unchanged", "missing"}
    assert mapping.missing == ("CCN2",)


@pytest.mark.parametrize(
    ("kind", "ids"), [("ensembl", ["ENSG00000000002.7", "ENSG99999999999"]), ("entrez", ["2", "777"])]
)
def test_other_identifiers_map_where_known_and_keep_their_own_where_not(kind: str, ids: list[str]) -> None:
    mapping = map_genes(ids, TABLE, kind=kind)  # type: ignore[arg-type]
    assert mapping.gene_symbols == ("CD8A", ids[1])
    assert list(mapping.table["reason"]) == [kind, "unchanged"]


def test_names_stay_unique_with_the_bundled_table() -> None:
    genes = load_genes()
    everything = [n for g in genes for n in (g.gene_symbol, *g.previous_symbols, *g.aliases, *g.ambiguous_names)]
    unique = list(dict.fromkeys(everything))
    np.random.default_rng(0).shuffle(unique)
    names = map_genes(unique, genes).gene_symbols
    assert len(set(names)) == len(names) == len(unique)


def test_too_many_absent_genes_are_refused_with_the_list() -> None:
    mapping = map_genes(["GZMA", "X1", "X2"], TABLE, needed=["CCN2", "GZMA", "CD8A"])
    problems, warnings = check_coverage(mapping, declared="symbol", max_unmapped=0.2, where="m.tsv", cohort_id="c")
    (problem,) = problems
    assert isinstance(problem, IdentifierError)
    assert "2 of 3 genes" in problem.what
    assert "CCN2, CD8A" in problem.what
    assert "'GZMA', 'X1', 'X2'" in (problem.where or "")
    assert "identifier type" in (problem.next_step or "")
    assert warnings == []


def test_few_absent_genes_are_a_warning_that_counts_them() -> None:
    mapping = map_genes(["GZMA", "CD8", "AMB"], TABLE, needed=["CCN2", "GZMA", "CD8A"])
    problems, warnings = check_coverage(mapping, declared="symbol", max_unmapped=1 / 3, where="m.tsv", cohort_id="c")
    assert problems == []
    assert [(w.code, w.count, w.examples) for w in warnings] == [
        ("genes.ambiguous", 1, ("AMB",)),
        ("genes.missing", 1, ("CCN2",)),
    ]


def test_nothing_needed_is_nothing_missing() -> None:
    assert check_coverage(map_genes(["X"], TABLE), declared="symbol", max_unmapped=0.0, where="m", cohort_id="c") == (
        [],
        [],
    )


@pytest.mark.parametrize("declared", ["symbol", "entrez"])
@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["1.0", "2.0"], "write '1', with identifiers = 'entrez'"),
        (["CCN2|1", "CD8A|2"], "keep one of them, 'CCN2' with identifiers = 'symbol' or '1' with"),
        (["CCN2 ", "CD8A "], "strip them"),
        (["ccn2", "cd8a"], "write 'CCN2', if they are human genes"),
    ],
)
def test_names_that_are_no_form_of_any_kind_get_a_step_that_leads_out(
    declared: str, names: list[str], says: str
) -> None:
    mapping = map_genes(names, TABLE, kind=declared, needed=["CCN2", "CD8A"])  # type: ignore[arg-type]
    problems, _ = check_coverage(mapping, declared=declared, max_unmapped=0.2, where="m.tsv", cohort_id="c")  # type: ignore[arg-type]
    assert says in (problems[0].next_step or "")


def test_identifiers_of_another_kind_are_pointed_out() -> None:
    mapping = map_genes(["ENSG00000000001", "ENSG00000000002"], TABLE, needed=["CCN2", "CD8A"])
    problems, _ = check_coverage(mapping, declared="symbol", max_unmapped=0.2, where="m.tsv", cohort_id="c")
    assert problems[0].next_step == "they look like ensembl identifiers: declare identifiers = 'ensembl'"
