"""From a file of cells to a folder in one call."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.bulk.references_made import donors, made

from tmescope.bulk.reference_building import BuildOptions
from tmescope.bulk.reference_files import read_reference_folder
from tmescope.bulk.reference_folders import build_reference_folder, load_reference
from tmescope.foundation.errors import ExpressionError, MissingFileError

OPTIONS = BuildOptions(donors="donor", n_mixtures=10, cells_per_mixture=100)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    cells = donors().copy()
    cells.layers["log"] = cells.X.log1p()
    cells.write_h5ad(folder / "cells.h5ad")
    build_reference_folder(folder / "cells.h5ad", folder / "ref", options=OPTIONS)
    return folder


def test_the_folder_says_how_it_was_built(built: Path) -> None:
    found = read_reference_folder(built / "ref")
    assert found.about["n_cells"]["type 1"] == 80
    assert found.about["input"]["file"] == "cells.h5ad"
    assert found.about["options"]["markers"]["n_markers"] == 100
    assert found.accuracy is not None
    assert found.markers is not None
    assert set(found.reference.genes) == set(found.markers["gene_symbol"])


def test_building_again_gives_the_same_bytes(built: Path) -> None:
    build_reference_folder(built / "cells.h5ad", built / "again", options=OPTIONS)
    for path in sorted((built / "ref").iterdir()):
        assert path.read_bytes() == (built / "again" / path.name).read_bytes(), path.name


def test_a_layer_without_counts_leaves_nothing_behind(built: Path) -> None:
    with pytest.raises(ExpressionError, match="are no counts"):
        build_reference_folder(built / "cells.h5ad", built / "bad", options=OPTIONS, layer="log")
    assert not (built / "bad").exists()


def test_a_folder_or_a_table_is_loaded(built: Path, tmp_path: Path) -> None:
    assert load_reference(built / "ref").states is not None
    reference = made()
    frame = pd.DataFrame(reference.profiles, reference.genes, list(reference.cell_types))
    frame.to_csv(tmp_path / "r.csv")
    np.testing.assert_array_equal(load_reference(tmp_path / "r.csv").profiles, reference.profiles)
    with pytest.raises(MissingFileError):
        load_reference(tmp_path / "absent")
