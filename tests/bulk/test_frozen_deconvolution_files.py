"""Frozen deconvolution comes back from its file as it went in, and brings no reference along."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.bulk.methods import small_xcell as small

from tmescope.bulk.deconvolution import DeconvolveOptions
from tmescope.bulk.frozen_deconvolution import apply_deconvolution, deconvolution_hash, fit_deconvolution
from tmescope.bulk.frozen_deconvolution_files import read_deconvolution, write_deconvolution
from tmescope.bulk.frozen_files import read_model
from tmescope.foundation.errors import FileFormatError

OLD = Path(__file__).with_name("frozen_deconvolution_1.model")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.installed(tmp_path_factory.mktemp("files"))


def test_a_model_comes_back_whole_and_estimates_the_same(home: Path, tmp_path: Path) -> None:
    options = DeconvolveOptions(facts_home=home)
    model = fit_deconvolution(small.cohort(6)[0], method="xcell", options=options)
    write_deconvolution(model, tmp_path / "a")
    back = read_deconvolution(tmp_path / "a")
    assert deconvolution_hash(back) == deconvolution_hash(model)
    assert (back.cohort, back.n_samples, back.facts) == (model.cohort, model.n_samples, dict(model.facts))
    new, _ = small.cohort(2, seed=1)
    first, second = (apply_deconvolution(one, new, options=options).table for one in (model, back))
    pd.testing.assert_frame_equal(first, second)
    write_deconvolution(back, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert b"SET%" not in (tmp_path / "a").read_bytes(), "the sets of the reference stay where they are"


def test_a_model_of_the_first_format_is_read() -> None:
    model = read_deconvolution(OLD)
    assert (model.method, model.cohort, model.n_samples) == ("xcell", "c0", 4)
    assert set(model.state) == {"lowest_of_sets", "lowest_of_types"}


def test_another_kind_of_model_is_refused() -> None:
    with pytest.raises(FileFormatError, match="calls itself 'tmescope frozen deconvolution'"):
        read_model(OLD)
