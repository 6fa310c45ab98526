"""Child process of `bench.deconvolution_speed`: one program on a saved matrix, what it cost as JSON.

Each program is one function that takes the samples and returns what is timed; a further method is a further function in
`PROGRAMS`.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

folder = Path(sys.argv[1])
values = np.load(folder / "values.npy")
genes = (folder / "genes.txt").read_text().split("\n")
Timed = Callable[[], Any]


def ours(part: slice, method: str, **parameters: Any) -> Timed:
    """Return the whole call: reference read, genes named, samples estimated, table made."""
    from anndata import AnnData

    from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve

    samples = [f"S{i}" for i in range(len(values[part]))]
    adata = AnnData(values[part], pd.DataFrame(index=samples), pd.DataFrame(index=genes))
    options = DeconvolveOptions(facts_home=folder / "facts", parameters=parameters, version=None)
    return lambda: deconvolve(adata, method=method, scale="tpm", options=options)


def alone(part: slice, method: str, names: tuple[str, ...], **parameters: Any) -> Timed:
    """Return the method by itself: matrix and references are in memory, and no table is made."""
    from tmescope.bulk.methods.deconvolvers import DECONVOLVERS
    from tmescope.bulk.mixtures import Mixture
    from tmescope.facts.loading import load_reference
    from tmescope.foundation.method import find_method, resolve_parameters

    content = {name: load_reference(name, home=folder / "facts") for name in names}
    chosen, given = find_method(method, DECONVOLVERS), Mixture(values[part], tuple(genes))
    reference = content if chosen.further else content[names[0]]
    return lambda: chosen.run(given, reference, resolve_parameters(chosen.spec, parameters))


def problem(part: slice, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the signature and the samples, as the method itself sees them."""
    from tmescope.facts.loading import load_reference

    reference = load_reference(name, home=folder / "facts")
    signature = reference.signature if name == "quantiseq" else reference.rna_seq
    place = {gene: i for i, gene in enumerate(genes)}
    rows = [i for i, gene in enumerate(signature.rows) if gene in place]
    seen = values[part][:, [place[signature.rows[i]] for i in rows]]
    if name == "quantiseq":
        seen = seen * (1e6 / values[part].sum(axis=1, keepdims=True))
    return signature.values[rows], seen


def quantiseq(part: slice) -> Timed:
    return ours(part, "quantiseq")


def quantiseq_renamed(part: slice) -> Timed:
    return ours(part, "quantiseq", renaming="original")


def quantiseq_bisquare(part: slice) -> Timed:
    return ours(part, "quantiseq", solver="bisquare")


def abis(part: slice) -> Timed:
    return ours(part, "abis")


def quantiseq_alone(part: slice) -> Timed:
    return alone(part, "quantiseq", ("quantiseq", "hgnc"), renaming="original")


def abis_alone(part: slice) -> Timed:
    return alone(part, "abis", ("abis",))


def xcell(part: slice) -> Timed:
    return ours(part, "xcell")


def xcell_raw(part: slice) -> Timed:
    return ours(part, "xcell_raw")


def consensustme(part: slice) -> Timed:
    return ours(part, "consensustme", cancer="Unfiltered")


def consensustme_gsva(part: slice) -> Timed:
    return ours(part, "consensustme_gsva", cancer="Unfiltered")


def xcell_frozen(part: slice) -> Timed:
    return one_patient(part, "xcell")


def consensustme_frozen(part: slice) -> Timed:
    return one_patient(part, "consensustme", cancer="Unfiltered")


def one_patient(part: slice, method: str, **parameters: Any) -> Timed:
    """Return the estimate of the first sample by a model of all."""
    from anndata import AnnData

    from tmescope.bulk.deconvolution import DeconvolveOptions
    from tmescope.bulk.frozen_deconvolution import apply_deconvolution, fit_deconvolution

    samples = [f"S{i}" for i in range(len(values[part]))]
    adata = AnnData(values[part], pd.DataFrame(index=samples), pd.DataFrame(index=genes))
    options = DeconvolveOptions(facts_home=folder / "facts", parameters=parameters)
    model = fit_deconvolution(adata, method=method, scale="tpm", options=options)
    found = DeconvolveOptions(facts_home=folder / "facts")
    return lambda: apply_deconvolution(model, adata[:1].copy(), scale="tpm", options=found)


def scipy_nnls(part: slice) -> Timed:
    from scipy.optimize import nnls

    signature, seen = problem(part, "quantiseq")
    return lambda: [nnls(signature, sample) for sample in seen for _ in range(2)]  # with and without CD4 T cells


def statsmodels_rlm(part: slice) -> Timed:
    import statsmodels.api as sm

    signature, seen = problem(part, "abis")
    norm = sm.robust.norms.HuberT()
    return lambda: [sm.RLM(sample, signature, M=norm).fit(maxiter=100, tol=1e-4) for sample in seen]


PROGRAMS: dict[str, Callable[[slice], Timed]] = {
    f.__name__: f
    for f in (
        quantiseq,
        quantiseq_renamed,
        quantiseq_alone,
        quantiseq_bisquare,
        scipy_nnls,
        abis,
        abis_alone,
        xcell,
        xcell_raw,
        xcell_frozen,
        consensustme,
        consensustme_gsva,
        consensustme_frozen,
        statsmodels_rlm,
    )
}

if __name__ == "__main__":
    program, stride = PROGRAMS[sys.argv[2]], int(sys.argv[3])
    program(slice(0, 6))()  # imports and compilation are not what is compared
    timed = program(slice(None, None, stride))
    before = time.process_time()
    timed()
    cost = time.process_time() - before
    share = len(values) / len(values[::stride])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"cpu_s": cost * share, "peak_gb": peak}))
