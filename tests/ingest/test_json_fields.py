"""Parts of records by name: of the right type, missing, or refused with their place."""

from __future__ import annotations

import datetime as dt

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.json_fields import Fields, clean, parse_date

VALUE = {
    "a": {"text": "x", "empty": "", "none": None, "list": ["p", None, "q"], "n": 3, "flag": False, "day": "2024-05"},
    "parts": [{"b": 1}, None, {"b": "two"}],
}


def fields() -> Fields:
    return Fields(VALUE, "f.json, record 2")


def test_parts_of_the_right_type_are_returned_and_absent_ones_are_missing() -> None:
    one = fields()
    assert one.text("a.text") == "x"
    assert one.texts("a.list") == ["p", "q"]
    assert one.count("a.n") == 3
    assert one.flag("a.flag") is False
    assert one.date("a.day") == parse_date("2024-05")
    part = one.part("a")
    assert part is not None
    assert (part.path, part.text("text")) == ("a", "x")
    first, second = one.parts("parts") or ()
    assert (first.count("b"), second.text("b"), second.path) == (1, "two", "parts")
    for path in ("a.none", "a.absent", "absent.deeper", "a.none.deeper"):
        assert one.text(path) is one.texts(path) is one.count(path) is one.flag(path) is one.date(path) is None
        assert one.part(path) is one.parts(path) is None
    assert one.text("a.empty") is None


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda f: f.text("a.n"), "a.n holds 3"),
        (lambda f: f.text("a.list"), "a.list holds a list"),
        (lambda f: f.text("a"), "a holds an object"),
        (lambda f: f.texts("a.text"), "a.text holds 'x'"),
        (lambda f: f.texts("parts"), "parts holds an object"),
        (lambda f: f.count("a.text"), "a.text holds 'x'"),
        (lambda f: f.count("a.flag"), "a.flag holds False"),
        (lambda f: Fields({"n": 1 << 63}, "f").count("n"), "n holds 9223372036854775808"),
        (lambda f: Fields({"n": 1.5}, "f").count("n"), "n holds 1.5"),
        (lambda f: f.flag("a.n"), "a.n holds 3"),
        (lambda f: f.date("a.text"), "a.text holds 'x'"),
        (lambda f: f.part("parts"), "parts holds a list"),
        (lambda f: f.parts("a.list"), "a.list holds 'p'"),
        (lambda f: f.text("a.text.deeper"), "a.text.deeper holds 'x'"),
        (lambda f: (f.parts("parts") or [f])[1].count("b"), "parts.b holds 'two'"),
    ],
)
def test_parts_of_another_type_are_refused(ask, says: str) -> None:
    with pytest.raises(FileFormatError, match=says) as caught:
        ask(fields())
    assert caught.value.expected


def test_an_error_names_record_and_way() -> None:
    caught = fields().wrong("a.id", None, "a number")
    assert caught.what == "a.id is missing"
    assert (caught.where, caught.expected) == ("f.json, record 2", "a number")


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("2024-02-29", (2024, 2, 29), "day"),
        ("2024-05", (2024, 5, 1), "month"),
        ("2024", (2024, 1, 1), "year"),
        (" 2019-12-11T16:45 ", (2019, 12, 11), "day"),
        ("2019-12-11T16:45:00.000Z", (2019, 12, 11), "day"),
    ],
)
def test_dates_keep_their_precision(text: str, day: tuple[int, int, int], precision: str) -> None:
    found = parse_date(text)
    assert found is not None
    assert (found.day, found.precision) == (dt.date(*day), precision)


@pytest.mark.parametrize(
    "text", ["", "2023-02-29", "2024-13", "24-01-01", "0000", "2024/01/01", "May 2024", "２０２４"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_text_that_no_store_can_hold_is_replaced() -> None:
    assert clean("a\ud800b\0c 😀 \u202e") == "a�b�c 😀 \u202e"
    assert Fields({"a": "\udfff", "b": ["\0"]}, "f").text("a") == "�"
    assert Fields({"b": ["\0"]}, "f").texts("b") == ["�"]
