"""Columns that say another time of biopsy than the one that is selected: pointed out, never decided."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.findings import Findings
from tmescope.ingest.options import MISSING_WORDS

__all__ = ["check_timepoint_columns", "read_codes", "read_moment"]

_MOMENTS = {
    "pre": r"pre|baseline|before|screening|pretreatment|untreated",
    "on": r"on|during|ontreatment|edt",
    "post": r"post|after|posttreatment|progression|relapse",
}
_PATTERNS = {moment: re.compile(rf"(?<![a-z])(?:{words})(?![a-z])") for moment, words in _MOMENTS.items()}
_TOPIC = re.compile(r"biops|time.?point|timing|visit|collect|context|(?<![a-z])(?:pre|post)(?![a-z])")
_CODES = re.compile(r"(\d+)[\W_]+((?:pre|on|post|before|after)(?![a-z])[\W_]*[a-z][a-z0-9]*)")
_MOST = 0.8
_SHOWN = 4


def read_moment(text: str) -> str | None:
    """Return ``pre``, ``on`` or ``post`` where exactly one of them stands in the text as a word, else None."""
    found = [moment for moment, pattern in _PATTERNS.items() if pattern.search(text.casefold())]
    return found[0] if len(found) == 1 else None


def read_codes(header: str) -> dict[str, str]:
    """Return what codes mean that a column explains in its own name.

    Parameters
    ----------
    header : str
        Such as ``biopsyContext (1=Pre-Ipi; 2=On-Ipi)``, also after R has made its punctuation dots.

    Returns
    -------
    dict of str to str
        Code to words; empty where there are fewer than two.
    """
    codes = {code: re.sub(r"[\W_]+", " ", words) for code, words in _CODES.findall(header.casefold())}
    return codes if len(codes) > 1 else {}


def _meanings(header: str, cells: pd.Series[str]) -> Mapping[str, str]:
    """Return the words of each value of a column that is about the time of biopsy; empty for other columns."""
    if not _TOPIC.search(header.casefold()):
        return {}
    values = Counter(c.strip() for c in cells if c.strip() not in MISSING_WORDS)
    codes = read_codes(header)
    words = {value: codes.get(value.removesuffix(".0"), value) for value in values}
    known = sum(n for value, n in values.items() if read_moment(words[value]))
    return words if known and known >= _MOST * values.total() else {}


def check_timepoint_columns(
    table: SampleTable,
    rows: Sequence[int],
    timepoints: Sequence[object],
    *,
    used: str,
    findings: Findings,
    sample_ids: Sequence[str] = (),
) -> None:
    """Compare the timepoint of the samples that enter with all other columns about the time of biopsy.

    Parameters
    ----------
    table : SampleTable
        As read.
    rows : sequence of int
        Positions of the rows that enter.
    timepoints : sequence
        Their timepoint, as it stands in the table.
    used : str
        The column that it was read from.
    findings : Findings
        Receives for each column that contradicts it the warning ``timepoint.contradicted`` and a row of the quality
        table, and a flag for each sample; one row that says so where all columns agree. No sample is left out: which
        treatment a column means (an earlier one?) only people know.
    sample_ids : sequence of str
        Samples of the rows, for the flags; none is flagged without them.
    """
    stated = [read_moment(str(t)) if isinstance(t, str) else None for t in timepoints]
    if not any(stated):
        return
    compared, contradicted = 0, False
    for header in map(str, table.frame.columns):
        if header == used:
            continue
        cells = table.frame[header].iloc[list(rows)].str.strip()
        words = _meanings(header, cells)
        said = [(words.get(c, c), read_moment(words.get(c, c)) if words else None) for c in cells]
        pairs = [(text, a, b) for (text, b), a in zip(said, stated, strict=True) if a and b]
        against = Counter((text, a) for text, a, b in pairs if a != b)
        compared += bool(pairs)
        if not against:
            continue
        contradicted = True
        for sample, (text, b), a in zip(sample_ids, said, stated, strict=False):
            if a and b and a != b:
                findings.flag(sample, "timepoint", f"column {header!r} says {text!r}, the timepoint is {a!r}")
        listed = ", ".join(f"{text!r} for {a!r} ({n}x)" for (text, a), n in against.most_common(_SHOWN))
        message = (
            f"the column {header!r} contradicts the timepoint of {against.total()} of {len(pairs)} samples: {listed}; "
            "both stand as they are"
        )
        findings.warn("timepoint.contradicted", message, items=[header], count=against.total())
        findings.note("timepoint", against.total(), f"{message[0].upper()}{message[1:]}.", status="notice")
    if compared and not contradicted:
        text = (
            f"{compared} other {'column speaks' if compared == 1 else 'columns speak'} of the time of biopsy and agree."
        )
        findings.note("timepoint", 0, text)
