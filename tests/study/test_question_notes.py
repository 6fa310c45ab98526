from __future__ import annotations

from tmescope.study.question_notes import question_notes
from tmescope.study.schema_questions import Question


def test_titles_name_landmark_late_entry_and_horizon():
    def asked(name: str, kind: str = "survival", **more) -> Question:
        return Question.model_validate({"id": name, "kind": kind, "endpoint": "os", **more})

    notes = question_notes(
        [
            asked("plain"),
            asked("mark", survival={"landmark_months": 3.5}),
            asked("late", survival={"late_entry": {"feature": "t", "unit": "days"}}),
            asked("area", "restricted_mean", horizon_months=24.0, survival={"landmark_months": 3.0}),
        ]
    )
    assert notes == {
        "mark": "from a landmark at 3.5 months",
        "late": "patients at risk from their sampling",
        "area": "from a landmark at 3 months, up to 24 months",
    }
