"""Gene sets of a TOML file in the form of the bundled signatures: with source, licence, limits and weights."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tmescope.facts.raw_sets import MOST_SETS, RawSet, add_gene, check_name
from tmescope.facts.records import Key, check_record, hash_lines
from tmescope.facts.set_lines import read_lines
from tmescope.facts.signature_checks import check_corrections, derive_source_rows
from tmescope.foundation.errors import FactsError, FileFormatError, FormatVersionError

__all__ = ["LARGEST_RECORD", "read_set_records"]

LARGEST_RECORD = 8 << 20
_FORMAT = 1
_HGNC_ID = re.compile(r"HGNC:\d+")
_TEXT = Key(str, required=False, may_be_empty=True)
_TEXTS = (
    *("title", "category", "tier", "summary", "species", "version", "licence", "limits", "sha256"),
    *("doi", "pmid", "reference_check", "citation", "source_table", "source_rows", "source_sha256"),
)
_SHARED: dict[str, Key] = {
    **dict.fromkeys(_TEXTS, _TEXT),
    "notes": Key(list, required=False, may_be_empty=True),
}
_SET = {
    "name": Key(str),
    **_SHARED,
    "weights": Key(dict, required=False),
    "housekeeping": Key(dict, required=False),
    "corrections": Key(list, required=False),
}


def read_set_records(path: Path) -> Iterator[RawSet]:
    """Yield the one set of a record, or the sets of its ``[[sets]]``, which take over what stands at its top.

    Parameters
    ----------
    path : pathlib.Path
        Keys as in the bundled signatures, of which only ``format``, ``name`` and ``genes`` must be there.
        ``genes`` is a list of symbols, or a table of symbols and HGNC ids.

    Raises
    ------
    FileFormatError
        With the key, if it is not TOML, a key is unknown, missing or ill-typed, weights do not fit the genes, or a
        sha256 that the record states is not that of its genes.
    FormatVersionError
        If it is of another format version.
    """
    record = _parse(path)
    version = record.pop("format", None)
    if version != _FORMAT or isinstance(version, bool):
        raise FormatVersionError(
            f"format = {version!r} is not known", where=path.name, expected=f"format = {_FORMAT} at the top"
        )
    sets = record.pop("sets", None)
    try:
        if sets is None:
            yield _read_one(record, {}, where=path.name)
            return
        check_record(record, {**_SHARED, "name": Key(str, required=False)}, where=path.name)
        if not isinstance(sets, list) or not 0 < len(sets) <= MOST_SETS or not all(isinstance(s, dict) for s in sets):
            raise FileFormatError("sets is no list of tables", where=path.name, expected="[[sets]] tables")
        shared = {k: v for k, v in record.items() if k != "name"}
        for number, one in enumerate(sets, start=1):
            yield _read_one(one, shared, where=f"{path.name}, sets[{number}]")
    except FactsError as error:
        raise FileFormatError(
            error.what, where=error.where, expected=error.expected, next_step=error.next_step
        ) from error


def _parse(path: Path) -> dict[str, Any]:
    if path.is_file() and path.stat().st_size > LARGEST_RECORD:
        raise FileFormatError(
            f"the file has {path.stat().st_size} bytes",
            where=path.name,
            expected=f"at most {LARGEST_RECORD}",
            next_step="large collections are read from .gmt files",
        )
    size, lines = 0, []
    for number, text in read_lines(path):
        size += len(text)
        if size > LARGEST_RECORD:
            raise FileFormatError(f"more than {LARGEST_RECORD} characters", where=f"{path.name}, line {number}")
        lines.append(text)
    try:
        return tomllib.loads("\n".join(lines))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FileFormatError(
            f"the file is not TOML: {error}", where=path.name, expected='lines such as name = "my_set"'
        ) from error


def _read_one(record: Mapping[str, Any], shared: Mapping[str, Any], *, where: str) -> RawSet:
    genes = record.get("genes")
    check_record({k: v for k, v in record.items() if k != "genes"}, _SET, where=where)
    symbols = _symbols(genes, where=where)
    weights = _weights(record.get("weights"), symbols, where=where)
    one = RawSet(check_name(record["name"], where=where), where, stated={**shared, **record})
    for symbol in symbols:
        add_gene(one, symbol, weights.get(symbol), where=f"{where}: genes")
    corrections = record.get("corrections", [])
    housekeeping = list(record.get("housekeeping", {}))
    check_corrections(corrections, {*one.genes, *housekeeping}, where=where)
    _check_stated(record, "sha256", hash_lines(one.genes), where=where)
    rows = derive_source_rows([*one.genes, *housekeeping], corrections, weights)
    _check_stated(record, "source_sha256", hash_lines(rows), where=where)
    one.source = frozenset(rows) if rows != one.genes.keys() else frozenset()
    return one


def _symbols(genes: object, *, where: str) -> list[str]:
    if isinstance(genes, dict):
        odd = [f"{s} = {i!r}" for s, i in genes.items() if not (isinstance(i, str) and _fits(i))]
        if odd:
            raise FileFormatError(
                odd[0], where=f"{where}: genes", expected='SYMBOL = "HGNC:number", or a list of symbols'
            )
        genes = list(genes)
    if not isinstance(genes, list) or not genes or not all(isinstance(g, str) for g in genes):
        raise FileFormatError(
            "genes is missing" if genes is None else "genes is not a list of symbols",
            where=where,
            expected='genes = ["GZMA", "PRF1"], or a table SYMBOL = "HGNC:number"',
        )
    return genes


def _fits(hgnc_id: str) -> bool:
    return not hgnc_id or _HGNC_ID.fullmatch(hgnc_id) is not None


def _weights(weights: Mapping[str, Any] | None, symbols: list[str], *, where: str) -> dict[str, float]:
    if weights is None:
        return {}
    odd = sorted(set(weights) ^ set(symbols))
    if odd:
        raise FileFormatError(
            f"weights and genes differ in {odd[0]!r}", where=f"{where}: weights", expected="a weight for every gene"
        )
    for symbol, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
            raise FileFormatError(
                f"the weight of {symbol} is {weight!r}", where=f"{where}: weights", expected="a finite number"
            )
    return {symbol: float(weight) for symbol, weight in weights.items()}


def _check_stated(record: Mapping[str, Any], key: str, found: str, *, where: str) -> None:
    stated = record.get(key)
    if stated and stated != found:
        raise FileFormatError(
            f"{key} of the genes is {found[:12]}…, the record states {stated[:12]}…",
            where=f"{where}: {key}",
            expected="the sha256 of the sorted genes, one per line" if key == "sha256" else "that of the source's rows",
            next_step=f"put the genes right, or remove {key} if the change is meant",
        )
