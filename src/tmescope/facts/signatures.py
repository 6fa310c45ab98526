"""Published gene signatures and marker populations, bundled as data with source, licence and limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tmescope.facts.records import DATA, check_hash, check_record, hash_lines, place, read_record
from tmescope.facts.signature_checks import (
    CATEGORIES,
    COLLECTION_KEYS,
    SET_KEYS,
    SIGNATURE_KEYS,
    TIERS,
    UNVERIFIED,
    check_corrections,
    check_genes,
    check_header,
    check_is_table,
    check_weights,
    derive_source_rows,
    describe_correction,
    describe_reference,
)
from tmescope.foundation.errors import FactsError, UnknownNameError, examples

__all__ = [
    "CATEGORIES",
    "TIERS",
    "UNVERIFIED",
    "Signature",
    "genes_sha256",
    "list_collections",
    "list_signatures",
    "load_collection",
    "load_signature",
    "read_collection",
    "read_signature",
]


_OF_SIGNATURES = {"estimate": ("estimate_stromal", "estimate_immune")}
"""Collections whose populations are bundled signatures, in the order of their paper."""


@dataclass(frozen=True)
class Signature:
    """One published gene list and everything needed to cite, check and not misuse it.

    Parameters
    ----------
    name : str
        Key in the study file (``cyt``), or the population's name in a collection (``T cells``).
    title : str
        Name and provenance for people.
    category : str
        One of `CATEGORIES`.
    summary : str
        One sentence: what a high score means.
    genes : tuple of str
        Approved HGNC symbols, sorted.
    hgnc_ids : tuple of str
        ``HGNC:…`` of each gene, in the order of `genes`.
    weights : mapping of str to float, or None
        Published weight of every gene; None where the paper gives none.
    species : str
        Species of the gene list.
    version : str
        Revision of this fact in tmescope; rises with every change of genes, weights or corrections.
    reference : str
        DOI and PMID, or "reference not verified".
    citation : str
        The paper in words.
    source_table, source_rows : str
        The table that the list was checked against, and which of its rows.
    corrections : tuple of str
        What was changed against the source: ``old -> approved: reason`` or ``old dropped: reason``.
    licence : str
        Terms of the list.
    limits : str
        What it should not be used for.
    sha256 : str
        `genes_sha256` of `genes`.
    source_sha256 : str
        The same hash of the source's distinct rows (symbol, or symbol, tab and weight).
    source_symbols : tuple of str
        The symbols as the source writes them, sorted, corrupt and dropped ones included: for comparing with
        other software, not for scoring.
    housekeeping : tuple of str
        Approved symbols of the genes that the paper normalises to; mostly empty.
    notes : tuple of str
        Remarks on provenance.
    reference_check : str
        How DOI and PMID were verified.
    tier : str
        ``core``, scored by default, or ``extended``, scored when asked for.
    """

    name: str
    title: str
    category: str
    summary: str
    genes: tuple[str, ...]
    hgnc_ids: tuple[str, ...]
    weights: Mapping[str, float] | None
    species: str
    version: str
    reference: str
    citation: str
    source_table: str
    source_rows: str
    corrections: tuple[str, ...]
    licence: str
    limits: str
    sha256: str
    source_sha256: str
    source_symbols: tuple[str, ...]
    housekeeping: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reference_check: str = ""
    tier: str = "core"


def genes_sha256(genes: Iterable[str]) -> str:
    """Return the sha256 (hexadecimal) of the sorted distinct gene symbols, joined by a newline, in UTF-8.

    Parameters
    ----------
    genes : iterable of str
        Symbols in any order.
    """
    return hash_lines(genes)


def list_signatures(tier: str | None = None, *, category: str | None = None) -> tuple[Signature, ...]:
    """Return the bundled signatures, sorted by name (marker populations: `load_collection`).

    Parameters
    ----------
    tier : {"core", "extended"}, optional
        ``core``: those that a study scores by default. None: both.
    category : str, optional
        One of `CATEGORIES`, or a part of its name that no other has; capitals do not matter.

    Returns
    -------
    tuple of Signature

    Raises
    ------
    UnknownNameError
        No such tier, or none or several such categories.
    FactsError
        A bundled file fails its own checks.
    """
    if tier is not None and tier not in TIERS:
        raise UnknownNameError.of("tier", tier, TIERS)
    chosen = None if category is None else _find_category(category)
    found = (load_signature(name) for name in _names("signatures"))
    return tuple(s for s in found if tier in {None, s.tier} and chosen in {None, s.category})


def _find_category(text: str) -> str:
    # "T cells" is a category's beginning and stands inside no other word: whole names and beginnings first
    wanted = text.strip().casefold()
    for fits in (str.__eq__, str.startswith, str.__contains__):
        found = [name for name in CATEGORIES if wanted and fits(name.casefold(), wanted)]
        if len(found) == 1:
            return found[0]
    raise UnknownNameError.of("category", text, CATEGORIES)


def load_signature(name: str) -> Signature:
    """Return the bundled signature of that name.

    Parameters
    ----------
    name : str
        As in `list_signatures`, for example ``"cyt"``.

    Raises
    ------
    UnknownNameError
        No such signature; the message suggests the closest name.
    FactsError
        The bundled file fails its own checks.
    """
    names = _names("signatures")
    if name not in names:
        raise UnknownNameError.of("signature", name, names)
    return _load_signature(name)


def list_collections() -> tuple[str, ...]:
    """Return the names of the bundled collections, sorted."""
    return _names("collections")


def load_collection(name: str) -> tuple[Signature, ...]:
    """Return the marker populations of a bundled collection, in the order and by the names of its paper.

    Parameters
    ----------
    name : str
        As in `list_collections`, for example ``"mcp_counter"``; or ``"estimate"``, whose two are bundled signatures.

    Raises
    ------
    UnknownNameError
        No such collection; the message suggests the closest name.
    FactsError
        The bundled file fails its own checks.
    """
    if name in _OF_SIGNATURES:
        return tuple(load_signature(one) for one in _OF_SIGNATURES[name])
    names = _names("collections")
    if name not in names:
        raise UnknownNameError.of("collection", name, (*names, *_OF_SIGNATURES))
    return _load_collection(name)


@cache
def _names(folder: str) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (DATA / folder).glob("*.toml")))


@cache
def _load_signature(name: str) -> Signature:
    return read_signature(DATA / "signatures" / f"{name}.toml")


@cache
def _load_collection(name: str) -> tuple[Signature, ...]:
    return read_collection(DATA / "collections" / f"{name}.toml")


def read_signature(path: Path) -> Signature:
    """Read and check one signature file; its name must be the file's.

    Raises
    ------
    FactsError
        A key is unknown, missing or ill-typed, a value is not of its form, or a sha256 does not agree with
        the genes, weights and corrections that the file states.
    """
    record = read_record(path, SIGNATURE_KEYS)
    check_header(record, path)
    return _build(record, where=place(path))


def read_collection(path: Path) -> tuple[Signature, ...]:
    """Read and check one collection file; what its sets share stands once, at its top.

    Raises
    ------
    FactsError
        As in `read_signature`, or two sets have one name.
    """
    record = read_record(path, COLLECTION_KEYS)
    check_header(record, path)
    sets = record.pop("sets")
    signatures = []
    for number, one in enumerate(sets, start=1):
        where = f"{place(path)}, set {number}"
        check_is_table(one, where=where)
        check_record(one, SET_KEYS, where=where)
        limits = f"{one['limits']} {record['limits']}".strip()
        title = f"{one['name']}: {record['title']}"
        signatures.append(_build({**record, **one, "limits": limits, "title": title}, where=where))
    names = [signature.name for signature in signatures]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FactsError(f"sets share a name: {examples(twice)}", where=place(path), expected="distinct names")
    return tuple(signatures)


def _build(record: Mapping[str, Any], *, where: str) -> Signature:
    genes = dict(sorted(record["genes"].items()))
    housekeeping = dict(sorted(record.get("housekeeping", {}).items()))
    corrections = record.get("corrections", [])
    check_genes(genes, housekeeping, where=where)
    weights = check_weights(record.get("weights"), genes, where=where)
    check_corrections(corrections, {*genes, *housekeeping}, where=where)
    check_hash(genes_sha256(genes), record["sha256"], what="the gene list", where=where)
    rows = derive_source_rows([*genes, *housekeeping], corrections, weights or {})
    check_hash(hash_lines(rows), record["source_sha256"], what="genes, weights or corrections", where=where)
    return Signature(
        name=record["name"],
        title=record["title"].strip(),
        category=record["category"],
        summary=record["summary"].strip(),
        genes=tuple(genes),
        hgnc_ids=tuple(genes.values()),
        weights=MappingProxyType(weights) if weights else None,
        species=record["species"],
        version=record["version"],
        reference=describe_reference(record["doi"], record["pmid"]),
        citation=record["citation"].strip(),
        source_table=record["source_table"],
        source_rows=record["source_rows"],
        corrections=tuple(describe_correction(correction) for correction in corrections),
        licence=record["licence"].strip(),
        limits=record["limits"].strip(),
        sha256=record["sha256"],
        source_sha256=record["source_sha256"],
        source_symbols=tuple(sorted({row.split("\t")[0] for row in rows})),
        housekeeping=tuple(housekeeping),
        notes=tuple(record.get("notes", ())),
        reference_check=record["reference_check"].strip(),
        tier=record.get("tier", TIERS[0]),
    )
