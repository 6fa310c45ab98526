"""xCell and ConsensusTME equal the original R implementations on real data (SOURCES.md there says how they ran)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve
from tmescope.facts.installed import install

CLOSE = 1e-9


class Case(NamedTuple):
    """A method with its parameters, and the file with the original's numbers."""

    method: str
    file: str
    dataset: str
    parameters: dict[str, object]


CANCERS = {"racle": "SKCM", "sdy420": "Unfiltered", "imvigor210_subset86": "BLCA", "icb_pan": "Unfiltered"}
CASES = [
    *(Case("xcell", "xcell", dataset, {}) for dataset in CANCERS),
    Case("xcell_raw", "xcell_raw", "racle", {}),
    Case("xcell", "xcell_transformed", "racle", {"alpha": 0.0}),
    *(Case("consensustme", "consensustme_ssgsea", d, {"cancer": cancer}) for d, cancer in CANCERS.items()),
    *(Case("consensustme_gsva", "consensustme_gsva", d, {"cancer": CANCERS[d]}) for d in ("racle", "sdy420")),
]


@pytest.fixture(scope="module")
def home(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder in which both references are installed."""
    home = tmp_path_factory.mktemp("facts")
    for name in ("xcell", "consensustme"):
        one = install(name, shared_data / "references" / name, home=home, accepted=frozenset({name}))
        assert one.known
    return home


@cache
def cohort(folder: Path) -> AnnData:
    """Return a cohort in the scale in which it lies."""
    frame = pd.read_csv(folder / "expression.tsv.gz", sep="\t", index_col=0, keep_default_na=False)
    return AnnData(
        X=np.ascontiguousarray(frame.to_numpy(dtype=np.float64).T),
        obs=pd.DataFrame(index=frame.columns.astype(str)),
        var=pd.DataFrame(index=frame.index.astype(str)),
        uns={"tmescope": {"scale": "log2_array" if folder.name == "sdy420" else "tpm", "cohort_id": folder.name}},
    )


def difference(case: Case, folder: Path, *, home: Path) -> np.ndarray:
    """Return absolute differences from the original, which looks genes up as they are written."""
    expected = pd.read_csv(next(folder.glob(f"expected_{case.file}.tsv*")), sep="\t", index_col=0)
    options = DeconvolveOptions(min_coverage=0.0, map_symbols=False, facts_home=home, parameters=case.parameters)
    table = deconvolve(cohort(folder), method=case.method, options=options).table
    found = table.pivot(index="sample_id", columns="feature", values="value")
    assert expected.size > 0
    return (found.loc[expected.index, expected.columns] - expected).abs().to_numpy()


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.file}-{c.dataset}")
def test_it_equals_the_original(case: Case, shared_data: Path, home: Path) -> None:
    found = difference(case, shared_data / "bulk" / case.dataset, home=home)
    if case.method == "consensustme_gsva":  # densities that tie in one rounding and not in the other change places
        assert np.median(found) <= 1e-12
        assert found.max() <= 1e-4
    else:
        assert found.max() <= CLOSE
