"""What the tables of a study file share: strictness, ids, paths, and how a text file is written."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = ["UNDECIDED", "DialectKeys", "FileName", "Table", "checked_id"]

UNDECIDED = "DECIDE"
"""What ``tmescope init`` writes where only the user can know; ``check`` refuses it."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Table(BaseModel):
    """A table of the study file: unknown keys are errors, values are not coerced from other types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, protected_namespaces=())


def checked_id(value: str) -> str:
    """Return an id that can become a file name.

    Raises
    ------
    ValueError
        If it cannot.
    """
    if not _ID.fullmatch(value):
        message = (
            f"the id {value!r} cannot become a file name: use letters, digits, '_', '-' and '.', "
            "beginning with a letter or digit, at most 64"
        )
        raise ValueError(message)
    return value


def _checked_path(value: str) -> str:
    if not value.strip() or any(ord(c) < 32 for c in value):
        message = f"{value!r} is not the path of a file"
        raise ValueError(message)
    return value


FileName = Annotated[str, AfterValidator(_checked_path)]
"""The path of a file."""


class DialectKeys(Table):
    """How a text table is written, where the file itself does not prove it."""

    delimiter: str | None = Field(None, min_length=1, max_length=1, description="Between cells")
    decimal: Literal[".", ","] | None = Field(None, description="Decimal mark")
    thousands: str | None = Field(None, max_length=1, description="Between thousands; empty where there is none")
    encoding: Literal["utf-8", "utf-16", "cp1252", "latin-1"] | None = Field(None, description="Encoding of the text")
    comment: Literal["", "#"] | None = Field(
        None, description="What lines above the header begin with that do not count; empty where there are none"
    )
