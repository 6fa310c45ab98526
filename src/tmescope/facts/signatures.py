"""Published gene signatures and marker populations, bundled as data with source, licence and limits."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tmescope.facts.records import DATA, Key, check_hash, check_record, hash_lines, place, read_record
from tmescope.foundation.errors import FactsError, UnknownNameError, examples

__all__ = [
    "CATEGORIES",
    "Signature",
    "genes_sha256",
    "list_collections",
    "list_signatures",
    "load_collection",
    "load_signature",
    "read_collection",
    "read_signature",
]

UNVERIFIED = "reference not verified"
CATEGORIES = (
    "T cells and cytotoxicity",
    "B cells and lymphoid structures",
    "myeloid cells",
    "interferon",
    "antigen presentation",
    "immune checkpoints",
    "stroma and TGF-beta",
    "epithelial-mesenchymal transition",
    "hypoxia and vessels",
    "proliferation",
    "admixture",
    "cell populations",
)
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_HGNC_ID = re.compile(r"HGNC:\d+")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_PMID = re.compile(r"\d{1,8}")

_TEXT = Key(str)
_TEXT_OR_EMPTY = Key(str, may_be_empty=True)
_SHARED_KEYS = {
    "name": _TEXT,
    "title": _TEXT,
    "category": _TEXT,
    "species": _TEXT,
    "version": _TEXT,
    "doi": _TEXT_OR_EMPTY,
    "pmid": _TEXT_OR_EMPTY,
    "reference_check": _TEXT,
    "citation": _TEXT,
    "source_table": _TEXT,
    "licence": _TEXT,
    "limits": _TEXT,
    "notes": Key(list, required=False, may_be_empty=True),
}
_LIST_KEYS = {
    "summary": _TEXT,
    "source_rows": _TEXT,
    "source_sha256": _TEXT,
    "sha256": _TEXT,
    "genes": Key(dict),
    "weights": Key(dict, required=False),
    "housekeeping": Key(dict, required=False),
    "corrections": Key(list, required=False),
}
_SIGNATURE_KEYS = {**_SHARED_KEYS, **_LIST_KEYS}
_COLLECTION_KEYS = {**_SHARED_KEYS, "sets": Key(list)}
_SET_KEYS = {"name": _TEXT, "limits": _TEXT_OR_EMPTY, **_LIST_KEYS}
_CORRECTION_KEYS = {"source": _TEXT, "genes": Key(list, may_be_empty=True), "reason": _TEXT}


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


def genes_sha256(genes: Iterable[str]) -> str:
    """Return the sha256 (hexadecimal) of the sorted distinct gene symbols, joined by a newline, in UTF-8."""
    return hash_lines(genes)


def list_signatures() -> tuple[Signature, ...]:
    """Return all bundled signatures, sorted by name (marker populations: `load_collection`)."""
    return tuple(load_signature(name) for name in _names("signatures"))


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
        As in `list_collections`, for example ``"mcp_counter"``.

    Raises
    ------
    UnknownNameError
        No such collection; the message suggests the closest name.
    FactsError
        The bundled file fails its own checks.
    """
    names = _names("collections")
    if name not in names:
        raise UnknownNameError.of("collection", name, names)
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
    record = read_record(path, _SIGNATURE_KEYS)
    _check_header(record, path)
    return _build(record, where=place(path))


def read_collection(path: Path) -> tuple[Signature, ...]:
    """Read and check one collection file; what its sets share stands once, at its top.

    Raises
    ------
    FactsError
        As in `read_signature`, or two sets have one name.
    """
    record = read_record(path, _COLLECTION_KEYS)
    _check_header(record, path)
    sets = record.pop("sets")
    signatures = []
    for number, one in enumerate(sets, start=1):
        where = f"{place(path)}, set {number}"
        _check_is_table(one, where=where)
        check_record(one, _SET_KEYS, where=where)
        limits = f"{one['limits']} {record['limits']}".strip()
        title = f"{one['name']}: {record['title']}"
        signatures.append(_build({**record, **one, "limits": limits, "title": title}, where=where))
    names = [signature.name for signature in signatures]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FactsError(
            f"sets share a name: {examples(twice)}", where=place(path), expected="distinct names"
        )
    return tuple(signatures)


def _check_header(record: Mapping[str, Any], path: Path) -> None:
    where = place(path)
    if record["name"] != path.stem:
        raise FactsError(
            f"name = {record['name']!r} differs from the file's", where=where, expected=path.stem
        )
    if record["category"] not in CATEGORIES:
        raise FactsError(
            f"category = {record['category']!r} is not known", where=where, expected=", ".join(CATEGORIES)
        )
    for key, form in (("doi", _DOI), ("pmid", _PMID)):
        if record[key] and not form.fullmatch(record[key]):
            raise FactsError(
                f"{key} = {record[key]!r} is not of its form", where=where, expected=form.pattern
            )
    if not (record["doi"] or record["pmid"]) and record["reference_check"] != UNVERIFIED:
        raise FactsError(
            "no DOI and no PMID", where=where, expected=f"one of them, or reference_check = {UNVERIFIED!r}"
        )


