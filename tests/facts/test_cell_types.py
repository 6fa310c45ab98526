"""The tree of cell types: what tools call them leads to one type each, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.facts.source_tables import read_table

from tmescope.facts.cell_types import CellType, CellTypeTree, load_cell_types, read_cell_types
from tmescope.facts.records import DATA
from tmescope.facts.signatures import load_collection
from tmescope.foundation.errors import FactsError, UnknownNameError

TREE = load_cell_types()
# scores of several types at once
NOT_ONE_TYPE = {"Cytotoxic lymphocytes", "Cytotoxic_cells", "Immune_Score"}


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("T cell", "T cell"),
        ("Tregs", "regulatory T cell"),
        ("T.cells.CD8", "CD8-positive, alpha-beta T cell"),
        ("CD8+ T cells", "CD8-positive, alpha-beta T cell"),
        ("NK", "natural killer cell"),
        ("Myeloid dendritic cells", "conventional dendritic cell"),
        ("MACROPHAGES_M2", "macrophage"),
        ("B lineage", "B cell"),
    ],
)
def test_labels(label: str, name: str) -> None:
    found = TREE.resolve(label)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("label", ["", " ", "cell", "T", "Cytotoxic lymphocytes", "CD8- T cells", "NKT"])
def test_what_is_not_known_is_not_guessed(label: str) -> None:
    assert TREE.resolve(label) is None


def test_every_population_of_mcp_counter_is_a_type() -> None:
    unknown = {s.name for s in load_collection("mcp_counter") if TREE.resolve(s.name) is None}
    assert unknown == {"Cytotoxic lymphocytes"}


def test_the_names_of_quantiseq_and_consensustme_are_types(shared_data: Path) -> None:
    references = shared_data / "references"
    named = set(read_table(references / "quantiseq" / "TIL10_signature.txt")[0]) - {"ID"}
    named |= {row["set"] for row in read_table(references / "consensustme" / "consensus_gene_sets.tsv")}
    assert len(named) > 20
    assert {name for name in named if TREE.resolve(name) is None} <= NOT_ONE_TYPE


def test_the_tree() -> None:
    assert [t.name for t in TREE.ancestors("CL:0000815")] == ["CD4-positive, alpha-beta T cell", "T cell", "leukocyte"]
    assert TREE.ancestors("CL:0000057") == ()
    assert TREE.get("CL:0000236").name == "B cell"
    assert len(TREE) == len(list(TREE)) == 22
    with pytest.raises(UnknownNameError, match="no cell type"):
        TREE.get("CL:9999999")


def cell_type(number: int, parent: int | None = None, *names: str) -> CellType:
    above = "" if parent is None else f"CL:{parent:07d}"
    return CellType(f"CL:{number:07d}", f"type {number}", above, names, ())


@pytest.mark.parametrize(
    "types",
    [
        [cell_type(1), cell_type(1)],
        [cell_type(1, None, "X"), cell_type(2, None, "x")],
        [cell_type(1, 2), cell_type(2, 1)],
        [cell_type(1, 1)],
        [cell_type(1, 3)],
        [cell_type(1, None, "-")],
    ],
    ids=["twice", "one name", "circle", "its own parent", "absent parent", "empty name"],
)
def test_a_broken_tree_is_refused(types: list[CellType]) -> None:
    with pytest.raises(FactsError):
        CellTypeTree(types)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('cl_id = "CL:0000084"', 'cl_id = "CL:84"', "not of its form"),
        ('parent = "CL:0000084"', 'parent = "CL:0000085"', "absent"),
        ('synonyms = ["pericytes"]', "synonyms = [1]", "no text"),
        ("narrower = []", "narow = []", "did you mean 'narrower'"),
    ],
)
def test_a_changed_file_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = (DATA / "cell_types.toml").read_text(encoding="utf-8")
    path = tmp_path / "cell_types.toml"
    path.write_text(text, encoding="utf-8")
    assert read_cell_types(path).types == TREE.types
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FactsError) as caught:
        read_cell_types(path)
    assert says in str(caught.value)


@pytest.mark.parametrize(("label", "cl_id"), [("T cell CD4+", "CL:0000624"), ("T cell CD8+", "CL:0000625")])
def test_names_of_common_wrappers_are_known(label, cl_id):
    assert TREE.resolve(label).cl_id == cl_id
    assert TREE.is_itself(label)
