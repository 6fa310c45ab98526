from __future__ import annotations

import pytest
from tests.study import tiny

from tmescope.study.loading import load_study
from tmescope.study.pacing import PartOfTask, pace_of_reading, pace_of_run
from tmescope.study.running import run


def test_the_plan_names_the_steps_that_a_run_makes(study_folder):
    paced = pace_of_run(load_study(study_folder / "study.toml"))
    outcome = run(study_folder / "study.toml", study_folder / "out")
    assert list(paced) == list(outcome.redone)
    assert all(weight > 0 for weight in paced.values())


def test_larger_files_take_longer_and_absent_ones_nothing(study_folder):
    study = load_study(study_folder / "study.toml")
    before = pace_of_reading(study)
    (study_folder / "a.tsv").write_bytes(b"x" * 30_000_000)
    (study_folder / "b.tsv.gz").unlink()
    after = pace_of_reading(study)
    assert after["cohort-a"] > before["cohort-a"] + 1
    assert after["cohort-b"] == 0.5


def test_a_report_adds_its_steps(study_folder):
    data = tiny.study_dict() | {"output": {"report": True}}
    study = load_study(tiny.write_study(study_folder, data))
    assert list(pace_of_run(study))[-2:] == ["figures", "report"]


class _Heard:
    """A listener that keeps what it hears."""

    def __init__(self):
        self.done: dict[str, float] = {}
        self.told: list[tuple[object, ...]] = []

    def plan(self, steps):
        self.told.append(("plan", list(steps)))

    def start(self, task, total=None, *, unit=""):
        self.done[task] = 0
        self.told.append(("start", task, total, unit))

    def advance(self, task, parts=1):
        self.done[task] = self.done.get(task, 0) + parts
        self.told.append(("advance", task, parts))

    def finish(self, task, note=""):
        self.told.append(("finish", task))


def test_a_method_moves_the_task_of_all_while_it_runs():
    heard = _Heard()
    within = PartOfTask(heard, "all", 600)
    within.start("densities", 1000, unit="genes")
    within.advance("densities", 500)
    assert heard.done == {"densities": 500, "all": 270}
    within.advance("densities", 500)
    within.finish("densities")
    within.start("walks", 600, unit="samples")
    within.advance("walks", 300)
    assert heard.done["all"] == 570
    within.advance("walks", 400)  # more than was said
    assert heard.done["all"] == 600
    within.complete()
    assert heard.done["all"] == 600
    silent = PartOfTask(heard, "other", 10)
    silent.start("unknown")
    silent.advance("unknown")
    assert "other" not in heard.done
    silent.complete()
    assert heard.done["other"] == 10


def test_scoring_of_a_study_tells_of_genes_and_samples_within_a_method(study_folder):
    data = tiny.study_dict()
    data["profile"]["methods"] = ["mean", "gsva", "ssgsea"]
    heard = _Heard()
    run(tiny.write_study(study_folder, data), study_folder / "out", progress=heard)
    started = [t[1:] for t in heard.told if t[0] == "start"]
    assert ("densities", 147, "genes") in started
    walks = [total for task, total, unit in started if (task, unit) == ("walks", "samples")]
    assert len(walks) == 4  # of gsva and of ssgsea, in two cohorts
    assert heard.done["scores"] == pytest.approx(3 * walks[-1])
    order = [t[1] for t in heard.told if t[0] == "advance" and t[1] in {"densities", "walks", "scores"}]
    assert order.index("scores") < order.index("walks")
