from __future__ import annotations

import pytest

from tmescope.foundation.errors import StoreError
from tmescope.study.ledger import Step, open_ledger


def step(value, made):
    def make(folder):
        made.append(value)
        (folder / "out.txt").write_text(str(value))

    return Step("one", {"value": value}, make)


def test_a_step_is_made_once_per_ingredients(tmp_path):
    root, made = tmp_path / "r", []
    for value in (1, 1, 2):
        with open_ledger(root) as ledger:
            ledger.do(step(value, made))
    assert made == [1, 2]
    assert (root / ".tmescope" / "steps" / "one" / "out.txt").read_text() == "2"


@pytest.mark.parametrize("damage", ["change", "remove", "add", "record"])
def test_a_step_whose_files_were_touched_is_made_again(tmp_path, damage):
    root, made = tmp_path / "r", []
    with open_ledger(root) as ledger:
        ledger.do(step(1, made))
    folder = root / ".tmescope" / "steps" / "one"
    {
        "change": lambda: (folder / "out.txt").write_text("other"),
        "remove": (folder / "out.txt").unlink,
        "add": lambda: (folder / "more.txt").write_text(""),
        "record": lambda: (folder / ".step.json").write_text("{"),
    }[damage]()
    with open_ledger(root) as ledger:
        ledger.do(step(1, made))
    assert made == [1, 1]
    assert [p.name for p in sorted(folder.iterdir())] == [".step.json", "out.txt"]


def test_a_failed_first_run_leaves_no_folder(tmp_path):
    root = tmp_path / "deep" / "r"
    with pytest.raises(RuntimeError), open_ledger(root):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_other_peoples_files_are_not_touched(tmp_path):
    (tmp_path / "thesis.docx").write_text("x")
    with pytest.raises(StoreError, match="did not write"), open_ledger(tmp_path):
        pytest.fail("entered")
    with pytest.raises(StoreError, match="a file, not a folder"), open_ledger(tmp_path / "thesis.docx"):
        pytest.fail("entered")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.docx"]


def test_leftovers_and_former_steps_go_away(tmp_path):
    root = tmp_path / "r"
    with open_ledger(root) as ledger:
        ledger.do(step(1, []))
        (root / ".tmescope" / "steps" / ".x.12345678.part").mkdir()
        (root / ".report.html.12345678.part").write_text("half")
        ledger.forget_others({"two"})
    assert [p.name for p in (root / ".tmescope" / "steps").iterdir()] == []
    assert [p.name for p in root.iterdir()] == [".tmescope"]
