"""Which parser reads which reference; each is imported when it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from tmescope.facts.reading import read_lines
from tmescope.facts.registry import Reference, ReferenceFile
from tmescope.foundation.errors import FileFormatError, UnknownNameError

__all__ = ["PARSERS", "parse"]

PARSERS = {
    "abis": ("tmescope.facts.references.abis", "read_abis"),
    "consensustme": ("tmescope.facts.references.consensustme", "read_consensustme"),
    "doid": ("tmescope.facts.references.doid", "read_doid"),
    "estimate": ("tmescope.facts.references.estimate", "read_estimate"),
    "gtex": ("tmescope.facts.references.tissues", "read_gtex"),
    "hgnc": ("tmescope.facts.parsing", "_read_genes"),
    "hpa": ("tmescope.facts.references.hpa", "read_hpa"),
    "hpa_rna": ("tmescope.facts.references.tissues", "read_hpa_rna"),
    "quantiseq": ("tmescope.facts.references.quantiseq", "read_quantiseq"),
    "surfaceome": ("tmescope.facts.references.surfaceome", "read_surfaceome"),
    "xcell": ("tmescope.facts.references.xcell", "read_xcell"),
}
"""Name in the registry to module and function."""


def parse(reference: Reference, paths: Mapping[str, Path]) -> object:
    """Check and read the files of a reference.

    Parameters
    ----------
    reference : Reference
        Which.
    paths : mapping of str to Path
        Role to file.

    Returns
    -------
    object
        What its parser makes of it, see there.

    Raises
    ------
    UnknownNameError
        The registry names a parser that this release does not have.
    FileFormatError
        A file is not what the registry or the parser expects: header, number of lines, names, numbers.
    """
    if reference.parser not in PARSERS:
        raise UnknownNameError.of("parser", reference.parser, PARSERS)
    for file in reference.files:
        if file.min_rows and (file.role in paths or not file.optional):
            _check_content(file, paths[file.role])
    module, function = PARSERS[reference.parser]
    found: object = getattr(import_module(module), function)(paths)
    return found


def _read_genes(paths: Mapping[str, Path]) -> object:
    from tmescope.facts.hgnc import read_hgnc

    return read_hgnc(paths["genes"])


def _check_content(file: ReferenceFile, path: Path) -> None:
    """Tell a wrong or truncated file in plain words before the parser looks at single cells."""
    lines = read_lines(path)
    header = [cell.strip().strip('"') for cell in next(lines, "").split("\t")]
    rows = 1 + sum(1 for line in lines if line)
    if file.columns and not any(set(columns) <= set(header) for columns in file.columns):
        wanted = " or ".join(", ".join(columns) for columns in file.columns)
        shown = ", ".join(header)[:60]
        raise FileFormatError(f"the first line is {shown!r}", where=str(path), expected=f"the columns {wanted}")
    if rows < file.min_rows:
        raise FileFormatError(
            f"{rows} lines: the file is cut off, a part of the table or another file",
            where=str(path),
            expected=f"at least {file.min_rows}",
        )
