from __future__ import annotations

import pytest

from tmescope.facts.bibliography import load_bibliography
from tmescope.facts.checklists import load_remark, read_checklist
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
