"""The contract of scoring methods, one check a property; each raises AssertionError with the evidence."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from anndata import AnnData, read_h5ad
from scipy import sparse

from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.scoring import ScoreOptions, score
from tmescope.facts.signatures import load_collection
from tmescope.foundation.method import Method, resolve_parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CHECKS", "check_method"]

_SCALE = "log2(tpm+1)"
_TOLERANCE = 1e-9


def check_method(method: Method) -> None:
    """Run every check of `CHECKS` on a method.

    Parameters
    ----------
    method : Method
        A scoring method of the room ``bulk``.

    Raises
    ------
    AssertionError
        With the name of the first check that fails and its evidence.
    """
    for name, check in CHECKS.items():
        try:
            check(method)
        except AssertionError as error:
            raise AssertionError(f"{method.spec.name}: {name}: {error}") from error


def _cohort(method: Method, n_samples: int = 12) -> AnnData:
    """Return log2(tpm+1) values without ties (or counts), holding the method's own genes and some others."""
    rng = np.random.default_rng(5)
    genes = sorted({g for s in _sets(method).values() for g in s} - {"ABSENT1", "ABSENT2"})
    genes += [f"OTHER{i}" for i in range(60)]
    values = rng.gamma(0.8, 40.0, size=(n_samples, len(genes)))
    counts = "tpm" not in method.spec.units
    values = np.floor(1e4 * values) if counts else np.log2(values + 1.0)
    return AnnData(
        X=values,
        obs=pd.DataFrame(index=pd.Index([f"S{i}" for i in range(n_samples)], dtype="str")),
        var=pd.DataFrame(index=pd.Index(genes, dtype="str")),
        uns={"tmescope": {"scale": "counts" if counts else _SCALE, "cohort_id": "contract"}},
    )


def _sets(method: Method) -> dict[str, tuple[str, ...]] | dict[str, dict[str, float]]:
    if method.spec.gene_sets is not None:
        return {s.name: tuple(s.genes) for s in load_collection(method.spec.gene_sets)}
    sets = {
        "one": ("A1", "A2", "A3", "A4"),
        "two": ("A3", "B1", "B2", "B3", "B4", "B5"),
        "partial": ("B1", "B2", "C1", "ABSENT1"),
        "absent": ("ABSENT1", "ABSENT2"),
    }
    if not method.spec.weights:
        return sets
    return {name: {g: (-1.0) ** i * (i + 1.0) for i, g in enumerate(genes)} for name, genes in sets.items()}


