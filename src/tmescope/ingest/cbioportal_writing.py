"""Files of a cBioPortal study as text: meta files, clinical tables, matrices and case lists; byte for byte the same."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tmescope.foundation.errors import IdentifierError, SampleError, examples
from tmescope.ingest.options import MISSING_WORDS

__all__ = [
    "Attribute",
    "attribute_name",
    "check_gene_names",
    "check_ids",
    "clean",
    "write_case_list",
    "write_clinical",
    "write_matrix",
    "write_meta",
]

_ID = re.compile(r"[A-Za-z0-9._-]+")
_NOT_ID = re.compile(r"[^A-Za-z0-9._-]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_COMPUTED = frozenset({"MUTATION_COUNT", "FRACTION_GENOME_ALTERED"})
_NO_NAMES = frozenset(w.casefold() for w in (*MISSING_WORDS, "---", "-666"))
_PRIORITY = "1"


@dataclass(frozen=True)
class Attribute:
    """One column of a clinical table.

    Parameters
    ----------
    name : str
        As the portal's database calls it, see `attribute_name`.
    display, description : str
        For people.
    datatype : {'STRING', 'NUMBER', 'BOOLEAN'}
        What the cells are.
    cells : tuple of str
        The empty text where nothing is known.
    """

    name: str
    display: str
    description: str
    datatype: Literal["STRING", "NUMBER", "BOOLEAN"]
    cells: tuple[str, ...]


def clean(text: str) -> str:
    """Return text that fits into one cell or line: tabs, line ends and other control characters become one space."""
    return _CONTROL.sub(" ", text)


def attribute_name(text: str) -> str:
    """Return the name of an attribute: upper case, with ``_`` for all but letters, digits and ``_``.

    Parameters
    ----------
    text : str
        Any name.

    Notes
    -----
    MUTATION_COUNT and FRACTION_GENOME_ALTERED, which the portal computes itself and does not take, get ``TME_`` before.
    """
    name = re.sub(r"[^A-Z0-9_]", "_", text.upper())
    return f"TME_{name}" if name in _COMPUTED else name


def check_ids(ids: Sequence[str], what: str, *, where: str, replace: bool = False) -> list[str]:
    """Return identifiers that the portal takes.

    Parameters
    ----------
    ids : sequence of str
        Of samples or patients; may repeat.
    what : str
        ``sample`` or ``patient``, for the message.
    where : str
        For the message.
    replace : bool
        Whether each other character becomes ``_``.

    Raises
    ------
    SampleError
        There are other characters than letters, digits, ``.``, ``_`` and ``-``; or two identifiers would become one.
    """
    bad = [i for i in dict.fromkeys(ids) if not _ID.fullmatch(i)]
    if not bad:
        return list(ids)
    if not replace or "" in bad:
        raise SampleError(
            f"{len(bad)} {what} identifiers hold characters that cBioPortal does not take: {examples(bad)}",
            where=where,
            expected="letters, digits, '.', '_' and '-'",
            next_step="allow their replacement by '_' (--replace-in-ids), or rename them in the source",
        )
    became = {i: _NOT_ID.sub("_", i) for i in dict.fromkeys(ids)}
    first: dict[str, str] = {}
    met = [f"{first[new]} and {old}" for old, new in became.items() if first.setdefault(new, old) != old]
    if met:
        raise SampleError(
            f"{len(met)} {what} identifiers would become the same by replacement: {examples(met)}",
            where=where,
            expected="identifiers that stay different",
            next_step="rename them in the source",
        )
    return [became[i] for i in ids]


def check_gene_names(names: Sequence[str], *, where: str) -> None:
    """Check that genes can be named in a file of the format.

    Parameters
    ----------
    names : sequence of str
        One a gene.
    where : str
        For the message.

    Raises
    ------
    IdentifierError
        If a name is empty, a word for a missing value, or holds a tab, a line end or another control character.
    """
    bad = [n for n in names if n.strip().casefold() in _NO_NAMES or _CONTROL.search(n)]
    if bad:
        raise IdentifierError(
            f"{len(bad)} genes have names that the format cannot hold: {examples(bad)}",
            where=where,
            expected="names without tabs and line ends that are no word for a missing value",
            next_step="rename or remove those genes in the source",
        )


def write_meta(path: Path, fields: Mapping[str, str]) -> None:
    """Write a meta file.

    Parameters
    ----------
    path : Path
        In a folder that is not yet committed.
    fields : mapping of str to str
        One line each, in their order.
    """
    _write(path, [f"{key}: {clean(value).strip()}" for key, value in fields.items()])


def write_clinical(path: Path, attributes: Sequence[Attribute]) -> None:
    """Write a clinical table with its five rows of header.

    Parameters
    ----------
    path : Path
        In a folder that is not yet committed.
    attributes : sequence of Attribute
        The columns; the first holds checked identifiers. Control characters in cells become a space.
    """
    above = (
        [a.display for a in attributes],
        [a.description for a in attributes],
        [a.datatype for a in attributes],
        [_PRIORITY] * len(attributes),
    )
    lines = ["#" + _line(row) for row in above]
    lines.append(_line([a.name for a in attributes]))
    lines += [_line(row) for row in zip(*(a.cells for a in attributes), strict=True)]
    _write(path, lines)


def write_matrix(
    path: Path, texts: Mapping[str, Sequence[str]], *, samples: Sequence[str], values: NDArray[np.float64]
) -> None:
    """Write a matrix of genes or other entities by samples.

    Parameters
    ----------
    path : Path
        In a folder that is not yet committed.
    texts : mapping of str to sequence of str
        The columns before the numbers, by name; one cell a row.
    samples : sequence of str
        Checked identifiers.
    values : array of float64, shape (rows, samples)
        Written such that they read back bit for bit; NaN becomes NA.
    """
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(_line([*texts, *samples]) + "\n")
        for row, numbers in zip(zip(*texts.values(), strict=True), values, strict=True):
            cells = ("NA" if math.isnan(number) else repr(number) for number in numbers.tolist())
            out.write(_line(row) + "\t" + "\t".join(cells) + "\n")


def write_case_list(path: Path, study_id: str, suffix: str, *, about: tuple[str, str], ids: Sequence[str]) -> None:
    """Write a list of samples that were measured in one way.

    Parameters
    ----------
    path : Path
        In a folder that is not yet committed.
    study_id : str
        Of the study.
    suffix : str
        What the list is of, such as ``all``.
    about : (str, str)
        Category of the list as the portal knows it, and one sentence.
    ids : sequence of str
        Checked identifiers.
    """
    category, name = about
    fields = {
        "cancer_study_identifier": study_id,
        "stable_id": f"{study_id}_{suffix}",
        "case_list_name": name,
        "case_list_description": f"{name} ({len(ids)} samples)",
        "case_list_category": category,
    }
    _write(path, [*(f"{key}: {clean(value)}" for key, value in fields.items()), "case_list_ids: " + "\t".join(ids)])


def _line(cells: Sequence[str]) -> str:
    return "\t".join(clean(cell) for cell in cells)


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
