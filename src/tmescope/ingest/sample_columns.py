"""Which columns behind the places of featureCounts are samples, and which are attributes of the genes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tmescope.foundation.errors import FileFormatError, examples
from tmescope.ingest.numerals import is_number
from tmescope.ingest.options import MISSING_WORDS

__all__ = ["count_attributes", "is_alignment"]

_ATTRIBUTE = re.compile(
    r"level|entrez(_?gene)?|(entrez|hgnc|gene)id|\w+_id|"
    r"(gene|transcript|exon|protein)_?(biotype|name|number|source|status|support_level|symbol|type|version)|"
    r"transcript_support_level",
    re.IGNORECASE | re.ASCII,
)
"""Names that attributes of GTF files have, of which many hold numbers."""
_NUMBER_LIKE = re.compile(r"[+-]?\d[\d.,' \u00a0\u202f]*([eE][+-]?\d+)?", re.ASCII)


def is_alignment(name: str) -> bool:
    """Return whether a column is called as featureCounts calls samples: by the file of the alignments."""
    return name.casefold().endswith((".bam", ".sam"))


def count_attributes(names: Sequence[str], rows: Sequence[Sequence[str]], *, where: str) -> int:
    """Return how many columns are attributes; they come first, and all others are samples.

    Parameters
    ----------
    names : sequence of str
        Of the columns behind ``Length``.
    rows : sequence of sequence of str
        Their cells in some rows; a row may be short.
    where : str
        File and line of the header.

    Raises
    ------
    FileFormatError
        Columns that may be either, or stand in the wrong place.

    Notes
    -----
    A column is a sample if its name ends with ``.bam`` or ``.sam``; it is an attribute if GTF files have one of its
    name, or if at least half of its cells are text. Missing values and numbers of any dialect are no text. The first
    sample begins the samples; without such names they begin behind the last attribute. Another column of numbers in
    front of that is in doubt.
    """
    samples = [i for i, name in enumerate(names) if is_alignment(name)]
    attributes = [
        i
        for i, name in enumerate(names)
        if i not in samples and (_ATTRIBUTE.fullmatch(name) or _share(rows, i) >= 1 / 2)
    ]
    start = samples[0] if samples else max(attributes, default=-1) + 1
    doubtful = [names[i] for i in range(start) if i not in attributes and _present(rows, i)]
    doubtful += [names[i] for i in attributes if i >= start]
    if doubtful:
        raise FileFormatError(
            f"{len(doubtful)} columns of featureCounts may be samples or attributes of the genes: {examples(doubtful)}",
            where=where,
            expected="behind Length the attributes, then one column a sample, called by its .bam or .sam",
            next_step="remove those columns where they are no samples; else give the names of all samples the ending "
            ".bam again",
        )
    return start


def _present(rows: Sequence[Sequence[str]], i: int) -> list[str]:
    cells = [row[i].strip() for row in rows if i < len(row)]
    return [c for c in cells if c not in MISSING_WORDS]


def _share(rows: Sequence[Sequence[str]], i: int) -> float:
    """Return the share of text among the cells that hold something."""
    present = _present(rows, i)
    texts = [c for c in present if not is_number(c) and not _NUMBER_LIKE.fullmatch(c)]
    return len(texts) / len(present) if present else 0.0
