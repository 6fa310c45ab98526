"""Bundled vocabularies of papers and trials: therapies, concepts, sponsors, countries, drugs, stems and codes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tmescope.facts.records import DATA, Key, check_record, place, read_record
from tmescope.foundation.errors import FactsError

__all__ = [
    "VOCABULARIES",
    "ActsOn",
    "Alias",
    "Drug",
    "Named",
    "Stem",
    "load_codes",
    "load_drugs",
    "load_not_drugs",
    "load_stems",
    "load_vocabulary",
    "read_vocabulary",
]

FOLDER = DATA / "horizon"
VOCABULARIES = ("modalities", "concepts", "sponsors", "countries")
"""Files of named entities."""

_HEAD = {"name": Key(str), "version": Key(str), "licence": Key(str), "source": Key(str), "limits": Key(str)}
_ENTITY = {"id": Key(str), "name": Key(str), "terms": Key(list)}
_DRUG = {
    "name": Key(str),
    "sources": Key(list),
    "targets": Key(list, required=False),
    "acts_on": Key(list, required=False),
    "aliases": Key(list, required=False),
}
_ACTS_ON = {"target": Key(str), "source": Key(str), "words": Key(str), "since": Key(dt.date, required=False)}
_ALIAS = {"name": Key(str), "source": Key(str), "since": Key(dt.date, required=False)}
_STEM = {
    "stem": Key(str),
    "meaning": Key(str),
    "modality": Key(str),
    "needs": Key(int),
    "known_since": Key(dt.date, required=False),
    "only_in_trials": Key(bool, required=False),
    "example": Key(dict, required=False),
}
_PREFIX = {"prefix": Key(str), "company": Key(str), "source": Key(str)}


@dataclass(frozen=True)
class Named:
    """One entity of a vocabulary.

    Parameters
    ----------
    entity_id, entity_type, name : str
        Such as ``modality:car-t``, ``modality`` and ``CAR-T cell``.
    terms : tuple of str
        How it is written.
    """

    entity_id: str
    entity_type: str
    name: str
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Alias:
    """An other name of a drug.

    Parameters
    ----------
    name, source : str
        The name, and the study that states it.
    since : date, optional
        Day from which it is known to be the same drug; None where the source does not say.
    """

    name: str
    source: str
    since: dt.date | None


@dataclass(frozen=True)
class ActsOn:
    """A target of a drug that a record states.

    Parameters
    ----------
    target : str
        HGNC id.
    source : str
        The study or the citation that states it.
    words : str
        How it names the target, beside the drug: ``PD-1``, ``VEGFR 1-3``.
    since : date, optional
        Day from which the record is known; None where it does not say.
    """

    target: str
    source: str
    words: str
    since: dt.date | None


@dataclass(frozen=True)
class Drug:
    """A drug that was seen.

    Parameters
    ----------
    name : str
        International nonproprietary name, or the code where it has none.
    sources : tuple of str
        Where it was seen.
    targets : tuple of str
        HGNC ids of its targets by Open Targets.
    acts_on : tuple of ActsOn
        Its targets by records.
    aliases : tuple of Alias
        Codes and trade names.
    """

    name: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    acts_on: tuple[ActsOn, ...]
    aliases: tuple[Alias, ...]


@dataclass(frozen=True)
class Stem:
    """An ending that stands for a class of drugs.

    Parameters
    ----------
    stem, meaning, modality : str
        The ending in lower case, what it says, and the kind of therapy.
    needs : int
        Fewest letters of a word that ends so and is taken for a drug.
    known_since : date, optional
        Day on which the stem was decided; None where it was always known.
    only_in_trials : bool
        Whether it counts among interventions alone, because words of the language end in it.
    example : mapping of str to str
        A name and where it was seen; empty where the test data hold none.
    """

    stem: str
    meaning: str
    modality: str
    needs: int
    known_since: dt.date | None
    only_in_trials: bool
    example: Mapping[str, str]


def read_vocabulary(path: Path) -> tuple[Named, ...]:
    """Read and check a file of named entities.

    Parameters
    ----------
    path : Path
        In the form of ``facts/data/horizon/modalities.toml``.

    Raises
    ------
    FactsError
        Not TOML, a key that is unknown, missing or of another type, or an id twice.
    """
    record = read_record(path, {**_HEAD, "entity_type": Key(str), "entities": Key(list)})
    kind: str = record["entity_type"]
    found = [
        Named(one["id"], kind, one["name"], tuple(one["terms"])) for one in _checked(record["entities"], _ENTITY, path)
    ]
    ids = [one.entity_id for one in found]
    if twice := sorted({i for i in ids if ids.count(i) > 1}):
        raise FactsError(f"ids are there twice: {', '.join(twice[:3])}", where=place(path), expected="each id once")
    return tuple(found)


@cache
def load_vocabulary(name: str) -> tuple[Named, ...]:
    """Return a bundled vocabulary.

    Parameters
    ----------
    name : {"modalities", "concepts", "sponsors", "countries"}
        Which.
    """
    return read_vocabulary(FOLDER / f"{name}.toml")


@cache
def load_drugs() -> tuple[Drug, ...]:
    """Return the bundled drugs."""
    path = FOLDER / "drugs.toml"
    record = read_record(path, {**_HEAD, "drugs": Key(list)})
    return tuple(_drug(one, path) for one in _checked(record["drugs"], _DRUG, path))


def _drug(one: Mapping[str, Any], path: Path) -> Drug:
    aliases = _checked(one.get("aliases", []), _ALIAS, path)
    return Drug(
        one["name"],
        tuple(one["sources"]),
        tuple(one.get("targets", ())),
        tuple(
            ActsOn(a["target"], a["source"], a["words"], a.get("since"))
            for a in _checked(one.get("acts_on", []), _ACTS_ON, path)
        ),
        tuple(Alias(a["name"], a["source"], a.get("since")) for a in aliases),
    )


@cache
def load_stems() -> tuple[Stem, ...]:
    """Return the bundled stems of international nonproprietary names."""
    path = FOLDER / "inn_stems.toml"
    return tuple(
        Stem(
            one["stem"],
            one["meaning"],
            one["modality"],
            one["needs"],
            one.get("known_since"),
            one.get("only_in_trials", False),
            one.get("example", {}),
        )
        for one in _checked(_stem_record()["stems"], _STEM, path)
    )


@cache
def load_not_drugs() -> frozenset[str]:
    """Return words in lower case that end like a drug and are none."""
    return frozenset(word.lower() for word in _stem_record()["not_drugs"])


def _stem_record() -> dict[str, Any]:
    return read_record(FOLDER / "inn_stems.toml", {**_HEAD, "not_drugs": Key(list), "stems": Key(list)})


@cache
def load_codes() -> Mapping[str, str]:
    """Return the prefixes of company codes and whose they are."""
    path = FOLDER / "company_codes.toml"
    record = read_record(path, {**_HEAD, "prefixes": Key(list)})
    return {one["prefix"]: one["company"] for one in _checked(record["prefixes"], _PREFIX, path)}


def _checked(found: list[Any], keys: Mapping[str, Key], path: Path) -> list[dict[str, Any]]:
    for number, one in enumerate(found, start=1):
        check_record(one, keys, where=f"{place(path)}, entry {number}")
    return found
