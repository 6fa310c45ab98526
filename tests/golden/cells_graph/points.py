"""The simulated components that the numbers of this folder are of."""

from __future__ import annotations

import numpy as np


def components() -> tuple[np.ndarray, np.ndarray]:
    """Return 1,200 cells of eight overlapping groups of unequal size in ten dimensions, and their groups."""
    rng = np.random.default_rng(20)
    groups = np.repeat(np.arange(8), [400, 250, 180, 120, 100, 80, 50, 20])
    centres = rng.normal(0.0, 2.2, (8, 10))
    return (centres[groups] + rng.normal(size=(groups.size, 10))).astype(np.float32), groups
