"""xCell and ConsensusTME equal the original R implementations on real data (SOURCES.md beside the numbers: the calls)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve
from tmescope.facts.installed import install

CLOSE = 1e-9
CANCERS = {"racle": "SKCM", "imvigor210_subset86": "BLCA"}


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
        uns={"tmescope": {"scale": "log2(array)" if folder.name == "sdy420" else "tpm", "cohort_id": folder.name}},
    )


def difference(method: str, file: str, folder: Path, *, home: Path, **parameters: object) -> np.ndarray:
    """Return absolute differences from the original's numbers, which are looked up by gene as it does."""
    expected = pd.read_csv(next(folder.glob(f"expected_{file}.tsv*")), sep="\t", index_col=0)
    options = DeconvolveOptions(min_coverage=0.0, map_symbols=False, facts_home=home, parameters=parameters)
    table = deconvolve(cohort(folder), method=method, options=options).table
    found = table.pivot(index="sample_id", columns="feature", values="value")
    assert expected.size > 0
    return (found.loc[expected.index, expected.columns] - expected).abs().to_numpy()


@pytest.mark.parametrize("dataset", ["racle", "sdy420", "imvigor210_subset86", "icb_pan"])
def test_xcell_equals_the_original(dataset: str, shared_data: Path, home: Path) -> None:
    found = difference("xcell", "xcell", shared_data / "bulk" / dataset, home=home)
    assert found.max() <= CLOSE


def test_every_stage_of_xcell_equals_the_original(shared_data: Path, home: Path) -> None:
    folder = shared_data / "bulk" / "racle"
    assert difference("xcell_raw", "xcell_raw", folder, home=home).max() <= CLOSE
    assert difference("xcell", "xcell_transformed", folder, home=home, alpha=0.0).max() <= CLOSE


@pytest.mark.parametrize("dataset", ["racle", "sdy420", "imvigor210_subset86", "icb_pan"])
def test_consensustme_equals_the_original(dataset: str, shared_data: Path, home: Path) -> None:
    folder = shared_data / "bulk" / dataset
    cancer = CANCERS.get(dataset, "Unfiltered")
    found = difference("consensustme", "consensustme_ssgsea", folder, home=home, cancer=cancer)
    assert found.max() <= CLOSE


@pytest.mark.parametrize("dataset", ["racle", "sdy420"])
def test_consensustme_by_set_variation_equals_the_original(dataset: str, shared_data: Path, home: Path) -> None:
    folder = shared_data / "bulk" / dataset
    cancer = CANCERS.get(dataset, "Unfiltered")
    found = difference("consensustme_gsva", "consensustme_gsva", folder, home=home, cancer=cancer)
    assert np.median(found) <= 1e-12
    assert found.max() <= 1e-3