def _build(record: Mapping[str, Any], *, where: str) -> Signature:
    genes = dict(sorted(record["genes"].items()))
    housekeeping = dict(sorted(record.get("housekeeping", {}).items()))
    corrections = record.get("corrections", [])
    _check_genes(genes, housekeeping, where=where)
    weights = _check_weights(record.get("weights"), genes, where=where)
    _check_corrections(corrections, {*genes, *housekeeping}, where=where)
    check_hash(genes_sha256(genes), record["sha256"], what="the gene list", where=where)
    rows = _source_rows([*genes, *housekeeping], corrections, weights or {})
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
        reference=_reference(record["doi"], record["pmid"]),
        citation=record["citation"].strip(),
        source_table=record["source_table"],
        source_rows=record["source_rows"],
        corrections=tuple(_describe(correction) for correction in corrections),
        licence=record["licence"].strip(),
        limits=record["limits"].strip(),
        sha256=record["sha256"],
        source_sha256=record["source_sha256"],
        source_symbols=tuple(sorted({row.split("\t")[0] for row in rows})),
        housekeeping=tuple(housekeeping),
        notes=tuple(record.get("notes", ())),
        reference_check=record["reference_check"].strip(),
    )


def _check_is_table(value: object, *, where: str) -> None:
    if not isinstance(value, dict):
        raise FactsError(f"{value!r} is not a table", where=where, expected="a table of keys and values")


def _check_genes(genes: Mapping[str, Any], housekeeping: Mapping[str, Any], *, where: str) -> None:
    for symbol, hgnc_id in [*genes.items(), *housekeeping.items()]:
        if not (_SYMBOL.fullmatch(symbol) and isinstance(hgnc_id, str) and _HGNC_ID.fullmatch(hgnc_id)):
            raise FactsError(f"gene {symbol!r} = {hgnc_id!r}", where=where, expected='SYMBOL = "HGNC:number"')
    ids = [*genes.values(), *housekeeping.values()]
    twice = sorted({hgnc_id for hgnc_id in ids if ids.count(hgnc_id) > 1})
    if twice:
        raise FactsError(
            f"HGNC ids are listed twice: {examples(twice)}", where=where, expected="each gene once"
        )


def _check_weights(weights: object, genes: Mapping[str, str], *, where: str) -> dict[str, float] | None:
    if weights is None:
        return None
    _check_is_table(weights, where=f"{where}, weights")
    table: dict[str, Any] = dict(weights)  # type: ignore[call-overload]
    if set(table) != set(genes):
        odd = sorted(set(table) ^ set(genes))
        raise FactsError(
            f"weights and genes differ in {examples(odd)}", where=where, expected="a weight for every gene"
        )
    for symbol, weight in table.items():
        if not isinstance(weight, float) or not math.isfinite(weight):
            raise FactsError(
                f"the weight of {symbol} is {weight!r}", where=where, expected="a finite decimal number"
            )
    return {symbol: table[symbol] for symbol in genes}


def _check_corrections(corrections: Iterable[Any], genes: set[str], *, where: str) -> None:
    for number, correction in enumerate(corrections, start=1):
        here = f"{where}, correction {number}"
        _check_is_table(correction, where=here)
        check_record(correction, _CORRECTION_KEYS, where=here)
        foreign = [gene for gene in correction["genes"] if gene not in genes]
        if foreign:
            raise FactsError(
                f"the correction leads to {examples(foreign)}", where=here, expected="genes of the list"
            )


def _source_rows(
    symbols: Iterable[str], corrections: Iterable[Mapping[str, Any]], weights: Mapping[str, float]
) -> set[str]:
    # undoes the corrections: what the source table must hold if genes, weights and corrections are right
    replaced = {gene: correction["source"] for correction in corrections for gene in correction["genes"]}
    dropped = {correction["source"] for correction in corrections if not correction["genes"]}
    rows = {symbol: replaced.get(symbol, symbol) for symbol in symbols}
    kept = {
        f"{source}\t{weights[symbol]!r}" if symbol in weights else source for symbol, source in rows.items()
    }
    return kept | dropped


def _describe(correction: Mapping[str, Any]) -> str:
    if not correction["genes"]:
        return f"{correction['source']} dropped: {correction['reason']}"
    return f"{correction['source']} -> {' and '.join(correction['genes'])}: {correction['reason']}"


def _reference(doi: str, pmid: str) -> str:
    parts = ([f"doi:{doi}"] if doi else []) + ([f"PMID {pmid}"] if pmid else [])
    return "; ".join(parts) or UNVERIFIED
