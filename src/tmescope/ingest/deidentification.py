"""Columns that look like they name a person: never used unless the study file allows it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import pandas as pd

from tmescope.foundation.errors import SampleError, examples
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.findings import Findings
from tmescope.ingest.options import MISSING_WORDS

__all__ = ["check_identifying", "find_identifying"]

_HEADERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a date of birth", re.compile(r"\b(?:birth|birthdate|birthday|dob|born|geburtsdatum)\b")),
    ("an e-mail address", re.compile(r"\be ?mail\b")),
    ("a telephone number", re.compile(r"\b(?:phone|telephone|tel|mobile|cell ?phone|fax)\b")),
    ("an address", re.compile(r"\b(?:address|street|zip|zipcode|postcode|postal)\b")),
    (
        "a record number",
        re.compile(
            r"\b(?:mrn|medical record|hospital (?:no|number|id)|nhs|ssn|social security|insurance (?:no|number|id)|"
            r"record (?:no|number)|passport)\b"
        ),
    ),
    (
        "a name",
        re.compile(
            r"\b(?:surname|forename|firstname|lastname|initials|"
            r"(?:patient|subject|participant|first|last|family|given|full|maiden|contact|person|physician|doctor)"
            r" ?name)\b"
        ),
    ),
)
_VALUES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("an e-mail address", re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}(?:[,;\s].*)?")),
    ("a social security number", re.compile(r"\d{3}-\d{2}-\d{4}")),
    ("a record number", re.compile(r"(?i:mrn|nhs)[\s:#_-]*\d{4,}")),
    ("a telephone number", re.compile(r"(?:\+\d{1,3}[ -]?|\(?0\d{1,4}\)?[ -])\d[\d ()/-]{6,}")),
)
_AS_IDENTIFIER: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a record number", re.compile(r"\d{7,10}")),
    ("a name", re.compile(r"[A-ZÀ-Þ][a-zà-ÿ'’-]+(?:, ?| )(?:[A-ZÀ-Þ]\.? )?[A-ZÀ-Þ][a-zà-ÿ'’-]+")),
)
_COMMON_WORDS = re.compile(r"(?i)\b(?:patient|subject|sample|case|donor|control|tumou?r|pt|id)\b")
_MOST = 0.8
_IDS = ("sample_id", "patient_id")


def _words(header: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header.removeprefix("orig__"))
    return re.sub(r"[\W_]+", " ", spaced).strip().casefold()


def _by_value(cells: pd.Series[str], patterns: tuple[tuple[str, re.Pattern[str]], ...]) -> str | None:
    values = [c.strip() for c in cells.unique() if c.strip() not in MISSING_WORDS]
    for what, pattern in patterns:
        hits = [v for v in values if pattern.fullmatch(v) and not (what == "a name" and _COMMON_WORDS.search(v))]
        if values and len(hits) >= _MOST * len(values):
            return what
    return None


def find_identifying(table: SampleTable, *, identifiers: Collection[str] = ()) -> dict[str, str]:
    """Return the columns that look like they identify a person, with what they look like.

    Parameters
    ----------
    table : SampleTable
        As read.
    identifiers : collection of str
        Columns that serve as identifier of samples or patients: for these names of persons and bare numbers of 7 to 10
        digits count too (elsewhere such numbers are measurements).

    Returns
    -------
    dict of str to str
        Column to words such as ``a date of birth``.

    Notes
    -----
    By the words of the header, or where at least 80% of a column's distinct values have the form of an e-mail address,
    a telephone, social security or record number. A help, not a proof of anonymity: free text is not read.
    """
    found: dict[str, str] = {}
    for header in map(str, table.frame.columns):
        words = _words(header)
        what = next((w for w, pattern in _HEADERS if pattern.search(words)), None)
        what = what or _by_value(table.frame[header], _VALUES)
        if what is None and header in identifiers:
            what = _by_value(table.frame[header], _AS_IDENTIFIER)
        if what is not None:
            found[header] = what
    return found


def check_identifying(
    table: SampleTable, used: Mapping[str, str], *, allowed: Collection[str] = (), findings: Findings
) -> None:
    """Refuse to use a column that looks like it identifies a person; tell of those that are not used.

    Parameters
    ----------
    table : SampleTable
        As read.
    used : mapping of str to str
        What each column is used for (``patient_id``, ``endpoint os``), to the column.
    allowed : collection of str
        Columns that the study file allows.
    findings : Findings
        Receives a problem for each column that is used and not allowed, and else the quality row ``identifying
        columns`` and the warnings ``privacy.not_carried`` and ``privacy.allowed``. Values are never repeated.
    """
    ids = {column for role, column in used.items() if role in _IDS}
    found = find_identifying(table, identifiers=ids)
    role_of = {column: role for role, column in used.items()}
    refused = [c for c in found if c in role_of and c not in allowed]
    findings.add(
        SampleError(
            f"the column {column!r} looks like {found[column]} and is used as {role_of[column]}",
            where=f"{table.origin(column)[0]}, column {column!r}",
            expected="pseudonyms: what a table of results holds can be read by everyone who sees the report",
            next_step=f"write pseudonyms in its place, or set allow_identifying = [{column!r}] for this cohort",
        )
        for column in refused
    )
    idle = [c for c in found if c not in role_of]
    if idle:
        message = f"{len(idle)} columns look like they identify persons; they are not carried into any result"
        findings.warn("privacy.not_carried", message, items=(f"{c} ({found[c]})" for c in idle))
    permitted = [c for c in found if c in role_of and c in allowed]
    if permitted:
        message = f"{len(permitted)} columns that look like they identify persons are used, as the study file allows"
        findings.warn("privacy.allowed", message, items=(f"{c} ({found[c]})" for c in permitted))
    if found:
        listed = examples(f"{c} ({what})" for c, what in found.items())
        text = f"{len(idle)} are not carried into results, {len(permitted)} are allowed: {listed}."
        findings.note("identifying columns", len(found), text, status="notice")
    else:
        text = (
            f"None of {table.frame.shape[1]} columns looks like a name, a contact, a record number or a date of birth."
        )
        findings.note("identifying columns", 0, text)
