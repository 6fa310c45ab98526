"""What the headers of an answer say of a file: how long it is, which part of it comes, when to ask again."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Part", "is_bounded", "read_length", "read_part", "read_wait"]


@dataclass(frozen=True)
class Part:
    """Which part of a file comes.

    Parameters
    ----------
    start : int or None
        Its first byte; None where that is not said.
    total : int or None
        Bytes of the whole file; None where that is not said.
    """

    start: int | None
    total: int | None


def read_length(headers: Mapping[str, str]) -> int | None:
    """Return how many bytes come, or None where that is not said.

    Parameters
    ----------
    headers : mapping of str to str
        Of the answer; names in any case.
    """
    return _number(headers.get("Content-Length", ""))


def is_bounded(headers: Mapping[str, str]) -> bool:
    """Return whether a connection that ends early is told from a file that ends.

    Parameters
    ----------
    headers : mapping of str to str
        Of the answer. Without a length and without chunks the end of the connection is the end of the file.
    """
    chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
    return chunked or read_length(headers) is not None


def read_part(headers: Mapping[str, str]) -> Part:
    """Return which part of a file comes, by ``Content-Range``.

    Parameters
    ----------
    headers : mapping of str to str
        Of the answer.
    """
    span, _, total = headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    return Part(_number(span.partition("-")[0]), _number(total.strip()))


def read_wait(headers: Mapping[str, str]) -> float | None:
    """Return after how many seconds the server wants to be asked again, by ``Retry-After``; None where it does not say.

    Parameters
    ----------
    headers : mapping of str to str
        Of the answer.
    """
    text = headers.get("Retry-After", "")
    if (seconds := _number(text)) is not None:
        return float(seconds)
    try:
        until = email.utils.parsedate_to_datetime(text)
        return max(0.0, until.timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None
