"""The table [facts]: references and versions, of a form that can name a folder."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from tmescope.study.schema_facts import Pins

ADAPTER: TypeAdapter[dict[str, str]] = TypeAdapter(Pins)


def test_versions_are_kept_as_they_are() -> None:
    pins = {"quantiseq": "TIL10", "hgnc": "2017-04-18", "xcell": "sha256-0123456789ab"}
    assert ADAPTER.validate_python(pins) == pins
    assert ADAPTER.json_schema()["description"].startswith("Reference to its version")


@pytest.mark.parametrize("version", ["", "../x", ".hidden", "a b", "x" * 65, "a\n"])
def test_what_cannot_name_a_folder_is_refused(version: str) -> None:
    with pytest.raises(ValidationError, match="is not a version"):
        ADAPTER.validate_python({"quantiseq": version})
