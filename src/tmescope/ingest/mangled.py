"""Gene names that a spreadsheet turned into dates: recognised, and put right only where one gene can be meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tmescope.ingest.identifiers import find_kind

__all__ = ["AMBIGUOUS_DATE", "DATE", "REPEATED_DATE", "MangledName", "find_mangled", "read_date", "settle_mangled"]

DATE = "spreadsheet date"
"""Reason in ``gene_mapping`` of a date that became the one gene that it can mean."""

AMBIGUOUS_DATE = "ambiguous spreadsheet date"
"""Reason of a date that keeps its name, since it can mean several genes or none for certain."""

REPEATED_DATE = "repeated spreadsheet date"
"""Reason of a date that names several rows, which are left out: they can be several genes."""

_MONTHS: Mapping[str, int] = {
    **dict.fromkeys(("mar", "march", "mär", "mrz", "märz", "mars"), 3),
    **dict.fromkeys(("apr", "april", "avr"), 4),
    **dict.fromkeys(("sep", "sept", "september"), 9),
    **dict.fromkeys(("oct", "okt", "october"), 10),
    **dict.fromkeys(("nov", "november"), 11),
    **dict.fromkeys(("dec", "dez", "december"), 12),
}
# the families whose approved symbols of the time became dates, and what HGNC renamed them to for that reason
_FAMILIES: tuple[tuple[int, str, str, tuple[int, ...]], ...] = (
    (3, "MARCH", "MARCHF", tuple(range(1, 12))),
    (3, "MARC", "MTARC", (1, 2)),
    (9, "SEPT", "SEPTIN", (*range(1, 13), 14)),
)
_SINGLE: Mapping[tuple[int, int], tuple[tuple[str, str], ...]] = {
    (9, 15): (("SEP15", "SELENOF"),),
    # DEC1 was the symbol of the first and is still an alias of the second
    (12, 1): (("DEC1", "DELEC1"), ("DEC1", "BHLHE40")),
}
_FORMER: Mapping[str, str] = {
    **{f"{approved}{day}": f"{former}{day}" for _, former, approved, days in _FAMILIES for day in days},
    **{approved: former for pairs in _SINGLE.values() for former, approved in pairs},
}
_WORD = r"([A-Za-zä]{3,9})\.?"
_FORMS = (
    re.compile(rf"(?P<day>\d{{1,2}})[-/ .]{_WORD}(?:[-/ .]\d{{2,4}})?"),
    re.compile(rf"{_WORD}[-/ .](?P<day>\d{{1,2}})(?:[-/ .,]+\d{{2,4}})?"),
)
_ISO = re.compile(r"(?:19|20)\d\d-(\d\d)-(\d\d)(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_NUMBERS = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](?:19|20)?\d\d")
_SERIAL = re.compile(r"[34]\d{4}(?:\.0)?")
_EPOCH = date(1899, 12, 30)
_SERIALS = range((date(1990, 1, 1) - _EPOCH).days, (date(2035, 1, 1) - _EPOCH).days)
_FEW_NUMERALS = 0.05


@dataclass(frozen=True)
class MangledName:
    """A name that is a date.

    Parameters
    ----------
    input_id : str
        As it stands in the file.
    candidates : tuple of str
        Approved symbols that it can have been, sorted; empty where the date is no gene's.
    """

    input_id: str
    candidates: tuple[str, ...]


def read_date(name: str, *, serials: bool = True) -> tuple[tuple[int, int], ...]:
    """Return what day a name can be, as months and days of the month.

    Parameters
    ----------
    name : str
        Such as ``1-Mar``, ``Sep-02``, ``2010-03-01``, ``3/1/2010`` or the serial number ``40238``.
    serials : bool
        Whether a whole number of five digits can be a date (days since 1899-12-30, years 1990 to 2034).

    Returns
    -------
    tuple of (int, int)
        Empty where it is no date; two where day and month may be exchanged (``3/9/2010``).
    """
    text = name.strip().strip("'\"")
    for form in _FORMS:
        if (match := form.fullmatch(text)) and (month := _MONTHS.get(match[2 if form is _FORMS[0] else 1].casefold())):
            return ((month, int(match["day"])),)
    if match := _ISO.fullmatch(text):
        return ((int(match[1]), int(match[2])),)
    if match := _NUMBERS.fullmatch(text):
        first, second = int(match[1]), int(match[2])
        return tuple(sorted({(m, d) for m, d in ((first, second), (second, first)) if 1 <= m <= 12 and 1 <= d <= 31}))
    if serials and _SERIAL.fullmatch(text) and (number := int(float(text))) in _SERIALS:
        day = _EPOCH + timedelta(days=number)
        return ((day.month, day.day),)
    return ()


def _candidates(month: int, day: int) -> Iterable[str]:
    for family_month, _, approved, numbers in _FAMILIES:
        if family_month == month and day in numbers:
            yield f"{approved}{day}"
    for _, approved in _SINGLE.get((month, day), ()):
        yield approved


def find_mangled(names: Sequence[str], *, of: int | None = None) -> dict[str, MangledName]:
    """Return the names among those of a matrix that are dates.

    Parameters
    ----------
    names : sequence of str
        Gene symbols as they stand in the file; those that are known to be symbols may be left out.
    of : int, optional
        How many names the matrix has, where some are left out.

    Returns
    -------
    dict of str to MangledName
        By name, in the order of the file.

    Notes
    -----
    A whole number counts as a serial date only where it is the first of a month's days that a gene has, and only in a
    matrix of which at most 5% of all names are numbers: in others they are Entrez ids.
    """
    numerals = sum(find_kind(name) == "entrez" for name in names)
    serials = numerals <= max(_FEW_NUMERALS * (len(names) if of is None else of), 1)
    found: dict[str, MangledName] = {}
    for name in names:
        if not any(map(str.isdigit, name)):
            continue
        days = read_date(name, serials=serials)
        candidates = tuple(sorted({c for month, day in days for c in _candidates(month, day)}))
        if days and (candidates or not _SERIAL.fullmatch(name)):
            found[name] = MangledName(name, candidates)
    return found


def settle_mangled(mangled: Mapping[str, MangledName], taken: Iterable[str]) -> dict[str, str | None]:
    """Decide which dates become a gene.

    Parameters
    ----------
    mangled : mapping of str to MangledName
        From `find_mangled`.
    taken : iterable of str
        Symbols that the other names of the matrix have or became; former ones where the gene table does not know them.

    Returns
    -------
    dict of str to str or None
        The approved symbol of each date, or None where it keeps its name.

    Notes
    -----
    A date becomes a gene where only one gene can be meant, no other date means the same gene, and the gene is not in
    the matrix under another name: no gene is ever doubled. ``1-Mar`` and ``2-Mar`` are MARCHF1 or MTARC1 and MARCHF2
    or MTARC2, ``1-Dec`` is DELEC1 or BHLHE40: they never map, not even where one of the two is in the matrix, since
    both may have been mangled. Only names that were approved symbols are considered (HGNC renamed them in 2020,
    doi:10.1038/s41588-020-0669-3), not every alias.
    """
    claims = Counter(c for m in mangled.values() for c in m.candidates)
    there = frozenset(taken)
    settled: dict[str, str | None] = {}
    for name, found in mangled.items():
        alone = len(found.candidates) == 1 and claims[found.candidates[0]] == 1
        free = alone and there.isdisjoint((found.candidates[0], _FORMER[found.candidates[0]]))
        settled[name] = found.candidates[0] if free else None
    return settled
