"""Variable genes, principal components and scores of gene sets, as results that an atlas keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import pandas as pd

from tmescope.cells.cell_columns import column_of
from tmescope.cells.components import find_components
from tmescope.cells.input_digests import digest_values
from tmescope.cells.markers import find_markers
from tmescope.cells.set_scores import score_cells
from tmescope.cells.variable_genes import find_variable_genes
from tmescope.facts.signatures import list_signatures, load_signature
from tmescope.foundation.budget import DEFAULT_MEMORY
from tmescope.foundation.errors import StoreError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.provenance import versions
from tmescope.store.atlas_results import AtlasResult, read_result
from tmescope.store.stale_results import refuse_stale

if TYPE_CHECKING:
    from tmescope.facts.signatures import Signature
    from tmescope.store.atlas_passes import Runner
    from tmescope.store.atlas_reading import Atlas

__all__ = ["measure_components", "measure_markers", "measure_scores", "measure_variable_genes"]


def measure_variable_genes(  # noqa: PLR0913 - the budget beside what is asked
    atlas: Atlas,
    *,
    flavour: Literal["seurat_v3", "seurat"] = "seurat_v3",
    n_genes: int = 2000,
    batch: str | None = None,
    fewest_cells: int = 50,
    memory: int = DEFAULT_MEMORY,
    runner: Runner | None = None,
    progress: Progress = SILENT,
) -> AtlasResult:
    """Choose variable genes as `find_variable_genes` does.

    Parameters
    ----------
    atlas : Atlas
        Counts.
    flavour : {"seurat_v3", "seurat"}
        As there.
    n_genes : int
        How many.
    batch : str, optional
        Column of cells; ``sample_id`` for the samples.
    fewest_cells : int
        Of a batch that has a say.
    memory : int
        Bytes that may be held beyond `tmescope.foundation.budget.BASE`; the error says the least if it is too little.
    runner : Runner, optional
        Who works.
    progress : Progress
        Told of cells.

    Returns
    -------
    AtlasResult
        ``variable_genes``: columns of genes as in `VariableGenes`.
    """
    batches = None if batch is None else column_of(atlas, batch)
    found = find_variable_genes(
        atlas, flavour=flavour, n_genes=n_genes, batches=batches, fewest_cells=fewest_cells, memory=memory,
        runner=runner, progress=progress,
    )  # fmt: skip
    parameters = {"flavour": flavour, "n_genes": n_genes, "batch": batch, "fewest_cells": fewest_cells}
    said = {"method": "variable genes", "parameters": parameters, "left_out": list(found.left_out)}
    return AtlasResult(name="variable_genes", var=found.genes, provenance={**said, "versions": versions()})


def measure_components(
    atlas: Atlas,
    *,
    n_components: int = 50,
    scale: bool = False,
    memory: int = 1 << 30,
    runner: Runner | None = None,
    progress: Progress = SILENT,
) -> AtlasResult:
    """Find principal components of the variable genes that the atlas keeps.

    Parameters
    ----------
    atlas : Atlas
        Counts, with the result ``variable_genes``.
    n_components : int
        At most.
    scale : bool
        As in `find_components`.
    memory : int
        As in `find_components`.
    runner : Runner, optional
        Who works.
    progress : Progress
        Told of cells.

    Returns
    -------
    AtlasResult
        ``pca``: ``X_pca`` of cells (float32), ``PCs`` of genes, and a table ``components`` (component, variance,
        variance_ratio).

    Raises
    ------
    StoreError
        If the atlas keeps no variable genes.
    """
    genes = read_result(atlas, "variable_genes").var
    if genes is None:
        raise StoreError("the variable genes are damaged", where=str(atlas.path), expected="a column for each gene")
    chosen = genes["highly_variable"].to_numpy(dtype=bool)
    found = find_components(
        atlas, chosen, n_components=n_components, scale=scale, memory=memory, runner=runner, progress=progress
    )
    names = list(found.genes.columns)
    table = pd.DataFrame({"component": names, "variance": found.variances, "variance_ratio": found.shares})
    parameters = {"n_components": n_components, "scale": scale, "n_genes": int(chosen.sum()), "target": 1e4}
    return AtlasResult(
        name="pca",
        obsm={"X_pca": found.scores},
        varm={"PCs": found.genes.to_numpy()},
        tables={"components": table},
        provenance={
            "method": "principal components",
            "parameters": parameters,
            "inputs": {"variable_genes": digest_values(pd.Series(chosen))},
            "versions": versions(),
        },
    )


def measure_scores(
    atlas: Atlas,
    signatures: Sequence[str] = (),
    *,
    n_controls: int = 50,
    seed: int = 0,
    memory: int = DEFAULT_MEMORY,
    runner: Runner | None = None,
    progress: Progress = SILENT,
) -> AtlasResult:
    """Score bundled signatures in every cell as `score_cells` does.

    Parameters
    ----------
    atlas : Atlas
        Counts; genes named by human symbols.
    signatures : sequence of str
        Names; the core ones if none is given. Those with weights of both signs are left out, and named: a score without
        weights would count genes that fall as genes that rise.
    n_controls : int
        As in `score_cells`.
    seed : int
        As in `score_cells`.
    memory : int
        Bytes that may be held beyond `tmescope.foundation.budget.BASE`; the error says the least if it is too little.
    runner : Runner, optional
        Who works.
    progress : Progress
        Told of cells.

    Returns
    -------
    AtlasResult
        ``scores``: columns of cells ``score_NAME`` and a table ``sets``.

    Raises
    ------
    UnknownNameError
        If there is no such signature.
    """
    asked = [load_signature(n) for n in signatures] if signatures else list(list_signatures("core"))
    left_out = [s.name for s in asked if _has_both_signs(s)]
    sets = {s.name: s.genes for s in asked if s.name not in left_out}
    found = score_cells(atlas, sets, n_controls=n_controls, seed=seed, memory=memory, runner=runner, progress=progress)
    parameters = {"n_controls": n_controls, "n_bins": 25, "left_out": left_out}
    return AtlasResult(
        name="scores",
        obs=found.scores.add_prefix("score_"),
        tables={"sets": found.sets},
        provenance={
            "method": "gene-set scores",
            "parameters": parameters,
            "facts": {s.name: s.sha256 for s in asked},
            "seed": seed,
            "versions": versions(),
        },
    )


def _has_both_signs(signature: Signature) -> bool:
    weights = (signature.weights or {}).values()
    return min(weights, default=1.0) < 0.0 < max(weights, default=1.0)


def measure_markers(
    atlas: Atlas,
    label: str = "leiden",
    *,
    memory: int = 1 << 30,
    runner: Runner | None = None,
    progress: Progress = SILENT,
) -> AtlasResult:
    """Find markers of groups of cells as `find_markers` does.

    Parameters
    ----------
    atlas : Atlas
        With a gene-major copy.
    label : str
        Column of cells whose groups are told apart.
    memory : int
        Bytes for all workers together.
    runner : Runner, optional
        Who works.
    progress : Progress
        Told of genes.

    Returns
    -------
    AtlasResult
        ``markers``: a table ``markers``, as from `find_markers`, whose warnings are in the provenance.
    """
    refuse_stale(atlas, label)
    groups = column_of(atlas, label)
    table = find_markers(atlas, groups, memory=memory, runner=runner, progress=progress)
    said = {
        "method": "rank-sum markers",
        "parameters": {"label": label},
        "inputs": {label: digest_values(groups)},
        "versions": versions(),
        "warnings": table.attrs.pop("warnings"),
    }
    return AtlasResult(name="markers", tables={"markers": table}, provenance=said)
