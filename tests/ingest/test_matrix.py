from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from tmescope.foundation.errors import ExpressionError, FileFormatError
from tmescope.ingest.matrix import check_sparse, refuse_text_columns


def test_no_column_is_no_error() -> None:
    refuse_text_columns([], [], "m.parquet")


@pytest.mark.parametrize(("kind", "error"), [("string", ExpressionError), ("list<item: double>", FileFormatError)])
def test_columns_are_named_with_what_they_hold(kind: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="1 columns hold no numbers: 'note") as caught:
        refuse_text_columns(["note"], [kind], "m.parquet")
    assert kind in str(caught.value)
    assert "m.parquet" in str(caught.value)


def test_positions_outside_a_sparse_matrix_are_refused() -> None:
    good = sparse.csr_matrix(np.eye(3))
    check_sparse(good, "a.h5")
    check_sparse(np.eye(3), "a.h5")
    good.indices = np.array([0, 1, 7], dtype=np.int32)
    with pytest.raises(FileFormatError, match="contradicts itself"):
        check_sparse(good, "a.h5")
