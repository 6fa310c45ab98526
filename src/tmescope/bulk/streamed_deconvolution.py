"""Composition of samples in matrices that are larger than memory: block by block from a Zarr store into one file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.deconvolution import (
    DeconvolveOptions,
    find_reference_of,
    list_deconvolvers,
    match_genes,
)
from tmescope.bulk.estimating import check_values, estimate, make_missing
from tmescope.bulk.matrix_rows import MatrixRows, check_names, target_scale
from tmescope.bulk.mixtures import Estimates, Mixture
from tmescope.bulk.scoring import ScoreOptions
from tmescope.bulk.streaming import (
    AT_ONCE,
    StoredScores,
    StreamOptions,
    check_numbers,
    find_genes,
    plan_blocks,
    score_store,
)
from tmescope.foundation.errors import MethodError
from tmescope.foundation.method import Method, find_method, resolve_parameters
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.provenance import Provenance, hash_json, versions
from tmescope.foundation.result import RunWarning
from tmescope.foundation.scale import Scale
from tmescope.ingest.zarr_rows import ZarrRows, open_zarr_rows
from tmescope.store.atomic import staged_file
from tmescope.store.score_files import ScoreWriter, score_rows
from tmescope.store.threads import map_row_blocks

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from tmescope.bulk.deconvolution import Match, Reference

__all__ = ["DeconvolveStream", "deconvolve_store"]

_TASK = "deconvolve"


@dataclass(frozen=True)
class DeconvolveStream:
    """How much memory a stream may take, and how it deconvolves.

    Parameters
    ----------
    memory : int
        Bytes for blocks of samples, beside some 300 MB that the program itself takes.
    threads : int
        Blocks that are read and estimated at the same time, as far as `memory` holds them; no byte of the file depends
        on it.
    layer : str, optional
        Layer of the store that holds the matrix; ``X`` if omitted.
    deconvolve : DeconvolveOptions
        As in `tmescope.bulk.deconvolution.deconvolve`.
    """

    memory: int = 1 << 30
    threads: int = 1
    layer: str | None = None
    deconvolve: DeconvolveOptions = field(default_factory=DeconvolveOptions)


@dataclass(frozen=True, eq=False)
class _Plan:
    """What every block needs."""

    rows: ZarrRows
    method: Method
    reference: Reference
    matched: Match
    seen: NDArray[np.bool_]
    features: tuple[str, ...]
    parameters: Mapping[str, Any]
    declared: Scale
    target: Scale
    min_coverage: float
    cohort: str


@dataclass(frozen=True, eq=False)
class _Block:
    table: pa.Table
    few: NDArray[np.bool_]
    empty: tuple[str, ...]
    n_clipped: int
    warnings: tuple[RunWarning, ...]
    hashes: tuple[str, ...]


def deconvolve_store(
    path: Path,
    *,
    method: str | Method,
    reference: object = None,
    scale: str,
    output: Path,
    options: DeconvolveStream | None = None,
    progress: Progress = SILENT,
) -> StoredScores:
    """Estimate the composition of every sample of a Zarr store without holding the matrix, and write it as Parquet.

    Answers what `tmescope.bulk.deconvolution.deconvolve` answers, for methods that look at one sample at a time.

    Parameters
    ----------
    path : pathlib.Path
        AnnData store: samples x genes, dense or sparse by rows.
    method : str or Method
        A deconvolution method whose scope is one sample.
    reference : object, optional
        Profiles of cell types for methods that take one of yours.
    scale : str
        Of the matrix, such as ``tpm``.
    output : pathlib.Path
        File to write; it appears when it is complete.
    options : DeconvolveStream, optional
        Memory, threads, coverage, where references are and the method's parameters.
    progress : Progress
        Told of each block.

    Returns
    -------
    StoredScores

    Raises
    ------
    MethodError
        If the method looks at the cohort, too few genes are there, or the memory does not hold one sample.
    TmescopeError
        As in `tmescope.bulk.deconvolution.deconvolve` and `tmescope.bulk.streaming.score_store`.

    Notes
    -----
    Each thread reads, converts and estimates whole blocks, which are written in order: no byte depends on the number of
    threads. A sample that expresses no gene of the reference has no estimate and is told of. Cost: linear in the
    samples. Memory: `DeconvolveStream.memory`, whatever the number of samples, and their names.
    """
    options = options or DeconvolveStream()
    asked = options.deconvolve
    chosen = method if isinstance(method, Method) else find_method(method, list_deconvolvers())
    if chosen.spec.gene_sets is not None:
        limits = ScoreOptions(asked.min_coverage, parameters=asked.parameters)
        stream = StreamOptions(options.memory, options.threads, asked.map_symbols, options.layer, limits)
        return score_store(path, method=chosen, scale=scale, output=output, options=stream, progress=progress)
    plan, genes = _prepare(path, chosen, reference, scale=scale, options=asked, layer=options.layer)
    size, threads = plan_blocks(plan.rows, memory=options.memory, threads=options.threads)
    n_samples = len(plan.rows.samples)
    told = _Told(plan)
    progress.start(_TASK, n_samples)
    with staged_file(output) as staged, ScoreWriter(staged) as writer:
        blocks = map_row_blocks(lambda i, j: _estimate_block(plan, i, j), n_samples, block=size, threads=threads)
        for block in blocks:
            writer.write(block.table)
            told.add(block)
            progress.advance(_TASK, len(block.hashes))
        provenance = _provenance(plan, genes, hashes=told.hashes, map_symbols=asked.map_symbols)
        writer.describe({"tmescope.provenance": json.dumps(provenance.as_dict(), sort_keys=True)})
    progress.finish(_TASK, "done")
    return StoredScores(output, n_samples, len(plan.features), provenance, tuple(told.warnings()))


def _prepare(
    path: Path, method: Method, reference: object, *, scale: str, options: DeconvolveOptions, layer: str | None
) -> tuple[_Plan, tuple[str, ...]]:
    spec = method.spec
    if spec.scope != "sample":
        raise MethodError(
            f"{spec.name} looks at the whole cohort and cannot be streamed",
            where="method",
            expected="a method whose scope is one sample",
            next_step="deconvolve a matrix that fits into memory, or choose another method",
        )
    parameters = resolve_parameters(spec, dict(options.parameters))
    parameters = {name: 1 if name == "threads" else value for name, value in parameters.items()}
    declared = Scale.parse(scale, where="scale")
    used = find_reference_of(method, reference, options)
    rows = open_zarr_rows(path, layer=layer)
    genes = find_genes(rows, map_symbols=options.map_symbols)
    check_names(rows.samples, genes)
    check_numbers(rows, declared)
    matched = match_genes(method, genes, used, options=options)
    matched.refuse_few(spec, options.min_coverage)
    # what the outputs are called is seen from one made sample
    probe: Estimates = method.run(Mixture(np.ones((1, len(genes))), matched.genes), used.content, parameters)
    wanted = frozenset(matched.wanted)
    seen = np.array([not wanted or g in wanted for g in matched.genes])
    cohort = Path(rows.where.rpartition(",")[0]).stem
    target = target_scale(spec, declared)
    features, least = probe.features, options.min_coverage
    plan = _Plan(rows, method, used, matched, seen, features, parameters, declared, target, least, cohort)
    return plan, genes


def _estimate_block(plan: _Plan, first: int, last: int) -> _Block:
    """Read, convert and estimate one block; no other block's data are touched."""
    raw = plan.rows.read(first, last)
    names = plan.rows.samples[first:last]
    values = np.full((len(raw), len(plan.features)), np.nan)
    coverage = np.zeros_like(values)
    empty = np.zeros(len(raw), dtype=bool)
    warnings: list[RunWarning] = []
    n_clipped = 0
    for start in range(0, len(raw), AT_ONCE):
        part = MatrixRows(raw[start : start + AT_ONCE], plan.declared, plan.target)
        read = part.read(0, len(part))
        n_clipped += part.n_clipped
        check_values(plan.method.spec, read)
        inside = slice(start, start + len(part))
        if not np.any(np.nan_to_num(read[:, plan.seen])):
            empty[inside] = True
            continue
        found = estimate(
            plan.method,
            Mixture(read, plan.matched.genes, plan.declared.unit == "array"),
            plan.reference.content,
            parameters=plan.parameters,
            wanted=frozenset(plan.matched.wanted),
        )
        make_missing(found, plan.min_coverage)
        values[inside], coverage[inside], empty[inside] = found.values, found.coverage, found.empty
        warnings += found.warnings
    same = {"cohort_id": plan.cohort, "method": plan.method.spec.name, "unit": plan.method.spec.unit}
    few_outputs: NDArray[np.bool_] = np.logical_or.reduce((coverage < plan.min_coverage)[~empty], axis=0)
    table = score_rows(names, plan.features, same, values=values, coverage=coverage)
    hashes = tuple(hashlib.sha256(np.ascontiguousarray(row).view(np.uint8).data).hexdigest() for row in raw)
    without = tuple(str(n) for n, is_empty in zip(names, empty, strict=True) if is_empty)
    return _Block(table, few_outputs, without, n_clipped, tuple(warnings), hashes)


