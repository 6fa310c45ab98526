"""Gene sets as a text file gives them: GMT, and tables with one row per gene."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tmescope.facts.set_lines import line_of, read_lines
from tmescope.facts.set_names import GENE_RULE, NAME_RULE, find_gene_fault, find_name_fault
from tmescope.foundation.errors import FileFormatError, closest

__all__ = ["MOST_GENES", "MOST_SETS", "RawSet", "add_gene", "check_name", "read_gmt", "read_set_table"]

MOST_SETS = 100_000
MOST_GENES = 10_000
"""Of one set; a longer list is a panel or an array, not a signature."""

_COLUMNS = ("set", "gene_symbol", "weight", "direction")
_SIGNS = {"up": 1.0, "down": -1.0}


@dataclass
class RawSet:
    """One set of a file.

    Parameters
    ----------
    name : str
        As written.
    where : str
        File and line or key where it begins.
    genes : dict of str to float or None
        Symbol to weight (``+1`` and ``-1`` for directions); None where the file gives none.
    description : str
        Second cell of a GMT line.
    directed : bool
        Whether the weights are directions.
    repeated : list of str
        Genes that were named again.
    stated : mapping
        What a TOML record says besides.
    source : frozenset of str
        Rows of its source as a TOML record derives them, where they differ from the genes; mostly empty.
    """

    name: str
    where: str
    genes: dict[str, float | None] = field(default_factory=dict)
    description: str = ""
    directed: bool = False
    repeated: list[str] = field(default_factory=list)
    stated: Mapping[str, Any] = field(default_factory=dict)
    source: frozenset[str] = frozenset()


def check_name(name: str, *, where: str) -> str:
    """Return the name of a set.

    Raises
    ------
    FileFormatError
        If it cannot become the name of a feature.
    """
    if fault := find_name_fault(name):
        raise FileFormatError(fault, where=where, expected=NAME_RULE, next_step="rename the set in the file")
    return name


def add_gene(into: RawSet, gene: str, weight: float | None = None, *, where: str) -> None:
    """Add a gene to a set; one that is there already is counted as repeated.

    Parameters
    ----------
    into : RawSet
        Gets the gene.
    gene : str
        Its symbol.
    weight : float, optional
        Its weight or direction.
    where : str
        File and line, for the message.

    Raises
    ------
    FileFormatError
        If it is no symbol, comes again with another weight, or is one too many.
    """
    if fault := find_gene_fault(gene):
        is_weighted = "with a number" in fault
        step = "weights stand in the column weight of a .csv file" if is_weighted else "one gene per cell"
        raise FileFormatError(f"{fault} in the set {into.name!r}", where=where, expected=GENE_RULE, next_step=step)
    if gene in into.genes:
        if into.genes[gene] != weight:
            raise FileFormatError(
                f"{gene} stands in {into.name!r} twice, with {into.genes[gene]} and {weight}",
                where=where,
                expected="one weight and direction per gene",
            )
        into.repeated.append(gene)
        return
    if len(into.genes) == MOST_GENES:
        raise FileFormatError(
            f"the set {into.name!r} has more than {MOST_GENES} genes", where=where, expected="a signature"
        )
    into.genes[gene] = weight


def read_gmt(path: Path) -> Iterator[RawSet]:
    """Yield the sets of a GMT file: on each line name, description and genes between tabs.

    Parameters
    ----------
    path : pathlib.Path
        Empty cells at the end of a line and empty lines do not count.

    Raises
    ------
    FileFormatError
        With the line, if it has too few or empty cells, or a name or gene that cannot be one.
    """
    n_sets = 0
    known: dict[str, str] = {}
    for number, text in read_lines(path):
        if not text.strip():
            continue
        n_sets += 1
        where = line_of(path, number)
        cells = [cell.strip() for cell in text.rstrip().split("\t")]
        if len(cells) < 3:
            raise FileFormatError(
                f"{len(cells)} cells between tabs: {text[:60]!r}",
                where=where,
                expected="name, description and at least one gene, between tabs",
                next_step="a table with one gene per row is read from a .csv or .tsv file",
            )
        if n_sets > MOST_SETS:
            raise FileFormatError(f"more than {MOST_SETS} sets", where=where, expected="a collection of gene sets")
        one = RawSet(check_name(cells[0], where=where), where, description=cells[1])
        _fill(one, cells[2:], known)
        yield one


def _fill(one: RawSet, genes: Sequence[str], known: dict[str, str]) -> None:
    """Put the genes of a line into a set; symbols that earlier lines named are not looked at again."""
    if "" in genes:
        raise FileFormatError(
            f"cell {genes.index('') + 3} of the set {one.name!r} is empty",
            where=one.where,
            expected="genes without a gap",
        )
    try:
        unique: dict[str, float | None] = dict.fromkeys([known[g] for g in genes])
    except KeyError:
        unique = {}
    if len(unique) == len(genes) <= MOST_GENES:
        one.genes = unique
        return
    for gene in genes:
        add_gene(one, known.setdefault(gene, gene), where=one.where)


def read_set_table(path: Path, delimiter: str) -> Iterator[RawSet]:
    """Yield the sets of a table with the columns set, gene_symbol and, if wanted, weight and direction.

    Parameters
    ----------
    path : pathlib.Path
        One row per gene; the rows of a set need not stand together.
    delimiter : str
        Between cells.

    Raises
    ------
    FileFormatError
        With the line, if columns are unknown or missing, a row is ragged, or a cell is not what its column holds.
    """
    rows = _rows(path, delimiter)
    head_line, head = next(rows, (1, []))
    _check_head(head, delimiter, where=line_of(path, head_line))
    found: dict[str, RawSet] = {}
    for number, cells in rows:
        where = line_of(path, number)
        if len(cells) != len(head):
            raise FileFormatError(f"{len(cells)} cells", where=where, expected=f"{len(head)}: {', '.join(head)}")
        row = dict(zip(head, cells, strict=True))
        one = found.get(row["set"])
        if one is None:
            if len(found) == MOST_SETS:
                raise FileFormatError(f"more than {MOST_SETS} sets", where=where, expected="a collection of gene sets")
            one = found[row["set"]] = RawSet(check_name(row["set"], where=where), where)
        weight, is_direction = _weight(row, where=where)
        if one.genes and (weight is None) != (next(iter(one.genes.values())) is None):
            raise FileFormatError(
                f"{row['gene_symbol']} {'has no' if weight is None else 'has a'} weight or direction; "
                f"others of {one.name!r} {'have one' if weight is None else 'have none'}",
                where=where,
                expected="one for every gene of a set, or for none",
            )
        one.directed = is_direction and (one.directed or not one.genes)
        add_gene(one, row["gene_symbol"], weight, where=where)
    yield from found.values()


def _rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    place = [0]

    def lines() -> Iterator[str]:
        for place[0], text in read_lines(path):
            yield text + "\n"

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise FileFormatError(
                f"the line is not {'CSV' if delimiter == ',' else 'TSV'}: {error}", where=line_of(path, place[0])
            ) from error
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield place[0], [cell.strip() for cell in cells]


def _check_head(head: Sequence[str], delimiter: str, *, where: str) -> None:
    expected = "the columns set, gene_symbol and, if wanted, weight and direction"
    unknown = [name for name in head if name not in _COLUMNS]
    absent = [name for name in _COLUMNS[:2] if name not in head]
    if not unknown and not absent and len(set(head)) == len(head):
        return
    guess = closest(unknown[0], _COLUMNS) if unknown else None
    step = f"did you mean {guess!r}?" if guess else "rename or remove columns"
    if len(head) == 1 and delimiter not in head[0]:
        step = f"cells of this file stand between {'commas' if delimiter == ',' else 'tabs'}"
    raise FileFormatError(f"the columns are {', '.join(head)[:80]!r}", where=where, expected=expected, next_step=step)


def _weight(row: Mapping[str, str], *, where: str) -> tuple[float | None, bool]:
    """Return the signed weight, and whether it is a direction alone."""
    text, word = row.get("weight", ""), row.get("direction", "")
    sign = _SIGNS.get(word) if word else None
    if word and sign is None:
        raise FileFormatError(f"the direction is {word!r}", where=where, expected="up or down")
    if not text:
        return sign, sign is not None
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not math.isfinite(weight):
        raise FileFormatError(
            f"the weight of {row['gene_symbol']} is {text!r}", where=where, expected="a finite number such as -0.25"
        )
    if sign is not None and weight * sign < 0:
        raise FileFormatError(
            f"the weight {text} and the direction {word} of {row['gene_symbol']} contradict each other",
            where=where,
            expected="a weight below zero for down, above for up",
        )
    return weight, False
