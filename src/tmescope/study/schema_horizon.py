"""What a study of kind horizon says: a lake of documents in place of cohorts."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from pydantic import Field, field_validator

from tmescope.study.schema_parts import FileName, Table

__all__ = ["OF_COHORTS", "HorizonPart", "begin_of_day", "check_kind", "end_of_day"]

_MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")
OF_COHORTS = (
    "cohorts",
    "endpoints",
    "profile",
    "answers",
    "question",
    "model",
    "predict",
    "deconvolution",
    "subtypes",
)
"""Tables of a study file that ask cohorts."""


class HorizonPart(Table):
    """Which documents are asked, and of what."""

    lake: FileName = Field(description="Folder made by tmescope horizon ingest")
    focus: list[str] = Field(
        default_factory=lambda: ["oncology"],
        min_length=1,
        description="Focus areas whose trends are ranked: names of bundled ones or of those in focus_files",
    )
    focus_files: list[FileName] = Field(default_factory=list, description="Focus areas of your own, as TOML files")
    since: str = Field("2019", description="First quarter that counts: a year, a month or a day")
    as_of: str | None = Field(
        None, description="What was known at the end of this year, month or day; all that the lake knows if omitted"
    )
    changes_since: str | None = Field(None, description="Day from which the report tells what is new")
    landscapes: list[list[str]] = Field(
        default_factory=list,
        description='Subjects whose trials are laid out: [["TIGIT"], ["TIGIT", "VEGFA"]], by name or identifier',
    )
    shown: int = Field(25, ge=1, le=200, description="Rising entities and pairs that the report shows of each area")

    @field_validator("since", "as_of", "changes_since")
    @classmethod
    def _day(cls, value: str | None) -> str | None:
        if value is not None:
            begin_of_day(value)
        return value

    @field_validator("focus")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if twice := sorted({v for v in value if value.count(v) > 1}):
            message = f"{twice[0]!r} stands here more than once"
            raise ValueError(message)
        return value

    @field_validator("landscapes")
    @classmethod
    def _subjects(cls, value: list[list[str]]) -> list[list[str]]:
        for subject in value:
            if not subject or any(not name.strip() for name in subject):
                message = "each subject is a list of one or more names"
                raise ValueError(message)
        return value

    @property
    def first_day(self) -> date:
        """First day that counts."""
        return begin_of_day(self.since)

    @property
    def last_day(self) -> date | None:
        """Last day whose knowledge counts; None for all."""
        return None if self.as_of is None else end_of_day(self.as_of)


def begin_of_day(text: str) -> date:
    """Return the first day of a year, month or day.

    Parameters
    ----------
    text : str
        Such as ``2019``, ``2019-04`` or ``2019-04-01``.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    found = _MONTH.fullmatch(text)
    try:
        return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))  # type: ignore[index]
    except (TypeError, ValueError):
        message = f"{text!r} is no year, month or day; expected 2019, 2019-04 or 2019-04-01"
        raise ValueError(message) from None


def end_of_day(text: str) -> date:
    """Return the last day of a year, month or day.

    Parameters
    ----------
    text : str
        Such as ``2021``, ``2021-12`` or ``2021-12-31``.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    first = begin_of_day(text)
    parts = text.count("-")
    if parts == 2:
        return first
    months = first.year * 12 + (12 if parts == 0 else first.month)
    return date.fromordinal(date(months // 12, months % 12 + 1, 1).toordinal() - 1)


def check_kind(data: Any) -> Any:
    """Return what a study file says, if it asks cohorts or a lake, and not both.

    Parameters
    ----------
    data : object
        The whole file.

    Raises
    ------
    ValueError
        If tables of the other kind stand in it, or its own is missing.
    """
    if not isinstance(data, dict):
        return data
    head = data.get("study")
    kind = head.get("kind", "cohorts") if isinstance(head, dict) else "cohorts"
    if kind != "horizon":
        if data.get("horizon") is not None:
            message = 'the table horizon belongs to a study of kind = "horizon", which [study] must say'
            raise ValueError(message)
        return data
    if strange := [name for name in OF_COHORTS if data.get(name)]:
        message = f'{", ".join(strange)} does not belong to a study of kind = "horizon"'
        raise ValueError(message)
    if "horizon" not in data:
        message = 'kind = "horizon" needs the table horizon with its lake: the folder that tmescope horizon ingest made'
        raise ValueError(message)
    return {**data, "cohorts": []}
