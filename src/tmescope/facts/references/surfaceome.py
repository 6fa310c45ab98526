"""Proteins at the cell surface, with the sources that say so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tmescope.facts.matrices import Range, check_count, check_names
from tmescope.facts.reading import Faults, TextRow, read_rows
from tmescope.foundation.errors import FileFormatError

__all__ = ["SurfaceProtein", "read_surfaceome"]

# the form that UniProt states for its accessions
_ACCESSION = re.compile(r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9]([A-Z][A-Z0-9]{2}[0-9]){1,2}")
_N_PROTEINS = range(1_000, 25_000)
_FLAG = "_surface_flag"
_SURFY = ("UniProt accession", "UniProt gene", "Surfaceome Label", "Surfaceome Label Source", "MachineLearning score")
_SCORE = Range(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class SurfaceProtein:
    """One protein and the evidence that it is at the cell surface.

    Parameters
    ----------
    accession : str
        UniProt accession, each once.
    gene_symbol : str
        As the table states it; empty where it states none. Several proteins may share one.
    evidence : tuple of str
        Sources that call it a surface protein, sorted; never empty.
    """

    accession: str
    gene_symbol: str
    evidence: tuple[str, ...]


def read_surfaceome(paths: Mapping[str, Path]) -> list[SurfaceProtein]:
    """Read and check a table of surface proteins: one flag a source, or the predictions of SURFY.

    Parameters
    ----------
    paths : mapping of str to Path
        Role ``proteins``.

    Returns
    -------
    list of SurfaceProtein
        In the order of the file. Proteins that no source calls one are left out.

    Raises
    ------
    FileFormatError
        Neither header, an accession that is none or is there twice, a flag that is not 0 or 1, or too few proteins.

    Notes
    -----
    The sources are not independent (several learn from UniProt): their number is no measure of certainty by itself.
    """
    path = paths["proteins"]
    rows = read_rows(path)
    header = next(rows, TextRow(1, ())).cells
    faults = Faults(path)
    read = _row_reader(header, path, faults)
    proteins = [read(row) for row in rows]
    accessions = [protein.accession for protein in proteins]
    check_names(accessions, "UniProt accession", faults, form=lambda name: bool(_ACCESSION.fullmatch(name)))
    for protein in proteins:
        if len(protein.gene_symbol.split()) > 1:
            faults.add("one gene symbol", f"{protein.accession}: {protein.gene_symbol[:40]!r}")
    faults.refuse()
    check_count(len(proteins), _N_PROTEINS, what="proteins", path=path)
    return [protein for protein in proteins if protein.evidence]


def _row_reader(header: tuple[str, ...], path: Path, faults: Faults) -> Callable[[TextRow], SurfaceProtein]:
    flags = {name.removesuffix(_FLAG): place for place, name in enumerate(header) if name.endswith(_FLAG)}
    if flags and {"uniprot_accession", "gene_symbol"} <= set(header):
        accession, symbol = header.index("uniprot_accession"), header.index("gene_symbol")
        return lambda row: SurfaceProtein(row.cells[accession], row.cells[symbol], _flagged(row, flags, faults))
    if set(_SURFY) <= set(header):
        places = [header.index(name) for name in _SURFY]
        return lambda row: _surfy(row, places, faults)
    raise FileFormatError(
        f"the first line is {', '.join(header)[:60]!r}",
        where=str(path),
        expected=f"uniprot_accession, gene_symbol and columns ..{_FLAG}, or {', '.join(_SURFY)}",
    )


def _flagged(row: TextRow, flags: Mapping[str, int], faults: Faults) -> tuple[str, ...]:
    for source, place in flags.items():
        if row.cells[place] not in {"0", "1"}:
            faults.add("a flag, 0 or 1", f"line {row.line}, {source}{_FLAG}: {row.cells[place][:20]!r}")
    return tuple(sorted(source for source, place in flags.items() if row.cells[place] == "1"))


def _surfy(row: TextRow, places: list[int], faults: Faults) -> SurfaceProtein:
    accession, symbol, label, source, score = (row.cells[place] for place in places)
    if label not in {"surface", "nonsurface"}:
        faults.add("a label (surface, nonsurface)", f"line {row.line}: {label[:20]!r}")
    if score and _SCORE.parse(score) is None:
        faults.add(str(_SCORE), f"line {row.line}, MachineLearning score: {score[:20]!r}")
    return SurfaceProtein(accession, symbol, (f"surfy: {source}",) if label == "surface" else ())
