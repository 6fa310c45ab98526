from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.checksum_files import check_md5_file

Write = Callable[[str, str | bytes], Path]
DIGEST = hashlib.md5(b"content").hexdigest()


def test_without_a_checksum_nothing_is_compared(write: Write) -> None:
    assert check_md5_file(write("a.gz", b"content")) is False


@pytest.mark.parametrize("text", [f"MD5(a.gz)= {DIGEST}\n", f"{DIGEST}  a.gz\n", DIGEST.upper()])
def test_the_ways_to_write_a_checksum(write: Write, text: str) -> None:
    path = write("a.gz", b"content")
    write("a.gz.md5", text)
    assert check_md5_file(path) is True
    path.write_bytes(b"other")
    with pytest.raises(FileFormatError, match=f"not {DIGEST}"):
        check_md5_file(path)


@pytest.mark.parametrize(("text", "n"), [("", 0), ("<html>", 0), (f"{DIGEST}0", 0), (f"{DIGEST} {DIGEST}", 2)])
def test_a_file_of_something_else_is_no_checksum(write: Write, text: str, n: int) -> None:
    path = write("a.gz", b"content")
    write("a.gz.md5", text)
    with pytest.raises(FileFormatError, match=f"has {n} checksums") as caught:
        check_md5_file(path)
    assert "a.gz.md5" in str(caught.value.where)
