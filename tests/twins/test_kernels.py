"""Every kernel agrees with its plain twin, on anything."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import ndtr

from tmescope.kernels import (
    active_set,
    adjusted_columns,
    column_moments,
    coordinate_descent,
    cox_columns,
    exponentials,
    kernel_cdf,
    logistic_columns,
    moment_nodes,
    permuted_maxima,
    rank_order,
    rank_sums,
    rank_walk,
    reweighting,
)

HERE = Path(__file__).parent
TABLE = np.append(ndtr(np.arange(200) / 20), 1.0)


def twin(name: str):
    spec = importlib.util.spec_from_file_location(f"twin_{name}", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


numbers = st.one_of(
    st.integers(-3, 3).map(float),
    st.floats(-1e6, 1e6),
    st.just(-0.0),
    st.floats(allow_nan=False, allow_infinity=False),
    st.just(float("nan")),
)
moderate = st.one_of(st.integers(-3, 3).map(float), st.floats(-100, 100), st.just(float("nan")))


def _matrix(draw, elements, n_genes):
    return draw(hnp.arrays(np.float64, (draw(st.integers(0, 4)), n_genes), elements=elements))


def _sets(draw, n_genes):
    sets = draw(st.lists(st.lists(st.integers(0, n_genes - 1), unique=True, max_size=n_genes), max_size=4))
    starts = np.cumsum([0, *(len(s) for s in sets)]).astype(np.int32)
    return starts, np.array([g for s in sets for g in s], dtype=np.int32)


@st.composite
def walks(draw):
    n_genes = draw(st.integers(1, 25))
    starts, members = _sets(draw, n_genes)
    arguments = (starts, members, draw(st.sampled_from([0.0, 0.25, 1.0])), draw(st.booleans()))
    values = _matrix(draw, numbers, n_genes)
    return (values, *arguments), (np.empty((len(values), len(starts) - 1)),)


@st.composite
def sums(draw):
    n_genes = draw(st.integers(1, 25))
    starts, members = _sets(draw, n_genes)
    values = _matrix(draw, numbers, n_genes)
    return (values, starts, members, draw(st.booleans())), (np.empty((len(values), len(starts) - 1, 5)),)


near = st.builds(lambda n: 1.0 + n * 2.0**-52, st.integers(0, 2000))  # agree in the digits that are sorted first


@st.composite
def rows(draw):
    row = draw(hnp.arrays(np.float64, draw(st.integers(1, 800)), elements=draw(st.sampled_from([numbers, near]))))
    shapes = ((2, row.size), (2, row.size), row.size, (2, row.size), 2)
    kinds = (np.uint64, np.int32, np.int32, np.int32, np.int64)
    return (row,), tuple(np.zeros(shape, dtype=kind) for shape, kind in zip(shapes, kinds, strict=True))


def _meant(name, outputs):
    """Return what a kernel promises of its outputs: working space is left out."""
    if name == "nonnegative_rows":
        return [outputs[0], (outputs[1] >= 0).astype(int)]
    if name == "exponentials":
        return outputs[1:]
    if name == "descend_quadratic":
        return [*outputs[:2], np.sign(outputs[2])]  # how many turns it took is nobody's concern
    if name.endswith("_columns") and name != "standardise_columns":
        return [*outputs[:-1], outputs[-1][:, [0, 1, 2, 3, 5]]]  # how many steps it took is nobody's concern
    if name != "rank_row":
        return outputs
    _, columns, place, bounds, count = outputs
    n = count[0]
    return [columns[0, :n], place, bounds[:, :n], count[:1]]


@st.composite
def within(draw):
    values = _matrix(draw, moderate, draw(st.integers(1, 12)))
    per_unit = draw(hnp.arrays(np.float64, len(values), elements=st.floats(0, 50)))
    return (values, per_unit, TABLE), (np.empty_like(values),)


@st.composite
def against(draw):
    values = _matrix(draw, moderate, draw(st.integers(1, 6)))
    reference = draw(hnp.arrays(np.float64, (len(values), draw(st.integers(0, 8))), elements=moderate))
    per_unit = draw(hnp.arrays(np.float64, len(values), elements=st.floats(0, 50)))
    return (values, reference, per_unit, TABLE), (np.empty_like(values),)


@st.composite
def small_problems(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    k = draw(st.integers(1, 5))
    factor = rng.normal(size=(k, k + draw(st.integers(0, 3)))) + draw(st.sampled_from([0.0, 1.0]))
    targets = rng.normal(size=(3, factor.shape[1])) * draw(st.sampled_from([0.1, 1.0, 30.0]))
    return (factor, targets, draw(st.booleans())), (np.empty((3, k)), np.empty(3, dtype=np.int64))


@st.composite
def quadratics(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    k = draw(st.integers(1, 4))
    root = rng.normal(size=(k, k + 4)) + draw(st.sampled_from([0.0, 0.5]))
    lasso = rng.uniform(size=k) * draw(st.sampled_from([0.0, 1.0, 10.0]))
    ridge = rng.uniform(size=k) * draw(st.sampled_from([0.0, 1.0]))
    arguments = (root @ root.T / 5, rng.normal(size=k) * 3, rng.normal(size=k), lasso, ridge, 100_000, 1e-26)
    return arguments, (np.empty(k), np.empty(k), np.empty(1, dtype=np.int64))


@st.composite
def products(draw):
    values = draw(hnp.arrays(np.float64, (draw(st.integers(0, 3)), 7), elements=st.floats(-100, 100)))
    basis = draw(hnp.arrays(np.float64, (7, draw(st.integers(1, 6))), elements=st.floats(-100, 100)))
    return (values, basis), (np.empty((len(values), basis.shape[1])),)


@st.composite
def regressions(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    k, p = draw(st.integers(1, 5)), draw(st.integers(20, 41))
    basis = np.linalg.qr(rng.normal(size=(p, k)))[0]
    values = rng.normal(size=(3, k)) @ basis.T * 5 + rng.standard_t(2, size=(3, p))
    rows, columns = np.tril_indices(k)
    psi = draw(st.sampled_from([0, 1]))  # several solutions of the third lie too near each other to be told apart here
    limits = np.array([(1.345, 0.0, 0.0), (2.0, 4.0, 8.0), (4.685, 0.0, 0.0)][psi])
    shared = (np.ascontiguousarray(basis.T), np.ascontiguousarray(basis), basis[:, rows] * basis[:, columns])
    arguments = (values, *shared, psi, limits, draw(st.sampled_from([2, 50])), 1e-4)
    return arguments, (np.empty((3, k)), np.empty(3, dtype=np.int64))


@st.composite
def powers(draw):
    x = draw(hnp.arrays(np.float64, draw(st.integers(0, 70)), elements=st.floats(-720, 720)))
    return (x,), (np.empty((2, x.size)), np.empty(x.size))


@st.composite
def matrices(draw):
    values = draw(hnp.arrays(np.float64, (draw(st.integers(1, 9)), draw(st.integers(0, 5))), elements=moderate))
    values = values.astype(draw(st.sampled_from([np.float64, np.float32])))
    order = np.array(draw(st.lists(st.integers(0, len(values) - 1), max_size=12)), dtype=np.int64)
    first = draw(st.integers(0, values.shape[1]))
    width = values.shape[1] - first
    return (values, order, first), (np.empty((order.size, width)), np.empty((3, width)))


@st.composite
def columns(draw):
    values = draw(hnp.arrays(np.float64, (draw(st.integers(0, 30)), 4), elements=st.floats(-50, 50)))
    first = draw(st.integers(0, 3))
    reach = np.abs(values[:, first:]).max(axis=0, initial=0.0) + draw(st.sampled_from([1e-3, 1.0]))
    return (values, first, reach), (np.empty((13, 4 - first)), np.empty((13, 4 - first)))


def _patients(draw, n):
    """Return columns, first rows of times and events at them: times tied or not, columns of few or of many levels."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    z = rng.normal(size=(n, draw(st.integers(1, 4))))
    z = np.round(z, draw(st.sampled_from([0, 8]))) * draw(st.sampled_from([0.5, 1.0]))
    sizes = rng.integers(1, draw(st.sampled_from([2, 5])), size=n)
    starts = np.unique(np.minimum(np.append(0, np.cumsum(sizes)), n)).astype(np.int32)
    deaths = np.array([rng.integers(0, k + 1) for k in np.diff(starts)], dtype=np.int32)
    return rng, z, starts, deaths


