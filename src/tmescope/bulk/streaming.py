"""Scores of matrices that are larger than memory: block by block from a Zarr store into one Parquet file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.definitions import Asked, SetDefinitions, define_sets
from tmescope.bulk.frozen import FrozenScore, check_matrix, find_columns, model_as_method, model_hash
from tmescope.bulk.gene_sets import GeneSets, index_sets
from tmescope.bulk.matrix_rows import MatrixRows, check_names, target_scale
from tmescope.bulk.score_table import CoverageTally, Scores
from tmescope.bulk.scoring import (
    ScoreOptions,
    check_size,
    choose_method,
    find_coverage,
    find_silent,
    order_genes,
    universe_warnings,
)
from tmescope.facts.genes import load_genes
from tmescope.foundation.errors import MethodError
from tmescope.foundation.method import Method, resolve_parameters
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.provenance import Provenance, hash_json, versions
from tmescope.foundation.result import RunWarning
from tmescope.foundation.scale import Scale
from tmescope.ingest.scales import find_contradictions, measure
from tmescope.ingest.zarr_rows import ZarrRows, open_zarr_rows
from tmescope.store.atomic import staged_file
from tmescope.store.score_files import ScoreWriter, score_rows
from tmescope.store.threads import map_row_blocks, one_blas_thread

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["AT_ONCE", "StoredScores", "StreamOptions", "check_numbers", "find_genes", "plan_blocks", "score_store"]

AT_ONCE = 64
"""Samples that are converted and scored together: their numbers as float64 are all that a thread adds to a block."""

_COPIES = 6
"""Arrays of float64 of that many samples that conversion and scoring hold at the same time, and their masks."""

_BLOCKS = 4
"""Blocks that the memory shall hold, so that as many threads can work."""


@dataclass(frozen=True)
class StreamOptions:
    """How much memory a stream may take, and what scores are missing.

    Parameters
    ----------
    memory : int
        Bytes for blocks of samples, beside some 300 MB that the program itself takes. The size of a block follows from
        it, and the row groups of the file, but no score.
    threads : int
        Blocks that are read and scored at the same time, as far as `memory` holds them; no byte of the file depends on
        it.
    map_symbols : bool
        Whether previous symbols and aliases of genes that facts name become approved ones, as in `read_cohort`.
    layer : str, optional
        Layer of the store that holds the matrix; ``X`` if omitted.
    scores : ScoreOptions
        As in `tmescope.bulk.scoring.score`.
    """

    memory: int = 1 << 30
    threads: int = 1
    map_symbols: bool = True
    layer: str | None = None
    scores: ScoreOptions = field(default_factory=ScoreOptions)


@dataclass(frozen=True)
class StoredScores:
    """Scores that were written to a file.

    Parameters
    ----------
    path : pathlib.Path
        Parquet with the columns of the table ``scores``; `tmescope.store.tables.read_table` reads it.
    n_samples, n_features : int
        What it holds.
    provenance : Provenance
        Also in the file's metadata, as JSON under ``tmescope.provenance``.
    warnings : tuple of RunWarning
        What a reader must know.
    """

    path: Path
    n_samples: int
    n_features: int
    provenance: Provenance
    warnings: tuple[RunWarning, ...]


@dataclass(frozen=True)
class _Plan:
    """What every block needs."""

    rows: ZarrRows
    method: Method
    sets: GeneSets
    parameters: Mapping[str, Any]
    declared: Scale
    target: Scale
    columns: NDArray[np.int64] | None
    options: ScoreOptions
    cohort: str

    @property
    def features(self) -> tuple[str, ...]:
        return (*self.sets.names, *self.method.spec.derived)


@dataclass(frozen=True)
class _Block:
    table: pa.Table
    scores: Scores
    few: NDArray[np.bool_]
    n_clipped: int
    hashes: tuple[str, ...]


def score_store(
    path: Path,
    signatures: Asked = None,
    *,
    method: str | Method | FrozenScore = "singscore",
    scale: str,
    output: Path,
    options: StreamOptions | None = None,
    progress: Progress = SILENT,
) -> StoredScores:
    """Score every sample of an AnnData store in Zarr without holding the matrix, and write a table as Parquet.

    Answers what `tmescope.bulk.scoring.score` answers, for methods that look at one sample at a time and for models
    that a cohort fixed before; other methods need the whole matrix.

    Parameters
    ----------
    path : pathlib.Path
        The store: samples x genes, dense or sparse by rows.
    signatures : Asked, optional
        As in `tmescope.bulk.scoring.score`; a model has its own.
    method : str, Method or FrozenScore
        A method whose scope is one sample, or a model.
    scale : str
        Of the matrix, such as ``log2(tpm+1)``.
    output : pathlib.Path
        File to write; it appears when it is complete.
    options : StreamOptions, optional
        Memory, threads, coverage.
    progress : Progress
        Told of each block.

    Returns
    -------
    StoredScores

    Raises
    ------
    MethodError
        If the method looks at the cohort, or the memory does not hold one sample.
    ScaleError
        If the numbers cannot be of the scale, or the method does not take it.
    FileFormatError
        If the store is damaged or unsafe.
    TmescopeError
        As in `tmescope.bulk.scoring.score` and `tmescope.bulk.frozen.apply_scores`.

    Notes
    -----
    Each thread reads, converts and scores whole blocks; blocks are written in order. Cost: linear in the samples.
    Memory: `StreamOptions.memory`, whatever the number of samples, and their names.
    """
    options = options or StreamOptions()
    declared = Scale.parse(scale, where="scale")
    rows = open_zarr_rows(path, layer=options.layer)
    genes = find_genes(rows, map_symbols=options.map_symbols)
    check_names(rows.samples, genes)
    check_numbers(rows, declared)
    plan, defined, warnings = _prepare(rows, genes, signatures, method=method, declared=declared, options=options)
    size, threads = plan_blocks(rows, memory=options.memory, threads=options.threads)
    tally, n_clipped = CoverageTally(plan.features), 0
    hashes: list[str] = []
    progress.start("score", len(rows.samples))
    with one_blas_thread(), staged_file(output) as staged, ScoreWriter(staged) as writer:
        blocks = map_row_blocks(
            lambda first, last: _score_block(plan, first, last), len(rows.samples), block=size, threads=threads
        )
        for block in blocks:
            writer.write(block.table)
            tally.add(block.scores, block.few)
            hashes.extend(block.hashes)
            n_clipped += block.n_clipped
            progress.advance("score", len(block.few))
        provenance = _provenance(plan, defined, genes, hashes=hashes, model=method)
        writer.describe({"tmescope.provenance": json.dumps(provenance.as_dict(), sort_keys=True)})
    progress.finish("score", "done")
    if n_clipped:
        message = f"{n_clipped} values lay below the floor of {declared} by less than rounding and were read as zero"
        warnings += (RunWarning("scale.clipped", message, plan.cohort, n_clipped),)
    warnings += tally.warnings(plan.cohort, rows.samples)
    return StoredScores(output, len(rows.samples), len(plan.features), provenance, warnings)


def plan_blocks(rows: ZarrRows, *, memory: int, threads: int) -> tuple[int, int]:
    """Return how many samples a block has and how many blocks are worked on at the same time.

    Parameters
    ----------
    rows : ZarrRows
        The matrix: a block is a number of whole chunks where the memory allows it, so that none is read twice.
    memory : int
        Bytes for all blocks.
    threads : int
        That may work; the size of a block does not depend on it.

    Raises
    ------
    MethodError
        If one sample does not fit.
    """
    n_genes = len(rows.genes)
    # a block in the stored type and the chunks that it is put together from
    of_row = 2 * n_genes * rows.item_bytes
    at_work = min(AT_ONCE, len(rows.samples)) * n_genes * 8 * _COPIES
    wanted = max((memory // _BLOCKS - at_work) // of_row, 0)
    fits = (memory - at_work) // of_row
    if fits < 1:
        raise MethodError(
            f"{memory:,} bytes do not hold a block of samples of {n_genes:,} genes",
            where="memory",
            expected=f"at least {at_work + of_row:,} bytes",
        )
    chunk = min(max(rows.chunk_rows, 1), len(rows.samples))
    size = max(wanted // chunk, 1) * chunk if chunk <= fits else max(wanted, 1)
    size = max(min(size, fits, len(rows.samples)), 1)
    return size, max(1, min(threads, memory // (size * of_row + at_work)))


def find_genes(rows: ZarrRows, *, map_symbols: bool) -> tuple[str, ...]:
    """Return the genes of a store, previous symbols and aliases replaced where that is asked for.

    Parameters
    ----------
    rows : ZarrRows
        The matrix.
    map_symbols : bool
        Whether names are looked up.
    """
    if not map_symbols:
        return rows.genes
    return tuple(found.gene_symbol for found in load_genes().resolve(rows.genes))


def check_numbers(rows: ZarrRows, declared: Scale) -> None:
    """Refuse a scale that the first samples contradict; the floor is looked at in all of them.

    Parameters
    ----------
    rows : ZarrRows
        The matrix.
    declared : Scale
        What it is said to be in.

    Raises
    ------
    ScaleError
        With the evidence.
    """
    first = rows.read(0, min(AT_ONCE, len(rows.samples))).astype(np.float64)
    first[~np.isfinite(first)] = np.nan  # infinite ones are told of when their block is read
    if not np.nan_to_num(first).any():  # nothing speaks for or against a scale: such samples are told of later
        return
    for problem in find_contradictions(measure(first, declared), declared, where=rows.where):
        raise problem


def _prepare(
    rows: ZarrRows,
    genes: tuple[str, ...],
    signatures: Asked,
    *,
    method: str | Method | FrozenScore,
    declared: Scale,
    options: StreamOptions,
) -> tuple[_Plan, SetDefinitions, tuple[RunWarning, ...]]:
    cohort = Path(rows.where.rpartition(",")[0]).stem
    if isinstance(method, FrozenScore):
        return _prepare_model(rows, genes, method, declared=declared, options=options.scores, cohort=cohort)
    chosen, warnings = choose_method(method)
    spec = chosen.spec
    if spec.scope != "sample":
        raise MethodError(
            f"{spec.name} looks at the whole cohort and cannot be streamed",
            where="method",
            expected="a method whose scope is one sample, or a model",
            next_step="fit it on a cohort that fits into memory (tmescope score fit), and stream with the model",
        )
    order = order_genes(spec, genes, options.scores.universe)
    ordered = genes if order is None else [genes[i] for i in order]
    defined = define_sets(spec, signatures)
    sets = index_sets(defined.genes, ordered, weights=defined.weights)
    check_size(spec, len(rows.samples), sets)
    parameters = _alone(resolve_parameters(spec, dict(options.scores.parameters)))
    target = target_scale(spec, declared)
    plan = _Plan(rows, chosen, sets, parameters, declared, target, order, options.scores, cohort)
    warnings += universe_warnings(spec, ordered, options.scores.universe, cohort=cohort)
    return plan, defined, warnings


def _prepare_model(
    rows: ZarrRows,
    genes: tuple[str, ...],
    model: FrozenScore,
    *,
    declared: Scale,
    options: ScoreOptions,
    cohort: str,
) -> tuple[_Plan, SetDefinitions, tuple[RunWarning, ...]]:
    chosen, warnings = model_as_method(model)
    absent = check_matrix(model, genes, declared)
    if absent:
        message = f"{len(absent)} of the {len(model.genes)} genes of the model are not in the matrix"
        warnings += (RunWarning("model.genes_missing", message, cohort, len(absent), absent[:3]),)
    known = {p.name for p in chosen.spec.parameters}
    given = {name: value for name, value in model.parameters.items() if name in known}
    parameters = _alone(resolve_parameters(chosen.spec, given))
    target, columns = Scale.parse(model.scale), find_columns(model, genes)
    plan = _Plan(rows, chosen, model.index(), parameters, declared, target, columns, options, cohort)
    return plan, model.definitions, warnings


def _alone(parameters: dict[str, Any]) -> dict[str, Any]:
    """Let a method use one thread: the threads are those that blocks are shared among."""
    return {name: 1 if name == "threads" else value for name, value in parameters.items()}


def _score_block(plan: _Plan, first: int, last: int) -> _Block:
    """Read, convert and score one block; no other block's data are touched."""
    raw = plan.rows.read(first, last)
    parts: list[Scores] = []
    n_clipped = 0
    for start in range(0, len(raw), AT_ONCE):
        part = MatrixRows(raw[start : start + AT_ONCE], plan.declared, plan.target, plan.columns)
        values = part.read(0, len(part))
        coverage, found = find_coverage(plan.method.spec, values, plan.sets)
        scored = np.asarray(plan.method.run(values, plan.sets, plan.parameters), dtype=np.float64)
        parts.append(Scores(plan.features, scored, coverage, found, find_silent(plan.method.spec, values, plan.sets)))
        n_clipped += part.n_clipped
    scores = Scores(
        plan.features,
        np.concatenate([p.values for p in parts]),
        np.concatenate([p.coverage for p in parts]),
        np.concatenate([p.found for p in parts]),
        np.concatenate([p.empty for p in parts]),
    )
    few = scores.make_missing(plan.options.min_coverage, plan.options.min_genes)
    table = score_rows(
        plan.rows.samples[first:last],
        plan.features,
        {"cohort_id": plan.cohort, "method": plan.method.spec.name, "unit": plan.method.spec.unit},
        values=scores.values,
        coverage=scores.coverage,
    )
    hashes = tuple(hashlib.sha256(np.ascontiguousarray(row).view(np.uint8).data).hexdigest() for row in raw)
    return _Block(table, scores, few, n_clipped, hashes)


def _provenance(
    plan: _Plan,
    defined: SetDefinitions,
    genes: tuple[str, ...],
    *,
    hashes: list[str],
    model: str | Method | FrozenScore,
) -> Provenance:
    inputs = {"rows": hash_json(hashes), "genes": hash_json(list(genes)), "scale": str(plan.declared)}
    if isinstance(model, FrozenScore):
        inputs["model"] = model_hash(model)
    limits = {"min_coverage": plan.options.min_coverage, "min_genes": plan.options.min_genes}
    return Provenance(
        method=plan.method.spec.name,
        parameters={**plan.parameters, **limits},
        inputs=inputs,
        facts=defined.facts,
        versions=versions(),
    )
