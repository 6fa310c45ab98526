from __future__ import annotations

import dataclasses

import pytest

from tmescope.ingest.options import COLUMNS, MISSING_WORDS, CohortOptions, SampleSelection


def test_several_samples_per_patient_are_refused_unless_declared() -> None:
    assert CohortOptions("c", "tpm").selection == SampleSelection(None, "refuse", ())


def test_options_do_not_change_and_do_not_share_state() -> None:
    options = CohortOptions("c", "tpm")
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.scale = "counts"  # type: ignore[misc]
    with pytest.raises(TypeError):
        options.columns["sample_id"] = "id"  # type: ignore[index]


def test_the_empty_cell_is_missing_and_ids_come_first() -> None:
    assert "" in MISSING_WORDS
    assert COLUMNS[:2] == ("sample_id", "patient_id")
