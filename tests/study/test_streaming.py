from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tmescope.bulk.streamed_deconvolution import DeconvolveStream
from tmescope.bulk.streaming import StreamOptions
from tmescope.facts.signatures import Signature, list_signatures
from tmescope.foundation.errors import FileFormatError, MethodError, StoreError
from tmescope.store.tables import read_table
from tmescope.study.streaming import stream_composition, stream_scores, streamed_sets


def _names(sets):
    return [s.name if isinstance(s, Signature) else s for s in sets]


def test_sets_are_chosen_as_a_study_chooses_them(tmp_path: Path) -> None:
    (tmp_path / "mine.gmt").write_text("one\tx\tGZMA\tPRF1\ntwo\tx\tGZMA\tCD8A\n")
    files = [tmp_path / "mine.gmt"]
    assert streamed_sets([], []) is None
    assert streamed_sets(["cyt"], []) == ["cyt"]
    assert _names(streamed_sets([], files)) == ["one", "two"]
    assert _names(streamed_sets(["cyt", "two"], files)) == ["cyt", "two"]
    assert _names(streamed_sets(["cyt"], files)) == ["cyt", "one", "two"]
    assert len(streamed_sets(["all"], [])) == len(list_signatures())


@pytest.mark.parametrize(
    ("methods", "output", "error", "text"),
    [
        (["mean", "zscore"], "o.parquet", MethodError, "2 methods are named"),
        (["mean"], "o.parquet", FileFormatError, "no Zarr store"),
        (["mean"], "out", StoreError, "ends with .parquet"),
    ],
)
def test_what_is_no_stream_is_refused(tmp_path: Path, methods, output, error, text) -> None:
    store = tmp_path / ("m.zarr" if output == "out" else "m.tsv")
    store.mkdir() if output == "out" else store.write_text("x")
    with pytest.raises(error, match=text):
        stream_scores(store, None, methods, scale="tpm", output=tmp_path / output, options=StreamOptions())


@pytest.mark.filterwarnings("ignore:.*(onsolidated|zarr v2|autosharding).*")
def test_a_reference_of_ones_own_is_streamed(tmp_path: Path) -> None:
    profiles = pd.DataFrame(
        {"T cells": [9.0, 1, 4, 2], "B cells": [1.0, 8, 2, 5]}, index=["CD8A", "MS4A1", "LCK", "BLK"]
    )
    profiles.rename_axis("gene").to_csv(tmp_path / "ref.tsv", sep="\t")
    mixed = np.array([[0.25, 0.75], [0.5, 0.5]]) @ profiles.to_numpy().T * 1000
    samples, genes = pd.DataFrame(index=["s1", "s2"]), pd.DataFrame(index=profiles.index)
    with ad.settings.override(zarr_write_format=3):
        ad.AnnData(mixed, samples, genes).write_zarr(tmp_path / "m.zarr")

    def stream(method: str, reference: Path | None) -> pd.DataFrame:
        output, options = tmp_path / "o.parquet", DeconvolveStream()
        stream_composition(
            tmp_path / "m.zarr", [method], scale="tpm", output=output, options=options, reference=reference
        )
        return read_table(output).pivot(index="sample_id", columns="feature", values="value")

    found = stream("nnls", tmp_path / "ref.tsv")
    np.testing.assert_allclose(found.loc["s1", "B cells"], 0.75, atol=1e-6)
    np.testing.assert_allclose(found.loc["s2", "T cells"], 0.5, atol=1e-6)
    with pytest.raises(MethodError, match="needs profiles of cell types"):
        stream("nnls", None)
