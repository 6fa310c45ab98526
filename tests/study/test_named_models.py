from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.study.loading import load_study
from tmescope.study.named_models import read_named, record_of


@dataclass(frozen=True)
class Model:
    method: str
    parameters: dict[str, object] = field(default_factory=lambda: {"b": 1, "a": 2})
    scale: str = "tpm"
    genes: tuple[str, ...] = ("A", "B")
    cohort: str = "trial"
    n_samples: int = 7
    provenance: dict[str, object] = field(default_factory=lambda: {"inputs": {"values": "abc"}})


def read(path, sha256):
    text = path.read_text()
    if not text:
        raise FileFormatError("it is empty", where=str(path))
    assert len(sha256) == 64
    return Model(text)


@pytest.fixture
def study(study_folder):
    for name, text in {"one": "xcell", "two": "zscore", "again": "xcell", "empty": ""}.items():
        (study_folder / name).write_text(text)
    return load_study(study_folder / "study.toml")


def test_models_go_by_their_names_and_all_that_is_wrong_is_told(study):
    listed = ["one", "empty", "two", "again"]
    models, paths, problems = read_named(
        study, listed, where="x.models", shared="scores", read=read, name_of=lambda model: f"{model.method}_frozen"
    )
    assert paths == {"xcell_frozen": "one", "zscore_frozen": "two"}
    assert models["zscore_frozen"].method == "zscore"
    assert [p.where for p in problems] == ["x.models: empty", "x.models"]
    assert problems[1].what == "'one' and 'again' are both models of xcell"
    assert problems[1].expected == "one model of each method: their scores would share the name 'xcell_frozen'"


def test_the_record_of_a_model_tells_what_it_was_fitted_on():
    told = record_of(Model("xcell"), path="models/one", sha256="s", stands_on=("reference", "xcell 2017"))
    assert told["parameters"] == '{"a": 2, "b": 1}'
    assert told["reference"] == "xcell 2017"
    assert (told["cohort"], told["n_samples"], told["n_genes"], told["values"]) == ("trial", "7", "2", "abc")
