from __future__ import annotations

import re

import pytest

from tmescope.facts.bibliography import load_bibliography
from tmescope.facts.checklists import load_remark, load_tripod_ai, read_checklist
from tmescope.foundation.errors import FactsError

TEXT = 'format = 1\nname = "c"\nversion = "1"\ndoi = "10.1000/x"\nlicence = "l"\nreference_check = "r"\nitems = [{}]\n'


def test_remark_has_twenty_items_and_its_paper_an_entry():
    remark = load_remark()
    assert len(remark.items) == 20
    assert load_bibliography()[remark.doi].key == "mcshane2005"
    assert "14" in remark.reference_check


@pytest.mark.parametrize("items", ['"a", "a"', '"a", " "', '"a", 3'])
def test_items_are_distinct_topics(tmp_path, items):
    path = tmp_path / "c.toml"
    path.write_text(TEXT.format(items))
    with pytest.raises(FactsError, match="an item is"):
        read_checklist(path)


def test_a_checklist_is_read(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text(TEXT.format('"a", "b"'))
    assert read_checklist(path).items == ("a", "b")


def test_tripod_ai_has_its_items_in_order() -> None:
    items = [line.split(": ", 1)[0] for line in load_tripod_ai().items]
    assert len(items) == 52
    numbers = [int(re.match(r"\d+", i)[0]) for i in items]
    assert sorted(set(numbers)) == list(range(1, 28))
    assert numbers == sorted(numbers)
    assert [i for i in items if i.startswith("18")] == ["18a", "18b", "18c", "18d", "18e", "18f"]
