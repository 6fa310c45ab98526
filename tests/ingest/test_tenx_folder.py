from __future__ import annotations

from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.tenx_folder import find_parts


@pytest.mark.parametrize("features", ["features.tsv", "features.tsv.gz", "genes.tsv", "genes.tsv.gz"])
@pytest.mark.parametrize("end", ["", ".gz"])
def test_the_three_files(tmp_path: Path, features: str, end: str) -> None:
    names = [f"matrix.mtx{end}", features, f"barcodes.tsv{end}"]
    for name in names:
        assert find_parts(tmp_path) is None
        (tmp_path / name).touch()
    parts = find_parts(tmp_path)
    assert parts is not None
    assert [parts.matrix.name, parts.features.name, parts.barcodes.name] == names


def test_nothing_is_chosen_between_two(tmp_path: Path) -> None:
    for name in ("matrix.mtx", "matrix.mtx.gz", "features.tsv", "barcodes.tsv"):
        (tmp_path / name).touch()
    with pytest.raises(FileFormatError, match="are both there"):
        find_parts(tmp_path)
