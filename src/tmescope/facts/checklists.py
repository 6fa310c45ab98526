"""Published checklists for reporting: numbers and topics of their items."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tmescope.facts.records import DATA, Key, place, read_record
from tmescope.foundation.errors import FactsError

__all__ = ["Checklist", "load_remark", "load_tripod_ai", "read_checklist"]

_KEYS = {
    "name": Key(str),
    "version": Key(str),
    "doi": Key(str),
    "licence": Key(str),
    "reference_check": Key(str),
    "items": Key(list),
}


@dataclass(frozen=True)
class Checklist:
    """A checklist.

    Parameters
    ----------
    name : str
        Such as ``remark``.
    doi : str
        Of the paper that defines it.
    reference_check : str
        How its items were verified.
    items : tuple of str
        Topic of each item; the first is item 1.
    """

    name: str
    doi: str
    reference_check: str
    items: tuple[str, ...]


@cache
def load_remark() -> Checklist:
    """Return the topics of REMARK, the recommendations for tumour marker prognostic studies (McShane 2005)."""
    return read_checklist(DATA / "remark.toml")


@cache
def load_tripod_ai() -> Checklist:
    """Return the items of TRIPOD+AI, for reports of prediction models (Collins 2024), as ``3a: topic``."""
    return read_checklist(DATA / "tripod_ai.toml")


def read_checklist(path: Path) -> Checklist:
    """Read and check a checklist.

    Parameters
    ----------
    path : pathlib.Path
        TOML with the key ``items``.

    Raises
    ------
    FactsError
        A key is unknown, missing or ill-typed, or an item is no text.
    """
    record = read_record(path, _KEYS)
    items = record["items"]
    if not all(isinstance(i, str) and i.strip() for i in items) or len(set(items)) < len(items):
        raise FactsError("an item is empty, no text, or stands here twice", where=place(path), expected="topics")
    return Checklist(record["name"], record["doi"], record["reference_check"].strip(), tuple(items))
