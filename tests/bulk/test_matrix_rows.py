from __future__ import annotations

import numpy as np
import pytest
from anndata import AnnData
from scipy import sparse

from tmescope.bulk.matrix_rows import MatrixRows, check_names, find_scale, target_scale
from tmescope.bulk.methods.mcp_counter import LINEAR
from tmescope.bulk.methods.means import METHOD as MEAN
from tmescope.foundation.errors import ExpressionError, ScaleError
from tmescope.foundation.scale import Scale

TPM, LOGGED = Scale("tpm"), Scale("tpm", 2.0, 1.0)


def test_blocks_are_the_whole():
    values = np.random.default_rng(0).gamma(1.0, 5.0, size=(7, 4))
    for matrix in (values, sparse.csr_matrix(values), values.astype(np.float32)):
        rows = MatrixRows(matrix, TPM, LOGGED)
        whole = rows.read(0, len(rows))
        np.testing.assert_array_equal(np.vstack([rows.read(i, min(i + 2, 7)) for i in range(0, 7, 2)]), whole)
        np.testing.assert_allclose(whole, np.log2(values + 1), rtol=1e-6)


def test_columns_are_taken_in_order_and_absent_genes_are_missing():
    rows = MatrixRows(np.arange(6.0).reshape(2, 3), TPM, TPM, np.array([2, -1, 0]))
    np.testing.assert_array_equal(rows.read(0, 2), [[2, np.nan, 0], [5, np.nan, 3]])


def test_values_below_the_floor_are_counted():
    rows = MatrixRows(np.full((2, 2), np.log2(0.001) - 1e-5), Scale("tpm", 2.0, 0.001), TPM)
    assert not rows.read(0, 1).any()
    rows.read(1, 2)
    assert rows.n_clipped == 4
    with pytest.raises(ExpressionError, match="1 values are infinite"):
        MatrixRows(np.array([[np.inf]]), TPM, TPM).read(0, 1)


def test_some_columns_are_those_of_the_whole_and_all_values_are_checked():
    values = np.random.default_rng(1).poisson(3.0, size=(300, 700)).astype(float)
    wanted = np.array([2, 5, 699])
    for matrix in (values, sparse.csr_matrix(values), sparse.csc_matrix(values), values.astype(np.int32),
                   np.asfortranarray(values.astype(np.float32)), values.astype(object)):  # fmt: skip
        for columns in (None, np.arange(699, -1, -1), np.r_[np.arange(600), np.full(100, -1)]):
            whole = MatrixRows(matrix, TPM, LOGGED, columns).read(0, 300)[:, wanted]
            np.testing.assert_array_equal(MatrixRows(matrix, TPM, LOGGED, columns).read_columns(wanted), whole)
    values[299, 7] = np.inf
    for matrix in (values, sparse.csr_matrix(values)):
        with pytest.raises(ExpressionError, match="1 values are infinite"):
            MatrixRows(matrix, TPM, TPM).read_columns(wanted)
    values[299, 7] = -1.0
    with pytest.raises(ScaleError, match="1 values lie below the floor"):
        MatrixRows(values, TPM, LOGGED).read_columns(wanted)
    rounded = np.zeros((3, 4))
    rounded[1, 0] = np.log2(0.001) - 1e-5
    rows = MatrixRows(rounded, Scale("tpm", 2.0, 0.001), TPM)
    np.testing.assert_allclose(rows.read_columns(np.array([3])), 0.999)
    assert rows.n_clipped == 1
    with pytest.raises(ScaleError, match="6 values lie below the floor"):  # zeros that are not stored
        MatrixRows(sparse.csr_matrix(np.diag([3.0] * 3)), Scale("tpm", 2.0, 2.5), TPM).read_columns(np.array([0]))


def test_target_scales():
    assert target_scale(MEAN.spec, TPM) == LOGGED
    assert target_scale(LINEAR.spec, LOGGED) == TPM
    assert target_scale(MEAN.spec, Scale.parse("log2_array")) == Scale("array", 2.0, 0.0)
    with pytest.raises(ScaleError, match="does not take counts"):
        target_scale(MEAN.spec, Scale("counts"))


def test_names_and_scales_must_be_there():
    check_names(["a"], ["g"])
    with pytest.raises(ExpressionError, match="1 gene names are not unique: 'g'"):
        check_names(["a"], ["g", "g", "g"])
    with pytest.raises(ExpressionError, match="0 samples"):
        check_names([], ["g"])
    assert find_scale(AnnData(np.ones((1, 1))), "tpm") == TPM
    with pytest.raises(ScaleError, match="not declared"):
        find_scale(AnnData(np.ones((1, 1))), None)
