"""What a run leaves behind beside its tables."""

from __future__ import annotations

import json
from datetime import datetime

import pandas as pd
import pytest

from tmescope.foundation.errors import UnknownNameError
from tmescope.store.tables import shape_table, write_table
from tmescope.study.outcomes import RunOutcome, now, write_times


def test_times_name_every_step_as_redone_or_kept(tmp_path):
    outcome = RunOutcome(tmp_path, ("tables",), ("cohort-a",), 1.23456)
    started = now()
    write_times(outcome, started=started, threads=2)
    said = json.loads((tmp_path / "run.json").read_text())
    assert said["steps"] == {"tables": "redone", "cohort-a": "kept"}
    assert said["seconds"] == 1.235
    assert said["threads"] == 2
    assert datetime.fromisoformat(said["started"]) <= datetime.fromisoformat(said["ended"])


def test_a_table_is_read_by_its_name_and_a_report_is_there_or_none(tmp_path):
    outcome = RunOutcome(tmp_path, (), (), 0.0)
    warnings = pd.DataFrame({"code": ["a"], "message": ["b"], "where": [""], "count": [1], "examples": [""]})
    (tmp_path / "tables").mkdir()
    write_table(shape_table("warnings", warnings), tmp_path / "tables" / "warnings.parquet")
    assert outcome.table("warnings")["code"].tolist() == ["a"]
    with pytest.raises(UnknownNameError, match="did you mean 'warnings'"):
        outcome.table("warning")
    assert outcome.report is None
    (tmp_path / "report.html").write_text("<!doctype html>")
    assert outcome.report == tmp_path / "report.html"
