from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tmescope.foundation.errors import ScaleError
from tmescope.foundation.scale import FLOOR_TOLERANCE, Scale, convert


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("counts", Scale("counts")),
        ("TPM", Scale("tpm")),
        ("log2(TPM+1)", Scale("tpm", 2.0, 1.0)),
        ("log2(tpm + 0.001)", Scale("tpm", 2.0, 0.001)),
        ("ln(fpkm+1)", Scale("fpkm", float(np.e), 1.0)),
        ("log10(cpm+0.5)", Scale("cpm", 10.0, 0.5)),
        ("log2_array", Scale("array", 2.0, 0.0)),
    ],
)
def test_parse_and_print(text, scale):
    assert Scale.parse(text) == scale
    assert Scale.parse(str(scale)) == scale


@pytest.mark.parametrize("text", ["", "log2", "rpkm", "log2(tpm-1)", "log3(tpm+1)", "tpm; rm"])
def test_unknown_scale_names_itself(text):
    with pytest.raises(ScaleError, match="is not known") as caught:
        Scale.parse(text, where="study.toml")
    assert "study.toml" in str(caught.value)
    assert "does not guess" in str(caught.value)


def test_offset_changes_the_numbers():
    tpm = np.array([[0.0, 1.0, 100.0]])
    small, _ = convert(tpm, Scale("tpm"), Scale.parse("log2(tpm+0.001)"))
    one, _ = convert(tpm, Scale("tpm"), Scale.parse("log2(tpm+1)"))
    np.testing.assert_allclose(small[0], [-9.965784284662087, 0.0014419741739063218, 6.6438706166529995], rtol=1e-12)
    np.testing.assert_allclose(one[0], [0.0, 1.0, 6.658211482751795], rtol=1e-12)


def test_floor_is_clipped_within_tolerance_and_counted():
    scale = Scale.parse("log2(tpm+0.001)")
    stored = np.array([[scale.floor - 2e-5, scale.floor, scale.floor + 2e-5, np.nan]])
    linear, clipped = convert(stored, scale, Scale("tpm"))
    assert clipped == 1
    assert linear[0, 0] == 0.0
    assert linear[0, 1] == pytest.approx(0.0, abs=1e-15)
    assert 0 < linear[0, 2] < 1e-7
    assert np.isnan(linear[0, 3])
    with pytest.raises(ScaleError, match="1 values lie below the floor"):
        convert(stored - FLOOR_TOLERANCE, scale, Scale("tpm"))


@pytest.mark.parametrize("source", ["counts", "tpm"])
def test_negative_linear_values_are_refused(source):
    with pytest.raises(ScaleError, match=r"-1\.0"):
        convert(np.array([[1.0, -1.0]]), Scale(source), Scale(source, 2.0, 1.0))


def test_units_are_not_mixed():
    with pytest.raises(ScaleError, match="gene_lengths"):
        convert(np.ones((1, 1)), Scale("counts"), Scale("tpm"))


@given(
    hnp.arrays(np.float64, (3, 4), elements=st.floats(0, 1e7)),
    st.sampled_from(["log2(tpm+1)", "ln(tpm+0.001)", "log10(tpm+1)"]),
)
def test_there_and_back(values, text):
    scale = Scale.parse(text)
    logged, _ = convert(values, Scale("tpm"), scale)
    back, _ = convert(logged, scale, Scale("tpm"))
    np.testing.assert_allclose(back, values, rtol=1e-9, atol=1e-9)


def test_the_input_is_never_changed():
    values = np.array([[1.0, 2.0]])
    values.flags.writeable = False
    same, _ = convert(values, Scale("tpm"), Scale("tpm"))
    same[0, 0] = 9.0
    assert values[0, 0] == 1.0
