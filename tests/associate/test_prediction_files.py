from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.associate.test_prediction_saved import SAVED, VALUES

from tmescope.associate.prediction_files import FORMAT_VERSION, prediction_hash, read_prediction, write_prediction
from tmescope.associate.prediction_saved import apply_model
from tmescope.foundation.errors import FileFormatError, FormatVersionError, MethodError, MissingFileError
from tmescope.foundation.provenance import hash_json

OLD = Path(__file__).with_name("prediction_1.json")


def test_what_is_written_is_read_and_predicts_the_same_to_the_last_bit(tmp_path: Path) -> None:
    one, two = tmp_path / "a.json", tmp_path / "b.json"
    assert write_prediction(SAVED, one) == prediction_hash(SAVED)
    back = read_prediction(one)
    write_prediction(back, two)
    assert one.read_bytes() == two.read_bytes()
    first, second = (apply_model(s, VALUES, scale="log2(tpm+1)", where="x").table for s in (SAVED, back))
    assert first.equals(second)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "b.json"]


def test_the_file_holds_no_patient(tmp_path: Path) -> None:
    write_prediction(SAVED, tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert not [s for s in VALUES.index if f'"{s}"' in text]


def test_the_first_format_is_read() -> None:
    assert FORMAT_VERSION == 1
    old = read_prediction(OLD)
    assert (old.model_id, old.kind, old.horizon_months) == ("old", "survival", 12.0)
    found = old.fitted.predict(VALUES.iloc[:4].reset_index(drop=True))
    assert np.all((found.chance > 0.0) & (found.chance < 1.0))


def _changed(tmp_path: Path, **changes: object) -> Path:
    """Return the old file with other values and the hash that goes with them: an attacker can compute it too."""
    page = json.loads(OLD.read_text(encoding="utf-8"))
    model = {**page["model"], **changes}
    path = tmp_path / "changed.json"
    path.write_text(json.dumps({**page, "model": model, "sha256": hash_json(model)}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"coefficients": [1.0]}, "coefficients"),
        ({"intercept": "0"}, "another kind"),
        ({"intercept": True}, "another kind"),
        ({"intercept": 10**400}, "OverflowError"),
        ({"horizon_months": None}, "horizon"),
        ({"horizon_months": 10**400}, "OverflowError"),
        ({"horizon_months": -1.0}, "horizon"),
        ({"model_id": "../../x"}, "its id"),
        ({"kind": "pickle"}, "kind is 'pickle'"),
        ({"cumulative_hazard": None}, "cumulative hazard"),
        ({"surprise": 1}, "surprise"),
        ({"columns": []}, "0 columns"),
        ({"predictors": [{"name": "x"}]}, "not of the form"),
        ({"levels": {"table:site": 3}}, "TypeError"),
    ],
)
def test_what_is_not_of_the_form_is_refused(tmp_path: Path, changes: dict[str, object], told: str) -> None:
    with pytest.raises(FileFormatError, match=told):
        read_prediction(_changed(tmp_path, **changes))


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    for text in ("NaN", "Infinity", "1e999"):
        path = tmp_path / "bad.json"
        page = OLD.read_text(encoding="utf-8")
        start = page.index('"intercept":') + len('"intercept":')
        path.write_text(page[:start] + text + page[page.index(",", start) :], encoding="utf-8")
        with pytest.raises(FileFormatError, match="is no number"):
            read_prediction(path)


def test_a_changed_a_newer_a_huge_and_an_absent_file_are_refused(tmp_path: Path) -> None:
    page = json.loads(OLD.read_text(encoding="utf-8"))
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**page, "model": {**page["model"], "model_id": "other"}}), encoding="utf-8")
    with pytest.raises(FileFormatError, match="another sha256"):
        read_prediction(path)
    path.write_text(json.dumps({**page, "version": 2}), encoding="utf-8")
    with pytest.raises(FormatVersionError, match="reads up to 1"):
        read_prediction(path)
    for version in (True, "1", 0, None):
        path.write_text(json.dumps({**page, "version": version}), encoding="utf-8")
        with pytest.raises(FileFormatError, match="version"):
            read_prediction(path)
    for text in ("", "[]", "{}", "[" * 100_000, "\x00\x01"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(FileFormatError):
            read_prediction(path)
    with path.open("wb") as file:
        file.truncate(1 << 25)
    with pytest.raises(FileFormatError, match="33,554,432 bytes"):
        read_prediction(path)
    with pytest.raises(MissingFileError):
        read_prediction(tmp_path / "none.json")


def test_the_hash_follows_the_content() -> None:
    assert prediction_hash(replace(SAVED, intended_use="none")) != prediction_hash(SAVED)


@pytest.mark.parametrize("field", ["fill", "low", "high", "name", "level"])
def test_columns_of_another_form_are_refused(tmp_path: Path, field: str) -> None:
    columns = json.loads(OLD.read_text(encoding="utf-8"))["model"]["columns"]
    changed = [{**columns[0], field: 5 if field in ("name", "level") else "z"}, *columns[1:]]
    with pytest.raises(FileFormatError, match="of another form"):
        read_prediction(_changed(tmp_path, columns=changed))


def test_a_model_that_could_not_be_learnt_is_not_written(tmp_path: Path) -> None:
    lost = replace(SAVED, fitted=replace(SAVED.fitted, reason="too_few_events"))
    with pytest.raises(MethodError, match="too_few_events"):
        write_prediction(lost, tmp_path / "a.json")
    assert not list(tmp_path.iterdir())
