"""Documents gathered row by row into the columns of the lake."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from tmescope.ingest.author_groups import group_key
from tmescope.ingest.printed_dates import NEVER, PrintedDate
from tmescope.store.lake_schemas import LakeBatch, deletion_schema, document_schema

__all__ = ["REVIEWS", "Document", "DocumentColumns"]

REVIEWS = frozenset({"Review", "Systematic Review", "Scoping Review"})
"""Publication types that make a document a review."""

_RETRACTED = "Retracted Publication"
_RETRACTED_BY = "RetractionIn"
_DAYS = ("entered_on", "revised_on", "published_on")
_AUTHOR, _HEADING, _THREE = 5, 4, 3


@dataclass(slots=True)
class Document:
    """One version of a paper, preprint or book, as a reader fills it.

    Parameters
    ----------
    source, doc_id, kind, version, title, abstract, language, journal, doi, pmcid : str or int, optional
        See `tmescope.store.lake_schemas.document_schema`.
    entered_on, revised_on : int, optional
        Days since 1970-01-01.
    printed : PrintedDate
        When it was published.
    publication_types, keywords, registry_ids : list of str
        See the schema.
    authors, headings, qualifiers, substances, links : list
        Filled by the methods: parts of all of them one after the other, so that a file of a million names makes no
        million small objects.
    cites : dict
        Its keys, in their order.
    """

    source: str
    doc_id: str = ""
    kind: str = "paper"
    version: int | None = None
    entered_on: int | None = None
    revised_on: int | None = None
    printed: PrintedDate = NEVER
    title: str | None = None
    abstract: str | None = None
    language: str | None = None
    journal: str | None = None
    doi: str | None = None
    pmcid: str | None = None
    publication_types: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    registry_ids: list[str] = field(default_factory=list)
    authors: list[str | None] = field(default_factory=list)
    headings: list[str | bool | int | None] = field(default_factory=list)
    qualifiers: list[str] = field(default_factory=list)
    substances: list[str | None] = field(default_factory=list)
    cites: dict[str, None] = field(default_factory=dict)
    links: list[str | None] = field(default_factory=list)

    def add_person(self, names: tuple[str, str | None, str | None], affiliation: str | None = None) -> None:
        """Add an author who is a person.

        Parameters
        ----------
        names : tuple
            Family name, given names, initials.
        affiliation : str, optional
            Several are lines of one text.
        """
        self.authors += (*names, None, affiliation)

    def add_collective(self, name: str, affiliation: str | None = None) -> None:
        """Add an author that is a group."""
        self.authors += (None, None, None, name, affiliation)

    def add_heading(self, ui: str | None, name: str, qualifiers: Sequence[str] = (), *, is_major: bool = False) -> None:
        """Add a subject heading.

        Parameters
        ----------
        ui, name : str
            Its identifier and name.
        qualifiers : sequence of str
            Names.
        is_major : bool
            Whether it, or one of its qualifiers, is what the document is about.
        """
        self.headings += (ui, name, is_major, len(qualifiers))
        self.qualifiers += qualifiers

    def add_substance(self, ui: str | None, registry: str | None, name: str) -> None:
        """Add a substance that the source indexed.

        Parameters
        ----------
        ui, registry, name : str
            Its identifier, its number in a registry, and its name.
        """
        self.substances += (ui, registry, name)

    def add_link(self, kind: str | None, doc_id: str | None, source: str | None) -> None:
        """Add what corrects, retracts, comments, or is corrected, retracted, commented.

        Parameters
        ----------
        kind, doc_id, source : str
            The relation, the other document, and where that was published.
        """
        self.links += (kind, doc_id, source)

    @property
    def is_retracted(self) -> bool:
        """Whether the source says that this was withdrawn after publication."""
        return _RETRACTED in self.publication_types or _RETRACTED_BY in self.links[::_THREE]

    @property
    def group_key(self) -> str | None:
        """Key of the last author that is a person, else of the last group."""
        authors = self.authors
        for i in range(len(authors) - _AUTHOR, -1, -_AUTHOR):
            if authors[i]:
                return group_key(authors[i], authors[i + 1] or authors[i + 2])
        return group_key(None, None, authors[-2]) if authors else None


class DocumentColumns:
    """Documents and deletions, waiting to become a batch."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        schema = document_schema()
        self._names = [e.name for e in schema if not pa.types.is_list(e.type)]
        self._rows: list[tuple[object, ...]] = []
        self._flat: dict[str, list[object]] = {e.name: [] for e in schema if pa.types.is_list(e.type)}
        self._offsets: dict[str, list[int]] = {name: [0] for name in self._flat}
        self._lists = [(flat, self._offsets[name]) for name, flat in self._flat.items()]
        self._qualifiers: list[str] = []
        self._deleted: list[str] = []

    def __len__(self) -> int:
        return len(self._rows) + len(self._deleted)

    def add(self, row: Document) -> None:
        """Take the content of one document."""
        self._rows.append(
            (
                row.doc_id,
                row.source,
                row.kind,
                row.version,
                row.entered_on,
                row.revised_on,
                *row.printed,
                row.title,
                row.abstract,
                row.language,
                row.journal,
                not REVIEWS.isdisjoint(row.publication_types),
                row.is_retracted,
                row.group_key,
                row.doi,
                row.pmcid,
            )
        )
        lists: tuple[tuple[Collection[object], int], ...] = (
            (row.publication_types, 1),
            (row.headings, _HEADING),
            (row.keywords, 1),
            (row.substances, _THREE),
            (row.authors, _AUTHOR),
            (row.registry_ids, 1),
            (row.cites, 1),
            (row.links, _THREE),
        )
        for (flat, ends), (parts, width) in zip(self._lists, lists, strict=True):
            if parts:
                flat.extend(parts)
            ends.append(len(flat) // width)
        self._qualifiers.extend(row.qualifiers)

    def delete(self, doc_id: str) -> None:
        """Note that the source withdraws a document."""
        self._deleted.append(doc_id)

    def take(self) -> LakeBatch:
        """Return what was gathered since the last time, in its order, and start anew."""
        schema = document_schema()
        single = dict(
            zip(self._names, zip(*self._rows, strict=True) if self._rows else [()] * len(self._names), strict=True)
        )
        arrays = [self._list(e) if e.name in self._flat else _column(e, single[e.name]) for e in schema]
        deleted = pa.array(self._deleted, pa.string())
        self._start()
        return LakeBatch(
            documents=pa.Table.from_arrays(arrays, schema=schema),
            deletions=pa.Table.from_arrays([deleted], schema=deletion_schema()),
        )

    def _list(self, entry: pa.Field) -> pa.Array:
        flat, inner = self._flat[entry.name], entry.type.value_type
        if not pa.types.is_struct(inner):
            return _listed(self._offsets[entry.name], pa.array(flat, inner), entry.type)
        width = inner.num_fields
        arrays = []
        for i in range(width):
            kind = inner.field(i).type
            values = flat[i::width]
            arrays.append(self._nested(values, kind) if pa.types.is_list(kind) else pa.array(values, kind))
        content = pa.StructArray.from_arrays(arrays, fields=[inner.field(i) for i in range(width)])
        return _listed(self._offsets[entry.name], content, entry.type)

    def _nested(self, lengths: list[object], kind: pa.DataType) -> pa.Array:
        ends = pa.array(lengths, pa.int32()).to_numpy().cumsum()
        return _listed([0, *ends.tolist()], pa.array(self._qualifiers, kind.value_type), kind)


def _column(entry: pa.Field, values: Sequence[object]) -> pa.Array:
    return pa.array(values, pa.int32()).cast(pa.date32()) if entry.name in _DAYS else pa.array(values, entry.type)


def _listed(offsets: list[int], content: pa.Array, kind: pa.DataType) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), content, type=kind)
