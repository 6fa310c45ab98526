from __future__ import annotations

import numpy as np

from tmescope.kernels.exponentials import exponentials


def test_exponentials_are_right_to_the_last_places():
    x = np.linspace(-700, 700, 20_011)
    out = np.empty_like(x)
    exponentials(x, np.empty((2, x.size)), out)
    np.testing.assert_allclose(out, np.exp(x), rtol=5e-16)


def test_what_would_overflow_is_held_at_the_edge():
    x = np.array([-1e9, 1e9, 0.0])
    out = np.empty(3)
    exponentials(x, np.empty((2, 3)), out)
    np.testing.assert_allclose(out, np.exp([-700.0, 700.0, 0.0]), rtol=5e-16)
