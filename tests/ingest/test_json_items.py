"""JSON records one at a time: cut anywhere by the reads, lossless, and hostile ones refused with typed errors."""

from __future__ import annotations

import io
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.json_items import JsonLimits, parse_json, read_items, without_spaces

PATHS = (("studies",), ("resultList", "result"))
TEXTS = st.text(max_size=8) | st.sampled_from(['a"b', "\\", "]}[{", '\\\\"', "\u2028", "é", "😀", "a\\u0041"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


class Dripping(io.BytesIO):
    """A file that gives few bytes at a time, as a decompressor may."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self.size = size

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self.size)


def items(text: str | bytes, size: int = 7, **limits: int) -> list:
    data = text.encode() if isinstance(text, str) else text
    return list(read_items(Dripping(data, size), PATHS, where="f.json", limits=JsonLimits(**limits)))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(VALUES, max_size=4),
    st.sampled_from(["plain", "studies", "result"]),
    st.sampled_from([None, 1]),
    st.booleans(),
    st.integers(1, 9),
)
def test_any_document_is_cut_into_its_records(values, form, indent, ascii_only, size) -> None:
    whole: object = values
    if form == "studies":
        whole = {"totalCount": 3, "x": [{"studies": [1]}], "studies": values, "nextPageToken": 'a"]'}
    elif form == "result":
        whole = {"version": "6.9", "resultList": {"other": [], "result": values}, "request": {}}
    text = json.dumps(whole, indent=indent, ensure_ascii=ascii_only)
    found = items(text, size)
    assert [parse_json(one.text, where="f") for one in found] == values
    assert [json.loads(without_spaces(one.text)) for one in found] == values
    assert [one.number for one in found] == list(range(1, len(values) + 1))
    assert {one.inside for one in found} <= {"" if form == "plain" else form}


def test_what_is_no_list_is_one_record_and_documents_may_follow_each_other() -> None:
    text = '\ufeff{"nctId": 1, "b": [1, {"c": 2}], "d": null, "e": true, "f": "x"}\n{"studies": [2, 3]}\n[]\n{}'
    found = items(text)
    assert json.loads(found[0].text) == {"nctId": 1, "b": [1, {"c": 2}], "d": None, "e": True, "f": "x"}
    assert [(one.number, one.text) for one in found[1:]] == [(2, b"2"), (3, b"3"), (4, b"{}")]
    assert json.loads(items('{"studies": {"a": 1}}')[0].text) == {"studies": {"a": 1}}


def test_numbers_and_texts_keep_the_form_that_they_had() -> None:
    text = rb'{ "a" : [ 1.0 , 40.71427000 , 1E5,-0.0 ] , "b c" : "x  \u00e9 \ud800 \"  " }'
    assert without_spaces(text) == rb'{"a":[1.0,40.71427000,1E5,-0.0],"b c":"x  \u00e9 \ud800 \"  "}'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file ends after 0 bytes"),
        ("   ", "the file ends"),
        ("[", "the file ends"),
        ('[{"a": 1}', "the file ends"),
        ('[{"a": "b', "the file ends after 9 bytes, within a record"),
        ('{"studies": [1, 2]', "the file ends"),
        ('{"a": tru', "the file ends"),
        ("[1 2]", "b'2' at byte 3"),
        ("[1,]", "b']' at byte 3"),
        ("[,1]", r"b',' at byte 1"),
        ("[1]x", "b'x' at byte 3"),
        ("x", "b'x' at byte 0"),
        ('{"a" 1}', "b'1' at byte 5"),
        ("{a: 1}", "b'a' at byte 1"),
        ('{"a": 1,}', "b'}' at byte 8"),
        ('{"studies": [1], "studies": [2]}', "the same key more than once: 'studies'"),
        ("\xef", "b'\\\\xc3' at byte 0"),
        ("id,name\n1,2\n", "b'i' at byte 0"),
    ],
)
@pytest.mark.parametrize("size", [1, 100])
def test_what_is_no_json_is_refused_with_its_place(text: str, says: str, size: int) -> None:
    with pytest.raises(FileFormatError, match=says) as caught:
        items(text, size)
    assert caught.value.where == "f.json"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b'{"a": 1, "b": 2, "a": 3}', "the same key more than once: 'a'"),
        (b'{"a": {"b": 1, "b": 1}}', "more than once: 'b'"),
        (b"[NaN]", "NaN stands for a number"),
        (b"[-Infinity]", "-Infinity stands for a number"),
        (b"[" + b"9" * 5000 + b"]", "thousands of digits"),
        (b'["\xff"]', "no UTF-8 \\(at byte 2"),
        (b'["a\tb"]', "no JSON: Invalid control character at \\(at character 3"),
        (b'["\\x"]', "no JSON"),
        (b'[1 "a"]', "no JSON"),
        (b"[" * 200_000 + b"]" * 200_000, "too deep"),
    ],
)
def test_hostile_records_are_refused(text: bytes, says: str) -> None:
    with pytest.raises(FileFormatError, match=says) as caught:
        parse_json(text, where="f.json, record 3")
    assert caught.value.where == "f.json, record 3"


def test_depth_and_size_are_bounded_before_anything_is_parsed() -> None:
    deep = "[" + "[" * 64 + "]" * 64 + "]"
    assert len(items(deep)) == 1
    with pytest.raises(FileFormatError, match=r"more than 64 deep in each other .at byte 66.") as caught:
        items("[" + "[" * 10_000)
    assert "of usual depth" in str(caught.value)
    with pytest.raises(FileFormatError, match="more than 64 deep"):
        items('{"a": ' + '{"a": ' * 65)
    with pytest.raises(FileFormatError, match=r"a record has more than 1,000 bytes .it begins at byte 5"):
        items('["a",{"b": "' + "x" * 3_000_000 + '"}]', max_item=1000, size=300)
    with pytest.raises(FileFormatError, match="grows beyond 1,000 bytes"):
        items("{" + ",".join(f'"{i}": 1' for i in range(500)) + "}", max_item=1000)
    long = b'{"a": [{"b": "' + b"x" * 500 + b'"}]}'
    with pytest.raises(FileFormatError, match=r"a text has 500 characters .it begins 'xxx"):
        parse_json(long, where="f", limits=JsonLimits(max_text=499))
    assert parse_json(long, where="f", limits=JsonLimits(max_text=500))
    with pytest.raises(FileFormatError, match="a text has 4 characters"):
        parse_json(b'{"abcd": 1}', where="f", limits=JsonLimits(max_text=3))


def test_a_large_document_is_not_held_whole() -> None:
    record = b'{"a": "' + b"x" * 20_000 + b'", "b": [1, 2, {"c": []}]}'
    data = b'{"studies": [' + b",".join([record] * 1500) + b'], "nextPageToken": "t"}'  # 30 MB
    handle = io.BytesIO(data)
    tracemalloc.start()
    n = sum(1 for _ in read_items(handle, PATHS, where="f"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n == 1500
    assert peak < 4 << 20


def test_a_text_of_ten_million_characters_takes_little_longer_than_its_length() -> None:
    data = b'[{"a": "' + b"\\n[" * 3_000_000 + b'"}]'
    (one,) = read_items(io.BytesIO(data), PATHS, where="f")
    with pytest.raises(FileFormatError, match="a text has 6,000,000 characters"):
        parse_json(one.text, where="f", limits=JsonLimits(max_text=1 << 20))
