"""Tagging a lake: entities of all documents that a dictionary was not looked for in yet."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from tmescope.facts.installed import list_installed
from tmescope.facts.loading import load_reference
from tmescope.foundation.progress import SILENT, Progress
from tmescope.horizon.entities import build_dictionary, tag

if TYPE_CHECKING:
    from tmescope.horizon.dictionary import Dictionary
    from tmescope.store.lake import Lake
    from tmescope.store.lake_layout import LakePart

__all__ = ["Tagged", "installed_dictionary", "tag_lake"]

_COLUMNS = ("doc_id", "title", "abstract", "mesh", "keywords", "substances")
_TASK = "documents"


@dataclass(frozen=True)
class Tagged:
    """What was tagged.

    Parameters
    ----------
    n_parts, n_documents, n_mentions : int
        Source files, documents and rows of this run; zero where all was there.
    """

    n_parts: int
    n_documents: int
    n_mentions: int


def installed_dictionary(
    home: Path, *, gene_table: str | None = None, diseases: str | None = None, as_of: dt.date | None = None
) -> Dictionary:
    """Build the dictionary of what is installed.

    Parameters
    ----------
    home : Path
        Folder of installed references.
    gene_table, diseases : str, optional
        Versions of ``hgnc`` and ``doid``; the only one that is installed if omitted.
    as_of : date, optional
        Only what was known on that day.

    Returns
    -------
    Dictionary
        Without genes where no table of HGNC is installed, without diseases where no Disease Ontology is.

    Raises
    ------
    FactsError
        A version is named that is not installed, or several are installed and none is named.
    """
    there = {one.name for one in list_installed(home)}
    genes = load_reference("hgnc", gene_table, home=home) if gene_table or "hgnc" in there else []
    terms = load_reference("doid", diseases, home=home) if diseases or "doid" in there else []
    return build_dictionary(genes, terms, as_of=as_of)


def tag_lake(lake: Lake, dictionary: Dictionary, *, progress: Progress = SILENT) -> Tagged:
    """Find the entities of all documents of a lake, file by file.

    Parameters
    ----------
    lake : Lake
        Added to: mentions of each source file that the dictionary was not looked for in yet.
    dictionary : Dictionary
        See `installed_dictionary`.
    progress : Progress
        Told of every document.

    Returns
    -------
    Tagged
        What this run did.

    Notes
    -----
    A run that is stopped goes on with the next file. Mentions of other dictionaries stay.
    """
    parts = lake.untagged(dictionary.digest)
    n_documents = n_mentions = 0
    progress.start(_TASK, sum(part.files["documents"].n_rows for part in parts), unit="documents")
    for part in parts:
        tables = []
        for documents in lake.documents_of(part, columns=_COLUMNS):
            tables.append(tag(documents, dictionary, trials=_trials(lake, part, documents)))
            n_documents += documents.num_rows
            progress.advance(_TASK, documents.num_rows)
        mentions = pa.concat_tables(tables)
        lake.add_mentions(part, dictionary.digest, mentions)
        n_mentions += mentions.num_rows
    progress.finish(_TASK)
    return Tagged(len(parts), n_documents, n_mentions)


def _trials(lake: Lake, part: LakePart, documents: pa.Table) -> pa.Table | None:
    """Return the trials of some documents, the last version of each."""
    path = lake.path / "parts" / part.sha256 / "trials.parquet"
    if "trials" not in part.files or not path.exists():
        return None
    ids = documents["doc_id"].combine_chunks()
    trials = pq.read_table(path, filters=[("doc_id", "in", ids.to_pylist())])
    is_last = ~trials["doc_id"].to_pandas().duplicated(keep="last")
    return trials.filter(pa.array(is_last.to_numpy()))
