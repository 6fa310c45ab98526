"""The table ``[facts]`` of a study file: which version of an installed reference the study means."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

__all__ = ["Pins"]

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def _checked_version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        message = f"{value!r} is not a version: write it as `tmescope facts list` shows it"
        raise ValueError(message)
    return value


Pins = Annotated[
    dict[str, Annotated[str, AfterValidator(_checked_version)]],
    Field(description="Reference to its version, as tmescope facts list shows both"),
]
"""Reference to version."""
