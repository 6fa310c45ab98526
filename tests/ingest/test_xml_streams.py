from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.xml_streams import XmlStream

Write = Callable[[str, str | bytes], Path]


def _heard(path: Path, longest: int | None = None) -> list[object]:
    events: list[object] = []
    stream = XmlStream(path, longest=longest)
    stream.listen(lambda tag, attributes: events.append((tag, attributes)), events.append, events.append)
    for _ in stream.run():
        pass
    return events


def test_elements_attributes_and_text(write: Write) -> None:
    text = '<!DOCTYPE a SYSTEM "x.dtd"><a><!-- no --><b k="1">x &lt;&#233;<![CDATA[<y>]]></b></a>'
    assert _heard(write("a.xml", text)) == [("a", {}), ("b", {"k": "1"}), "x <é<y>", "b", "a"]


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ELEMENT a ANY>]><a/>",
        '<!DOCTYPE a SYSTEM "x.dtd"><a>&x;</a>',
        "<a>&x;</a>",
    ],
)
def test_nothing_is_declared_and_nothing_is_skipped(write: Write, text: str) -> None:
    with pytest.raises(FileFormatError, match=r"declares|entity"):
        _heard(write("a.xml", text))


def test_an_error_names_line_and_column(write: Write) -> None:
    path = write("a.xml", "<a>\n  <b></c></a>")
    with pytest.raises(FileFormatError, match="mismatched tag") as caught:
        _heard(path)
    assert caught.value.where == f"{path}, line 2, column 8"


def test_records_and_names_have_limits(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tmescope.ingest.xml_streams._BLOCK", 100)
    long = write("a.xml", f"<a>{'x' * 1000}</a>")
    assert "".join(map(str, _heard(long, longest=1000)[1:-1])) == "x" * 1000
    with pytest.raises(FileFormatError, match="more than 500 bytes"):
        _heard(long, longest=500)
    monkeypatch.setattr("tmescope.ingest.xml_streams._MOST_NAMES", 50)
    with pytest.raises(FileFormatError, match="different names of elements"):
        _heard(write("b.xml", f"<a>{''.join(f'<n{i}/>' for i in range(200))}</a>"))


def test_an_encoding_that_is_none_is_said_and_errors_of_listeners_pass(write: Write) -> None:
    for name in ("made-up", "shift_jis"):
        with pytest.raises(FileFormatError, match="an encoding that cannot be read"):
            _heard(write("a.xml", f"<?xml version='1.0' encoding='{name}'?><a/>"))
    assert (
        _heard(write("a.xml", "<?xml version='1.0' encoding='latin-1'?><a>\u00e9</a>".encode("latin-1")))[1] == "\u00e9"
    )
