from __future__ import annotations

import numba
import numpy as np
import pytest

from tmescope.kernels import compile as module


def double(values, out):
    for i in range(values.shape[0]):
        out[i] = 2.0 * values[i]


def test_a_kernel_runs_without_the_gil_and_keeps_its_plain_function():
    kernel = module.compiled(double)
    out = np.empty(3)
    kernel(np.arange(3.0), out)
    np.testing.assert_array_equal(out, [0, 2, 4])
    assert kernel.py_func is double
    assert kernel.targetoptions["nogil"] is True


def test_where_no_cache_can_be_written_it_still_compiles(monkeypatch):
    real = numba.njit

    def njit(*arguments, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return real(*arguments, **options)

    monkeypatch.setattr(module.numba, "njit", njit)
    out = np.empty(1)
    module.compiled(double)(np.ones(1), out)
    assert out[0] == 2.0


@pytest.mark.parametrize("option", ["parallel", "fastmath"])
def test_nothing_makes_sums_depend_on_the_machine(option):
    assert not module.compiled(double).targetoptions.get(option, False)
