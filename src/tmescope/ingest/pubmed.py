"""PubMed's XML, from its files of a year or from efetch: papers, preprints, books and deletions."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tmescope.ingest.checksum_files import check_md5_file
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.document_columns import DocumentColumns
from tmescope.ingest.pubmed_citations import Citations
from tmescope.ingest.xml_streams import XmlStream
from tmescope.store.lake_schemas import LakeBatch

__all__ = ["read_pubmed"]

_ROWS = 2000


def read_pubmed(path: Path, /, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[LakeBatch]:
    """Read a file of PubMed citations.

    Parameters
    ----------
    path : Path
        XML with the outermost element ``PubmedArticleSet`` (since 2017, and what efetch gives) or
        ``MedlineCitationSet`` (before); gzip or plain. A file ``<name>.md5`` beside it is checked first.
    limits : Limits
        On what is decompressed.

    Yields
    ------
    LakeBatch
        Two thousand records at most, in the order of the file; versions of one citation are rows of their own.

    Raises
    ------
    FileFormatError
        A checksum that differs, a file that is cut off or not well-formed, entities or declarations of its own, another
        kind of XML, a citation without PMID.

    Notes
    -----
    ``entered_on`` is the Entrez date; files of the old document type have none, and ``DateCreated`` takes its place.
    ``revised_on`` is ``DateRevised``, without it the date on which indexing was completed, or of creation.
    """
    check_md5_file(path)
    columns = DocumentColumns()
    stream = XmlStream(path, limits=limits)
    citations = Citations(stream, columns)
    records = stream.run(citations.check_root)
    while True:
        with _without_collection():
            for record in records:
                citations.add(record)
                if len(columns) >= _ROWS:
                    break
        if not len(columns):
            return
        yield columns.take()


@contextmanager
def _without_collection() -> Iterator[None]:
    """Look for no cycles among objects meanwhile: a tree has none, and it is forgotten when its record was read."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
