"""Genes of an atlas follow a stated rule, and those of each source go to their place."""

from __future__ import annotations

import pytest

from tmescope.foundation.errors import ExpressionError, IdentifierError
from tmescope.ingest.atlas_genes import NamedGenes, choose_genes, name_genes, place_genes
from tmescope.ingest.cell_streams import CellHead

ONE = NamedGenes("s1", ("A", "B", "C"), ("E1", "E2", "E3"))
TWO = NamedGenes("s2", ("C", "A", "D"))


def test_the_same_genes_in_another_order_are_the_same():
    genes, notes = choose_genes([ONE, NamedGenes("s2", ("C", "B", "A"))], "same")
    assert (genes, notes) == ({"A": "E1", "B": "E2", "C": "E3"}, [])
    assert place_genes(ONE, list(genes), rule="same", atlas="a")[0] is None
    assert place_genes(NamedGenes("", ("C", "B", "A")), list(genes), rule="same", atlas="a")[0].tolist() == [2, 1, 0]


def test_other_genes_are_refused_with_counts_and_examples():
    with pytest.raises(ExpressionError, match=r"1 are missing: 'B'; 1 are further: 'D'") as caught:
        choose_genes([ONE, TWO], "same")
    assert "--genes intersection" in caught.value.next_step


def test_union_and_intersection_say_what_they_do():
    genes, notes = choose_genes([ONE, TWO], "union")
    assert list(genes) == ["A", "B", "C", "D"]
    assert notes == [
        "s1: 1 genes are not in it and count as zero: 'D'",
        "s2: 1 genes are not in it and count as zero: 'B'",
    ]
    assert place_genes(TWO, list(genes), rule="union", atlas="a")[0].tolist() == [2, 0, 3]
    genes, notes = choose_genes([ONE, TWO], "intersection")
    assert list(genes) == ["A", "C"]
    assert notes == ["2 genes are not in every source and are left out: 'B', 'D'"]
    table, told = place_genes(TWO, list(genes), rule="intersection", atlas="a")
    assert table.tolist() == [1, 0, -1]
    assert "'D'" in told[0]
    with pytest.raises(ExpressionError, match="no gene"):
        choose_genes([ONE, NamedGenes("s2", ("X",))], "intersection")


@pytest.mark.parametrize("rule, genes", [("union", ["A", "C"]), ("intersection", ["A", "C", "D", "Z"])])
def test_genes_of_an_atlas_are_fixed(rule, genes):
    with pytest.raises(ExpressionError, match="fixed"):
        place_genes(TWO, genes, rule=rule, atlas="a")


@pytest.mark.parametrize("rule", ["same", "union", "intersection"])
def test_sources_named_by_other_kinds_are_refused(rule):
    ensembl = NamedGenes("s2", tuple(f"ENSG{i:011d}" for i in range(3)))
    with pytest.raises(IdentifierError, match="named by ensembl"):
        choose_genes([ONE, ensembl], rule)
    with pytest.raises(IdentifierError, match="by symbol"):
        place_genes(ensembl, ["A", "B"], rule=rule, atlas="a")


def test_mixtures_and_names_on_several_rows_are_told():
    notes = NamedGenes("s1", ("A", "B", "A", "ENSG00000000003", "B3GNT2")).notes()
    assert "1 gene names stand on several rows ('A')" in notes[0]
    assert "4 symbol" in notes[1]
    assert "1 ensembl ('ENSG00000000003')" in notes[1]
    assert NamedGenes("s", ("A", "B3GNT2")).notes() == []


def test_the_name_that_counts_is_chosen():
    head = CellHead(genes=("A", "B"), gene_ids=("E1", "E2"), samples=(("", 1),))
    assert name_genes(head, "s").names == ("A", "B")
    assert name_genes(head, "s", by="gene_id") == NamedGenes("s", ("E1", "E2"), ("A", "B"))
    with pytest.raises(IdentifierError, match="row 2"):
        name_genes(CellHead(genes=("A", " "), samples=(("", 1),)), "s")


def accessions(*numbers: int) -> tuple[str, ...]:
    return tuple(f"ENSG{i:011d}" for i in numbers)


def named(where: str, ids: tuple[str, ...]) -> NamedGenes:
    return NamedGenes(where, tuple(f"AA{i}" for i in range(len(ids))), ids)


def test_names_that_stand_for_other_genes_are_refused():
    one, two = named("s1", accessions(*range(30))), named("s2", accessions(*range(29, -1, -1)))
    with pytest.raises(IdentifierError, match=r"30 of 30 genes .* in s1: AA0: ENSG00000000029, there ENSG00000000000"):
        choose_genes([one, two], "same")
    genes, _ = choose_genes([one], "same")
    with pytest.raises(IdentifierError, match=r"30 of 30 genes .* in a\.zarr"):
        place_genes(two, list(genes), rule="same", atlas="a.zarr", ids=list(genes.values()))


def test_a_few_other_identifiers_are_noted():
    one, two = named("s1", accessions(*range(200))), named("s2", accessions(*range(199), 999))
    genes, notes = choose_genes([one, two], "same")
    assert genes["AA199"] == "ENSG00000000199"
    assert len(notes) == 1
    assert "s2: 1 of 200 genes" in notes[0]
    assert "AA199: ENSG00000000999, there ENSG00000000199" in notes[0]
    table, told = place_genes(two, list(genes), rule="same", atlas="a", ids=list(genes.values()))
    assert (table, len(told)) == (None, 1)


@pytest.mark.parametrize(
    "ids", [tuple(f"{i}.7" for i in accessions(0, 1)), ("AA0", "AA1"), ("", ""), ()], ids=["version", "symbol", "", "-"]
)
def test_identifiers_of_another_version_or_kind_are_no_others(ids):
    other = NamedGenes("s2", ("AA0", "AA1"), ids)
    assert choose_genes([named("s1", accessions(0, 1)), other], "same")[1] == []


def test_symbols_of_accessions_may_change():
    one = NamedGenes("s1", accessions(0, 1, 2), ("A", "B", "C"))
    assert len(choose_genes([one, NamedGenes("s2", accessions(0, 1, 2), ("A", "B", "D"))], "same")[1]) == 1
    with pytest.raises(IdentifierError, match="3 of 3"):
        choose_genes([one, NamedGenes("s2", accessions(0, 1, 2), ("X", "Y", "Z"))], "same")
