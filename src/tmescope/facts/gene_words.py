"""Names of genes that are words or mean other things too, and names that people give to one gene of several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tmescope.facts.records import DATA, Key, check_record, place, read_record

__all__ = ["GeneWords", "load_gene_words", "read_gene_words"]

_FILE_KEYS = {
    "name": Key(str),
    "version": Key(str),
    "licence": Key(str),
    "source": Key(str),
    "limits": Key(str),
    "words": Key(list),
    "phrases": Key(list),
    "others": Key(list),
    "assigned": Key(list),
    "known": Key(list),
}
_OTHER_KEYS = {"names": Key(list), "meaning": Key(str)}
_KNOWN_KEYS = {"hgnc_id": Key(str), "symbol": Key(str), "names": Key(list), "sources": Key(list)}
_ASSIGNED_KEYS = {"hgnc_id": Key(str), "symbol": Key(str), "names": Key(list), "pmids": Key(list)}


@dataclass(frozen=True)
class GeneWords:
    """What is known of names of genes beyond HGNC.

    Parameters
    ----------
    words : frozenset of str
        Names that are words of the language, in capitals.
    others : mapping of str to str
        Names that mean something else too, to what.
    phrases : tuple of str
        Phrases that hold a name and do not speak of its gene.
    assigned : mapping of str to str
        Name to the HGNC id of the gene that it is taken for.
    known : mapping of str to str
        Well-known name to the HGNC id of its gene: it stands for itself, however short it is.
    """

    words: frozenset[str]
    others: Mapping[str, str]
    phrases: tuple[str, ...]
    assigned: Mapping[str, str]
    known: Mapping[str, str] = field(default_factory=dict)


@cache
def load_gene_words() -> GeneWords:
    """Return the bundled words.

    Raises
    ------
    FactsError
        The file of the installation is damaged.
    """
    return read_gene_words(DATA / "horizon" / "gene_words.toml")


def read_gene_words(path: Path) -> GeneWords:
    """Read and check a file of words.

    Parameters
    ----------
    path : Path
        In the form of ``facts/data/horizon/gene_words.toml``.

    Raises
    ------
    FactsError
        Not TOML, or a key that is unknown, missing or of another type.
    """
    record = read_record(path, _FILE_KEYS)
    others: dict[str, str] = {}
    assigned: dict[str, str] = {}
    known: dict[str, str] = {}
    for one in _entries(record["others"], _OTHER_KEYS, path, table="others"):
        others |= dict.fromkeys(one["names"], one["meaning"])
    for one in _entries(record["assigned"], _ASSIGNED_KEYS, path, table="assigned"):
        assigned |= dict.fromkeys(one["names"], one["hgnc_id"])
    for one in _entries(record["known"], _KNOWN_KEYS, path, table="known"):
        known |= dict.fromkeys(one["names"], one["hgnc_id"])
    return GeneWords(frozenset(record["words"]), others, tuple(record["phrases"]), assigned, known)


def _entries(found: list[Any], keys: Mapping[str, Key], path: Path, *, table: str) -> list[dict[str, Any]]:
    for number, one in enumerate(found, start=1):
        check_record(one, keys, where=f"{place(path)}, [[{table}]] {number}")
    return found
