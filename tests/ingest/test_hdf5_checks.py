from __future__ import annotations

import h5py
import numpy as np
import pytest
from scipy import sparse

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import Limits
from tmescope.ingest.hdf5_checks import check_inside, check_sparse

LIMITS = Limits(max_bytes=1000)


@pytest.fixture
def file(tmp_path):
    """An HDF5 file with a group of two data sets, and another beside it."""
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.arange(3.0)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["obs/x"] = np.arange(5.0)
        file["obs/deep/y"] = np.arange(5, dtype="i1")
        yield file


def test_what_lies_inside_passes_whatever_circles_it_makes(file) -> None:
    file["obs/again"] = file["obs"]
    file["obs/soft"] = h5py.SoftLink("/obs/x")
    file["obs/nothing"] = h5py.SoftLink("/gone")
    check_inside(file, "obs", LIMITS, where="a.h5")
    check_inside(file, "var", LIMITS, where="a.h5")


def test_links_to_other_files_are_refused_at_any_depth(file) -> None:
    file["obs/deep/z"] = h5py.ExternalLink("other.h5", "/secret")
    with pytest.raises(FileFormatError, match="/obs/deep/z is a link to another file"):
        check_inside(file, "obs", LIMITS, where="a.h5")


def test_a_soft_link_through_a_link_to_another_file_is_refused(file) -> None:
    file["elsewhere"] = h5py.ExternalLink("other.h5", "/")
    file["obs/z"] = h5py.SoftLink("/elsewhere/secret")
    with pytest.raises(FileFormatError, match="/obs/z leads to another file"):
        check_inside(file, "obs", LIMITS, where="a.h5")


def test_values_in_other_files_are_refused(file) -> None:
    file["obs"].create_dataset("raw", (8,), "S1", external=[("other.h5", 0, 8)])
    with pytest.raises(FileFormatError, match="the values of /obs/raw are stored in other files"):
        check_inside(file, "obs", LIMITS, where="a.h5")
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "secret", (3,))
    file.create_virtual_dataset("virtual", layout)
    with pytest.raises(FileFormatError, match="the values of /virtual are stored in other files"):
        check_inside(file, "virtual", LIMITS, where="a.h5")


def test_what_is_declared_counts_and_not_what_is_stored(file) -> None:
    file["obs"].create_dataset("bomb", (10**9,), "f8", chunks=(1000,))
    with pytest.raises(FileFormatError, match=r"obs holds .* bytes and more"):
        check_inside(file, "obs", LIMITS, where="a.h5")


def test_positions_outside_a_sparse_matrix_are_refused() -> None:
    good = sparse.csr_matrix(np.eye(3))
    check_sparse(good, "a.h5")
    check_sparse(np.eye(3), "a.h5")
    good.indices = np.array([0, 1, 7], dtype=np.int32)
    with pytest.raises(FileFormatError, match="contradicts itself"):
        check_sparse(good, "a.h5")