class _Told:
    """What blocks say, added up in their order."""

    def __init__(self, plan: _Plan) -> None:
        self._plan = plan
        self._few = np.zeros(len(plan.features), dtype=bool)
        self._empty: list[str] = []
        self._n_empty = self._n_clipped = 0
        self._of_method: dict[str, RunWarning] = {}
        self.hashes: list[str] = []

    def add(self, block: _Block) -> None:
        self._few |= block.few
        self._empty = [*self._empty, *block.empty][:3]
        self._n_empty += len(block.empty)
        self._n_clipped += block.n_clipped
        self.hashes.extend(block.hashes)
        for one in block.warnings:
            known = self._of_method.get(one.code)
            count = one.count + (known.count if known else 0)
            self._of_method[one.code] = replace(known or one, count=count, where=self._plan.cohort)

    def warnings(self) -> Iterable[RunWarning]:
        plan = self._plan
        yield from self._of_method.values()
        if self._n_clipped:
            message = (
                f"{self._n_clipped} values lay below the floor of {plan.declared} by less than rounding and were read "
                "as zero"
            )
            yield RunWarning("scale.clipped", message, plan.cohort, self._n_clipped)
        if self._n_empty:
            message = f"{self._n_empty} samples express no gene of the reference: they have no estimate"
            yield RunWarning("deconvolution.empty_sample", message, plan.cohort, self._n_empty, tuple(self._empty))
        if self._few.any():
            outputs = tuple(f for f, is_few in zip(plan.features, self._few, strict=True) if is_few)
            message = f"{len(outputs)} outputs are missing, in some samples at least: too few genes were measured"
            yield RunWarning("coverage.missing", message, plan.cohort, len(outputs), outputs[:3])
        yield from plan.matched.tell(plan.method.spec, plan.cohort)


def _provenance(plan: _Plan, genes: tuple[str, ...], *, hashes: list[str], map_symbols: bool) -> Provenance:
    return Provenance(
        method=plan.method.spec.name,
        parameters={**plan.parameters, "min_coverage": plan.min_coverage, "map_symbols": map_symbols},
        inputs={"rows": hash_json(hashes), "genes": hash_json(list(genes)), "scale": str(plan.declared)},
        facts=plan.reference.facts,
        versions=versions(),
    )
