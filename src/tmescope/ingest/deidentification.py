"""Columns that look like they name a person: never used unless the study file allows it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from functools import cache

import pandas as pd

from tmescope.facts.cell_types import load_cell_types
from tmescope.facts.references.anchors import load_anchors
from tmescope.foundation.errors import SampleError, examples
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.findings import Findings
from tmescope.ingest.options import MISSING_WORDS

__all__ = ["check_identifying", "find_identifying"]


def _phrases(*lines: str) -> re.Pattern[str]:
    """Return a pattern of whole words; a space in a phrase may be left out, as in ``dateofbirth``."""
    return re.compile(rf"\b(?:{'|'.join(lines)})\b".replace(" ", " ?"))


_NUMBER = "(?:numbers?|no|num|nr|id)"
_PERSON = "(?:patient|pat|pt|subject|participant|person|physician|doctor|contact)s?"
_CLEAR: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "a date of birth",
        _phrases(
            "(?:date|day|month|year) (?:of )?birth", "birth (?:date|day|month|year)", "dob", "geburts(?:datum|tag)"
        ),
    ),
    ("an e-mail address", _phrases("e mail")),
    ("a telephone number", _phrases("phone", "telephone", "cell phone")),
    ("an address", _phrases("(?:zip|post|postal) code", "postal", "(?:street|home|postal|mail|e mail|ip) address")),
    (
        "a record number",
        _phrases(
            "mrn",
            f"(?:medical|med|hospital|patient|health) rec(?:ord)? {_NUMBER}",
            "medical record",
            "record (?:no|number)",
            f"(?:hospital|insurance|passport|national) {_NUMBER}",
            f"nhs(?: {_NUMBER})?",
            f"(?:ssn|social security)(?: {_NUMBER})?",
            "passport",
        ),
    ),
    (
        "a name",
        _phrases(
            "surname",
            "forename",
            "initials",
            f"(?:{_PERSON}|first|middle|last|family|given|full|maiden) names?",
            f"names? of (?:the )?{_PERSON}",
            "(?:vor|nach|familien)name",
        ),
    ),
)
"""Words that mean one thing wherever they stand."""

_ALONE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a date of birth", re.compile("birth|born")),
    ("a telephone number", re.compile("tel|mobile|fax")),
    ("an address", re.compile("zip|address|street")),
)
"""Words that mean it only with no other beside them than `_BESIDE`: ``tel_length`` is a length."""

_BESIDE = re.compile(f"{_PERSON}|{_NUMBER}|home|work|private|emergency|city|line|names?|of|the|on|in|date|dt|\\d+")
_MEASURED = re.compile(r"[-+]?\d*[.,]\d+(?:[eE][-+]?\d+)?")
_NAME = re.compile(r"names?")
_VALUES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("an e-mail address", re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}(?:[,;\s].*)?")),
    ("a social security number", re.compile(r"\d{3}-\d{2}-\d{4}")),
    ("a record number", re.compile(r"(?i:mrn|nhs)[\s:#_-]*\d{4,}")),
    ("a telephone number", re.compile(r"(?:\+\d{1,3}[ -]?|\(?0\d{1,4}\)?[ -])\d[\d ()/-]{6,}")),
)
_WORD = "(?:[A-ZÀ-Þ]['’]|Ma?c)?[A-ZÀ-Þ][a-zà-ÿ]+(?:['’-][A-ZÀ-Þ]?[a-zà-ÿ]+)*"
_CAPITALS = "[A-ZÀ-Þ][A-ZÀ-Þ'’-]+"
_PART = f"(?:{_WORD}|{_CAPITALS})"
_LINK = r"(?:[A-ZÀ-Þ]\. |(?:van|von|de|der|den|la|da|di|del|bin|al|el) )"
_CLEAR_NAME = (
    rf"{_PART}, ?{_LINK}*{_PART}|{_PART} {_LINK}+{_PART}|"
    rf"{_PART}, ?(?:[A-ZÀ-Þ]\.? ?)+|(?:[A-ZÀ-Þ]\. ?)+{_PART}"
)
_TWO_WORDS = f"{_WORD} (?:[A-ZÀ-Þ] )?{_PART}|{_PART} (?:[A-ZÀ-Þ] )?{_WORD}|{_WORD} {_WORD} {_WORD}"
"""Not two of capitals alone (``MEL BRAF``), which a comma or an initial makes a name."""

_AS_NAME: tuple[tuple[str, re.Pattern[str]], ...] = (("a name", re.compile(f"{_CLEAR_NAME}|{_TWO_WORDS}")),)
_AS_CLEAR_NAME: tuple[tuple[str, re.Pattern[str]], ...] = (("a name", re.compile(_CLEAR_NAME)),)
_AS_IDENTIFIER: tuple[tuple[str, re.Pattern[str]], ...] = (("a record number", re.compile(r"\d{7,10}")), *_AS_NAME)
_COMMON_WORDS = (
    r"patient|subject|sample|case|donor|control|tumou?r|pt|id|tissue|blood|node|biopsy|primary|metasta\w+|melanoma|"
    r"\w*carcinoma|lymphoma|sarcoma|pre|post|baseline|(?:un)?treated|group|arm|bone|marrow|factor|receptor|protein|gene"
)
_SHORTEST = 3
"""Letters of a word of a cell type that count: ``B`` of a B cell is an initial too."""

_MOST = 0.8
_IDS = ("sample_id", "patient_id")


@cache
def _common_words() -> re.Pattern[str]:
    """Return a pattern of words that no name of a person holds: of samples, and of bundled cell types and tissues."""
    types = (name for t in load_cell_types() for name in (t.name, *t.synonyms, *t.narrower))
    tissues = (name for t in load_anchors() for name in (t.tissue, *t.beginnings))
    words = set(re.findall(rf"[^\W\d_]{{{_SHORTEST},}}", " ".join((*types, *tissues)).casefold()))
    return re.compile(rf"(?i)\b(?:{_COMMON_WORDS}|(?:{'|'.join(sorted(words))})s?)\b")


def _words(header: str) -> tuple[str, str]:
    """Return the words of a header, and those that stand there if capitals within a word begin none (``DoB``)."""
    text = re.sub(r"['’]s\b", "", header.removeprefix("orig__").replace("#", " no "))
    text = re.sub(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])", " ", text)
    split = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][a-zà-ÿ])", " ", text)
    return _plain(split), _plain(text)


def _plain(text: str) -> str:
    words = re.sub(r"[\W_]+", " ", text).strip().casefold()
    return re.sub(r"\b(?:[^\W\d] )+[^\W\d]\b", lambda letters: letters[0].replace(" ", ""), words)  # D.O.B.


def _by_header(header: str, cells: pd.Series[str]) -> str | None:
    for words in _words(header):
        what = next((w for w, pattern in _CLEAR if pattern.search(words)), None)
        if what is not None:
            return what
        own = [word for word in words.split() if not _BESIDE.fullmatch(word)]
        what = next((w for w, pattern in _ALONE if own and all(map(pattern.fullmatch, own))), None)
        if what is not None and _by_value(cells, (("a measurement", _MEASURED),)) is None:
            return what
    is_name = any(_NAME.fullmatch(words) for words in _words(header))
    return _by_value(cells, _AS_NAME) if is_name and 2 * cells.nunique() > len(cells) else None


def _by_value(cells: pd.Series[str], patterns: tuple[tuple[str, re.Pattern[str]], ...]) -> str | None:
    values = [c.strip() for c in cells.unique() if c.strip() not in MISSING_WORDS]
    for what, pattern in patterns:
        hits = [v for v in values if pattern.fullmatch(v) and not (what == "a name" and _common_words().search(v))]
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
    a telephone, social security or record number. Words are found in any case, run together or with dots between their
    letters (``D.O.B.``). Short words such as ``tel`` count only with no other beside them than such as ``patient`` or
    ``number``, and where the values are no decimal numbers; ``name`` alone only where the values look like names of
    persons and seldom repeat. Names of persons are two or three capitalised words, of capitals alone only with a comma
    or an initial (``SMITH, J``), and hold no word of a bundled cell type or tissue. A help, not a proof of anonymity:
    free text is not read, nor are single names or names joined by a dot or underscore.
    """
    return _find(table, identifiers, _AS_IDENTIFIER)


