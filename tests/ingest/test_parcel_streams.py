"""Parcels go through a pipe unchanged, and one that breaks off is noticed."""

from __future__ import annotations

import io

import numpy as np
import pytest

from tmescope.ingest.parcel_streams import read_frame, write_end, write_frame
from tmescope.ingest.parcels import Parcel


def filler(data: bytes):
    stream = io.BytesIO(data)
    return lambda target: stream.readinto(target) == len(target)


def test_parcels_come_back_in_order():
    out = io.BytesIO()
    for n in (0, 3):
        write_frame(out, Parcel({"a": np.arange(n, dtype=np.uint16), "b": np.ones(2, dtype=bool)}, {"n": n}))
    write_end(out)
    fill = filler(out.getvalue())
    for n in (0, 3):
        parcel, sound = read_frame(fill)
        assert sound
        assert parcel.about == {"n": n}
        np.testing.assert_array_equal(parcel.arrays["a"], np.arange(n))
        assert parcel.arrays["b"].dtype == bool
    assert read_frame(fill) == (None, True)


@pytest.mark.parametrize("keep", [0, 4, 20, -1])
def test_a_stream_that_breaks_off_is_not_sound(keep):
    out = io.BytesIO()
    write_frame(out, Parcel({"a": np.arange(9)}))
    assert read_frame(filler(out.getvalue()[:keep])) == (None, False)


@pytest.mark.parametrize("kind, n", [("|O8", 1), ("<i8", -1), ("<i8", 1 << 40)])
def test_what_no_writer_writes_is_not_sound(kind, n):
    head = f'{{"arrays": [["a", "{kind}", {n}]], "about": {{}}}}'.encode()
    assert read_frame(filler(len(head).to_bytes(8, "little") + head + bytes(64))) == (None, False)
    assert read_frame(filler((1 << 62).to_bytes(8, "little"))) == (None, False)
