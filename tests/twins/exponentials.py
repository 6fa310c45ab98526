"""Plain twin: the exponential of the mathematics library."""

import numpy as np


def exponentials(x, spare, out):
    out[:] = np.exp(np.clip(x, -700.0, 700.0))
