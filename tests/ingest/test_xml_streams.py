from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.xml_streams import XmlStream

Write = Callable[[str, str | bytes], Path]


def _heard(path: Path, longest: int | None = None) -> list[Element]:
    return list(XmlStream(path, longest=longest).run(lambda _: None))


def _tags(path: Path) -> list[str]:
    return [element.tag for record in _heard(path) for element in record.iter()]


def test_records_with_attributes_and_text(write: Write) -> None:
    text = '<!DOCTYPE a SYSTEM "x.dtd"><a><!-- no --><b k="1">x &lt;&#233;<![CDATA[<y>]]></b>t<c><d/></c></a>'
    first, second = _heard(write("a.xml", text))
    assert (first.tag, first.attrib, first.text) == ("b", {"k": "1"}, "x <é<y>")
    assert [element.tag for element in second.iter()] == ["c", "d"]


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ELEMENT a ANY>]><a/>",
        '<!DOCTYPE a SYSTEM "x.dtd"><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "x.dtd"><a><b k="1&x;"/></a>',
        "<a>&x;</a>",
    ],
)
@pytest.mark.parametrize("before", [0, 20_000])
def test_nothing_is_declared_and_nothing_is_skipped(write: Write, text: str, before: int) -> None:
    padded = text.replace("<a>", f"<a>{'<b/>' * before}")
    with pytest.raises(FileFormatError, match=r"declares|entity"):
        _heard(write("a.xml", f"<!--{' ' * before}-->{padded}"))


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("latin-1", "iso-8859-1"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16"),
    ],
)
def test_a_document_type_that_points_elsewhere_is_passed_over(write: Write, encoding: str, said: str) -> None:
    prolog = f'<?xml version="1.0" encoding="{said}"?><!-- <!DOCTYPE b> --><!DOCTYPE a PUBLIC\n"e" "a>b.dtd" >'
    (record,) = _heard(write("a.xml", f"{prolog}<a><b k='é'/></a>".encode(encoding)))
    assert record.attrib == {"k": "é"}


def test_what_stands_before_the_first_element_has_a_limit(write: Write) -> None:
    with pytest.raises(FileFormatError, match="before the outermost element"):
        _heard(write("a.xml", f"<!--{' ' * (2 << 20)}--><a/>"))


def test_names_of_a_record_over_many_blocks_are_counted(write: Write) -> None:
    named = "".join(f"<c name_number_{i}=''/>" for i in range(60_000))
    records = "<b/>" * 40_000 + f"<b>{named}</b><b/>"
    with pytest.raises(FileFormatError, match="different names"):
        _heard(write("a.xml", f"<a>{records}</a>"))


def test_prefixes_that_nobody_explains_and_one_space_for_all_are_read_as_written(write: Write) -> None:
    records = "<b/>" * 5000 + "<c><m:x/></c><d/>"
    tags = ["b"] * 5000 + ["c", "m:x", "d"]
    assert _tags(write("a.xml", f"<a>{records}</a>")) == tags
    assert _tags(write("a.xml", f"<a xmlns='s'>{records}</a>")) == tags
    assert _tags(write("a.xml", f"<a xmlns:m='s'>{records}</a>")) == [t.replace("m:", "{s}") for t in tags]
    with pytest.raises(FileFormatError, match="uses the entity 'x'"):
        _heard(write("a.xml", "<!DOCTYPE a SYSTEM 'x.dtd'><a><m:b/><c>&x;</c></a>"))


def test_the_place_is_the_line_on_which_a_record_begins(write: Write) -> None:
    stream = XmlStream(write("a.xml", "<a>\n<b>\n<c/></b>\n\n<b/></a>"))
    assert stream.place.endswith("line 1")
    assert [stream.place.rpartition(" ")[2] for _ in stream.run(lambda _: None)] == ["2", "5"]


def test_an_error_names_line_and_column(write: Write) -> None:
    path = write("a.xml", "<a>\n  <b></c></a>")
    with pytest.raises(FileFormatError, match="mismatched tag") as caught:
        _heard(path)
    assert caught.value.where == f"{path}, line 2, column 8"


def test_records_and_names_have_limits(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tmescope.ingest.xml_streams._BLOCK", 100)
    long = write("a.xml", f"<a>{'x' * 1000}</a>")
    assert _heard(long, longest=1000) == []
    with pytest.raises(FileFormatError, match="more than 500 bytes"):
        _heard(long, longest=500)
    monkeypatch.setattr("tmescope.ingest.xml_streams._MOST_NAMES", 50)
    monkeypatch.setattr("tmescope.ingest.xml_streams._NAMES_OF_ONE_IN", 1)
    with pytest.raises(FileFormatError, match="different names of elements"):
        _heard(write("b.xml", f"<a>{''.join(f'<n{i}/>' for i in range(200))}</a>"))
    with pytest.raises(FileFormatError, match="different names of elements"):
        _heard(write("b.xml", f"<a>{''.join(f'<b n{i}=_/>' for i in range(200))}</a>".replace("_", "''")))
    monkeypatch.setattr("tmescope.ingest.xml_streams._COUNTED_FROM", 200)
    monkeypatch.setattr("tmescope.ingest.xml_streams.MOST_ELEMENTS", 90)
    assert len(_heard(write("c.xml", f"<a>{'<b><c/></b>' * 100}</a>"))) == 100
    with pytest.raises(FileFormatError, match="a record has more than 90 elements"):
        _heard(write("c.xml", f"<a><b>{'<c/>' * 200}</b></a>"))


def test_an_encoding_that_is_none_is_said(write: Write) -> None:
    for name in ("made-up", "shift_jis"):
        with pytest.raises(FileFormatError, match="an encoding that cannot be read"):
            _heard(write("a.xml", f"<?xml version='1.0' encoding='{name}'?><a/>"))
    text = "<?xml version='1.0' encoding='latin-1'?><a><b>\u00e9</b></a>"
    assert [b.text for b in _heard(write("a.xml", text.encode("latin-1")))] == ["\u00e9"]
