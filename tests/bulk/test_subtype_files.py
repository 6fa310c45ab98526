"""Files of subtype models: the first format stays readable, other kinds are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmescope.bulk.frozen_deconvolution_files import read_deconvolution
from tmescope.bulk.subtype_files import read_subtypes, write_subtypes
from tmescope.foundation.errors import FileFormatError

OLD = Path(__file__).with_name("subtypes_1.model")


def test_a_model_of_the_first_format_is_read_and_written_alike(tmp_path: Path) -> None:
    model = read_subtypes(OLD)
    assert (model.cohort, model.n_samples, model.scale) == ("c0", 10, "tpm")
    assert set(model.state) == {"profile", "cuts", "immune_draws", "stromal_draws"}
    write_subtypes(model, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == OLD.read_bytes()


def test_another_kind_of_model_is_refused() -> None:
    with pytest.raises(FileFormatError, match="calls itself 'tmescope subtypes'"):
        read_deconvolution(OLD)
