from __future__ import annotations

from pathlib import Path

import pytest

from tmescope.bulk.streaming import StreamOptions
from tmescope.facts.signatures import Signature, list_signatures
from tmescope.foundation.errors import FileFormatError, MethodError, StoreError
from tmescope.study.streaming import stream_scores, streamed_sets


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
