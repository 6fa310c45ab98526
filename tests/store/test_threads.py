from __future__ import annotations

import numpy as np
import pytest

from tmescope.store.threads import for_row_blocks


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("n_rows", [0, 1, 63, 64, 65, 200])
def test_each_row_is_worked_on_once_in_fixed_blocks(n_rows, threads):
    seen = np.zeros(n_rows, dtype=int)
    blocks = []

    def work(first, last):
        seen[first:last] += 1
        blocks.append((first, last))

    for_row_blocks(work, n_rows, threads=threads)
    assert (seen == 1).all()
    assert sorted(blocks) == [(i, min(i + 64, n_rows)) for i in range(0, n_rows, 64)]


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_reaches_the_caller(threads):
    def work(first, last):
        if first:
            raise RuntimeError("block two")

    with pytest.raises(RuntimeError, match="block two"):
        for_row_blocks(work, 130, threads=threads)
