"""What makes a reference unusable, and what is only warned about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.bulk.references_made import TYPES, made

from tmescope.bulk.references import (
    SignatureReference,
    StateProfiles,
    as_reference,
    cell_fractions,
    check_reference,
    condition_number,
    reference_hash,
)
from tmescope.foundation.errors import ExpressionError, MethodError


def test_a_sound_reference_passes_without_a_word() -> None:
    assert check_reference(made()) == ()


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_values_that_are_no_linear_expression_are_named(value: float) -> None:
    reference = made()
    profiles = reference.profiles.copy()
    profiles[4, 1] = value
    with pytest.raises(ExpressionError, match=r"negative or missing.*G4, T cell"):
        check_reference(replace(reference, profiles=profiles, sha256=""))
    with pytest.raises(ExpressionError, match="variances"):
        check_reference(replace(reference, variances=profiles, sha256=""))


def test_names_are_there_once() -> None:
    with pytest.raises(ExpressionError, match="1 genes are there more than once: 'G1'"):
        check_reference(made(genes=("G1", *(f"G{i}" for i in range(1, 30)))))
    with pytest.raises(ExpressionError, match="1 cell types are there more than once: 'T cell'"):
        check_reference(made(cell_types=("T cell", "T cell", "Tumour")))
    with pytest.raises(ExpressionError, match="1 cell types have no name"):
        check_reference(made(cell_types=("T cell", " ", "Tumour")))


def test_shapes_follow_the_names() -> None:
    with pytest.raises(ExpressionError, match=r"profiles are \(30, 3\)"):
        check_reference(made(cell_types=("a", "b")))
    with pytest.raises(ExpressionError, match="size factors"):
        check_reference(made(size_factors=np.array([1.0, 0.0, 1.0])))


def test_an_empty_cell_type_and_too_few_genes_are_refused() -> None:
    reference = made()
    profiles = reference.profiles.copy()
    profiles[:, 2] = 0.0
    with pytest.raises(ExpressionError, match="1 cell types have nothing but zeros: 'Tumour'"):
        check_reference(made(profiles=profiles))
    with pytest.raises(MethodError, match="5 genes for 3 cell types"):
        check_reference(made(5))
    with pytest.raises(MethodError, match="1 cell types"):
        check_reference(SignatureReference(("a", "b"), ("x",), np.ones((2, 1))))


def test_a_multiple_of_another_type_is_refused_with_the_pair() -> None:
    profiles = made().profiles.copy()
    profiles[:, 2] = 3 * profiles[:, 0]
    with pytest.raises(MethodError, match="'B cell' and 'Tumour'"):
        check_reference(made(profiles=profiles))


def test_types_that_are_much_alike_are_warned_about() -> None:
    rng = np.random.default_rng(1)
    profiles = made().profiles.copy()
    profiles[:, 1] = profiles[:, 0] * rng.lognormal(0.0, 0.02, 30)
    (warning,) = check_reference(made(profiles=profiles))
    assert warning.code == "reference.collinear"
    assert warning.examples == ("B cell", "T cell")
    assert 30 < condition_number(profiles) < 1e8


def test_a_malignant_type_and_a_unit_must_exist() -> None:
    with pytest.raises(MethodError, match="'tumor' is not in the reference"):
        check_reference(made(malignant="tumor"))
    with pytest.raises(ExpressionError, match="unit is 'log2'"):
        check_reference(made(unit="log2"))
    assert check_reference(made(malignant="Tumour", unit="tpm")) == ()


@pytest.mark.parametrize("value", [-0.1, np.nan, 0.0])
def test_states_hold_shares(value: float) -> None:
    profiles = np.full((3, 30), 1 / 30)
    profiles[1] = value
    reference = made()
    states = StateProfiles(reference.genes, TYPES, TYPES, profiles, (1, 1, 1))
    with pytest.raises(ExpressionError, match="1 states have negative or missing shares, or none at all: 'T cell'"):
        check_reference(made(states=states))


def test_the_hash_is_of_everything() -> None:
    reference = made()
    assert reference.sha256 == reference_hash(made())
    changes = [{"malignant": "Tumour"}, {"unit": "tpm"}, {"size_factors": None}, {"variances": None}, {"seed": 1}]
    assert len({made(**change).sha256 for change in changes} | {reference.sha256}) == 6


def test_shares_of_rna_become_shares_of_cells() -> None:
    shares = np.array([[0.25, 0.5, 0.25], [0.0, 0.0, 0.0]])
    found = cell_fractions(shares, np.array([0.5, 1.0, 1.0]))
    np.testing.assert_allclose(found[0], [0.4, 0.4, 0.2])
    assert np.isnan(found[1]).all()
    np.testing.assert_allclose(cell_fractions(shares * 2, None)[0], shares[0])
    np.testing.assert_allclose(cell_fractions(shares, np.array([0.5, 1.0, 1.0]), scaled=False)[0], shares[0])


def test_anything_else_is_no_reference() -> None:
    assert as_reference(made(), method="bayes").cell_types == TYPES
    with pytest.raises(MethodError, match="bayes was given a dict"):
        as_reference({}, method="bayes")