def _score(method: Method, adata: AnnData, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
    options = ScoreOptions(min_coverage=0.0, parameters=parameters or {})
    result = score(adata, _sets(method), method=method, options=options)
    return result.table.pivot(index="sample_id", columns="feature", values="value").reindex(list(adata.obs_names))


def _same(left: pd.DataFrame, right: pd.DataFrame, what: str, *, tolerance: float = _TOLERANCE) -> None:
    aligned = right.reindex(index=left.index, columns=left.columns)
    if not np.allclose(left, aligned, rtol=tolerance, atol=tolerance, equal_nan=True):
        worst = float(np.nanmax(np.abs(left.to_numpy() - aligned.to_numpy())))
        raise AssertionError(f"{what} changes the scores by up to {worst:.3g}")


def _sample_order(method: Method) -> None:
    adata = _cohort(method)
    _same(_score(method, adata), _score(method, adata[::-1].copy()), "reversing the samples")


def _gene_order(method: Method) -> None:
    adata = _cohort(method)
    shuffled = np.random.default_rng(1).permutation(adata.n_vars)
    _same(_score(method, adata), _score(method, adata[:, shuffled].copy()), "reordering the genes (no ties)")


def _input_unchanged(method: Method) -> None:
    adata = _cohort(method)
    adata.X.flags.writeable = False
    before = adata.copy()
    _score(method, adata)
    if (
        not np.array_equal(adata.X, before.X)
        or list(adata.obs) != list(before.obs)
        or set(adata.uns) != set(before.uns)
    ):
        raise AssertionError("the method changed its input")


def _repeatable(method: Method) -> None:
    adata = _cohort(method)
    _same(_score(method, adata), _score(method, adata), "a second call", tolerance=0.0)


def _threads(method: Method) -> None:
    if any(p.name == "threads" for p in method.spec.parameters):
        adata = _cohort(method, n_samples=40)
        one, four = (_score(method, adata, {"threads": n}) for n in (1, 4))
        _same(one, four, "four threads", tolerance=0.0)


def _storage(method: Method) -> None:
    adata = _cohort(method)
    expected = _score(method, adata)
    for form in (sparse.csr_matrix, sparse.csc_matrix):
        stored = adata.copy()
        stored.X = form(adata.X)
        _same(expected, _score(method, stored), f"{form.__name__}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cohort.h5ad"
        adata.write_h5ad(path)
        backed = read_h5ad(path, backed="r")
        try:
            _same(expected, _score(method, backed), "reading from disk")
        finally:
            backed.file.close()


def _absent(method: Method) -> None:
    found = _score(method, _cohort(method))
    if "absent" in found and not found["absent"].isna().all():
        raise AssertionError("a signature without any measured gene has a score")


def _constant(method: Method) -> None:
    adata = _cohort(method)
    adata.X[:, 0] = 3.0
    found = _score(method, adata)
    named = [c for c in found if c != "absent"]
    if found[named].isna().to_numpy().any():
        raise AssertionError("one constant gene makes scores missing")


def _missing(method: Method) -> None:
    adata = _cohort(method)
    whole = _score(method, adata)
    adata.X[0, :3] = np.nan
    found = _score(method, adata)
    if found.drop(columns="absent", errors="ignore").isna().to_numpy().any():
        raise AssertionError("three missing values make scores missing")
    if method.spec.scope == "sample":
        _same(whole.iloc[1:], found.iloc[1:], "missing values of another sample")


def _alone(method: Method) -> None:
    if method.spec.scope == "sample":
        adata = _cohort(method)
        _same(_score(method, adata).iloc[:3], _score(method, adata[:3].copy()), "leaving other samples out")


def _range(method: Method) -> None:
    values = _score(method, _cohort(method)).to_numpy()
    values = values[~np.isnan(values)]
    if values.size == 0 or values.min() < method.spec.low or values.max() > method.spec.high:
        raise AssertionError(
            f"scores leave the declared range {method.spec.low} to {method.spec.high}, or there are none"
        )


def _bare(method: Method) -> None:
    adata = _cohort(method)
    sets = _sets(method)
    weights = {name: genes if isinstance(genes, dict) else None for name, genes in sets.items()}
    index = index_sets({name: tuple(genes) for name, genes in sets.items()}, list(adata.var_names), weights=weights)
    values: NDArray[np.float64] = np.array(adata.X)
    if method.spec.drops_constant_genes:
        index = index.without(np.ptp(values, axis=0) == 0)
    out = method.run(values, index, resolve_parameters(method.spec, {}))
    wanted = (adata.n_obs, len(index.names) + len(method.spec.derived))
    if not isinstance(out, np.ndarray) or out.shape != wanted or out.dtype != np.float64:
        raise AssertionError("run must return float64 of n_samples x n_sets (and what is derived)")
    if not np.array_equal(values, adata.X):
        raise AssertionError("run changed its input")


def _offline(method: Method) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the method opened a connection")

    kept = socket.socket.connect
    socket.socket.connect = refuse  # type: ignore[method-assign]
    try:
        _score(method, _cohort(method))
    finally:
        socket.socket.connect = kept  # type: ignore[method-assign]


def _frozen(method: Method) -> None:
    if method.fit is None or method.apply is None:
        return
    adata = _cohort(method)
    sets = _sets(method)
    index = index_sets({name: tuple(genes) for name, genes in sets.items()}, list(adata.var_names))
    values: NDArray[np.float64] = np.array(adata.X)
    parameters = resolve_parameters(method.spec, {})
    state = method.fit(values, index, parameters)
    whole = method.run(values, index, parameters)
    if not np.allclose(
        whole, method.apply(values, index, parameters, state=state), rtol=1e-9, atol=1e-9, equal_nan=True
    ):
        raise AssertionError("the samples that were fitted get other scores when the fit is applied to them")
    alone = method.apply(values[:1], index, parameters, state=state)
    if not np.allclose(alone, whole[:1], rtol=1e-9, atol=1e-9, equal_nan=True):
        raise AssertionError("a new sample's frozen score depends on the samples beside it")


CHECKS: Mapping[str, Callable[[Method], None]] = {
    "sample order does not matter": _sample_order,
    "gene order does not matter without ties": _gene_order,
    "the input is not changed": _input_unchanged,
    "the same call gives the same bytes": _repeatable,
    "threads do not matter": _threads,
    "sparse, dense and backed agree": _storage,
    "absent genes are defined": _absent,
    "constant genes are defined": _constant,
    "missing values are defined": _missing,
    "a sample-scoped method sees one sample": _alone,
    "a fit that is applied is frozen": _frozen,
    "scores lie in the declared range": _range,
    "run returns n_samples x n_sets": _bare,
    "no network": _offline,
}
"""Every property by name; parametrise a test over it."""
