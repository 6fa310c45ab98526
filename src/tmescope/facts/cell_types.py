"""Cell types of the tumour microenvironment: one tree, Cell Ontology ids, and what tools call them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tmescope.facts.records import DATA, Key, check_record, place, read_record
from tmescope.foundation.errors import FactsError, UnknownNameError, examples

__all__ = ["CellType", "CellTypeTree", "load_cell_types", "read_cell_types"]

_FILE_KEYS = {
    "name": Key(str),
    "version": Key(str),
    "licence": Key(str),
    "reference_check": Key(str),
    "types": Key(list),
}
_TYPE_KEYS = {
    "cl_id": Key(str),
    "name": Key(str),
    "parent": Key(str, may_be_empty=True),
    "synonyms": Key(list, may_be_empty=True),
    "narrower": Key(list, may_be_empty=True),
}
_CL_ID = re.compile(r"CL:\d{7}")
_NEGATIVE = re.compile(r"(?<=\d)[-\u2212](?![a-z0-9])")  # CD8- is the opposite of CD8+
_BETWEEN = re.compile(r"[^a-z0-9+]+")


@dataclass(frozen=True)
class CellType:
    """One cell type.

    Parameters
    ----------
    cl_id, name : str
        Identifier and name in the Cell Ontology.
    parent : str
        Identifier of the nearest type of the tree that holds it; empty at the top.
    synonyms : tuple of str
        Other names of the same type.
    narrower : tuple of str
        Names of a part of it that the tree does not tell apart, such as a state, a subset or a precursor.
    """

    cl_id: str
    name: str
    parent: str
    synonyms: tuple[str, ...]
    narrower: tuple[str, ...]


class CellTypeTree:
    """All cell types, found by identifier or by any of their names.

    Parameters
    ----------
    types : iterable of CellType
        Each once.

    Raises
    ------
    FactsError
        An identifier or a name belongs to two types, a parent is not there, or parents go in a circle.
    """

    def __init__(self, types: Iterable[CellType]) -> None:
        self.types = tuple(types)
        self._by_id = _index((t.cl_id, t) for t in self.types)
        self._by_name = _index(
            (name, t) for t in self.types for name in dict.fromkeys(map(_fold, (t.name, *t.synonyms, *t.narrower)))
        )
        for one in self.types:
            self.ancestors(one.cl_id)

    def __len__(self) -> int:
        return len(self.types)

    def __iter__(self) -> Iterator[CellType]:
        return iter(self.types)

    def get(self, cl_id: str) -> CellType:
        """Return the type of an identifier.

        Parameters
        ----------
        cl_id : str
            For example ``CL:0000084``.

        Raises
        ------
        UnknownNameError
            If the tree does not hold it.
        """
        if cl_id not in self._by_id:
            raise UnknownNameError.of("cell type", cl_id, self._by_id)
        return self._by_id[cl_id]

    def resolve(self, label: str) -> CellType | None:
        """Return the type that a label means, or None: a label is never guessed at.

        Parameters
        ----------
        label : str
            As a tool or an atlas writes it. Capitals and the characters between words do not matter
            (``T.cells.CD8`` is ``T cells CD8``); a plus sign does, and a minus behind a number.

        Examples
        --------
        >>> load_cell_types().resolve("Tregs").name
        'regulatory T cell'
        """
        return self._by_name.get(_fold(label))

    def is_itself(self, label: str) -> bool:
        """Return whether a label names a type as such, and not a part of it that the tree does not tell apart.

        Parameters
        ----------
        label : str
            As in `resolve`.
        """
        kind = self.resolve(label)
        return kind is not None and _fold(label) in {_fold(name) for name in (kind.name, *kind.synonyms)}

    def ancestors(self, cl_id: str) -> tuple[CellType, ...]:
        """Return the types that hold this one, the nearest first.

        Parameters
        ----------
        cl_id : str
            Identifier.

        Raises
        ------
        UnknownNameError
            If the tree does not hold it.
        FactsError
            Parents go in a circle, or one is not there.
        """
        found: list[CellType] = []
        parent = self.get(cl_id).parent
        while parent:
            if parent not in self._by_id or parent in {cl_id, *(one.cl_id for one in found)}:
                raise FactsError(f"the parent {parent!r} of {cl_id} is absent or below it", where="facts: cell types")
            found.append(self._by_id[parent])
            parent = found[-1].parent
        return tuple(found)


def _fold(label: str) -> str:
    return _BETWEEN.sub(" ", _NEGATIVE.sub("neg", label.casefold())).strip()


def _index(named: Iterable[tuple[str, CellType]]) -> dict[str, CellType]:
    pairs = list(named)
    index = dict(pairs)
    twice = sorted({name for name, one in pairs if index[name] is not one or not name})
    if twice:
        raise FactsError(f"names belong to two cell types, or are empty: {examples(twice)}", where="facts: cell types")
    return index


@cache
def load_cell_types() -> CellTypeTree:
    """Return the bundled tree (read once).

    Raises
    ------
    FactsError
        The bundled file fails its own checks.
    """
    return read_cell_types(DATA / "cell_types.toml")


def read_cell_types(path: Path) -> CellTypeTree:
    """Read and check a file of cell types.

    Raises
    ------
    FactsError
        A key is unknown, missing or ill-typed, an identifier is not of its form, or as `CellTypeTree`.
    """
    record = read_record(path, _FILE_KEYS)
    return CellTypeTree(_cell_type(one, f"{place(path)}, type {i}") for i, one in enumerate(record["types"], start=1))


def _cell_type(record: Mapping[str, Any], where: str) -> CellType:
    check_record(record, _TYPE_KEYS, where=where)
    if not _CL_ID.fullmatch(record["cl_id"]):
        raise FactsError(f"cl_id = {record['cl_id']!r} is not of its form", where=where, expected=_CL_ID.pattern)
    names = {key: tuple(record[key]) for key in ("synonyms", "narrower")}
    if not all(isinstance(name, str) for name in (*names["synonyms"], *names["narrower"])):
        raise FactsError("a synonym is no text", where=where, expected="lists of text")
    return CellType(record["cl_id"], record["name"], record["parent"], **names)
