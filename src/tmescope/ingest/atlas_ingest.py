"""Many samples that reach an atlas, one after the other, and again from where it stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from tmescope.foundation.errors import InputError, SampleError, StoreError, examples
from tmescope.foundation.progress import SILENT, Progress
from tmescope.ingest.atlas_beginning import make_empty, refuse_if_made, remove_empty
from tmescope.ingest.atlas_cells import agree_columns, frame_of
from tmescope.ingest.atlas_genes import GeneName, GeneRule, NamedGenes, choose_genes, name_genes, place_genes
from tmescope.ingest.atlas_settings import MadeWith, agree_settings
from tmescope.ingest.atlas_sheet import SheetRow
from tmescope.ingest.atlas_sources import hash_source, open_source, said_hash
from tmescope.ingest.cell_streams import CellHead, CellRun, CellStream
from tmescope.store.atlas_layout import AtlasLayout, read_layout
from tmescope.store.atlas_leftovers import sweep_beside
from tmescope.store.atlas_lock import atlas_lock, explain_full_disk
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_tables import update_tables
from tmescope.store.atlas_writing import AtlasWriter

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["IngestOptions", "Ingested", "ingest_atlas"]

TASK = "cells"
"""What a listener is told."""

_MEMORY = 1 << 30
_LEAST = 1 << 26
_COMMIT_CELLS = 50_000
_COMMIT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class IngestOptions:
    """How samples reach an atlas.

    Parameters
    ----------
    genes : str
        One of `GeneRule`.
    gene_name : str, optional
        One of `GeneName`; as the atlas was made, ``gene_name`` for a new one, if omitted.
    count_dtype : str, optional
        uint16 or uint32; as the atlas was made, uint16 for a new one, if omitted.
    columns : tuple of str, optional
        What of the ``obs`` of h5ad files comes along; all that can be held if omitted.
    gene_major : bool
        Whether a gene-major copy is made of the cells, which tests of genes need.
    memory : int
        Bytes for sources that have to be turned or sorted: matrices by gene, samples whose cells lie apart.
    threads : int
        Vectors that are compressed at the same time; the bytes do not depend on it.
    progress : Progress
        Told of cells.
    """

    genes: GeneRule = "same"
    gene_name: GeneName | None = None
    count_dtype: str | None = None
    columns: tuple[str, ...] | None = None
    gene_major: bool = True
    memory: int = _MEMORY
    threads: int = 1
    progress: Progress = SILENT


@dataclass(frozen=True)
class Ingested:
    """What became of some sources.

    Parameters
    ----------
    layout : AtlasLayout
        What the atlas holds now.
    added, kept : tuple of str
        Samples that were added, and that were there already.
    notes : tuple of str
        What a person must be told.
    """

    layout: AtlasLayout
    added: tuple[str, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass
class _Source:
    row: SheetRow
    content: str
    head: CellHead
    genes: NamedGenes
    stream: CellStream | None = None
    """Open already, where there is only this source."""

    def samples(self) -> Iterator[tuple[str, int, str]]:
        """Yield the name of each sample in the atlas, its cells, and its hash."""
        for name, n in self.head.samples:
            yield self.row.sample_id or name, n, f"{self.content}-{said_hash(self.row)}"


@dataclass
class _Course:
    added: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def ingest_atlas(rows: Sequence[SheetRow], path: Path, *, options: IngestOptions | None = None) -> Ingested:
    """Add samples to an atlas, which is made where it does not exist.

    Parameters
    ----------
    rows : sequence of SheetRow
        From `tmescope.ingest.atlas_sheet.read_atlas_sheet`.
    path : Path
        Folder of the atlas.
    options : IngestOptions, optional
        See there.

    Returns
    -------
    Ingested

    Raises
    ------
    TmescopeError
        The first problem. Samples that were committed before are kept, the others leave no trace.

    Notes
    -----
    The genes of all sources are compared before the first cell is written. Samples that the atlas has from the same
    source are left as they are; so an ingest that stopped goes on with the same command. What was added is committed
    between samples, once 50,000 cells or 60 seconds have passed since the last time, and at the end: a commit writes
    the last file of each vector and the root anew, some 40 MB at most, and so a kill costs a minute at most, or the
    sample that was being read.
    """
    options = options or IngestOptions()
    _check_memory(options.memory)
    # a newer version, or something else, is said before anything is read
    layout = read_layout(path) if (path / "zarr.json").exists() else None
    made, notes = agree_settings(
        layout if layout is not None and layout.samples else None,
        count_dtype=options.count_dtype,
        gene_name=options.gene_name,
        columns=options.columns,
    )
    options = replace(options, gene_name=made.gene_name, count_dtype=made.count_dtype)
    course = _Course(notes=notes)
    with ExitStack() as open_streams:
        sources = _open_heads(rows, options, course, open_streams=open_streams)
        with explain_full_disk(path), atlas_lock(path):
            course.notes += sweep_beside(path)
            if layout is None or not layout.samples:
                refuse_if_made(path)
            try:
                fresh = _make_ready(path, sources, options.genes, made=made, course=course)
                update_tables(path)
                _add_all(sources, path, options, course=course, fresh=fresh)
            except BaseException:
                remove_empty(path)
                raise
    if options.gene_major:
        from tmescope.store.atlas_turning import write_panels  # it compiles kernels, which others need not wait for

        with explain_full_disk(path):
            write_panels(path, memory=options.memory, threads=options.threads, progress=options.progress)
    return Ingested(
        _with_all(path, course.added), tuple(course.added), tuple(course.kept), tuple(dict.fromkeys(course.notes))
    )


def _make_ready(
    path: Path, sources: Sequence[_Source], rule: GeneRule, *, made: MadeWith, course: _Course
) -> list[str] | None:
    """Make the atlas where there is none, and return its genes then; None where it has samples."""
    remove_empty(path)
    if (path / "zarr.json").exists():
        return None
    genes, notes = choose_genes([s.genes for s in sources], rule)
    course.notes += notes
    make_empty(path, genes, made=made)
    return list(genes)


def _with_all(path: Path, added: Sequence[str]) -> AtlasLayout:
    """Return what the atlas holds, which must be all that was added."""
    layout = read_layout(path)
    there = {s.sample_id for s in layout.samples}
    if lost := [name for name in added if name not in there]:
        raise StoreError(
            f"{len(lost)} samples that were added are no longer in the atlas: {examples(lost)}",
            where=str(path),
            expected="a folder that nothing else writes to",
            next_step="see what exchanged its files, and give the same command again",
        )
    return layout


def _check_memory(memory: int) -> None:
    if memory < _LEAST:
        raise InputError(
            f"{memory:,} bytes of memory are too few",
            where="--memory",
            expected=f"{_LEAST >> 20}M at least",
            next_step="give more",
        )


def _open_heads(
    rows: Sequence[SheetRow], options: IngestOptions, course: _Course, *, open_streams: ExitStack
) -> list[_Source]:
    sources = []
    options.progress.start("sources", len(rows), unit="sources")
    for row in rows:
        with ExitStack() as closed_again:
            stack = open_streams if len(rows) == 1 else closed_again
            stream = stack.enter_context(open_source(row, memory=options.memory, columns=options.columns))
            where = row.sample_id or row.path.name
            genes = name_genes(stream.head, where, by=options.gene_name or "gene_name")
            kept = stream if len(rows) == 1 else None
            sources.append(_Source(row, hash_source(row), stream.head, genes, kept))
        course.notes += [f"{where}: {note}" for note in stream.head.notes] + genes.notes()
        options.progress.advance("sources")
    options.progress.finish("sources", f"{len(rows)} looked at")
    names = [name for source in sources for name, _, _ in source.samples()]
    if twice := [n for n in dict.fromkeys(names) if names.count(n) > 1]:
        raise SampleError(
            f"{len(twice)} samples come from more than one source: {examples(twice)}",
            where=str(rows[0].place),
            expected="each sample in one source",
            next_step="rename them, or put their cells together before",
        )
    return sources


def _genes_of(path: Path) -> tuple[list[str], list[str]]:
    """Return names and identifiers of the genes of an atlas."""
    frame = open_atlas(path).genes()
    return [str(g) for g in frame.index], [str(i) for i in frame.get("gene_ids", ())]


def _add_all(
    sources: Sequence[_Source], path: Path, options: IngestOptions, *, course: _Course, fresh: list[str] | None
) -> None:
    writer = AtlasWriter(path, threads=options.threads)
    # the identifiers of a new atlas are compared already
    genes, ids = _genes_of(path) if fresh is None else (fresh, [])
    there = {s.sample_id: s.source for s in writer.layout.samples}
    wanted = [(source, _wanted(source, there, path)) for source in sources]
    course.kept += [name for source in sources for name, _, _ in source.samples() if name in there]
    heads = [source.head for source, todo in wanted if todo]
    forms = agree_columns([*zip([s.row for s, t in wanted if t], heads, strict=True)], writer.layout)
    total = sum(n for _, todo in wanted for n in todo.values())
    options.progress.plan({TASK: 1.0})
    options.progress.start(TASK, total, unit="cells")
    pace = _Pace(writer)
    for source, todo in wanted:
        if not todo:
            continue
        table, notes = place_genes(source.genes, genes, rule=options.genes, atlas=path.name, ids=ids)
        course.notes += notes
        skipped = tuple(name for name, _ in source.head.samples if (source.row.sample_id or name) not in todo)
        with _opened(source, options, skipped) as stream:
            adding = _Adding(writer, source, table, n_genes=len(genes), forms=forms, progress=options.progress)
            for name in adding.samples(stream):
                course.added.append(name)
                pace.maybe_commit()
    pace.commit()
    options.progress.finish(TASK, f"{total:,} added")


def _opened(source: _Source, options: IngestOptions, skipped: tuple[str, ...]) -> AbstractContextManager[CellStream]:
    if source.stream is not None and not skipped:
        return nullcontext(source.stream)
    return open_source(source.row, memory=options.memory, columns=options.columns, skipped=skipped)


def _wanted(source: _Source, there: Mapping[str, str], path: Path) -> dict[str, int]:
    """Return the samples of a source that are not in the atlas yet."""
    todo = {}
    for name, n, digest in source.samples():
        if name not in there:
            todo[name] = n
        elif there[name] != digest:
            file_too = there[name].partition("-")[0] != digest.partition("-")[0]
            raise SampleError(
                f"the sample {name!r} is in the atlas, but "
                + ("its source has changed" if file_too else "the sheet says other things of it")
                + " since",
                where=f"{source.row.path if file_too else source.row.place}; {path}",
                expected="the source and the row from which it was read",
                next_step="give the new version another sample_id, or make the atlas anew; nothing in an atlas is "
                "written over",
            )
    return todo


class _Pace:
    """Commits now and then."""

    def __init__(self, writer: AtlasWriter) -> None:
        self._writer, self._cells, self._at = writer, writer.layout.n_cells, time.monotonic()

    def maybe_commit(self) -> None:
        if self._writer.n_cells - self._cells >= _COMMIT_CELLS or time.monotonic() - self._at >= _COMMIT_SECONDS:
            self.commit()

    def commit(self) -> None:
        if self._writer.n_cells > self._cells or self._writer.has_more:
            self._writer.commit()
        self._cells, self._at = self._writer.n_cells, time.monotonic()


class _Adding:
    """Adds the samples of a source."""

    def __init__(
        self,
        writer: AtlasWriter,
        source: _Source,
        table: NDArray[np.int32] | None,
        *,
        n_genes: int,
        forms: Mapping[str, str],
        progress: Progress,
    ) -> None:
        self._writer, self._source, self._table = writer, source, table
        self._n_genes, self._forms, self._progress = n_genes, forms, progress

    def samples(self, stream: CellStream) -> Iterator[str]:
        """Add sample after sample, and yield the name of each that was added."""
        names = {inside: (name, digest) for (inside, _), (name, _, digest) in self._pairs()}
        runs = _Ahead(stream.runs)
        while (run := runs.peek()) is not None:
            name, digest = names[run.sample]
            self._writer.add_sample(name, self._blocks(runs.while_same(run.sample)), source=digest)
            yield name
        for inside, n in stream.head.samples:
            if not n and inside in names:  # a sample without cells is a sample
                name, digest = names[inside]
                self._writer.add_sample(name, (), source=digest)
                yield name

    def _pairs(self) -> Iterator[tuple[tuple[str, int], tuple[str, int, str]]]:
        return zip(self._source.head.samples, self._source.samples(), strict=True)

    def _blocks(self, runs: Iterator[CellRun]) -> Iterator[tuple[sparse.csr_matrix, pd.DataFrame]]:
        for run in runs:
            rows = run.rows if self._table is None else run.rows.renumbered(self._table)
            counts = sparse.csr_matrix((rows.n_cells, self._n_genes), dtype=rows.counts.dtype)
            counts.data, counts.indices, counts.indptr = rows.counts, rows.genes, rows.ends.astype(np.int32)
            counts.has_canonical_format = True  # as `CountRows` says
            yield counts, frame_of(run, self._source.row, self._source.head, forms=self._forms)
            self._progress.advance(TASK, rows.n_cells)


class _Ahead:
    """Runs, of which the next can be looked at."""

    def __init__(self, runs: Iterator[CellRun]) -> None:
        self._runs, self._next = runs, next(runs, None)

    def peek(self) -> CellRun | None:
        return self._next

    def while_same(self, sample: str) -> Iterator[CellRun]:
        while self._next is not None and self._next.sample == sample:
            run: Any = self._next
            yield run
            self._next = next(self._runs, None)
