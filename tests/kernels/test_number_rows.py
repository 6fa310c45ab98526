"""The reader of plain rows and its plain twin agree on any text: where they stop, names, and numbers bit for bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.twins.test_kernels import twin

from tmescope.kernels.number_rows import number_rows

KERNEL, PLAIN = number_rows, twin("number_rows").number_rows

cells = st.one_of(
    st.floats(allow_infinity=False).map(repr),
    st.decimals(-100, 100, places=5).map(str),
    st.integers(-(2**54), 2**54).map(str),
    st.builds("{}e{}".format, st.integers(-99, 99), st.integers(-26, 26)),
    st.sampled_from(["", "NA", "nan", "N", "NAN", "-", "+", ".", "1.", ".5", "+2", "-0", "1e", "1e+", "0x1", " 1",
                     "1.2.3", "1E5", "e5", "1e00005", "9007199254740993", "0" * 18 + "1", "1e22", "1e23", "5e-324"]),
    st.text("0123456789.eE+-NA", max_size=6),
)  # fmt: skip
plain_names = st.one_of(st.text("aé,\"'", max_size=3), st.text("ab", max_size=3).map('"{}"'.format))


@st.composite
def texts(draw):
    n_columns = draw(st.integers(1, 3))
    simple = st.decimals(-9, 9, places=3).map(str)
    line = st.one_of(
        st.lists(simple, min_size=n_columns, max_size=n_columns),
        st.lists(cells, min_size=n_columns, max_size=n_columns),
        st.lists(simple, max_size=4),
    )
    rows = draw(st.lists(st.one_of(st.tuples(plain_names, line), st.just(None)), max_size=6))
    ends = draw(st.sampled_from(["\n", "\r\n", "\r\r\n"]))
    return "".join(ends if r is None else "\t".join((r[0], *r[1])) + ends for r in rows), n_columns


def read_rows(function, text, n_columns, n_rows):
    words = np.array([[0, 0, 0], [*b"NA", 0], [*b"nan"]], dtype=np.uint8)
    values, names, done = np.zeros((n_rows, n_columns)), np.zeros((n_rows, 2), dtype=np.int64), np.zeros(2, np.int64)
    function(np.frombuffer(text.encode(), dtype=np.uint8), 9, words, values, names, done)
    return values[: done[0]], names[: done[0]].tolist(), done.tolist()


@settings(max_examples=300, deadline=None)
@given(texts(), st.integers(0, 7))
def test_number_rows_agrees_with_its_twin(given_text, n_rows):
    values, names, done = read_rows(KERNEL, *given_text, n_rows)
    expected, expected_names, expected_done = read_rows(PLAIN, *given_text, n_rows)
    assert (names, done) == (expected_names, expected_done)
    np.testing.assert_array_equal(values.view(np.int64)[~np.isnan(values)], expected.view(np.int64)[~np.isnan(values)])
    np.testing.assert_array_equal(np.isnan(values), np.isnan(expected))


def test_number_rows_as_plain_python_too():
    assert KERNEL.targetoptions["nogil"] is True
    text = 'a\t1.25\t-3e-5\n"b"\tNA\t\r\n\nc\t1\tx\n'
    for function in (KERNEL.py_func, PLAIN):
        values, names, done = read_rows(function, text, 2, 4)
        np.testing.assert_array_equal(values, [[1.25, -3e-5], [np.nan, np.nan]])
        assert done == [2, text.index("c")]
        assert [text[a:b] for a, b in names] == ["a", "b"]