@st.composite
def followed(draw):
    _, z, starts, deaths = _patients(draw, draw(st.integers(2, 12)))
    return (z, starts, deaths, draw(st.booleans()), draw(st.booleans())), (np.empty((z.shape[1], 6)),)


@st.composite
def answered(draw):
    # few rows far from each other, or many that are near: those are summed in another way
    rng, z, _, _ = _patients(draw, draw(st.one_of(st.integers(12, 30), st.integers(150, 160))))
    z = z - z.mean(axis=0)
    y = (rng.random(len(z)) < 0.5).astype(np.float64)
    y[:2] = 0.0, 1.0
    return (z, y, draw(st.booleans())), (np.empty((z.shape[1], 6)),)


@st.composite
def adjusted(draw):
    rng, z, starts, deaths = _patients(draw, 60)
    z = z + 0.3 * rng.normal(size=z.shape)
    covariates = rng.normal(size=(60, draw(st.integers(0, 2))))
    y = (rng.random(60) < 0.5).astype(np.float64)
    deaths[:3] = np.diff(starts)[:3]
    if draw(st.booleans()):
        starts, deaths = np.zeros(0, np.int32), np.zeros(0, np.int32)
        covariates = np.column_stack([np.ones(60), covariates])
    else:
        y = np.zeros(0)
        deaths = np.diff(starts).astype(np.int32)
    k, width = covariates.shape[1], z.shape[1]
    arguments = (z, covariates, np.zeros(k), starts, deaths, y, draw(st.booleans()))
    return arguments, (np.empty((width, k + 1)), np.empty((width, 6)))


