"""What a signature file must hold, and the source rows that follow from it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tmescope.facts.records import Key, check_record, place
from tmescope.foundation.errors import FactsError, examples

__all__ = [
    "CATEGORIES",
    "COLLECTION_KEYS",
    "SET_KEYS",
    "SIGNATURE_KEYS",
    "TIERS",
    "UNVERIFIED",
    "check_corrections",
    "check_genes",
    "check_header",
    "check_is_table",
    "check_weights",
    "derive_source_rows",
    "describe_correction",
    "describe_reference",
]

UNVERIFIED = "reference not verified"
CATEGORIES = (
    "T cells and cytotoxicity",
    "B cells and lymphoid structures",
    "NK cells and innate lymphocytes",
    "dendritic cells",
    "myeloid cells",
    "granulocytes and mast cells",
    "interferon",
    "antigen presentation",
    "immune checkpoints",
    "stroma and TGF-beta",
    "epithelial-mesenchymal transition",
    "hypoxia and vessels",
    "proliferation",
    "DNA repair",
    "metabolism",
    "signalling and inflammation",
    "senescence and ageing",
    "admixture",
    "cell populations",
)
# core: scored unless a study says otherwise; extended: scored when named, or with signatures = "all"
TIERS = ("core", "extended")
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
SIGNATURE_KEYS = {**_SHARED_KEYS, "tier": _TEXT, **_LIST_KEYS}
COLLECTION_KEYS = {**_SHARED_KEYS, "sets": Key(list)}
SET_KEYS = {"name": _TEXT, "limits": _TEXT_OR_EMPTY, **_LIST_KEYS}
_CORRECTION_KEYS = {"source": _TEXT, "genes": Key(list, may_be_empty=True), "reason": _TEXT}


def check_header(record: Mapping[str, Any], path: Path) -> None:
    """Check name, category, tier, DOI and PMID of a file, or raise FactsError."""
    where = place(path)
    if record["name"] != path.stem:
        raise FactsError(f"name = {record['name']!r} differs from the file's", where=where, expected=path.stem)
    if record["category"] not in CATEGORIES:
        raise FactsError(f"category = {record['category']!r} is not known", where=where, expected=", ".join(CATEGORIES))
    if record.get("tier", TIERS[0]) not in TIERS:
        raise FactsError(f"tier = {record['tier']!r} is not known", where=where, expected=", ".join(TIERS))
    for key, form in (("doi", _DOI), ("pmid", _PMID)):
        if record[key] and not form.fullmatch(record[key]):
            raise FactsError(f"{key} = {record[key]!r} is not of its form", where=where, expected=form.pattern)
    if not (record["doi"] or record["pmid"]) and record["reference_check"] != UNVERIFIED:
        raise FactsError(
            "no DOI and no PMID", where=where, expected=f"one of them, or reference_check = {UNVERIFIED!r}"
        )


def check_is_table(value: object, *, where: str) -> None:
    """Refuse anything but a TOML table.

    Parameters
    ----------
    value : object
        As read from TOML.
    where : str
        File and key, for the message.

    Raises
    ------
    FactsError
        If it is something else.
    """
    if not isinstance(value, dict):
        raise FactsError(f"{value!r} is not a table", where=where, expected="a table of keys and values")


def check_genes(genes: Mapping[str, Any], housekeeping: Mapping[str, Any], *, where: str) -> None:
    """Check the form of symbols and HGNC ids and that no id is there twice, or raise FactsError.

    Parameters
    ----------
    genes, housekeeping : mapping of str to str
        Approved symbol to HGNC id.
    where : str
        File and key, for the message.

    Raises
    ------
    FactsError
        At the first gene that is wrong.
    """
    for symbol, hgnc_id in [*genes.items(), *housekeeping.items()]:
        if not (_SYMBOL.fullmatch(symbol) and isinstance(hgnc_id, str) and _HGNC_ID.fullmatch(hgnc_id)):
            raise FactsError(f"gene {symbol!r} = {hgnc_id!r}", where=where, expected='SYMBOL = "HGNC:number"')
    ids = [*genes.values(), *housekeeping.values()]
    twice = sorted(hgnc_id for hgnc_id, n in Counter(ids).items() if n > 1)
    if twice:
        raise FactsError(f"HGNC ids are listed twice: {examples(twice)}", where=where, expected="each gene once")


def check_weights(weights: object, genes: Mapping[str, str], *, where: str) -> dict[str, float] | None:
    """Return the weights in gene order; FactsError unless every gene has one. None stays None.

    Parameters
    ----------
    weights : mapping of str to float, or None
        Published weights.
    genes : mapping of str to str
        Genes of the list, in order.
    where : str
        File and key, for the message.

    Raises
    ------
    FactsError
        If a gene has none, a stranger has one, or one is not a finite number.
    """
    if weights is None:
        return None
    check_is_table(weights, where=f"{where}, weights")
    table: dict[str, Any] = dict(weights)  # type: ignore[call-overload]
    if set(table) != set(genes):
        odd = sorted(set(table) ^ set(genes))
        raise FactsError(
            f"weights and genes differ in {examples(odd)}", where=where, expected="a weight for every gene"
        )
    for symbol, weight in table.items():
        if not isinstance(weight, float) or not math.isfinite(weight):
            raise FactsError(f"the weight of {symbol} is {weight!r}", where=where, expected="a finite decimal number")
    return {symbol: table[symbol] for symbol in genes}


def check_corrections(corrections: Iterable[Any], genes: set[str], *, where: str) -> None:
    """Check the keys of the corrections and that they lead to genes of the list, or raise FactsError.

    Parameters
    ----------
    corrections : iterable of mapping
        As read from TOML.
    genes : set of str
        Genes of the list.
    where : str
        File and key, for the message.

    Raises
    ------
    FactsError
        At the first correction that is wrong.
    """
    for number, correction in enumerate(corrections, start=1):
        here = f"{where}, correction {number}"
        check_is_table(correction, where=here)
        check_record(correction, _CORRECTION_KEYS, where=here)
        foreign = [gene for gene in correction["genes"] if gene not in genes]
        if foreign:
            raise FactsError(f"the correction leads to {examples(foreign)}", where=here, expected="genes of the list")


def derive_source_rows(
    symbols: Iterable[str], corrections: Iterable[Mapping[str, Any]], weights: Mapping[str, float]
) -> set[str]:
    """Undo the corrections: the distinct rows that the source must hold (symbol, or symbol and weight).

    Parameters
    ----------
    symbols : iterable of str
        Genes of the list.
    corrections : iterable of mapping
        Keys source and genes.
    weights : mapping of str to float
        Empty where the list has none.
    """
    replaced = {gene: correction["source"] for correction in corrections for gene in correction["genes"]}
    dropped = {correction["source"] for correction in corrections if not correction["genes"]}
    rows = {symbol: replaced.get(symbol, symbol) for symbol in symbols}
    kept = {f"{source}\t{weights[symbol]!r}" if symbol in weights else source for symbol, source in rows.items()}
    return kept | dropped


def describe_correction(correction: Mapping[str, Any]) -> str:
    """Return one correction as a line of text."""
    if not correction["genes"]:
        return f"{correction['source']} dropped: {correction['reason']}"
    return f"{correction['source']} -> {' and '.join(correction['genes'])}: {correction['reason']}"


def describe_reference(doi: str, pmid: str) -> str:
    """Return DOI and PMID as text, or "reference not verified"."""
    parts = ([f"doi:{doi}"] if doi else []) + ([f"PMID {pmid}"] if pmid else [])
    return "; ".join(parts) or UNVERIFIED
