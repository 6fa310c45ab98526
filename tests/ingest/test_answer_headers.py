"""What an answer says of a file, and what it does not say."""

from __future__ import annotations

import pytest

from tmescope.ingest.answer_headers import Part, is_bounded, read_length, read_part, read_wait


@pytest.mark.parametrize(
    ("headers", "length", "bounded"),
    [
        ({"Content-Length": "12"}, 12, True),
        ({"Transfer-Encoding": "gzip, Chunked"}, None, True),
        ({}, None, False),
        ({"Content-Length": "-5"}, None, False),
        ({"Content-Length": "²"}, None, False),
        ({"Content-Length": "9" * 5000}, None, False),
        ({"Transfer-Encoding": "gzip"}, None, False),
    ],
)
def test_how_long_a_file_is(headers: dict[str, str], length: int | None, *, bounded: bool) -> None:
    assert (read_length(headers), is_bounded(headers)) == (length, bounded)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("bytes 5-9/10", Part(5, 10)),
        ("bytes 5-9/*", Part(5, None)),
        ("bytes */10", Part(None, 10)),
        ("5-9", Part(5, None)),
        ("", Part(None, None)),
    ],
)
def test_which_part_comes(text: str, part: Part) -> None:
    assert read_part({"Content-Range": text}) == part


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("7", 7.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("9" * 5000, None),
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
    ],
)
def test_when_to_ask_again(text: str, wait: float | None) -> None:
    assert read_wait({"Retry-After": text}) == wait