@st.composite
def orders(draw):
    n = draw(st.integers(1, 12))
    k = draw(st.integers(0, n))
    scores = draw(hnp.arrays(np.float64, n, elements=st.floats(-100, 100)))
    weights = draw(hnp.arrays(np.float64, k, elements=st.floats(0, 10)))
    uniforms = draw(hnp.arrays(np.float64, (draw(st.integers(0, 4)), k), elements=st.floats(0, 1, exclude_max=True)))
    return (scores, weights, uniforms), (np.empty(len(uniforms)),)


KERNELS = {
    "exponentials": (exponentials.exponentials, twin("exponentials").exponentials, powers()),
    "standardise_columns": (
        column_moments.standardise_columns,
        twin("column_moments").standardise_columns,
        matrices(),
    ),
    "cox_columns": (cox_columns.cox_columns, twin("cox_columns").cox_columns, followed()),
    "logistic_columns": (logistic_columns.logistic_columns, twin("logistic_columns").logistic_columns, answered()),
    "adjusted_columns": (adjusted_columns.adjusted_columns, twin("adjusted_columns").adjusted_columns, adjusted()),
    "moment_nodes": (moment_nodes.moment_nodes, twin("moment_nodes").moment_nodes, columns()),
    "permuted_maxima": (permuted_maxima.permuted_maxima, twin("permuted_maxima").permuted_maxima, orders()),
    "rank_row": (rank_order.rank_row, twin("rank_order").rank_row, rows()),
    "rank_walk_scores": (rank_walk.rank_walk_scores, twin("rank_walk").rank_walk_scores, walks()),
    "rank_extreme_scores": (rank_walk.rank_extreme_scores, twin("rank_walk").rank_extreme_scores, walks()),
    "rank_summaries": (rank_sums.rank_summaries, twin("rank_sums").rank_summaries, sums()),
    "descend_quadratic": (
        coordinate_descent.descend_quadratic,
        twin("coordinate_descent").descend_quadratic,
        quadratics(),
    ),
    "nonnegative_rows": (active_set.nonnegative_rows, twin("active_set").nonnegative_rows, small_problems()),
    "project_rows": (active_set.project_rows, twin("active_set").project_rows, products()),
    "reweighted_rows": (reweighting.reweighted_rows, twin("reweighting").reweighted_rows, regressions()),
    "gaussian_cdf_within": (kernel_cdf.gaussian_cdf_within, twin("kernel_cdf").gaussian_cdf_within, within()),
    "gaussian_cdf_against": (kernel_cdf.gaussian_cdf_against, twin("kernel_cdf").gaussian_cdf_against, against()),
}
"""Name to the kernel, its twin, and inputs with empty outputs. What a scaled distance is next to a step of the table
is a matter of the last bit, so densities are compared to a step."""

_STEP = float(np.diff(TABLE).max()) * 1.01


@pytest.mark.parametrize("name", KERNELS)
def test_agrees_with_the_plain_twin(name):
    kernel, plain, inputs = KERNELS[name]

    @given(inputs)
    @settings(max_examples=150, deadline=None)
    def check(drawn):
        arguments, outputs = drawn
        for array in arguments:
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
        fast, slow = [o.copy() for o in outputs], [o.copy() for o in outputs]
        kernel(*arguments, *fast)
        plain(*arguments, *slow)
        tolerance = _STEP if name.startswith("gaussian") else 1e-9
        if name == "rank_extreme_scores" and not arguments[-1]:
            fast, slow = [np.abs(a) for a in fast], [np.abs(a) for a in slow]  # which of two equal extremes: rounding
        # models stop where a step is below 1e-9, and the information is that of the step before: it is known to 1e-8
        relative = 1e-8 if name.endswith("_columns") else 1e-9
        for a, b in zip(_meant(name, fast), _meant(name, slow), strict=True):
            np.testing.assert_allclose(a, b, rtol=relative, atol=tolerance)

    check()


@pytest.mark.parametrize("name", KERNELS)
def test_is_compiled_serial_and_free_of_the_gil(name):
    kernel = KERNELS[name][0]
    assert kernel.targetoptions["nogil"] is True
    assert not kernel.targetoptions.get("parallel", False)


def test_the_plain_function_of_a_kernel_runs_too():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, 30)).round(1)
    starts, members = np.array([0, 3], dtype=np.int32), np.array([1, 5, 9], dtype=np.int32)
    out, expected = np.empty((2, 1)), np.empty((2, 1))
    rank_walk.rank_walk_scores.py_func(values, starts, members, 0.25, True, out)
    twin("rank_walk").rank_walk_scores(values, starts, members, 0.25, True, expected)
    np.testing.assert_allclose(out, expected, rtol=1e-12)
