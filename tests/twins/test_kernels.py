"""Every kernel agrees with its plain twin, on anything."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tmescope.kernels import rank_walk

HERE = Path(__file__).parent


def twin(name: str):
    spec = importlib.util.spec_from_file_location(f"twin_{name}", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


KERNELS = {"rank_walk_scores": (rank_walk.rank_walk_scores, twin("rank_walk").rank_walk_scores)}

numbers = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6), st.just(float("nan")))


@st.composite
def rank_walk_input(draw):
    n_rows, n_genes = draw(st.integers(0, 4)), draw(st.integers(1, 25))
    values = draw(hnp.arrays(np.float64, (n_rows, n_genes), elements=numbers))
    sets = draw(st.lists(st.lists(st.integers(0, n_genes - 1), unique=True, max_size=n_genes), max_size=4))
    starts = np.cumsum([0, *(len(s) for s in sets)]).astype(np.int32)
    members = np.array([g for s in sets for g in s], dtype=np.int32)
    return values, starts, members, draw(st.sampled_from([0.0, 0.25, 1.0]))


@given(rank_walk_input())
@settings(max_examples=150, deadline=None)
def test_rank_walk(arguments):
    values, starts, members, exponent = arguments
    for array in (values, starts, members):
        array.flags.writeable = False
    kernel, plain = KERNELS["rank_walk_scores"]
    fast = np.empty((values.shape[0], len(starts) - 1))
    slow = np.empty_like(fast)
    kernel(values, starts, members, exponent, fast)
    plain(values, starts, members, exponent, slow)
    np.testing.assert_allclose(fast, slow, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", KERNELS)
def test_kernel_is_compiled_and_plain_python_agrees(name):
    kernel, plain = KERNELS[name]
    assert kernel.targetoptions["nogil"] is True
    assert not kernel.targetoptions.get("parallel", False)
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, 30)).round(1)
    starts, members = np.array([0, 3], dtype=np.int32), np.array([1, 5, 9], dtype=np.int32)
    out, expected = np.empty((2, 1)), np.empty((2, 1))
    kernel.py_func(values, starts, members, 0.25, out)
    plain(values, starts, members, 0.25, expected)
    np.testing.assert_allclose(out, expected, rtol=1e-12)
