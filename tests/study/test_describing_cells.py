"""The methods text says what was added up, and what was left out."""

from __future__ import annotations


def test_the_text_says_what_was_done_with_cells(celled_run):
    text = (celled_run[1].folder / "methods.md").read_text(encoding="utf-8")
    for words in (
        "Counts of 2,600 cells were added up to 32 samples",
        "64 of 2,600 cells (2.5%) have no cell_type",
        "counts per million",
        "Patients, not cells, are the unit of every test",
        "from 10 cells on",
        "log2(cpm+1)",
    ):
        assert words in text, words
