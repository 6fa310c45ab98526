"""What an identifier says by its form alone: Ensembl genes, copies on Y and transcripts; UniProt accessions."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Accession", "EnsemblGene", "is_transcript", "read_accession", "read_ensembl"]

_ENSEMBL = re.compile(r"ENSG(?P<old_y>R)?(?P<number>\d{10,11})(?:\.\d+)?(?P<y>_PAR_Y)?")
_TRANSCRIPT = re.compile(r"ENS[A-Z]*T(R)?\d{10,}(\.\d+)?(_PAR_Y)?")
_ACCESSION = re.compile(
    r"(?:(?:sp|tr)\|)?"
    r"(?P<accession>[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2})"
    r"(?P<isoform>-[1-9]\d*)?(?P<entry>\|[A-Z0-9]{1,11}_[A-Z0-9]{1,5})?"
)
_DIGITS = 11


@dataclass(frozen=True, slots=True)
class EnsemblGene:
    """A human Ensembl gene id.

    Parameters
    ----------
    id : str
        Without version; of a copy on chromosome Y the id of its copy on X.
    on_y : bool
        Whether the name means the copy of a pseudo-autosomal gene on chromosome Y.
    """

    id: str
    on_y: bool


@dataclass(frozen=True, slots=True)
class Accession:
    """A UniProt accession.

    Parameters
    ----------
    id : str
        Without isoform.
    is_isoform : bool
        Whether the name means one isoform, ``P01730-2``.
    """

    id: str
    is_isoform: bool


def read_ensembl(name: str) -> EnsemblGene | None:
    """Return what a human Ensembl gene id says; None where the name is none.

    Parameters
    ----------
    name : str
        ``ENSG00000002586``, ``ENSG00000002586.20``, ``ENSG00000002586.20_PAR_Y``, or ``ENSGR0000002586`` as GENCODE
        wrote the copy on Y until release 24.
    """
    match = _ENSEMBL.fullmatch(name)
    if match is None:
        return None
    is_old = match["old_y"] is not None
    number = f"0{match['number']}" if is_old else match["number"]
    if len(number) != _DIGITS or (is_old and match["y"]):
        return None
    return EnsemblGene(f"ENSG{number}", is_old or match["y"] is not None)


def is_transcript(name: str) -> bool:
    """Return whether a name is an Ensembl transcript of any species, with or without version."""
    return bool(_TRANSCRIPT.fullmatch(name))


def read_accession(name: str) -> Accession | None:
    """Return what a UniProt accession says; None where the name is none.

    Parameters
    ----------
    name : str
        ``P01730``, ``P01730-2``, or as FASTA headers have it, ``sp|P01730|CD4_HUMAN``.

    Notes
    -----
    The form is that of https://www.uniprot.org/help/accession_numbers. A few gene symbols have it too (``P2RY12``).
    """
    match = _ACCESSION.fullmatch(name)
    if match is None or name.startswith(("sp|", "tr|")) != (match["entry"] is not None):
        return None
    return Accession(match["accession"], match["isoform"] is not None)
