"""Which format a file of papers or trials is in, seen from its content, and which reader reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import open_bytes
from tmescope.ingest.formats import check_file

if TYPE_CHECKING:
    from tmescope.store.lake_schemas import LakeBatch, Reader

__all__ = ["FORMATS", "DocumentFormat", "find_document_format", "read_documents"]

_HEAD = 1 << 16
_SHOWN = 60


@dataclass(frozen=True)
class DocumentFormat:
    """A format of papers or trials.

    Parameters
    ----------
    name : str
        What the lake notes as the source of a part.
    title : str
        For messages.
    begins : str
        Pattern of the first bytes, after a byte order mark and white space.
    holds : str
        Pattern that is found within the first 64 KiB.
    reader : str
        Module and function, ``module:function``; loaded when a file needs it.
    """

    name: str
    title: str
    begins: str
    holds: str
    reader: str

    def fits(self, head: bytes) -> bool:
        """Return whether a file that begins so is of this format.

        Parameters
        ----------
        head : bytes
            Decompressed, without what stands before the first character.
        """
        return bool(re.match(self.begins.encode(), head)) and bool(re.search(self.holds.encode(), head))

    def load(self) -> Reader:
        """Return its reader."""
        module, _, function = self.reader.partition(":")
        reader: Reader = getattr(import_module(module), function)
        return reader


FORMATS: tuple[DocumentFormat, ...] = (
    DocumentFormat(
        "pubmed",
        "PubMed or MEDLINE XML",
        r"<",
        r"<(PubmedArticleSet|PubmedArticle|MedlineCitationSet|MedlineCitation|DeleteCitation|PubmedBookArticle)[\s>/]",
        "tmescope.ingest.pubmed:read_pubmed",
    ),
    DocumentFormat(
        "trials",
        "ClinicalTrials.gov JSON (API version 2)",
        r"[\[{]",
        r'"(protocolSection|studies)"\s*:',
        "tmescope.ingest.clinicaltrials:read_clinicaltrials",
    ),
    DocumentFormat(
        "europepmc",
        "Europe PMC JSON",
        r"\{",
        r'"(resultList|hitCount)"\s*:',
        "tmescope.ingest.europepmc:read_europepmc",
    ),
    DocumentFormat(
        "preprints",
        "bioRxiv or medRxiv JSON",
        r"[\[{]",
        r'"collection"\s*:',
        "tmescope.ingest.preprints:read_preprints",
    ),
    DocumentFormat(
        "nbib", "NBIB (MEDLINE tags)", r"[A-Z]{2,4} *- ", r"(?m)^PMID *- ", "tmescope.ingest.nbib:read_nbib"
    ),
    DocumentFormat("ris", "RIS", r"[A-Z][A-Z0-9]  ?- ", r"(?m)^TY  ?- ", "tmescope.ingest.ris:read_ris"),
)
"""Every format, in the order in which they are tried: one line each, and nothing else knows of a reader."""


def find_document_format(path: Path) -> DocumentFormat:
    """Return the format of a file, whatever its name is.

    Parameters
    ----------
    path : Path
        Plain or compressed by gzip.

    Raises
    ------
    MissingFileError
        If there is no such file, or it may not be read.
    FileFormatError
        If it is empty, a folder or a pipe, damaged at its beginning, or of no format that is known.
    """
    check_file(path)
    with open_bytes(path) as handle:
        head = handle.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    for form in FORMATS:
        if form.fits(head):
            return form
    begins = head[:_SHOWN].decode("utf-8", errors="replace")
    raise FileFormatError(
        f"no format of papers or trials begins with {begins!r}" if head else "the file holds nothing but white space",
        where=str(path),
        expected="one of: " + "; ".join(f.title for f in FORMATS),
        next_step="check where the file comes from; a page of an error that a server sent begins so too",
    )


def read_documents(path: Path) -> tuple[DocumentFormat, Iterator[LakeBatch]]:
    """Return the format of a file, and its records, which are read as they are asked for.

    Parameters
    ----------
    path : Path
        See `find_document_format`.

    Raises
    ------
    TmescopeError
        See there; and what the reader raises while it reads.
    """
    form = find_document_format(path)
    return form, form.load()(path)
