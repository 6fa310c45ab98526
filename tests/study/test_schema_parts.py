from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmescope.study.schema_parts import DialectKeys, checked_id


def test_ids_become_file_names() -> None:
    assert checked_id("riaz_2017.v2") == "riaz_2017.v2"
    for bad in ("", "../x", "a b", ".x", "x" * 65, "a\n"):
        with pytest.raises(ValueError, match="cannot become a file name"):
            checked_id(bad)


def test_a_dialect_says_only_what_it_says() -> None:
    keys = DialectKeys(delimiter=";", decimal=",")
    assert (keys.thousands, keys.encoding, keys.comment) == (None, None, None)
    for bad in ({"delimiter": ";;"}, {"decimal": ";"}, {"encoding": "rot13"}, {"separator": ";"}):
        with pytest.raises(ValidationError):
            DialectKeys.model_validate(bad)
