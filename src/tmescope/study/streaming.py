"""Scores and composition of a store larger than memory, for the command line: no study, see docs/decisions/0010."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.bulk.reference_folders import load_reference
from tmescope.bulk.streamed_deconvolution import DeconvolveStream, deconvolve_store
from tmescope.bulk.streaming import StoredScores, StreamOptions, score_store
from tmescope.facts.own_sets import read_signatures
from tmescope.facts.signatures import Signature, list_signatures
from tmescope.foundation.errors import FileFormatError, MethodError, StoreError
from tmescope.foundation.progress import SILENT, Progress

if TYPE_CHECKING:
    from tmescope.bulk.definitions import Asked
    from tmescope.bulk.frozen import FrozenScore

__all__ = ["stream_composition", "stream_scores", "streamed_sets"]


def streamed_sets(names: Sequence[str], files: Sequence[Path]) -> list[str | Signature] | None:
    """Return the gene sets that are asked for, as `tmescope.study.single.ScoredSets` has them.

    Parameters
    ----------
    names : sequence of str
        Signatures; ``all`` or ``core`` alone for the bundled ones together.
    files : sequence of Path
        Files with gene sets. Names that are sets of theirs take those alone.
    """
    of_files = {s.name: s for path in files for s in read_signatures(path)}
    if list(names) in (["all"], ["core"]):
        return [*list_signatures(None if names[0] == "all" else "core"), *of_files.values()]
    named: list[str | Signature] = [of_files.get(name, name) for name in names]
    if of_files and not any(name in of_files for name in names):
        named += of_files.values()
    return named or None


def stream_scores(
    path: Path,
    sets: Asked,
    methods: Sequence[str | FrozenScore],
    *,
    scale: str,
    output: Path,
    options: StreamOptions,
    progress: Progress = SILENT,
) -> StoredScores:
    """Score a Zarr store with one method into one file.

    Parameters
    ----------
    path : Path
        The store.
    sets : Asked
        From `streamed_sets`.
    methods : sequence of str or FrozenScore
        One method, or one model.
    scale, options, progress
        As in `tmescope.bulk.streaming.score_store`.
    output : Path
        File to write; its name ends with .parquet.

    Raises
    ------
    MethodError
        If several methods are named.
    FileFormatError
        If the input is no folder.
    StoreError
        If the output is not called .parquet.
    TmescopeError
        As from `tmescope.bulk.streaming.score_store`.
    """
    _check(path, methods, output)
    return score_store(path, sets, method=methods[0], scale=scale, output=output, options=options, progress=progress)


def stream_composition(
    path: Path,
    methods: Sequence[str],
    *,
    scale: str,
    output: Path,
    options: DeconvolveStream,
    reference: Path | None = None,
    progress: Progress = SILENT,
) -> StoredScores:
    """Estimate the composition of the samples of a Zarr store with one method into one file.

    Parameters
    ----------
    path : Path
        The store.
    methods : sequence of str
        One method.
    output : Path
        File to write; its name ends with .parquet.
    reference : Path, optional
        Profiles of cell types of one's own, for a method that takes them: a folder or a table.
    scale, options, progress
        As in `tmescope.bulk.streamed_deconvolution.deconvolve_store`.

    Raises
    ------
    TmescopeError
        As from `stream_scores`, `tmescope.bulk.reference_folders.load_reference` and
        `tmescope.bulk.streamed_deconvolution.deconvolve_store`.
    """
    _check(path, methods, output)
    own = None if reference is None else load_reference(reference)
    return deconvolve_store(
        path, method=methods[0], reference=own, scale=scale, output=output, options=options, progress=progress
    )


def _check(path: Path, methods: Sequence[object], output: Path) -> None:
    if len(methods) != 1:
        raise MethodError(
            f"{len(methods)} methods are named",
            where="--method",
            expected="one: it becomes one file",
            next_step="run it once for each",
        )
    if not path.is_dir():
        raise FileFormatError(
            f"{path.name!r} is no Zarr store",
            where=str(path),
            expected="the folder of an AnnData store",
            next_step="leave --stream out",
        )
    if output.suffix != ".parquet":
        raise StoreError(
            f"the output is called {output.name!r}", where="--output", expected="a file name that ends with .parquet"
        )