def _find(
    table: SampleTable, identifiers: Collection[str], forms: tuple[tuple[str, re.Pattern[str]], ...]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for header in map(str, table.frame.columns):
        what = _by_header(header, table.frame[header]) or _by_value(table.frame[header], _VALUES)
        if what is None and header in identifiers:
            what = _by_value(table.frame[header], forms)
        if what is not None:
            found[header] = what
    return found


def check_identifying(
    table: SampleTable,
    used: Mapping[str, str],
    *,
    allowed: Collection[str] = (),
    findings: Findings,
    name: str = "",
    untabled: bool = False,
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
    name : str
        Of the file where it is not the cohort's sample table, for warnings and the quality row.
    untabled : bool
        Whether the samples have no table that could give them other identifiers than those of the files. Identifiers
        that only may be personal (numbers, capitalised words without comma or initial) are then told by the warning
        ``privacy.sample_names`` and not refused: laboratories number their samples, and cell types are two words.
    """
    ids = {column for role, column in used.items() if role in _IDS}
    found = find_identifying(table, identifiers=ids)
    role_of = {column: role for role, column in used.items()}
    clear = _find(table, ids, _AS_CLEAR_NAME) if untabled else found
    refused = [c for c in clear if c in role_of and c not in allowed]
    findings.add(
        SampleError(
            f"the column {column!r} looks like {found[column]} and is used as {role_of[column]}",
            where=f"{table.origin(column)[0]}, column {column!r}",
            expected="pseudonyms: what a table of results holds can be read by everyone who sees the report",
            next_step=f"write pseudonyms in its place, or set allow_identifying = [{column!r}] for this cohort in the "
            f"study file or --allow-identifying {shlex.quote(column)} on the command line",
        )
        for column in refused
    )
    _tell(found, role_of, [c for c in found if c not in clear], allowed=allowed, findings=findings, name=name)
    if not found:
        text = f"None of {table.frame.shape[1]} columns{f' of {name}' if name else ''} looks like "
        text += "a name, a contact, a record number or a date of birth."
        findings.note("identifying columns", 0, text)


def _tell(
    found: Mapping[str, str],
    role_of: Mapping[str, str],
    doubtful: Collection[str],
    *,
    allowed: Collection[str],
    findings: Findings,
    name: str,
) -> None:
    of = f" of {name}" if name else ""
    idle = [c for c in found if c not in role_of]
    if idle:
        message = f"{len(idle)} columns{of} look like they identify persons; they are not carried into any result"
        findings.warn("privacy.not_carried", message, items=(f"{c} ({found[c]})" for c in idle))
    permitted = [c for c in found if c in role_of and c in allowed]
    if permitted:
        message = f"{len(permitted)} columns{of} that look like they identify persons are used, as is allowed"
        findings.warn("privacy.allowed", message, items=(f"{c} ({found[c]})" for c in permitted))
    unsure = [c for c in doubtful if c in role_of and c not in allowed]
    if unsure:
        what = " or ".join(dict.fromkeys(found[c] for c in unsure))
        message = f"identifiers of samples{of} look like {what} and are used as they are, for want of a sample table"
        findings.warn("privacy.sample_names", message, items=(f"{c} ({found[c]})" for c in unsure))
    if found:
        listed = examples(f"{c} ({what})" for c, what in found.items())
        text = f"{len(found)} columns{of}: {len(idle)} are not carried into results, {len(permitted)} are allowed, "
        text += f"{len(unsure)} may be personal and are used: {listed}."
        findings.note("identifying columns", len(found), text, status="notice")
