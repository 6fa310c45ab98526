"""Tables of a lake of documents: papers, preprints and trials as their sources gave them, and what is mentioned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LakeBatch", "Reader", "deletion_schema", "document_schema", "mention_schema", "trial_schema"]


@cache
def document_schema() -> pa.Schema:
    """Return the columns of documents: one row a version of a document.

    Returns
    -------
    pyarrow.Schema
        ``doc_id`` is ``pmid:41576520``, ``nct:NCT06576635``, ``doi:10.1101/...`` (preprints, lower case) or
        ``ppr:PPR123`` (Europe PMC without a DOI). ``entered_on`` is when the world could first know of it (Entrez date,
        first posted), ``revised_on`` when this version was made, ``published_on`` what its journal prints, with its
        precision: ``day``, ``month`` or ``year``. ``group_key`` names the last author and is the same for one group of
        authors; missing without authors. All may be missing but ``doc_id``, ``source`` and ``kind``.
    """
    text, texts, day = pa.string(), pa.list_(pa.string()), pa.date32()
    heading = pa.struct([("ui", text), ("name", text), ("major", pa.bool_()), ("qualifiers", texts)])
    substance = pa.struct([("ui", text), ("registry", text), ("name", text)])
    author = pa.struct(
        [("last_name", text), ("fore_name", text), ("initials", text), ("collective", text), ("affiliation", text)]
    )
    link = pa.struct([("kind", text), ("doc_id", text), ("source", text)])
    return pa.schema(
        [
            pa.field("doc_id", text, nullable=False),
            pa.field("source", text, nullable=False),  # pubmed, europepmc, biorxiv, medrxiv, trials, nbib, ris
            pa.field(
                "kind", text, nullable=False
            ),  # paper, preprint, trial; book, other: found, and counted in no trend
            ("version", pa.int32()),
            ("entered_on", day),
            ("revised_on", day),
            ("published_on", day),
            ("published_precision", text),
            ("title", text),
            ("abstract", text),  # sections as lines, "BACKGROUND: ..."
            ("language", text),
            ("journal", text),
            ("publication_types", texts),
            ("is_review", pa.bool_()),
            ("is_retracted", pa.bool_()),
            ("mesh", pa.list_(heading)),
            ("keywords", texts),
            ("substances", pa.list_(substance)),
            ("authors", pa.list_(author)),
            ("group_key", text),
            ("doi", text),
            ("pmcid", text),
            ("registry_ids", texts),  # NCT numbers and others that the paper names as data banks
            ("cites", texts),  # doc_id
            ("links", pa.list_(link)),  # RetractionIn, RetractionOf, ErratumIn, UpdateOf, PreprintOf ...
        ]
    )


@cache
def trial_schema() -> pa.Schema:
    """Return the columns of trials: one row a version of a trial, beside its row among the documents.

    Returns
    -------
    pyarrow.Schema
        ``record`` is the whole study as JSON, equal to what the registry gave; the other columns repeat parts
        of it. ``phases`` is a list (``PHASE1``, ``PHASE2``; ``NA`` stays), dates are kept with their precision.
    """
    text, texts, day = pa.string(), pa.list_(pa.string()), pa.date32()
    term = pa.struct([("id", text), ("term", text)])
    intervention = pa.struct([("type", text), ("name", text), ("other_names", texts), ("description", text)])
    arm = pa.struct([("label", text), ("type", text), ("interventions", texts)])
    organisation = pa.struct([("name", text), ("class", text)])
    columns: list[pa.Field | tuple[str, pa.DataType]] = [
        pa.field("doc_id", text, nullable=False),
        ("nct_id", text),
        ("other_ids", texts),
        ("status", text),
        ("study_type", text),
        ("phases", texts),
        ("enrolment", pa.int64()),
        ("enrolment_type", text),
        ("conditions", texts),
        ("condition_mesh", pa.list_(term)),
        ("condition_ancestors", pa.list_(term)),
        ("intervention_mesh", pa.list_(term)),
        ("interventions", pa.list_(intervention)),
        ("arms", pa.list_(arm)),
        ("sponsor", organisation),
        ("collaborators", pa.list_(organisation)),
        ("countries", texts),  # of its sites, each once, in the order of the record
        ("n_sites", pa.int32()),
    ]
    for name in ("start", "primary_completion", "completion", "first_posted", "last_update_posted", "results_posted"):
        columns += [(f"{name}_on", day), (f"{name}_precision", text), (f"{name}_type", text)]
    columns += [("has_results", pa.bool_()), ("why_stopped", text), ("eligibility", text), ("record", text)]
    return pa.schema(columns)


@cache
def deletion_schema() -> pa.Schema:
    """Return the columns of deletions: documents that a source withdrew with this file."""
    return pa.schema([pa.field("doc_id", pa.string(), nullable=False)])


@cache
def mention_schema() -> pa.Schema:
    """Return the columns of mentions: one row an entity in one part of a document.

    Returns
    -------
    pyarrow.Schema
        ``entity_type`` is gene, drug, disease, modality, concept, sponsor or country; ``entity_id`` such as
        ``HGNC:2200``, ``drug:pembrolizumab``, ``DOID:1909``, ``modality:car-t``. ``part`` is title, abstract, mesh,
        keyword, substance, intervention or condition; ``start`` and ``stop`` are the first place in characters, missing
        where the part is no running text; ``n`` how often in this part. ``known_since`` is the day from which the
        entity is known to be called so, and from which the other names of the text that show it are known: of its names
        in this part the one that is known longest; missing: always.
    """
    text = pa.string()
    return pa.schema(
        [
            pa.field("doc_id", text, nullable=False),
            pa.field("entity_id", text, nullable=False),
            pa.field("entity_type", text, nullable=False),
            pa.field("part", text, nullable=False),
            ("start", pa.int32()),
            ("stop", pa.int32()),
            ("text", text),
            ("n", pa.int32()),
            ("known_since", pa.date32()),
        ]
    )


@dataclass(frozen=True)
class LakeBatch:
    """Some of the records of a source file, in its order.

    Parameters
    ----------
    documents : pyarrow.Table
        By `document_schema`.
    trials : pyarrow.Table
        By `trial_schema`; empty for papers.
    deletions : pyarrow.Table
        By `deletion_schema`.
    """

    documents: pa.Table
    trials: pa.Table = field(default_factory=lambda: trial_schema().empty_table())
    deletions: pa.Table = field(default_factory=lambda: deletion_schema().empty_table())


class Reader(Protocol):
    """A function that reads one format of documents, a few thousand records at a time."""

    def __call__(self, path: Path, /) -> Iterator[LakeBatch]:
        """Yield the records of a file; raise a `FileFormatError` where it is not whole."""
