"""What a study file says about properties of cohorts that an effect may go with: meta-regression."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import AfterValidator

__all__ = ["Moderators"]


def _fit(value: dict[str, dict[str, int | float | str]]) -> dict[str, dict[str, int | float | str]]:
    for name, of_cohorts in value.items():
        if not name.strip():
            message = "a moderator has no name"
            raise ValueError(message)
        kinds = {isinstance(v, str) for v in of_cohorts.values()}
        if len(kinds) > 1:
            message = f"the moderator {name!r} has numbers and words: all of one kind"
            raise ValueError(message)
        endless = [c for c, v in of_cohorts.items() if not isinstance(v, str) and not math.isfinite(v)]
        if endless:
            message = f"the moderator {name!r} of cohort {endless[0]!r} is no finite number: leave the cohort out of it"
            raise ValueError(message)
        levels = len(set(of_cohorts.values()))
        if levels < 2:
            message = f"the moderator {name!r} is the same in all cohorts: it can explain no difference"
            raise ValueError(message)
        needed = (1 if kinds == {False} else levels - 1) + 2
        if len(of_cohorts) < needed:
            message = (
                f"the moderator {name!r} is stated for {len(of_cohorts)} cohorts; a meta-regression needs {needed}: "
                "two more than its slopes"
            )
            raise ValueError(message)
    return value


Moderators = Annotated[dict[str, dict[str, int | float | str]], AfterValidator(_fit)]
"""Moderator to cohort to its value: numbers, or words for kinds of cohorts."""
