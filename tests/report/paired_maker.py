"""Contents of reports with changes, frozen cut-offs and moderators, with a planted truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents

COHORTS = ("a", "b", "c")
RISE = 1.5


def visits(*, n: int = 12) -> pd.DataFrame:
    """Return paired values of ``cyt`` that rise in responders, the last patient without the second sample."""
    rng = np.random.default_rng(3)
    rows = []
    for cohort in COHORTS[:2]:
        for i in range(n):
            level, responds = rng.normal(), i % 3 == 0
            for visit, value in (("before", level), ("on", level + RISE * responds)):
                if visit == "before" or i < n - 1:
                    rows.append(
                        {"question_id": "rise", "cohort_id": cohort, "patient_id": f"{cohort}{i}",
                         "sample_id": f"{cohort}{i}-{visit}", "visit": visit, "timepoint": visit,
                         "response": "responder" if responds else "non_responder", "feature": "cyt",
                         "source": "zscore", "value": value}
                    )  # fmt: skip
    return pd.DataFrame(rows)


def answer(question: str, cohort: str, name: str, effect: float, **changes: object) -> dict[str, object]:
    """Return one row of answers."""
    return {
        "question_id": question, "cohort_id": cohort, "feature": "cyt", "source": "zscore", "endpoint": "recist",
        "n": 40, "n_events": 15, "effect": effect, "effect_name": name, "adjusted_for": "", "std_error": 0.2,
        "ci_low": effect * 0.7, "ci_high": effect * 1.4, "p_value": 0.03, "q_value": 0.06, "family": "f",
        "family_size": 3, "method": "a model", "n_left_out": 0, "left_out": "", "checks": "", **changes,
    }  # fmt: skip


def contents(**tables: pd.DataFrame) -> ReportContents:
    """Return contents of three cohorts with the given tables."""
    cohorts = pd.DataFrame({"cohort_id": list(COHORTS)})
    return ReportContents("s", "A study", "", {"cohorts": cohorts, **tables}, primary_method="zscore")
