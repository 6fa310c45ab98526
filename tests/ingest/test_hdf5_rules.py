from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.hdf5_rules import check_tree, find_child

Change = Callable[[h5py.Group, Path], object]


def _virtual(group: h5py.Group, other: Path) -> None:
    layout = h5py.VirtualLayout(shape=(3,), dtype="f8")
    layout[:] = h5py.VirtualSource(str(other), "x", shape=(3,))
    group.create_virtual_dataset("x", layout)


def _external(group: h5py.Group, other: Path) -> None:
    group.create_dataset("x", (3,), dtype="f8", external=[(str(other), 0, 24)])


def _filtered(group: h5py.Group, number: int) -> None:
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((3,))
    plan.set_filter(number, h5py.h5z.FLAG_OPTIONAL, (0,) * 4)
    space = h5py.h5s.create_simple((3,))
    h5py.h5d.create(group.id, b"x", h5py.h5t.NATIVE_DOUBLE, space, plan)


def _deep(group: h5py.Group, _: Path) -> None:
    for _level in range(9):
        group = group.create_group("g")
    group["x"] = 1


FAULTS: dict[str, tuple[Change, str]] = {
    "external link": (lambda g, p: g.update({"x": h5py.ExternalLink(str(p), "/x")}), "link to another file"),
    "soft link": (lambda g, _: g.update({"x": h5py.SoftLink("/elsewhere")}), "link to another place"),
    "virtual": (_virtual, "stored in other files"),
    "external storage": (_external, "stored in other files"),
    "plug-in filter": (lambda g, _: _filtered(g, 32015), r"filter 32015"),
    "szip": (lambda g, _: g.create_dataset("x", (8,), dtype="i4", chunks=(8,), scaleoffset=4), "filter 6"),
    "references": (lambda g, _: g.create_dataset("x", data=g.ref, dtype=h5py.ref_dtype), "objects, not numbers"),
    "ragged": (lambda g, _: g.create_dataset("x", (2,), dtype=h5py.vlen_dtype("i4")), "objects, not numbers"),
    "opaque": (lambda g, _: g.create_dataset("x", data=np.void(b"abc")), "objects, not numbers"),
    "references in fields": (
        lambda g, _: g.create_dataset("x", (2,), dtype=np.dtype([("a", "i4"), ("b", h5py.ref_dtype)])),
        "objects, not numbers",
    ),
    "no shape": (lambda g, _: g.create_dataset("x", data=h5py.Empty("f8")), "no shape"),
    "huge": (lambda g, _: g.create_dataset("x", (1 << 40,), dtype="f8", chunks=(1024,)), "8,796,093,022,208 bytes"),
    "too many dimensions": (lambda g, _: g.create_dataset("x", (1 << 30,) * 3, dtype="f8", chunks=(8,) * 3), "bytes"),
    "huge chunk": (lambda g, _: g.create_dataset("x", (1 << 28,), dtype="f8", chunks=(1 << 28,)), "a chunk takes"),
    "nothing behind it": (lambda g, _: g.create_dataset("x", (1 << 28,), dtype="f8"), "0 stored bytes declare"),
    "named type": (lambda g, _: g.update({"x": np.dtype("f8")}), "a named type"),
    "deep": (_deep, "more than 8 levels"),
    "itself": (lambda g, _: g.update({"x": g}), "more than 8 levels"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_refused_anywhere_below(tmp_path: Path, name: str) -> None:
    change, says = FAULTS[name]
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["x"] = np.arange(3.0)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        change(file.create_group("top"), other)
    with h5py.File(tmp_path / "a.h5") as file, pytest.raises(FileFormatError, match=says) as caught:
        check_tree(file["top"], DEFAULT_LIMITS, "a.h5, top")
    assert (caught.value.where or "").startswith("a.h5, top")


def test_what_anndata_and_cell_ranger_write_is_taken(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("a/gzip", data=np.arange(100), compression="gzip", shuffle=True, fletcher32=True)
        file.create_dataset("a/lzf", data=np.arange(100), compression="lzf")
        file["a/b/text"] = ["é", "x"]
        file["a/b/fixed"] = np.array([b"x", b"yy"])
        file["a/b/bool"] = np.array([True])
        file["a/fields"] = np.array([(1, 2.0)], dtype=[("i", "i4"), ("f", "f8")])
        assert check_tree(file["a"], DEFAULT_LIMITS, "a") == 800 + 800 + 16 + 4 + 1 + 12


def test_all_values_together_are_limited(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for i in range(3):
            file[f"a/{i}"] = np.arange(100)
        with pytest.raises(FileFormatError, match="2,400 bytes"):
            check_tree(file["a"], Limits(max_bytes=2000), "a")


def test_many_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tmescope.ingest.hdf5_rules._MOST_OBJECTS", 3)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for i in range(4):
            file[f"a/{i}"] = 1
        with pytest.raises(FileFormatError, match="more than 3 objects"):
            check_tree(file["a"], DEFAULT_LIMITS, "a")


def test_a_child_that_is_not_there(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["b"] = 1
        with pytest.raises(FileFormatError, match="there is no 'a'; there is b"):
            find_child(file, "a", "a.h5")
